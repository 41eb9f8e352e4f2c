"""How a batch that dials stands: counts, money, what is in the air, how long it may still take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from dialnexa.cells import csv_lines, safe_cell
from phone_numbers.batch_dialling.ending import CANCELLED
from telephony.models import BatchCall, BatchRow, Call

PAGE = 50
ENOUGH = 3  # calls over, before their pace says anything
HEADER = ("row", "phone_number", "outcome", "reason", "tries", "seconds", "cost", "currency", "call_id")
State = BatchRow.State
Part = tuple[str, float, float]  # name, where it begins and how wide it is, in hundredths


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of rows by state; ``cost`` so far; ``minutes`` it may still take (None: nobody knows).

    ``cancelled`` are those of ``failed`` whose turn never came, because the batch was cancelled.
    """

    total: int
    waiting: int
    calling: int
    done: int
    failed: int
    refused: int
    cancelled: int
    cost: Decimal
    minutes: int | None
    in_the_air: list[Call]

    @property
    def over(self) -> int:
        return self.done + self.failed + self.refused

    @property
    def not_reached(self) -> int:
        return self.failed - self.cancelled

    @property
    def parts(self) -> list[Part]:
        """The bar, from left to right."""
        parts, begin = [], 0.0
        counts = {"done": self.done, "failed": self.not_reached, "refused": self.refused}
        for name, count in {**counts, "cancelled": self.cancelled, "calling": self.calling}.items():
            width = 100 * count / (self.total or 1)
            parts.append((name, round(begin, 3), round(width, 3)))
            begin += width
        return parts


def progress_of(batch: BatchCall, *, now: datetime) -> Progress:
    """Of a batch that has been started."""
    found = BatchRow.objects.filter(batch=batch).order_by().values_list("state").annotate(n=Count("pk"))
    counts = {state: dict(found).get(state, 0) for state in State.values}
    since = Q(status__in=Call.OVER, ended_at__gte=batch.begun_at or now)
    calls = Call.objects.filter(batch=batch).order_by()
    told = calls.aggregate(cost=Sum("charged"), over=Count("pk", filter=since))
    left = counts[State.WAITING] + counts[State.CALLING]
    return Progress(
        total=sum(counts.values()),
        **counts,
        cancelled=_cancelled(batch) if batch.status == BatchCall.Status.CANCELLED else 0,
        cost=told["cost"] or Decimal(0),
        minutes=_minutes(batch, left, told["over"], now),
        in_the_air=list(calls.filter(status__in=Call.OPEN).order_by("created_at")),
    )


def _cancelled(batch: BatchCall) -> int:
    return BatchRow.objects.filter(batch=batch, state=State.FAILED, reason_code=CANCELLED).count()


def _minutes(batch: BatchCall, left: int, over: int, now: datetime) -> int | None:
    if batch.status != BatchCall.Status.RUNNING or over < ENOUGH or batch.begun_at is None:
        return None
    return -(-int((now - batch.begun_at).total_seconds() * left / over) // 60)


def rows_of(batch: BatchCall, *, state: str = "", after: int = 0) -> QuerySet[BatchRow]:
    """In the list's order, from behind row ``after``; ``state`` empty: all."""
    rows = BatchRow.objects.filter(batch=batch, row__gt=after).select_related("call").order_by("row")
    return rows.filter(state=state) if state else rows


def result_lines(batch: BatchCall) -> Iterator[str]:
    """CSV of every row with its outcome, its last call and its variables, streamed."""
    names = [name for name in batch.report.get("variables", ()) if name]
    rows = rows_of(batch).iterator(chunk_size=2_000)
    header = (*HEADER, *(safe_cell(name) for name in names))
    return csv_lines(header, (_cells(row, batch, names) for row in rows))


def _cells(row: BatchRow, batch: BatchCall, names: list[str]) -> list[str]:
    call = row.call
    lasted = "" if call is None or call.duration is None else str(call.duration)
    cost = "" if call is None or call.charged is None else f"{call.charged:f}"
    currency = call.currency if call else ""
    said = [str(row.row), row.e164, row.state, row.reason_code, str(row.tries), lasted, cost, currency]
    return [*said, row.call_id or "", *(row.variables.get(name, "") for name in names)]

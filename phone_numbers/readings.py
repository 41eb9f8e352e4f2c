"""What the database says of orders, releases, rent, drift and the books (see dialnexa.metrics.reading)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min

from dialnexa.metrics.reading import Reading, seconds_since
from phone_numbers.drift.standing import open_drifts
from phone_numbers.models import NumberOrder, PhoneNumber, Rental, StrayNumber
from phone_numbers.proofs.standing import last_proof


def read(now: datetime) -> Iterator[Reading]:
    yield from orders(now)
    yield from releases(now)
    yield from rent(now)
    yield from books(now)
    kinds = open_drifts().order_by().values_list("carrier", "kind").annotate(n=Count("pk"))
    for carrier, kind, count in kinds:
        where = {"carrier": carrier, "kind": kind}
        yield Reading("drift_open", "Differences to carriers' lists, undecided", count, where)


def orders(now: datetime) -> Iterator[Reading]:
    """Every state is told, so that an alert sees it fall to 0."""
    rows = NumberOrder.objects.filter(status__in=NumberOrder.OPEN).order_by().values("status")
    grouped = rows.annotate(n=Count("pk"), at=Min("created_at")).values_list("status", "n", "at")
    found = {status: (count, oldest) for status, count, oldest in grouped}
    for status in NumberOrder.OPEN:
        count, oldest = found.get(status, (0, None))
        where = {"status": status}
        yield Reading("orders_open", "Orders that are not decided", count, where)
        yield Reading("orders_oldest_seconds", "Age of the oldest", seconds_since(oldest, now), where)
    due = NumberOrder.objects.filter(status__in=NumberOrder.OPEN).aggregate(at=Min("next_run_at"))["at"]
    yield Reading("orders_late_seconds", "How long a worker should have looked", seconds_since(due, now))


def releases(now: datetime) -> Iterator[Reading]:
    row = PhoneNumber.objects.filter(status="releasing").aggregate(n=Count("pk"), at=Min("next_release_at"))
    yield Reading("releases_open", "Numbers to be given back at their carrier", row["n"])
    yield Reading("releases_late_seconds", "How long the oldest is due", seconds_since(row["at"], now))
    strays = StrayNumber.objects.filter(resolved_at__isnull=True).count()
    yield Reading("strays_open", "Numbers sold to us that nobody ordered", strays)


def rent(now: datetime) -> Iterator[Reading]:
    due = Rental.objects.filter(ended_at__isnull=True, next_run_at__lte=now)
    row = due.aggregate(n=Count("pk"), at=Min("next_run_at"))
    yield Reading("rent_due", "Rentals due and not looked at", row["n"])
    yield Reading("rent_late_seconds", "How long the oldest is due", seconds_since(row["at"], now))


def books(now: datetime) -> Iterator[Reading]:
    proof = last_proof()
    if proof is None:
        return
    wrong = sum(check["count"] for check in proof.checks)
    yield Reading("ledger_proof_ok", "Whether the last proof found the books in order", int(proof.ok))
    yield Reading("ledger_proof_failures", "Rows it found wrong", wrong)
    yield Reading("ledger_proof_age_seconds", "Since the last proof", seconds_since(proof.at, now))

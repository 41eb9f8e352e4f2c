"""The wallet's book as its owner reads it: one line per transfer that moved the wallet, with what it left.

A purchase reserves money first. That is a line; charging the reservation moves the wallet no more, so it only
changes the line's word, and giving it back is a line of its own. A call is one line, for there are many: what
is reserved for it while it goes on, and what it cost once it is over, as if that had been known before. The
ledger keeps all its transfers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from dialnexa.cells import csv_lines
from dialnexa.models import LedgerAccount, LedgerEntry, Workspace
from dialnexa.months import Month
from dialnexa.paging import Order, Page, cut_page, find_cursor

PAGE_SIZE = 25
NEWEST = Order("created_at", descending=True)
NOTHING = Decimal(0)
Kind = LedgerEntry.Kind
CALL = "call_"
OUTCOMES = {
    "": (_("Reserved"), "waiting"),
    Kind.CAPTURE: (_("Charged"), "off"),
    Kind.VOID: (_("Returned"), "off"),
}
HEADER = ("date", "what", "state", "by", "money_in", "money_out", "balance", "currency", "about", "id")


@dataclass(frozen=True, slots=True)
class Line:
    """``amount`` is signed: what the wallet gained or lost; ``balance`` is what was in it then."""

    entry: LedgerEntry
    amount: Decimal
    balance: Decimal
    word: str
    tone: str
    settled: str = ""  # of a call that has ended: what the book says of its end

    @property
    def memo(self) -> str:
        return self.settled or self.entry.memo

    @property
    def is_order(self) -> bool:
        return self.entry.subject_id.startswith("ord_")

    @property
    def is_number(self) -> bool:
        return self.entry.subject_id.startswith("phn_")

    @property
    def is_call(self) -> bool:
        return self.entry.subject_id.startswith(CALL)


@dataclass(frozen=True, slots=True)
class Totals:
    """A month in four figures; ``closes`` is the balance now while the month runs."""

    opens: Decimal
    came: Decimal
    went: Decimal

    @property
    def closes(self) -> Decimal:
        return self.opens + self.came - self.went


def read_statement(
    workspace: Workspace, *, month: Month | None = None, after: str = "", before: str = ""
) -> tuple[list[Line], Page[LedgerEntry]]:
    """One page of lines, newest first, and the page they came from."""
    entries = _within(_entries(workspace), workspace, month)
    cursor = find_cursor(entries, NEWEST, after=after, before=before)
    page = cut_page(entries, NEWEST, cursor, size=PAGE_SIZE)
    return _lines_down(page.rows, _balance_after(workspace, page.rows[0]) if page.rows else NOTHING), page


def read_totals(workspace: Workspace, month: Month) -> Totals:
    """What came and went in the month, and what there was before."""
    entries = _entries(workspace)
    begins, _ = month.span(workspace.time_zone)
    sums = _within(entries, workspace, month).aggregate(
        came=Sum("effect", filter=Q(effect__gt=0)), went=Sum("effect", filter=Q(effect__lt=0))
    )
    opens = entries.filter(created_at__lt=begins).aggregate(sum=Sum("effect"))["sum"]
    return Totals(opens or NOTHING, sums["came"] or NOTHING, -(sums["went"] or NOTHING))


def first_entry_at(workspace: Workspace) -> datetime | None:
    """When the book begins."""
    return _entries(workspace).order_by("created_at").values_list("created_at", flat=True).first()


def export_statement(workspace: Workspace, month: Month | None) -> Iterator[str]:
    """CSV, line by line, oldest first; times are the workspace's. Amounts have a column each way, no sign."""
    entries = _within(_entries(workspace), workspace, month).order_by("created_at", "pk")
    balance = read_totals(workspace, month).opens if month else NOTHING
    zone = ZoneInfo(workspace.time_zone)
    outcome = LedgerEntry.objects.filter(
        subject_id=OuterRef("subject_id"), kind__in=(Kind.CAPTURE, Kind.VOID)
    )
    rows = entries.annotate(
        outcome=Coalesce(Subquery(outcome.values("kind")[:1]), Value("")),
        settled=Coalesce(Subquery(outcome.values("memo")[:1]), Value("")),
    )
    return csv_lines(HEADER, _rows_up(rows.iterator(chunk_size=500), balance, zone))


# --- the parts --------------------------------------------------------------------------------------


def _entries(workspace: Workspace) -> QuerySet[LedgerEntry]:
    """What moved the wallet, each with its signed ``effect`` on it; of a call less what came back of it."""
    purse = LedgerAccount.objects.filter(workspace=workspace, kind="wallet", currency=workspace.currency)
    entries = LedgerEntry.objects.filter(workspace=workspace)
    entries = entries.filter(Q(debit__in=purse) | Q(credit__in=purse)).select_related("debit", "credit")
    entries = entries.exclude(kind=Kind.VOID, subject_id__startswith=CALL)
    returned = LedgerEntry.objects.filter(subject_id=OuterRef("subject_id"), kind=Kind.VOID)
    call = When(kind=Kind.HOLD, subject_id__startswith=CALL, then=_sum(returned) - F("amount"))
    came = When(credit__in=purse, then="amount")
    return entries.annotate(effect=Case(came, call, default=-F("amount")))


def _sum(entries: QuerySet[LedgerEntry]) -> Coalesce:
    total = entries.order_by().values("subject_id").annotate(sum=Sum("amount")).values("sum")
    return Coalesce(Subquery(total), NOTHING)


def _within(
    entries: QuerySet[LedgerEntry], workspace: Workspace, month: Month | None
) -> QuerySet[LedgerEntry]:
    if month is None:
        return entries
    begins, ends = month.span(workspace.time_zone)
    return entries.filter(created_at__gte=begins, created_at__lt=ends)


def _balance_after(workspace: Workspace, entry: LedgerEntry) -> Decimal:
    """What the wallet holds now less what came later, in one query, so that nothing comes in between."""
    later = _entries(workspace).filter(NEWEST.beyond(entry.created_at, entry.pk, backwards=True))
    since = later.order_by().values("workspace").annotate(sum=Sum("effect")).values("sum")
    purse = LedgerAccount.objects.filter(workspace=workspace, kind="wallet", currency=workspace.currency)
    then = purse.annotate(then=F("balance") - Coalesce(Subquery(since), NOTHING))
    return then.values_list("then", flat=True).get()


def _lines_down(entries: list[LedgerEntry], balance: Decimal) -> list[Line]:
    """Newest first; ``balance`` is what the first one left."""
    references = [f"resolve:{entry.subject_id}" for entry in entries if entry.kind == Kind.HOLD]
    ends = LedgerEntry.objects.filter(reference__in=references)
    became = {subject: (kind, memo) for subject, kind, memo in ends.values_list("subject_id", "kind", "memo")}
    lines = []
    for entry in entries:
        lines.append(_line(entry, balance, *became.get(entry.subject_id, ("", ""))))
        balance -= entry.effect  # type: ignore[attr-defined]
    return lines


def _rows_up(entries: Iterable[LedgerEntry], balance: Decimal, zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    """Oldest first; ``balance`` is what there was before. In English: programs read it, too."""
    for entry in entries:
        balance += entry.effect  # type: ignore[attr-defined]
        with override("en"):
            line = _line(entry, balance, entry.outcome, entry.settled)  # type: ignore[attr-defined]
            cells = _cells(line, zone)
        yield cells


def _line(entry: LedgerEntry, balance: Decimal, outcome: str, settled: str) -> Line:
    word, tone = OUTCOMES[outcome] if entry.kind == Kind.HOLD else (entry.get_kind_display(), "ok")
    line = Line(entry, entry.effect, balance, str(word), tone)  # type: ignore[attr-defined]
    if not line.is_call:
        return line
    if entry.kind == Kind.HOLD:
        line = replace(line, settled=settled)
    return line if line.amount else replace(line, word=gettext("Not charged"))


def _cells(line: Line, zone: ZoneInfo) -> tuple[str, ...]:
    entry, gained = line.entry, line.amount > 0
    return (
        f"{entry.created_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        line.memo,
        line.word,
        entry.actor_name,
        _plain(line.amount) if gained else "",
        "" if gained else _plain(-line.amount),
        _plain(line.balance),
        entry.currency,
        entry.subject_id,
        entry.pk,
    )


def _plain(amount: Decimal) -> str:
    """Two places, or every digit it has when there are more."""
    short = f"{amount:.2f}"
    return short if Decimal(short) == amount else f"{amount.normalize():f}"

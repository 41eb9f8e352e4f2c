"""The wallet's book as its owner reads it: one line per effect, a reservation with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dialnexa.models import LedgerAccount, LedgerEntry, Workspace
from dialnexa.paging import Order, Page, cut_page, find_cursor

PAGE_SIZE = 25
NEWEST = Order("created_at", descending=True)
Kind = LedgerEntry.Kind
OUTCOMES = {
    "": ("Reserved", "waiting"),
    Kind.CAPTURE: ("Charged", "off"),
    Kind.VOID: ("Returned", "off"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """``amount`` is signed: what the wallet gained or lost. ``returned``: reserved and given back."""

    entry: LedgerEntry
    amount: Decimal
    word: str
    tone: str
    returned: Decimal | None = None

    @property
    def is_order(self) -> bool:
        return self.entry.subject_id.startswith("ord_")


def read_statement(
    workspace: Workspace, *, after: str = "", before: str = ""
) -> tuple[list[Line], Page[LedgerEntry]]:
    """One page of lines, newest first, and the page they came from."""
    entries = LedgerEntry.objects.filter(workspace=workspace, currency=workspace.currency)
    entries = entries.exclude(kind__in=(Kind.CAPTURE, Kind.VOID)).select_related("debit", "credit")
    cursor = find_cursor(entries, NEWEST, after=after, before=before)
    page = cut_page(entries, NEWEST, cursor, size=PAGE_SIZE)
    outcomes = _outcomes(page.rows)
    return [_line(entry, outcomes.get(entry.subject_id, "")) for entry in page.rows], page


def _outcomes(entries: list[LedgerEntry]) -> dict[str, str]:
    """What became of each reservation, by its subject."""
    references = [f"resolve:{entry.subject_id}" for entry in entries if entry.kind == Kind.HOLD]
    return dict(LedgerEntry.objects.filter(reference__in=references).values_list("subject_id", "kind"))


def _line(entry: LedgerEntry, outcome: str) -> Line:
    if entry.kind == Kind.HOLD:
        word, tone = OUTCOMES[outcome]
        if outcome == Kind.VOID:
            return Line(entry, Decimal(0), word, tone, returned=-entry.amount)
        return Line(entry, -entry.amount, word, tone)
    gained = entry.credit.kind == LedgerAccount.Kind.WALLET
    return Line(entry, entry.amount if gained else -entry.amount, entry.get_kind_display(), "ok")

"""Rate decks: CSV files by which staff say what calls and numbers cost from a day on.

A deck is read line by line (``deck_files``) and taken whole or not at all: lines that can't be used are
reported with their number and a reason, and then nothing is written. See ``call_decks`` and ``rental_decks``
for their columns.

History never changes. A line whose price is already the price on the deck's start date adds nothing; a line
that changes a price adds a row with a start date that must not lie in the past once a price is in force.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from telephony.catalogue import sells_in
from telephony.deck_files import MOST_BAD, Row, Unusable, show
from telephony.e164 import country_name
from telephony.models import CarrierSlug

AMOUNT = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
CURRENCY = re.compile(r"[A-Z]{3}")
MOST_EXAMPLES = 20  # of one kind of finding


@dataclass(frozen=True, slots=True)
class BadLine:
    """Why a line can't be used. Line 0 is the file as a whole, line 1 the header."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


@dataclass(frozen=True, slots=True)
class Finding:
    """What is allowed but deserves a look: of which kind, how often, and a few of them in words."""

    kind: str
    title: str
    count: int
    examples: tuple[str, ...] = ()

    @property
    def more(self) -> int:
        return self.count - len(self.examples)

    def __str__(self) -> str:
        more = f" … and {self.more:,} more" if self.more else ""
        return f"{self.title} ({self.count:,}): {'; '.join(self.examples)}{more}."


@dataclass(slots=True)
class Report:
    """What an import did, or would do. With ``bad`` lines nothing was written.

    ``added`` lines are prices for something that had none, ``changed`` new prices, ``unchanged`` already so.
    ``kept`` prices are in force and not in the deck: they stay. ``bad`` names the first lines that can't be
    used, ``bad_count`` counts them all.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: int = 0
    bad: list[BadLine] = field(default_factory=list)
    bad_count: int = 0
    findings: list[Finding] = field(default_factory=list)

    def refuse(self, line: int, reason: str) -> None:
        self.bad_count += 1
        if len(self.bad) <= MOST_BAD:
            self.bad.append(BadLine(line, reason))

    def count(self, history: PriceHistory, key: Hashable, price: Hashable, line: int) -> bool:
        """Count a line as what it is; whether it needs a row."""
        try:
            verdict = history.judge(key, price)
        except Unusable as error:
            self.refuse(line, str(error))
            return False
        setattr(self, verdict, getattr(self, verdict) + 1)
        return verdict != "unchanged"


@dataclass(frozen=True, slots=True)
class Deck:
    """Whose prices these are, in which currency, from when (aware, UTC) and what time it is."""

    carrier: str
    currency: str
    valid_from: datetime
    now: datetime

    def __post_init__(self) -> None:
        if not CURRENCY.fullmatch(self.currency):
            raise ValueError("The currency is three capital letters, for example INR.")
        if timezone.is_naive(self.valid_from):
            raise ValueError("The start date needs a time zone.")


class Seen:
    """Which keys have come on which line, to refuse the second."""

    def __init__(self) -> None:
        self.lines: dict[Hashable, int] = {}

    def refuse_second(self, key: Hashable, line: int, what: str) -> None:
        first = self.lines.setdefault(key, line)
        if first != line:
            raise Unusable(f"the same {what} as line {first}")


def read_amount(row: Row, column: str, *, default: str = "") -> Decimal:
    """An exact amount of at most six places, zero or more."""
    text = row.get(column, "") or default
    if not text:
        raise Unusable(f"{column} is empty")
    if text.startswith(("-", "\N{MINUS SIGN}")):
        raise Unusable(f"{column} is negative: {show(text)}")
    if not AMOUNT.fullmatch(text):
        raise Unusable(f"{column} is not an amount like 0.85: {show(text)}")
    return Decimal(text)


def read_country(row: Row, known: Collection[str], carrier: str) -> str:
    """The ISO code, in capitals, of a country where the carrier (slug) sells."""
    iso = row["country"].upper()
    if iso not in known:
        raise Unusable(f"unknown country {show(row['country'])}. Use the two-letter ISO code, for example IN")
    if not sells_in(carrier, iso):
        raise Unusable(f"{CarrierSlug(carrier).label} does not sell in {country_name(iso)}")
    return iso


class PriceHistory:
    """What each thing has cost since when, to decide what a new line means. Keys and prices are tuples."""

    def __init__(self, deck: Deck, rows: Iterable[tuple[Hashable, datetime, Hashable]]) -> None:
        self.deck = deck
        self.starts: dict[Hashable, list[tuple[datetime, Hashable]]] = {}
        for key, start, price in rows:
            self.starts.setdefault(key, []).append((start, price))

    def judge(self, key: Hashable, price: Hashable) -> str:
        """``added``, ``changed`` or ``unchanged``. Raises Unusable for what would rewrite history."""
        begun = [row for row in self.starts.get(key, []) if row[0] <= self.deck.valid_from]
        latest = max(begun, key=lambda row: row[0])[1] if begun else None
        if latest is not None and latest == price:
            return "unchanged"
        self._refuse_rewriting(key)
        return "added" if latest is None else "changed"

    def _refuse_rewriting(self, key: Hashable) -> None:
        in_force = [start for start, _ in self.starts.get(key, []) if start <= self.deck.now]
        if in_force and (self.deck.valid_from < self.deck.now or self.deck.valid_from in in_force):
            raise Unusable(in_force_since(max(in_force)))


def in_force_since(start: datetime) -> str:
    """Why a price can't begin any more."""
    return f"another price is in force since {start:%Y-%m-%d %H:%M} UTC. A new price must start in the future"

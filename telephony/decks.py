"""Reading rate decks: CSV files by which staff say what calls and numbers cost from a day on.

A deck is UTF-8 text (a byte order mark is fine), comma separated, LF or CRLF line ends, with a header row in
any case and order. It is read line by line and taken whole or not at all: every line that can't be used is
reported with its number and a reason, and then nothing is written. See ``call_decks`` and ``rental_decks``
for their columns.

History never changes. A line whose price is already the price on the deck's start date adds nothing; a line
that changes a price adds a row with a start date that must not lie in the past once a price is in force.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from django.utils import timezone

from telephony.catalogue import sells_in
from telephony.e164 import country_name
from telephony.models import CarrierSlug

AMOUNT = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
CURRENCY = re.compile(r"[A-Z]{3}")
Row = Mapping[str, str]
Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class BadLine:
    """Why a line can't be used. Line 0 is the file as a whole, line 1 the header."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


class Unusable(Exception):
    """Why the value being read can't be used; becomes a BadLine."""


@dataclass(slots=True)
class Report:
    """What an import did, or would do. With ``bad`` lines nothing was written.

    ``added`` lines are prices for something that had none, ``changed`` new prices, ``unchanged`` already so.
    ``kept`` prices are in force and not in the deck: they stay. ``notes`` are sentences about what is allowed
    but deserves a look: overlaps, gaps, prices that jump.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: int = 0
    bad: list[BadLine] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, history: PriceHistory, key: Hashable, price: Hashable, line: int) -> bool:
        """Count a line as what it is; whether it needs a row."""
        try:
            verdict = history.judge(key, price)
        except Unusable as error:
            self.bad.append(BadLine(line, str(error)))
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


def read_lines(
    file: Iterable[bytes],
    parse: Callable[[int, Row], Line],
    *,
    required: Collection[str],
    optional: Collection[str],
    bad: list[BadLine],
) -> list[Line]:
    """What ``parse(number, row)`` makes of every line; what it finds Unusable goes to ``bad``."""
    lines = []
    for number, row in _rows(file, required, optional, bad):
        try:
            lines.append(parse(number, row))
        except Unusable as error:
            bad.append(BadLine(number, str(error)))
    return lines


def _rows(
    file: Iterable[bytes], required: Collection[str], optional: Collection[str], bad: list[BadLine]
) -> Iterator[tuple[int, Row]]:
    """The lines as (number, {column: trimmed value}), without empty ones.

    Reading stops at the first line that is not UTF-8 or not CSV.
    """
    reader = csv.reader(_decoded(file), strict=True)
    try:
        header = _header(next(reader, []), required, optional)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                bad.append(BadLine(reader.line_num, f"has {len(cells)} columns instead of {len(header)}"))
                continue
            yield reader.line_num, dict(zip(header, (cell.strip() for cell in cells), strict=True))
    except UnicodeDecodeError:
        reason = "is not UTF-8 text. Save the file as CSV UTF-8 and import it again"
        bad.append(BadLine(reader.line_num + 1, reason))
    except csv.Error as error:
        bad.append(BadLine(reader.line_num, f"is not proper CSV ({error})"))
    except Unusable as error:
        bad.append(BadLine(1, str(error)))


def _decoded(file: Iterable[bytes]) -> Iterator[str]:
    for number, raw in enumerate(file):
        yield raw.decode("utf-8-sig" if number == 0 else "utf-8")


def _header(cells: list[str], required: Collection[str], optional: Collection[str]) -> list[str]:
    header = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]
    if len(header) == 1 and ";" in header[0]:
        raise Unusable("the columns are separated by semicolons. Save the file with commas")
    if missing := [name for name in required if name not in header]:
        raise Unusable(f"the header lacks {', '.join(missing)}")
    if strange := [name or "(empty)" for name in header if name not in {*required, *optional}]:
        known = ", ".join([*required, *optional])
        raise Unusable(f"the header has columns that mean nothing here: {', '.join(strange)}. Known: {known}")
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise Unusable(f"the header has {', '.join(twice)} twice")
    return header


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


def show(text: str) -> str:
    """A value in a message: printable and short."""
    short = text if len(text) <= 40 else f"{text[:40]}…"
    return repr(short)


class PriceHistory:
    """What each thing has cost since when, to decide what a new line means. Keys and prices are tuples."""

    def __init__(self, deck: Deck, rows: Iterable[tuple[Hashable, datetime, Hashable]]) -> None:
        self.deck = deck
        self.starts: dict[Hashable, list[tuple[datetime, Hashable]]] = {}
        for key, start, price in rows:
            self.starts.setdefault(key, []).append((start, price))

    def judge(self, key: Hashable, price: Hashable) -> str:
        """``added``, ``changed`` or ``unchanged``. Raises Unusable for what would rewrite history."""
        latest = self.before(key)
        if latest is not None and latest == price:
            return "unchanged"
        self._refuse_rewriting(key)
        return "added" if latest is None else "changed"

    def before(self, key: Hashable) -> Hashable | None:
        """The price that would count on the deck's start date without the deck."""
        begun = [row for row in self.starts.get(key, []) if row[0] <= self.deck.valid_from]
        return max(begun, key=lambda row: row[0])[1] if begun else None

    def besides(self, keys: Collection[Hashable]) -> int:
        """How many things have a price then that these keys do not name."""
        return sum(key not in keys and self.before(key) is not None for key in self.starts)

    def _refuse_rewriting(self, key: Hashable) -> None:
        in_force = [start for start, _ in self.starts.get(key, []) if start <= self.deck.now]
        if in_force and (self.deck.valid_from < self.deck.now or self.deck.valid_from in in_force):
            since = f"{max(in_force):%Y-%m-%d %H:%M} UTC"
            raise Unusable(f"another price is in force since {since}. A new price must start in the future")

"""What deserves a look in a call deck before it counts: gaps, ties, overlaps, prices that look wrong.

Pure: it reads, in the order of country, direction and digits, every rate that would count on the deck's start
date (those of the deck, and those in force beside them) and what else the catalogue knows, once. Of each kind
it counts all and words a few, so half a million rows take no more memory than a hundred. Only what a line of
the deck has part in is told, and gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from telephony.decks import MOST_EXAMPLES, Finding

HALF = Decimal("0.5")
TENFOLD = 10
TITLES = {  # kind → title, in the order they are shown
    "tenfold": "Ten times, or a tenth of, what the next shorter prefix costs",
    "far": "More than half away from what the next shorter prefix costs",
    "tie": "Two rates that match the same numbers",
    "overlap": "Prefixes inside another network group's",
    "shadowed": "Lines that change no price",
    "prefix_gap": "Prefixes and network groups without a price",
    "country_gap": "Countries without {currency} call rates",
}


class Priced(NamedTuple):
    """A rate where it matches, or (``per_minute`` None) a prefix or group of the catalogue without its own.

    ``digits`` are the prefix, empty for a whole country. ``explicit``: the rate names them itself, and is not
    for a whole group. ``line`` is the deck's, 0 for a rate that is in force already.
    """

    country: str
    direction: str
    digits: str
    group: str
    explicit: bool
    per_minute: Decimal | None
    pulse: int | None
    fee: Decimal | None
    line: int

    @property
    def price(self) -> tuple[Decimal | None, int | None, Decimal | None]:
        return self.per_minute, self.pulse, self.fee

    @property
    def place(self) -> str:
        return f"+{self.digits}" if self.digits else f"{self.country} as a whole"

    @property
    def named(self) -> str:
        """With the line that says it."""
        return f"line {self.line}: {self.place}" if self.line else self.place


@dataclass(slots=True)
class Findings:
    """Counted by kind; the first of each are worded."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, say: Callable[..., str], *of: Any) -> None:
        count = self.counts[kind] = self.counts.get(kind, 0) + 1
        if count <= MOST_EXAMPLES:
            self.examples.setdefault(kind, []).append(say(*of))

    def told(self, currency: str) -> list[Finding]:
        return [
            Finding(kind, title.format(currency=currency), self.counts[kind], tuple(self.examples[kind]))
            for kind, title in TITLES.items()
            if kind in self.counts
        ]


def lint_prices(rows: Iterable[Priced], *, currency: str) -> list[Finding]:
    """What there is to say. ``rows`` come sorted by country, direction and digits; of those with the same
    digits the one that decides comes first (as ``rating`` says), and what has no price last.
    """
    found = Findings()
    for _, of_country in groupby(rows, key=lambda row: (row.country, row.direction)):
        _lint_country(of_country, found)
    return found.told(currency)


def _lint_country(rows: Iterable[Priced], found: Findings) -> None:
    """``above`` are the prefixes around the one at hand, the widest first: what decides there."""
    above: list[Priced] = []
    gaps = Findings()
    any_price, country = False, ""
    for digits, same in groupby(rows, key=lambda row: row.digits):
        best, *others = same
        any_price, country = any_price or best.per_minute is not None, best.country
        while above and not digits.startswith(above[-1].digits):
            above.pop()
        _look_at_ties(best, others, found)
        _look_at_overlaps(best, above, found)
        priced = next((row for row in reversed(above) if row.per_minute is not None), None)
        if best.per_minute is None and priced is None:
            gaps.add("prefix_gap", _say_gap, best)
        elif best.per_minute is not None and priced is not None:
            _look_at_parent(best, priced, found)
        above.append(best)
    _keep_gaps(gaps, country, found, any_price=any_price)


def _say_gap(row: Priced) -> str:
    return f"{row.place} of {row.group!r}"


def _keep_gaps(gaps: Findings, country: str, found: Findings, *, any_price: bool) -> None:
    """Where a whole country has no price, it alone is named."""
    if not any_price:
        found.add("country_gap", str, country)
        return
    for kind, count in gaps.counts.items():
        kept = found.examples.setdefault(kind, [])
        kept += gaps.examples[kind][: MOST_EXAMPLES - len(kept)]
        found.counts[kind] = found.counts.get(kind, 0) + count


def _look_at_ties(best: Priced, others: list[Priced], found: Findings) -> None:
    for other in others:
        if other.per_minute is not None and (best.line or other.line):
            found.add("tie", _say_tie, best, other)


def _say_tie(best: Priced, other: Priced) -> str:
    if best.explicit and not other.explicit:
        why = f"{best.group!r} decides, because its rate names the prefix"
    else:
        why = f"{best.group!r} decides, because its rate begins later or was written last"
    line = best.line or other.line
    return f"line {line}: {best.place} is priced by {best.group!r} and {other.group!r}; {why}"


def _look_at_overlaps(row: Priced, above: list[Priced], found: Findings) -> None:
    """Turning the wider group on opens the narrower one as well."""
    if row.direction != "outbound":
        return
    for wider in above:
        if wider.digits and wider.group != row.group and (wider.line or row.line):
            found.add("overlap", _say_overlap, wider, row)


def _say_overlap(wider: Priced, row: Priced) -> str:
    return f"{wider.place} of {wider.group!r} covers {row.place} of {row.group!r} too"


def _look_at_parent(row: Priced, parent: Priced, found: Findings) -> None:
    if not (row.line or parent.line) or row.per_minute is None or not parent.per_minute:
        return
    if row.price == parent.price:
        found.add("shadowed", _say_same, row, parent)
    elif _is_tenfold(row.per_minute, parent.per_minute):
        found.add("tenfold", _say_prices, row, parent)
    elif abs(row.per_minute - parent.per_minute) > parent.per_minute * HALF:
        found.add("far", _say_prices, row, parent)


def _is_tenfold(one: Decimal, other: Decimal) -> bool:
    return one >= other * TENFOLD or one * TENFOLD <= other


def _say_same(row: Priced, parent: Priced) -> str:
    return f"{row.named} costs what {parent.named} costs"


def _say_prices(row: Priced, parent: Priced) -> str:
    assert row.per_minute is not None
    assert parent.per_minute is not None
    return f"{row.named} costs {plain(row.per_minute)}, {parent.named} {plain(parent.per_minute)}"


def plain(amount: Decimal) -> str:
    """``0.6`` for 0.600000."""
    return f"{amount.normalize():f}"

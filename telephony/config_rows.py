"""One country, one network group, as Telephony Config shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telephony.config_search import fold
from telephony.models import CallRate, Country, NetworkGroup
from telephony.price_ranges import PriceRange


@dataclass(slots=True)
class GroupRow:
    """``prefixes`` are the first few (of a search: those that it found), ``more`` how many there are besides;
    both only where the group is looked at.
    """

    group: NetworkGroup
    enabled: bool
    prices: Mapping[str, PriceRange]  # by direction
    is_dear: bool = False
    is_found: bool = False
    prefixes: list[str] = field(default_factory=list)
    more: int = 0
    by_prefix: bool = False  # the search found these prefixes

    @property
    def label(self) -> str:
        return label_of(self.group)

    @property
    def outbound(self) -> PriceRange | None:
        return self.prices.get(CallRate.Direction.OUTBOUND)

    @property
    def inbound(self) -> PriceRange | None:
        return self.prices.get(CallRate.Direction.INBOUND)


@dataclass(slots=True)
class CountryRow:
    country: Country
    groups: list[GroupRow] = field(default_factory=list)
    is_open: bool = False

    @property
    def enabled(self) -> int:
        """How many of the groups are on."""
        return sum(row.enabled for row in self.groups)

    @property
    def checked(self) -> str:
        """Of the switch for all of it: ``true``, ``false`` or ``mixed``."""
        if self.enabled in (0, len(self.groups)):
            return "true" if self.enabled else "false"
        return "mixed"

    @property
    def is_found(self) -> bool:
        """Whether a search found groups of it."""
        return any(row.is_found for row in self.groups)

    @property
    def found(self) -> list[GroupRow]:
        """The groups that a search found; all where it found none of them, or there was none."""
        return [row for row in self.groups if row.is_found] or self.groups

    @property
    def outbound(self) -> PriceRange | None:
        return joined(row.outbound for row in self.groups)

    @property
    def inbound(self) -> PriceRange | None:
        return joined(row.inbound for row in self.groups)

    @property
    def unpriced(self) -> int:
        """How many groups have no outbound price: calls there are refused."""
        return sum(row.outbound is None for row in self.groups)

    @property
    def dear(self) -> int:
        return sum(row.is_dear for row in self.groups)


def joined(prices: Iterable[PriceRange | None]) -> PriceRange | None:
    """From the cheapest to the dearest of all of these."""
    whole: PriceRange | None = None
    for price in prices:
        whole = price.joined(whole) if price and whole else price or whole
    return whole


def label_of(group: NetworkGroup) -> str:
    """A name that stands alone: ``India mobile``, ``Singapore: Whole country``."""
    country = group.country.name
    return group.name if fold(group.name).startswith(fold(country)) else f"{country}: {group.name}"

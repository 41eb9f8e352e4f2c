"""What the Telephony Config page shows: countries, their network groups, which are on, what calls cost."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import QuerySet
from django.http import QueryDict

from dialnexa.models import Workspace
from dialnexa.money import SYMBOLS, format_money, round_money
from telephony.carriers import carrier_slugs
from telephony.models import CallRate, CarrierSlug, Country, NetworkGroup
from telephony.switches import enabled_groups

SEARCH_LIMIT = 100  # characters


@dataclass(frozen=True, slots=True)
class ConfigFilters:
    """What the address asks for. Nonsense counts as not asked."""

    carrier: str
    q: str = ""
    only_enabled: bool = False
    country: str = ""  # ISO: show this one alone

    def query(self, **changes: str) -> str:
        """The address' query with these changes; empty values are left out."""
        asked = {
            "carrier": self.carrier,
            "q": self.q,
            "enabled": "1" if self.only_enabled else "",
            "country": self.country,
        }
        query = QueryDict(mutable=True)
        query.update({name: value for name, value in (asked | changes).items() if value})
        return query.urlencode()

    @property
    def all(self) -> str:
        """The query for every country of this carrier."""
        return self.query(q="", enabled="", country="")

    @property
    def on(self) -> str:
        """The query for the countries that are on."""
        return self.query(q="", enabled="1", country="")


@dataclass(frozen=True, slots=True)
class PriceRange:
    """What a minute costs in a group: one price, or from the cheapest prefix to the dearest."""

    low: Decimal
    high: Decimal
    currency: str

    def including(self, price: Decimal) -> PriceRange:
        return PriceRange(min(self.low, price), max(self.high, price), self.currency)

    def __str__(self) -> str:
        """``₹0.62`` or ``₹0.95–₹4.80``."""
        return "–".join(format_rate(price, self.currency) for price in sorted({self.low, self.high}))


def format_rate(amount: Decimal, currency: str) -> str:
    """As money, but with all its places: a minute may cost ``$0.0085``."""
    if amount == round_money(amount):
        return format_money(amount, currency)
    return f"{SYMBOLS.get(currency, currency)}{amount.normalize():f}"


@dataclass(slots=True)
class GroupRow:
    group: NetworkGroup
    enabled: bool
    prefixes: list[str]
    prices: Mapping[str, PriceRange]  # by direction

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

    @property
    def enabled(self) -> int:
        """How many of the groups are on."""
        return sum(row.enabled for row in self.groups)

    @property
    def state(self) -> str:
        """``on``, ``off``, or ``1 of 2 on``."""
        if self.enabled in (0, len(self.groups)):
            return "on" if self.enabled else "off"
        return f"{self.enabled} of {len(self.groups)} on"

    def matches(self, words: str) -> bool:
        """Whether the country or one of its groups has these words (folded), digits also as a prefix."""
        country, digits = self.country, words.removeprefix("+").replace(" ", "")
        names = [country.name, country.iso, *(row.group.name for row in self.groups)]
        if digits.isdecimal():
            prefixes = [prefix for row in self.groups for prefix in row.prefixes]
            return any(
                known.startswith(digits) or digits.startswith(known)
                for known in [*prefixes, str(country.calling_code)]
            )
        return any(words in fold(name) for name in names)


def read_filters(asked: Mapping[str, str]) -> ConfigFilters:
    """From the address: ``carrier``, ``q``, ``enabled``, ``country``."""
    carriers = offered_carriers()
    carrier = asked.get("carrier", "")
    return ConfigFilters(
        carrier=carrier if carrier in carriers else carriers[0],
        q=asked.get("q", "").replace("\x00", "").strip()[:SEARCH_LIMIT],
        only_enabled=asked.get("enabled") == "1",
        country=asked.get("country", "").upper()[:2],
    )


def offered_carriers() -> list[str]:
    """The slugs one may choose from; Plivo where none is configured, so that there is something to show."""
    configured = carrier_slugs()
    return [slug for slug in CarrierSlug.values if slug in configured] or [CarrierSlug.PLIVO]


class Config:
    """The page for one workspace. Five queries, however many countries there are."""

    def __init__(self, workspace: Workspace, filters: ConfigFilters, now: datetime) -> None:
        self.workspace, self.filters, self.now = workspace, filters, now

    @cached_property
    def countries(self) -> list[CountryRow]:
        """Every country with network groups of this carrier: those that are on first, then by name."""
        rows: dict[str, CountryRow] = {}
        groups = NetworkGroup.objects.filter(carrier=self.filters.carrier, country__is_offered=True)
        for row in self.rows(groups):
            country = row.group.country
            rows.setdefault(country.iso, CountryRow(country)).groups.append(row)
        return sorted(rows.values(), key=lambda row: (not row.enabled, fold(row.country.name)))

    def rows(self, groups: QuerySet[NetworkGroup]) -> list[GroupRow]:
        """These groups, by name, with what the page says about each."""
        on = set(enabled_groups(self.workspace, self.filters.carrier).values_list("pk", flat=True))
        prices = self._prices(groups)
        return [
            GroupRow(
                group=group,
                enabled=group.pk in on,
                prefixes=[prefix.digits for prefix in group.prefixes.all()],
                prices=prices.get(group.pk, {}),
            )
            for group in groups.select_related("country").prefetch_related("prefixes").order_by("name")
        ]

    def _prices(self, groups: QuerySet[NetworkGroup]) -> dict[str, dict[str, PriceRange]]:
        """The rates that count now, in the workspace's currency: {group: {direction: range}}."""
        rates = CallRate.objects.filter(
            network_group__in=groups, currency=self.workspace.currency, valid_from__lte=self.now
        )
        key = ("network_group_id", "direction", "prefix")
        prices: dict[str, dict[str, PriceRange]] = {}
        for rate in rates.order_by(*key, "-valid_from").distinct(*key):
            of_group = prices.setdefault(rate.network_group_id, {})
            price = PriceRange(rate.per_minute, rate.per_minute, rate.currency)
            of_group[rate.direction] = of_group.get(rate.direction, price).including(rate.per_minute)
        return prices

    @cached_property
    def focus(self) -> CountryRow | None:
        """The one country the address names, if it is on offer."""
        return next((row for row in self.countries if row.country.iso == self.filters.country), None)

    @cached_property
    def shown(self) -> list[CountryRow]:
        """What the filters let through; the country that was asked for comes alone."""
        return [self.focus] if self.focus else list(self._filtered(self.countries))

    def _filtered(self, rows: Iterable[CountryRow]) -> Iterable[CountryRow]:
        words = fold(self.filters.q)
        for row in rows:
            if (row.enabled or not self.filters.only_enabled) and (not words or row.matches(words)):
                yield row

    @property
    def enabled(self) -> int:
        """How many countries are on."""
        return sum(row.enabled > 0 for row in self.countries)


def label_of(group: NetworkGroup) -> str:
    """A name that stands alone: ``India mobile``, ``Singapore: Whole country``."""
    country = group.country.name
    return group.name if fold(group.name).startswith(fold(country)) else f"{country}: {group.name}"


def fold(text: str) -> str:
    """For searching: no case, no accents."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()

"""What the Telephony Config page shows: countries, their network groups, which are on, what calls cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q
from django.http import QueryDict

from dialnexa.countries import country_name
from dialnexa.models import Workspace
from telephony.carriers import carrier_slugs
from telephony.config_rows import CountryRow, GroupRow
from telephony.config_search import Reading, any_prefix, find_groups, fold, read_digits, read_search
from telephony.models import CarrierSlug, NetworkGroup, Prefix
from telephony.price_ranges import PriceRanges, price_ranges
from telephony.price_ranges import format_rate as format_rate
from telephony.switches import enabled_groups

SEARCH_LIMIT = 100  # characters
SHOWN = 4  # prefixes of a group
FEW = 12  # countries found: their groups stand open


@dataclass(frozen=True, slots=True)
class ConfigFilters:
    """What the address asks for. Nonsense counts as not asked."""

    carrier: str
    q: str = ""
    only_enabled: bool = False
    country: str = ""  # ISO: show this one alone
    opened: str = ""  # ISO: this one's groups are shown

    def query(self, **changes: str) -> str:
        """The address' query with these changes; empty values are left out."""
        asked = {
            "carrier": self.carrier,
            "q": self.q,
            "enabled": "1" if self.only_enabled else "",
            "country": self.country,
            "open": self.opened,
        }
        query = QueryDict(mutable=True)
        query.update({name: value for name, value in (asked | changes).items() if value})
        return query.urlencode()

    @property
    def here(self) -> str:
        """The query of this list, with no country opened."""
        return self.query(open="")

    @property
    def all(self) -> str:
        """The query for every country of this carrier."""
        return self.query(q="", enabled="", country="", open="")

    @property
    def on(self) -> str:
        """The query for the countries that are on."""
        return self.query(q="", enabled="1", country="", open="")


def read_filters(asked: Mapping[str, str]) -> ConfigFilters:
    """From the address: ``carrier``, ``q``, ``enabled``, ``country``, ``open``."""
    carriers = offered_carriers()
    carrier = asked.get("carrier", "")
    return ConfigFilters(
        carrier=carrier if carrier in carriers else carriers[0],
        q=asked.get("q", "").replace("\x00", "").strip()[:SEARCH_LIMIT],
        only_enabled=asked.get("enabled") == "1",
        country=asked.get("country", "").upper()[:2],
        opened=asked.get("open", "").upper()[:2],
    )


def offered_carriers() -> list[str]:
    """The slugs one may choose from; Plivo where none is configured, so that there is something to show."""
    configured = carrier_slugs()
    return [slug for slug in CarrierSlug.values if slug in configured] or [CarrierSlug.PLIVO]


class Config:
    """The countries of one workspace's page. Six queries at most, however many countries there are."""

    def __init__(self, workspace: Workspace, filters: ConfigFilters, now: datetime) -> None:
        self.workspace, self.filters, self.now = workspace, filters, now

    @cached_property
    def prices(self) -> PriceRanges:
        return price_ranges(self.filters.carrier, self.workspace.currency, now=self.now)

    @cached_property
    def countries(self) -> list[CountryRow]:
        """Every country with network groups of this carrier: those that are on first, then by name."""
        rows: dict[str, CountryRow] = {}
        groups = NetworkGroup.objects.filter(carrier=self.filters.carrier, country__is_offered=True)
        on = set(enabled_groups(self.workspace, self.filters.carrier).values_list("pk", flat=True))
        for group in groups.select_related("country").order_by("name", "pk"):
            line = GroupRow(group, group.pk in on, self.prices.of(group.pk), self.prices.is_dear(group.pk))
            rows.setdefault(group.country_id, CountryRow(group.country)).groups.append(line)
        return sorted(rows.values(), key=lambda row: (not row.enabled, fold(country_name(row.country.iso))))

    def row(self, iso: str, *, closed: bool = False) -> CountryRow | None:
        """The country with this code (ISO), opened if the address or the search says so."""
        self._mark_found()
        row = next((row for row in self.countries if row.country.iso == iso), None)
        if row and not closed:
            self._show([row])
        return row

    @cached_property
    def focus(self) -> CountryRow | None:
        """The one country the address names, if it is on offer."""
        return next((row for row in self.countries if row.country.iso == self.filters.country), None)

    @cached_property
    def shown(self) -> list[CountryRow]:
        """What the filters let through; the country that was asked for comes alone."""
        if self.focus:
            rows = [self.focus]
        else:
            rows = [row for row in self._searched if row.enabled or not self.filters.only_enabled]
        self._show(rows, found=len(rows) <= FEW)
        return rows

    @cached_property
    def _readings(self) -> list[Reading]:
        countries = [row.country for row in self.countries]
        return read_digits(read_search(self.filters.q), countries, self.workspace.country)

    @cached_property
    def _searched(self) -> list[CountryRow]:
        """The countries the search finds, or finds groups of; those are marked."""
        self._mark_found()
        search = read_search(self.filters.q)
        return [row for row in self.countries if not search.text or row.is_found or search.names(row.country)]

    def _mark_found(self) -> None:
        """The groups that the search is about, not just their country."""
        search, countries = read_search(self.filters.q), [row.country for row in self.countries]
        by_digits = find_groups(self._readings, countries, self.filters.carrier)
        for line in (line for row in self.countries for line in row.groups):
            line.is_found = line.group.pk in by_digits or search.names_group(line.group)

    def _show(self, rows: list[CountryRow], *, found: bool = True) -> None:
        """Open what is to be open: what was asked for, and few finds."""
        asked = {self.filters.country, self.filters.opened}
        for row in rows:
            row.is_open = (found and row.is_found) or row.country.iso in asked
        self._load_prefixes([line for row in rows if row.is_open for line in row.found])

    def _load_prefixes(self, lines: list[GroupRow]) -> None:
        """One query, none where nothing is open."""
        if not lines:
            return
        inside = Prefix.objects.filter(network_group=OuterRef("pk")).order_by("digits")
        some = {"first": inside, "hits": inside.filter(any_prefix(self._readings))}
        groups = NetworkGroup.objects.filter(pk__in=[line.group.pk for line in lines]).order_by()
        arrays = {name: ArraySubquery(rows.values("digits")[:SHOWN]) for name, rows in some.items()}
        told = groups.annotate(count=Count("prefixes"), **arrays).values_list("pk", "count", "first", "hits")
        known = {pk: (count, first, hits) for pk, count, first, hits in told}
        for line in lines:
            count, first, hits = known[line.group.pk]
            line.prefixes, line.by_prefix = hits or first, bool(hits)
            line.more = count - len(line.prefixes)

    @property
    def enabled(self) -> int:
        """How many countries are on."""
        return sum(row.enabled > 0 for row in self.countries)


def groups_on(workspace: Workspace) -> dict[str, int]:
    """How many network groups are on, by carrier (slug). One query."""
    switched = Q(pk__in=workspace.network_groups.filter(enabled=True).values("network_group"))
    groups = NetworkGroup.objects.filter(switched, country__is_offered=True).order_by()
    return dict(groups.values_list("carrier").annotate(count=Count("pk")))

"""Where numbers exist: countries from the numbering metadata, and what can be switched on in each.

``MARKETS`` is the one place that says where each carrier sells numbers and takes calls; all else asks it:
network groups, the imports of decks, the Buy dialog, the gates.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from telephony.carriers import signalwire
from telephony.e164 import all_regions
from telephony.models import CarrierSlug, Country, NetworkGroup

WHOLE_COUNTRY = "Whole country"  # the network group of a country for which no deck has given finer ones
EVERYWHERE: tuple[str, ...] = ()
MARKETS: dict[str, tuple[str, ...]] = {  # ISO 3166-1
    CarrierSlug.PLIVO: EVERYWHERE,
    CarrierSlug.TWILIO: EVERYWHERE,
    CarrierSlug.SIGNALWIRE: signalwire.COUNTRIES,
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows are new."""

    countries: int
    network_groups: int


def sells_in(carrier: str, country: str) -> bool:
    """Whether this carrier (slug) has anything to do with this country (ISO)."""
    market = MARKETS.get(carrier)
    return market is not None and (market == EVERYWHERE or country in market)


def countries_of(carrier: str) -> QuerySet[Country]:
    """The countries on offer where this carrier (slug) sells, by name."""
    offered = Country.objects.filter(is_offered=True).order_by("name")
    if carrier not in MARKETS:
        return offered.none()
    market = MARKETS[carrier]
    return offered if market == EVERYWHERE else offered.filter(iso__in=market)


def load_catalogue() -> Loaded:
    """Bring countries up to date with the metadata; give each a network group where a carrier has none yet.

    Safe to run again: names and lengths follow the metadata, ``is_offered`` stays as staff set it, countries
    that left the metadata stay (numbers may point at them), and groups from decks are left alone.
    """
    with transaction.atomic():
        before = Country.objects.count()
        _load_countries()
        groups = _missing_groups()
        NetworkGroup.objects.bulk_create(groups, ignore_conflicts=True)
        return Loaded(countries=Country.objects.count() - before, network_groups=len(groups))


def _load_countries() -> None:
    countries = [
        Country(
            iso=region.iso, name=region.name, calling_code=region.calling_code, max_length=region.max_length
        )
        for region in all_regions()
    ]
    Country.objects.bulk_create(
        countries,
        update_conflicts=True,
        unique_fields=["iso"],
        update_fields=["name", "calling_code", "max_length"],
    )


def _missing_groups() -> list[NetworkGroup]:
    return [
        NetworkGroup(carrier=carrier, country=country, name=WHOLE_COUNTRY)
        for carrier in MARKETS
        for country in Country.objects.exclude(network_groups__carrier=carrier)
        if sells_in(carrier, country.iso)
    ]

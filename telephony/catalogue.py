"""Where numbers exist: countries from the numbering metadata, and what can be switched on in each."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from telephony.e164 import all_regions
from telephony.models import CarrierSlug, Country, NetworkGroup

WHOLE_COUNTRY = "Whole country"  # the network group of a country for which no deck has given finer ones
CARRIERS = (
    CarrierSlug.PLIVO,
)  # whose network groups are loaded; the other carriers come with their adapters


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows are new."""

    countries: int
    network_groups: int


def load_catalogue() -> Loaded:
    """Bring countries up to date with the metadata, and give each a network group where it has none.

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
        for carrier in CARRIERS
        for country in Country.objects.exclude(network_groups__carrier=carrier)
    ]

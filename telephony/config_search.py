"""What somebody means who types into the search of Telephony Config.

Countries are found by name, ISO code or calling code; network groups by name, or by the beginning of a
number in the ways people write it: ``+9180``, ``00 91 80``, ``9180``, and as it is dialled inside the
workspace's own country (``080``, ``80``) or inside the country named beside it (``germany 0151``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Exists, OuterRef, Q

from dialnexa.countries import country_name
from telephony.e164 import numbering_plan, prefix_countries
from telephony.models import Country, NetworkGroup, Prefix

NUMBER = re.compile(r"\+?\d[\d ()./-]*")
NAMES = {"GB": ("uk", "great britain"), "US": ("usa",), "AE": ("uae",), "SA": ("ksa",)}  # besides their own
LONGEST = 15  # digits of a number


@dataclass(frozen=True, slots=True)
class Search:
    """``text`` is all of it (folded), ``words`` without the digits; ``international``: + or 00 came first."""

    text: str
    words: str
    digits: str
    international: bool

    def names(self, country: Country, words: str | None = None) -> bool:
        """Whether it is this country that the words speak of."""
        words = self.text if words is None else words
        called = {country.name, country_name(country.iso)}  # in English, and as its reader sees it
        return bool(words) and (
            any(words in name for name in (*map(fold, called), country.iso.lower()))
            or words in NAMES.get(country.iso, ())
        )

    def names_group(self, group: NetworkGroup) -> bool:
        return bool(self.text) and self.text in fold(group.name)


@dataclass(frozen=True, slots=True)
class Reading:
    """Leading digits with the calling code. ``country`` (ISO): they were read as dialled there."""

    digits: str
    country: str = ""

    @property
    def prefixes(self) -> Q:
        """The prefixes that lie in it, or in which it lies."""
        within = [self.digits[:length] for length in range(1, len(self.digits) + 1)]
        found = Q(digits__startswith=self.digits) | Q(digits__in=within)
        return found & Q(network_group__country=self.country) if self.country else found

    def may_be_in(self, country: Country) -> bool:
        """Whether numbers of this country may begin so."""
        if self.country:
            return self.country == country.iso
        code = str(country.calling_code)
        if len(self.digits) < len(code):
            return code.startswith(self.digits)
        return self.digits.startswith(code) and country.iso in _countries(self.digits)


def read_search(text: str) -> Search:
    """``text`` as typed; empty finds everything."""
    folded = fold(text).strip()
    found = NUMBER.search(folded)
    if found is None:
        return Search(folded, folded, "", False)
    digits = re.sub(r"\D", "", found[0])
    international = found[0].startswith("+") or digits.startswith("00")
    digits = digits.removeprefix("00") if not found[0].startswith("+") else digits
    words = f"{folded[: found.start()]} {folded[found.end() :]}".strip()
    return Search(folded, words, digits[:LONGEST], international)


def read_digits(search: Search, countries: Iterable[Country], home: str) -> list[Reading]:
    """Every way to read the digits. ``home`` is the ISO code of the workspace's country."""
    if not search.digits:
        return []
    if search.words:
        named = [country for country in countries if search.names(country, search.words)]
        return [reading for country in named for reading in _inside(search, country)]
    readings = [] if search.digits.startswith("0") else [Reading(search.digits)]
    if search.international:
        return readings
    own = next((country for country in countries if country.iso == home), None)
    return readings + ([_national(search.digits, own)] if own else [])


def _inside(search: Search, country: Country) -> Iterator[Reading]:
    """What digits beside a country's name are: with its calling code, or as dialled there."""
    if search.digits.startswith(str(country.calling_code)):
        yield Reading(search.digits, country.iso)
    if not search.international:
        yield _national(search.digits, country)


def _national(digits: str, country: Country) -> Reading:
    plan = numbering_plan(country.calling_code)
    trunk = re.match(plan.trunk, digits) if plan and plan.trunk else None
    national = digits[trunk.end() :] if trunk and trunk.end() < len(digits) else digits
    return Reading(f"{country.calling_code}{national}"[:LONGEST], country.iso)


def find_groups(readings: list[Reading], countries: Iterable[Country], carrier: str) -> set[str]:
    """The ids of the carrier's groups that numbers beginning so are in. One query, none without readings."""
    if not readings:
        return set()
    whole = {country.iso for country in countries if any(reading.may_be_in(country) for reading in readings)}
    inside = Prefix.objects.filter(network_group=OuterRef("pk"))
    groups = NetworkGroup.objects.filter(
        Exists(inside.filter(any_prefix(readings))) | Q(country__in=whole) & ~Exists(inside), carrier=carrier
    )
    return set(groups.values_list("pk", flat=True))


def any_prefix(readings: Iterable[Reading]) -> Q:
    """The prefixes that any of the readings finds; nothing without readings."""
    found = Q(pk=None)
    for reading in readings:
        found |= reading.prefixes
    return found


@lru_cache(maxsize=1_000)
def _countries(digits: str) -> frozenset[str]:
    return frozenset(prefix_countries(digits))


def fold(text: str) -> str:
    """For searching: no case, no accents."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()

"""The lines of a call deck, each by itself: what it says, or why it can't be used."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from telephony.deck_files import Columns, Row, Unusable, show
from telephony.decks import read_amount, read_country
from telephony.e164 import country_name, numbering_plan, prefix_countries
from telephony.fast_e164 import only_country
from telephony.models import CallRate, Country

COLUMNS = Columns(
    required=("country", "network_group", "per_minute"),
    optional=("prefix", "direction", "pulse_seconds", "connection_fee"),
    amounts=("per_minute", "connection_fee"),
)
PREFIX = re.compile(r"\+?([1-9][0-9]{0,14})")
SPACING = re.compile("[ .-]")
NAME_LIMIT = 80
NAMES_KEPT = 10_000  # whose country is remembered
LONGEST_PULSE = 3600  # seconds
DIRECTIONS = frozenset(CallRate.Direction.values)


class CallLine(NamedTuple):
    line: int
    country: str
    name: str  # of the network group
    prefix: str
    direction: str
    per_minute: Decimal
    pulse: int
    fee: Decimal


class LineReader:
    """Turns rows into lines by what the catalogue's countries are. ``carrier`` is a slug."""

    def __init__(self, carrier: str) -> None:
        self.carrier = carrier
        self.countries = {country.iso: country for country in Country.objects.all()}
        self.namesake = lru_cache(NAMES_KEPT)(self._named_after)

    def parse(self, number: int, row: Row) -> CallLine:
        """Raises Unusable."""
        country = self.countries[read_country(row, self.countries, self.carrier)]
        return CallLine(
            line=number,
            country=country.iso,
            name=self._group_name(row["network_group"], country),
            prefix=_prefix(row.get("prefix", ""), country),
            direction=_direction(row.get("direction", "")),
            per_minute=read_amount(row, "per_minute"),
            pulse=_pulse(row.get("pulse_seconds", "")),
            fee=read_amount(row, "connection_fee", default="0"),
        )

    def _group_name(self, name: str, country: Country) -> str:
        if not name or len(name) > NAME_LIMIT or not name.isprintable():
            raise Unusable(f"network_group is not a name of 1 to {NAME_LIMIT} characters: {show(name)}")
        namesake = self.namesake(name)
        if namesake and namesake.iso != country.iso:
            raise Unusable(f"{show(name)} is named after {namesake.name}, but the country is {country.iso}")
        return name

    def _named_after(self, name: str) -> Country | None:
        """The country with whose name this begins, as whole words; the longest such name."""
        words = f"{name.casefold()} "
        found = [other for other in self.countries.values() if words.startswith(f"{other.name.casefold()} ")]
        return max(found, key=lambda other: len(other.name), default=None)


def _prefix(text: str, country: Country) -> str:
    if not text:
        return ""
    match = PREFIX.fullmatch(SPACING.sub("", text))
    if match is None:
        raise Unusable(f"prefix is not digits with the calling code: {show(text)}")
    digits = match[1]
    if not digits.startswith(str(country.calling_code)):
        raise Unusable(
            f"prefix +{digits} is not in {country.name}, which begins with +{country.calling_code}"
        )
    settled = only_country(digits)
    if settled != country.iso and (owners := _foreign_owners(digits, settled, country)):
        names = " or ".join(sorted(map(country_name, owners)))
        raise Unusable(f"prefix +{digits} is in {names}, not in {country.name}")
    return digits


def _foreign_owners(digits: str, settled: str, country: Country) -> set[str]:
    """The countries (ISO) that the prefix is in, if it is not in this one.

    A prefix of ranges that nobody knows yet is let through: only for a code's main country the table can't
    tell those from its own.
    """
    code = str(country.calling_code)
    plan = numbering_plan(country.calling_code)
    if settled and plan and settled != plan.countries[0]:
        return {settled}
    owners: set[str] = set()
    for owner in prefix_countries(digits) if _is_known(digits[: len(code) + 1]) else ():
        if owner == country.iso:
            return set()
        owners.add(owner)
    return owners


@cache
def _is_known(beginning: str) -> bool:
    """Of a calling code and one digit. Where no number begins so, finding nothing again and again is slow."""
    return next(prefix_countries(beginning), None) is not None


def _direction(text: str) -> str:
    direction = text.lower() or CallRate.Direction.OUTBOUND.value
    if direction not in DIRECTIONS:
        raise Unusable(f"direction is neither outbound nor inbound: {show(text)}")
    return direction


def _pulse(text: str) -> int:
    if not text:
        return 60
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= LONGEST_PULSE:
        raise Unusable(f"pulse_seconds is not a whole number from 1 to {LONGEST_PULSE}: {show(text)}")
    return int(text)

"""The sandbox's stock: valid numbers, the same ones at every start, and the search through them."""

from __future__ import annotations

import math
import random
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType

from .catalogue import RANGES, Area, Range
from .faults import MAGIC, MAGIC_BY_ENDING

PER_RANGE = 300
WITH_MAGIC = {("US", "local"), ("GB", "local"), ("IN", "local")}

_LANDLINE = {PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_REAL_TYPES = {
    "local": _LANDLINE,
    "mobile": {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE},
    "tollfree": {PhoneNumberType.TOLL_FREE},
    "national": {PhoneNumberType.UAN, PhoneNumberType.VOIP, PhoneNumberType.SHARED_COST},
}


@dataclass(frozen=True, slots=True)
class StockNumber:
    number: str  # digits with the calling code, without +
    area: Area
    range: Range

    @property
    def national(self) -> str:
        return self.number[-self.range.length :]


@dataclass(frozen=True, slots=True)
class Search:
    """The filters of Plivo's number search; empty ones don't filter."""

    country: str
    type: str = ""
    pattern: str = ""
    region: str = ""
    city: str = ""
    services: tuple[str, ...] = ()


class Inventory:
    """At least ``per_range`` numbers for every country and type, made when a country is first asked for."""

    def __init__(self, per_range: int = PER_RANGE) -> None:
        self._per_range = per_range
        self._made: dict[str, dict[str, StockNumber]] = {}
        self._lock = threading.Lock()

    def of_country(self, country: str) -> dict[str, StockNumber]:
        with self._lock:
            if country not in self._made:
                ranges = [range_ for range_ in RANGES if range_.country == country]
                self._made[country] = {item.number: item for range_ in ranges for item in self._make(range_)}
            return self._made[country]

    def find(self, number: str) -> StockNumber | None:
        for country in dict.fromkeys(range_.country for range_ in RANGES):
            if number.startswith(_calling_code(country)):
                item = self.of_country(country).get(number)
                if item:
                    return item
        return None

    def search(self, wanted: Search, is_free: Callable[[str], bool]) -> list[StockNumber]:
        """What matches and nobody owns; numbers that begin with the pattern before those that hold it."""
        matches = [
            (rank, item)
            for item in self.of_country(wanted.country).values()
            if _suits(item, wanted)
            and (rank := _pattern_rank(item.national, wanted.pattern)) is not None
            and is_free(item.number)
        ]
        return [item for _, item in sorted(matches, key=lambda match: match[0])]

    def _make(self, range_: Range) -> Iterator[StockNumber]:
        """The areas take turns, so that a first page shows several cities; the magic numbers come last."""
        per_area = math.ceil(self._per_range / len(range_.areas))
        ordinary = [_ordinary_numbers(range_, area, per_area) for area in range_.areas]
        for numbers in zip(*ordinary, strict=True):
            yield from numbers
        if (range_.country, range_.type) in WITH_MAGIC:
            for area in range_.areas:
                yield from _magic_numbers(range_, area)


def _ordinary_numbers(range_: Range, area: Area, count: int) -> list[StockNumber]:
    dice = _dice_for(range_, area, "ordinary")
    made: dict[str, StockNumber] = {}
    while len(made) < count:
        number = _valid_number(dice, range_, area)
        if number[-4:] not in MAGIC_BY_ENDING:
            made[number] = StockNumber(number, area, range_)
    return list(made.values())


def _magic_numbers(range_: Range, area: Area) -> Iterator[StockNumber]:
    dice = _dice_for(range_, area, "magic")
    for magic in MAGIC:
        yield StockNumber(_valid_number(dice, range_, area, magic.ending), area, range_)


def _dice_for(range_: Range, area: Area, purpose: str) -> random.Random:
    return random.Random(f"{purpose}/{range_.country}/{range_.type}/{area.prefix}")


def _valid_number(dice: random.Random, range_: Range, area: Area, ending: str = "") -> str:
    """A number that the numbering plan assigns to this country and type."""
    free = range_.length - len(area.prefix) - len(ending)
    while True:
        middle = "".join(dice.choices("0123456789", k=free))
        number = _calling_code(range_.country) + area.prefix + middle + ending
        parsed = phonenumbers.parse("+" + number)
        if (
            phonenumbers.region_code_for_number(parsed) == range_.country
            and phonenumbers.number_type(parsed) in _REAL_TYPES[range_.type]
        ):
            return number


def _calling_code(country: str) -> str:
    return str(phonenumbers.country_code_for_region(country))


def _suits(item: StockNumber, wanted: Search) -> bool:
    types = {"": None, "fixed": ("local", "national")}.get(wanted.type, (wanted.type,))
    return (
        (types is None or item.range.type in types)
        and _within(wanted.region, item.area.region, item.area.city)
        and _within(wanted.city, item.area.city)
        and ("sms" not in wanted.services or item.range.sms_rate is not None)
        and ("mms" not in wanted.services or item.range.country in ("US", "CA"))
    )


def _within(wanted: str, *places: str) -> bool:
    return any(wanted.lower() in place.lower() for place in places)


def _pattern_rank(national: str, pattern: str) -> int | None:
    """0 when the number begins with the pattern, 1 when it holds it, None when not. ``*`` is any digits."""
    expression = re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
    if expression.match(national):
        return 0
    return 1 if expression.search(national) else None

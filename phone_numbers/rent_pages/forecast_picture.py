"""A forecast as a picture: where to draw what. The wallet runs in steps from day to day; below zero money is
missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from phone_numbers.renting.forecast import Day, Forecast, Risk

HEIGHT, TOP, BOTTOM = 200, 24, 24  # user units, which are pixels; above and below the line stand its labels


@dataclass(frozen=True, slots=True)
class Mark:
    """A day on which rent is not paid; ``x`` in per cent of the width."""

    x: float
    on: date
    numbers: int


@dataclass(frozen=True, slots=True)
class Picture:
    """``line`` is a path in a box as wide as there are days and HEIGHT high; ``area`` is what lies between it
    and ``zero``, which is a y.
    """

    days: int
    line: str
    area: str
    zero: float
    highest: Decimal
    lowest: Decimal
    marks: Sequence[Mark]
    first: date
    middle: date
    last: date


def draw(forecast: Forecast, *, time_zone: str) -> Picture:
    """``time_zone`` is whose days they are."""
    days = forecast.days
    values = [forecast.opening, *(day.wanted for day in days)]
    highest, lowest = max(*values, Decimal(0)), min(*values, Decimal(0))
    span = float(highest - lowest) or 1.0
    ys = [TOP + float(highest - value) / span * (HEIGHT - TOP - BOTTOM) for value in values[1:]]
    zero = TOP + float(highest) / span * (HEIGHT - TOP - BOTTOM)
    line = f"M0 {ys[0]:.1f}" + "".join(f"V{y:.1f}H{x}" for x, y in enumerate(ys, 1))
    return Picture(
        days=len(days),
        line=line,
        area=f"{line}V{zero:.1f}H0Z",
        zero=zero,
        highest=highest,
        lowest=lowest,
        marks=list(_marks(forecast.risks, days, ZoneInfo(time_zone))),
        first=days[0].on,
        middle=days[len(days) // 2].on,
        last=days[-1].on,
    )


def _marks(risks: Iterable[Risk], days: Sequence[Day], zone: ZoneInfo) -> Iterable[Mark]:
    """What is overdue already is marked today."""
    counts: dict[date, int] = {}
    for risk in risks:
        on = max(_day(risk.short_at, zone), days[0].on)
        counts[on] = counts.get(on, 0) + 1
    for on, numbers in sorted(counts.items()):
        yield Mark((on - days[0].on).days / len(days) * 100, on, numbers)


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def days_that_matter(forecast: Forecast) -> list[Day]:
    """The first day, those on which rent is due, and the last."""
    days = forecast.days
    return [day for day in days if day.rent or day in (days[0], days[-1])]

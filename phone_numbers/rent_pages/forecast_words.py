"""A forecast in sentences, for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dialnexa.money import format_money
from phone_numbers.renting.forecast import Forecast


@dataclass(frozen=True, slots=True)
class Said:
    """``headline`` is the answer; ``notes`` what else there is to know. ``tone`` is that of a status."""

    headline: str
    notes: tuple[str, ...]
    tone: str


def say(forecast: Forecast, time_zone: str, *, now: datetime) -> Said:
    """Days are written in ``time_zone``."""
    headline = _headline(forecast, ZoneInfo(time_zone), now)
    tone = "trouble" if forecast.short else "waiting" if forecast.switched_off else "ok"
    return Said(headline, tuple(_notes(forecast)), tone if forecast.rentals else "off")


def _headline(forecast: Forecast, zone: ZoneInfo, now: datetime) -> str:
    if not forecast.rentals:
        return "No rent is running, so nothing is at risk."
    if forecast.top_up_by is None:
        return f"Your money covers the rent until {_written(forecast.days[-1].on)} at least."
    by, count = _written(forecast.top_up_by.astimezone(zone).date()), len(forecast.short)
    amount = format_money(forecast.top_up_needed, forecast.currency)
    overdue = sum(risk.short_at <= now for risk in forecast.short)
    begins = f"Rent of {_numbers(overdue)} is overdue." if overdue else f"Your money lasts until {by}."
    return f"{begins} Add {amount} by {by if overdue else 'then'} to keep {_numbers(count)}."


def _notes(forecast: Forecast) -> Iterator[str]:
    if off := len(forecast.switched_off):
        yield f"Automatic renewal is off for {_numbers(off)} below: money alone does not help, pay by hand."
    if forecast.held_up:
        yield (
            f"{_numbers(forecast.held_up).capitalize()} can’t be renewed just now, because support or the "
            "carrier looks into it. Nothing is charged for that meanwhile."
        )
    if forecast.left_out:
        yield f"Only the {forecast.rentals:,} numbers whose rent is due first are counted here."


def _numbers(count: int) -> str:
    return "1 number" if count == 1 else f"{count:,} numbers"


def _written(day: date) -> str:
    return f"{day:%-d %B %Y}"

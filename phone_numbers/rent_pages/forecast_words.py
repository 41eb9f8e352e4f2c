"""A forecast in sentences, for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dialnexa.money import format_money
from phone_numbers.renting.forecast import Forecast

OVERDUE = gettext_lazy("Rent of %(overdue)s is overdue. Add %(amount)s by %(day)s to keep %(numbers)s.")
LASTS = gettext_lazy("Your money lasts until %(day)s. Add %(amount)s by then to keep %(numbers)s.")


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
        return _("No rent is running, so nothing is at risk.")
    if forecast.top_up_by is None:
        covered = _("Your money covers the rent until %(day)s at least.")
        return covered % {"day": _written(forecast.days[-1].on)}
    overdue = sum(risk.short_at <= now for risk in forecast.short)
    said = OVERDUE if overdue else LASTS
    return said % {
        "overdue": _numbers(overdue),
        "day": _written(forecast.top_up_by.astimezone(zone).date()),
        "amount": format_money(forecast.top_up_needed, forecast.currency),
        "numbers": _numbers(len(forecast.short)),
    }


def _notes(forecast: Forecast) -> Iterator[str]:
    if off := len(forecast.switched_off):
        by_hand = _("Automatic renewal is off for %(numbers)s below: money alone does not help, pay by hand.")
        yield by_hand % {"numbers": _numbers(off)}
    if forecast.held_up:
        held_up = _(
            "%(numbers)s can’t be renewed just now, because support or the carrier looks into it. Nothing is "
            "charged for that meanwhile."
        )
        yield held_up % {"numbers": _numbers(forecast.held_up)}
    if forecast.left_out:
        counted = _("Only the %(count)s numbers whose rent is due first are counted here.")
        yield counted % {"count": f"{forecast.rentals:,}"}


def _numbers(count: int) -> str:
    return ngettext("%(count)s number", "%(count)s numbers", count) % {"count": f"{count:,}"}


def _written(day: date) -> str:
    return date_format(day, "j F Y")

"""How figures about lists are written in templates."""

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

register = template.Library()
UNITS = ((2 * 24 * 60, 24 * 60, "days"), (2 * 60, 60, "h"), (0, 1, "min"))  # from, minutes in one, name


@register.filter
def time_span(minutes: list[int]) -> str:
    """``[2, 4]`` → ``2–4 min``, ``[40000, 120000]`` → ``28–84 days``: begun units count."""
    low, high = minutes
    size, unit = next((size, unit) for least, size, unit in UNITS if high >= least)
    short, long = -(-low // size), -(-high // size)
    return f"{long:,} {unit}" if short == long else f"{short:,}–{long:,} {unit}"


@register.filter
def time_left(minutes: int) -> str:
    """``3`` → ``3 min``, ``200`` → ``4 h``."""
    return time_span([minutes, minutes])


@register.filter
def unlocalized(number: float) -> str:
    """As pictures need it, whatever the language: with a point."""
    return f"{number:.3f}"


@register.simple_tag
def moment(at: datetime) -> SafeString:
    """``22 Nov, 09:00 IST``: with its zone, since a plan may be written in another than its reader's."""
    here = localtime(at)
    return format_html(
        '<time class="nowrap" datetime="{}">{}</time>', here.isoformat(), date_format(here, "j M, H:i T")
    )

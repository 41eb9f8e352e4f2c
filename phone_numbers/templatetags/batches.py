"""How figures about lists are written in templates."""

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

register = template.Library()
UNITS = (  # from, minutes in one, how so many are written
    (2 * 24 * 60, 24 * 60, gettext_noop("%(n)s days")),
    (2 * 60, 60, gettext_noop("%(n)s h")),
    (0, 1, gettext_noop("%(n)s min")),
)


@register.filter
def time_span(minutes: list[int]) -> str:
    """``[2, 4]`` → ``2–4 min``, ``[40000, 120000]`` → ``28–84 days``: begun units count."""
    low, high = minutes
    size, words = next((size, words) for least, size, words in UNITS if high >= least)
    short, long = -(-low // size), -(-high // size)
    return _(words) % {"n": f"{long:,}" if short == long else f"{short:,}–{long:,}"}


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

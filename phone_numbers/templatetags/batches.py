"""How figures about lists are written in templates."""

from django import template

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

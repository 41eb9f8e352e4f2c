"""The carriers this installation can use, by slug, as ``settings.CARRIERS`` lists them."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from .base import Carrier, Recorder
from .http import DEFAULT_TIMEOUTS, Timeouts
from .options import BadOptions


def carrier_slugs() -> list[str]:
    """The slugs ``get_carrier`` accepts, in the order of the settings."""
    return list(settings.CARRIERS)


def get_carrier(slug: str, *, recorder: Recorder | None = None, deadline: float | None = None) -> Carrier:
    """The adapter for ``slug``, ready to call; ``recorder`` is told of every request and answer.

    ``deadline`` (seconds) shortens the configured one for each request; it never lengthens it.

    Building one is cheap: connections belong to the process. Raises LookupError for a slug
    that is not configured and ImproperlyConfigured for credentials that can't be right, with the names of
    their variables.
    """
    if slug not in settings.CARRIERS:
        known = ", ".join(carrier_slugs()) or "none"
        raise LookupError(f"No carrier {slug!r} is configured. Configured: {known}.")
    options = dict(settings.CARRIERS[slug])
    adapter = import_string(options.pop("class"))
    configured = float(options.pop("deadline", DEFAULT_TIMEOUTS.deadline))
    whole = configured if deadline is None else min(deadline, configured)
    timeouts = Timeouts(deadline=whole, connect=min(DEFAULT_TIMEOUTS.connect, whole))
    try:
        carrier: Carrier = adapter(**options, timeouts=timeouts, recorder=recorder)
    except BadOptions as error:
        says = " ".join(f"{variable(slug, option)} {what}." for option, what in error.problems.items())
        raise ImproperlyConfigured(says) from error
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"CARRIERS[{slug!r}]: {error}") from error
    return carrier


def variable(slug: str, option: str) -> str:
    """Where an adapter's option comes from: the settings take it from this environment variable."""
    return f"DIALNEXA_{slug}_{option}".upper()

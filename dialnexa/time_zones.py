"""Names of time zones."""

import functools
import zoneinfo

from django.core.exceptions import ValidationError


@functools.cache
def known() -> frozenset[str]:
    """Every name this machine knows, such as ``Asia/Kolkata``."""
    return frozenset(zoneinfo.available_timezones())


def validate_time_zone(name: str) -> None:
    """Raises ValidationError for a name no time zone has."""
    if name not in known():
        raise ValidationError("There is no such time zone. Write it like Asia/Kolkata.", "time_zone_unknown")

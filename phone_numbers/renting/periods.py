"""Monthly periods, counted from the moment of purchase.

Period k begins k months after the anchor, in the zone fixed at purchase, clamped to the end of a short month:
31 January → 28 February → 31 March. Always counted from the anchor, so short months cause no drift.
"""

from __future__ import annotations

import calendar
import zoneinfo
from datetime import UTC, datetime

SHORTEST = 28  # days that every month has


def period_start(anchor: datetime, k: int, time_zone: str) -> datetime:
    """When period ``k`` (0 is the first) of a rental begins, in UTC."""
    local = anchor.astimezone(zoneinfo.ZoneInfo(time_zone))
    years, month0 = divmod(local.month - 1 + k, 12)
    year, month = local.year + years, month0 + 1
    day = local.day if local.day <= SHORTEST else min(local.day, calendar.monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day).astimezone(UTC)

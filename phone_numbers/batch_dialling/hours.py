"""Calling hours: from one time of day to another in a time zone, past midnight where the end comes first.

Where clocks change, a time that comes twice counts the first time: nobody is called later than was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def next_opening(now: datetime, begin: time | None, end: time | None, zone: str) -> datetime:
    """The first moment from ``now`` on (aware) at which calls may begin; ``now`` itself within the hours.

    Without hours that is always ``now``. ``zone`` is an IANA name.
    """
    if begin is None or end is None:
        return now
    return next(max(opens, now) for opens, closes in _days(now, begin, end, ZoneInfo(zone)) if now < closes)


def next_midnight(now: datetime, zone: str) -> datetime:
    """When the next day begins there."""
    day = now.astimezone(ZoneInfo(zone)).date() + DAY
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def _days(now: datetime, begin: time, end: time, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The hours of each day from yesterday on, as moments; none where clocks swallow them."""
    day = now.astimezone(zone).date() - DAY
    while True:
        opens = datetime.combine(day, begin, zone).astimezone(UTC)
        closes = datetime.combine(day + DAY if end <= begin else day, end, zone).astimezone(UTC)
        if opens < closes:
            yield opens, closes
        day += DAY

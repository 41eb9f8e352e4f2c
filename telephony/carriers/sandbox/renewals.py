"""When a number renews: monthly, on the day it was bought."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime


def renewal_date(added: float, now: float) -> date:
    """The first monthly anniversary after today; the 31st becomes a short month's last day."""
    bought, today = _day(added), _day(now)
    months = 1
    while (day := _months_after(bought, months)) <= today:
        months += 1
    return day


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def _day(timestamp: float) -> date:
    return datetime.fromtimestamp(timestamp, UTC).date()

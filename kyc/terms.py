"""How long a verification holds, and when its end is announced."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dialnexa.models import Workspace

REMINDERS = (1, 7, 14, 30)  # days before the end


def end_of(day: date, workspace: Workspace) -> datetime:
    """The first moment after that day, where the workspace is."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(workspace.time_zone))


def last_day(until: datetime, workspace: Workspace) -> date:
    """The last day on which something that ends at ``until`` holds, where the workspace is."""
    return (until - timedelta(microseconds=1)).astimezone(ZoneInfo(workspace.time_zone)).date()


def nearest_reminder(until: datetime, *, now: datetime) -> int | None:
    """Which of the reminders is the one for ``now``, in days before ``until``; None long before."""
    return next((days for days in REMINDERS if until - now <= timedelta(days=days)), None)


def in_words(day: date) -> str:
    """``3 December 2027``"""
    return f"{day.day} {day:%B %Y}"

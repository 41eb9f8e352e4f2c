"""Calendar months, as people choose them for a statement."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

KEY = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    month: int

    @property
    def key(self) -> str:
        """``2026-11``, as in addresses."""
        return f"{self.year}-{self.month:02}"

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def following(self) -> Month:
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def span(self, time_zone: str) -> tuple[datetime, datetime]:
        """When it begins and ends in that zone, in UTC."""
        return self._begins(time_zone), self.following._begins(time_zone)

    def _begins(self, time_zone: str) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def month_of(at: datetime, time_zone: str) -> Month:
    """The month of this moment in that zone."""
    here = at.astimezone(ZoneInfo(time_zone))
    return Month(here.year, here.month)


def read_month(text: str) -> Month | None:
    """The month with this key; None for anything else."""
    found = KEY.fullmatch(text)
    return Month(int(found[1]), int(found[2])) if found else None


def months_between(first: datetime, last: datetime, time_zone: str) -> list[Month]:
    """Every month from one moment's to the other's, newest first."""
    month, end, months = month_of(first, time_zone), month_of(last, time_zone), []
    while month <= end:
        months.append(month)
        month = month.following
    return months[::-1]

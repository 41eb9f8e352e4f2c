"""Calling hours …"""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from phone_numbers.batch_dialling.hours import next_opening

DAY, NIGHT = (time(9), time(18)), (time(22), time(2))
CASES = [  # zone, hours, now and the next opening in UTC
    ("UTC", DAY, "2026-03-10T08:59:59", "2026-03-10T09:00:00"),
    ("UTC", DAY, "2026-03-10T09:00:00", "2026-03-10T09:00:00"),
    ("UTC", DAY, "2026-03-10T17:59:59", "2026-03-10T17:59:59"),
    ("UTC", DAY, "2026-03-10T18:00:00", "2026-03-11T09:00:00"),
    ("Asia/Kolkata", DAY, "2026-03-10T03:29:59", "2026-03-10T03:30:00"),
    ("Asia/Kolkata", DAY, "2026-03-10T12:30:00", "2026-03-11T03:30:00"),
    ("UTC", NIGHT, "2026-03-10T01:59:59", "2026-03-10T01:59:59"),
    ("UTC", NIGHT, "2026-03-10T02:00:00", "2026-03-10T22:00:00"),
    ("UTC", NIGHT, "2026-03-10T23:00:00", "2026-03-10T23:00:00"),
    # New York: clocks go forward on 8 March 2026 at 2:00, back on 1 November 2026 at 2:00
    ("America/New_York", DAY, "2026-03-07T23:00:00", "2026-03-08T13:00:00"),
    ("America/New_York", DAY, "2026-10-31T23:00:00", "2026-11-01T14:00:00"),
    ("America/New_York", (time(20), time(1, 30)), "2026-11-01T05:29:59", "2026-11-01T05:29:59"),
    ("America/New_York", (time(20), time(1, 30)), "2026-11-01T05:30:00", "2026-11-02T01:00:00"),
    ("America/New_York", (time(2), time(3)), "2026-03-08T06:59:00", "2026-03-09T06:00:00"),
]


@pytest.mark.parametrize(("zone", "hours", "now", "opens"), CASES)
def test_open_when_the_clocks_there_say_so(zone: str, hours: tuple[time, time], now: str, opens: str) -> None:
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, opens)]
    assert next_opening(moments[0], *hours, zone) == moments[1]


def test_are_always_open_when_there_are_none() -> None:
    now = datetime(2026, 3, 10, 3, tzinfo=UTC)
    assert next_opening(now, None, None, "UTC") == now

"""A period …"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from phone_numbers.renting.periods import period_start

KOLKATA = "Asia/Kolkata"


def starts(anchor: str, ks: range, zone: str = "UTC") -> list[str]:
    moment = datetime.fromisoformat(anchor).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return [period_start(moment, k, zone).astimezone(ZoneInfo(zone)).isoformat()[:16] for k in ks]


def test_is_clamped_at_the_end_of_a_short_month_and_does_not_drift() -> None:
    assert starts("2026-01-31T10:00", range(4)) == [
        "2026-01-31T10:00",
        "2026-02-28T10:00",
        "2026-03-31T10:00",
        "2026-04-30T10:00",
    ]


def test_knows_leap_years() -> None:
    assert starts("2028-01-31T10:00", range(1, 2)) == ["2028-02-29T10:00"]
    assert starts("2028-02-29T10:00", range(12, 13)) == ["2029-02-28T10:00"]


def test_crosses_the_year() -> None:
    assert starts("2026-12-15T00:00", range(1, 14, 12)) == ["2027-01-15T00:00", "2028-01-15T00:00"]


def test_keeps_the_day_of_the_zone_it_was_bought_in() -> None:
    assert starts("2026-01-31T23:59", range(1, 3), KOLKATA) == ["2026-02-28T23:59", "2026-03-31T23:59"]


def test_keeps_the_hour_across_a_change_of_clocks() -> None:
    assert starts("2026-03-10T09:00", range(1, 2), "Europe/London") == ["2026-04-10T09:00"]


@pytest.mark.parametrize("k", [1, 7, 40])
def test_is_told_in_utc(k: int) -> None:
    assert period_start(datetime(2026, 5, 31, 20, tzinfo=UTC), k, KOLKATA).tzinfo is UTC

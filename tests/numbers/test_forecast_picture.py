"""The forecast's picture …"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from phone_numbers.rent_pages.forecast_picture import days_that_matter, draw
from phone_numbers.renting.forecast import Day, Forecast, Risk

FIRST = date(2027, 1, 20)
NOW = datetime(2027, 1, 20, 9, 30, tzinfo=UTC)


def made(opening: str, wanted: list[str], risks: list[Risk]) -> Forecast:
    """A forecast whose wallet wants to stand so in the evening of each day."""
    values = [Decimal(opening), *map(Decimal, wanted)]
    days = [
        Day(FIRST + timedelta(days=n), before - after, Decimal(0), max(after, Decimal(0)), after)
        for n, (before, after) in enumerate(zip(values, values[1:], strict=False))
    ]
    return Forecast("INR", values[0], Decimal(0), days, risks, Decimal(0), None, 1, 0, 0)


def risk(short_at: datetime) -> Risk:
    return Risk("phn_a", "+12125550123", "", True, Decimal(100), short_at, short_at, short_at)


def test_steps_down_to_where_money_is_missing() -> None:
    picture = draw(made("100", ["100", "50", "-50"], []), time_zone="UTC")
    assert (picture.highest, picture.lowest) == (Decimal(100), Decimal(-50))
    assert picture.line == "M0 24.0V24.0H1V74.7H2V176.0H3"
    assert picture.area == picture.line + "V125.3H0Z"


def test_draws_a_wallet_in_which_nothing_moves() -> None:
    picture = draw(made("0", ["0", "0"], []), time_zone="UTC")
    assert (picture.zero, picture.line) == (24, "M0 24.0V24.0H1V24.0H2")


def test_marks_a_day_once_and_what_is_overdue_today() -> None:
    late, then = NOW - timedelta(days=3), datetime(2027, 1, 21, 20, 0, tzinfo=UTC)
    seen = made("0", ["0", "0", "0", "0"], [risk(late), risk(then), risk(then)])
    marks = draw(seen, time_zone="Asia/Kolkata").marks  # where it is the 22nd by then
    assert [(mark.x, mark.on.day, mark.numbers) for mark in marks] == [(0, 20, 1), (50, 22, 2)]


def test_lists_the_days_on_which_rent_is_due_and_both_ends() -> None:
    days = days_that_matter(made("100", ["100", "50", "50", "50"], []))
    assert [day.on.day for day in days] == [20, 21, 23]

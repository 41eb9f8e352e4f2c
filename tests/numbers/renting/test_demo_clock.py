"""The demo's clock …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from dialnexa import clock, keeper
from dialnexa.errors import Refusal
from dialnexa.models import Notice, Workspace
from phone_numbers.demo.clock import (
    LOCK,
    ask,
    asked_until,
    is_moving,
    live_on,
    live_through,
    next_renewal,
)
from phone_numbers.demo.story import read_story
from phone_numbers.models import NumberOrder, Rental, RentalCharge
from phone_numbers.renting.periods import period_start
from tests.numbers.renting.conftest import Fund, Rent, again, balance, paid_ks
from tests.numbers.rows import make_call, make_order

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ZONE = "Asia/Kolkata"


@pytest.fixture
def rental(shop: Workspace, rent: Rent, movable_clock: Path) -> Rental:
    return rent(shop, clock.now())


def test_lets_a_year_pass_month_by_month(shop: Workspace, rental: Rental, fund: Fund) -> None:
    fund(shop, "1200", clock.now())
    since, until = live_through(365 * DAY)
    assert timedelta(0) <= until - since - 365 * DAY < timedelta(seconds=30)
    assert paid_ks(rental) == list(range(13 if period_start(rental.anchor, 12, ZONE) <= until else 12))
    assert again(rental).review_since is None
    for charge in RentalCharge.objects.filter(rental=rental, k__gt=0).select_related("entry"):
        assert charge.entry is not None
        assert charge.entry.created_at - charge.starts_at < timedelta(minutes=1)


def test_lets_a_number_expire_for_want_of_money_and_come_back(
    shop: Workspace, rental: Rental, fund: Fund
) -> None:
    since, _ = live_through(40 * DAY)
    assert again(rental).rental_status == "expired"
    fund(shop, "100", clock.now())
    live_through(DAY)
    assert again(rental).rental_status == "active"
    told = Notice.objects.filter(created_at__gt=since, reference__startswith=f"rent:{rental.pk}:1:")
    words = [notice.reference.rpartition(":")[2] for notice in told.order_by("created_at")]
    assert words == ["short", "expired", "paid"]
    assert balance(shop) == 0


def test_tells_what_happened_in_its_order(shop: Workspace, rental: Rental, fund: Fund) -> None:
    fund(shop, "100", clock.now())
    since, until = live_through(70 * DAY)
    story = read_story(shop, since, until)
    assert [happening.at for happening in story] == sorted(happening.at for happening in story)
    (charge,) = [happening for happening in story if happening.kind == "Charged"]
    assert (charge.amount, charge.currency) == (Decimal(-100), "INR")
    days = [(happening.at - since).days for happening in story if "could not be paid" in happening.title]
    short = (rental.paid_through - since).days
    assert min(days) >= short + 28
    assert read_story(shop, until, until + DAY) == []


def test_leads_to_the_next_renewal(shop: Workspace, rental: Rental, fund: Fund) -> None:
    fund(shop, "100", clock.now())
    live_through(next_renewal(shop) - clock.now())
    assert paid_ks(rental) == [0, 1]


def test_says_that_nothing_is_rented(shop: Workspace, movable_clock: Path) -> None:
    with pytest.raises(Refusal, match="no_rental"):
        next_renewal(shop)


def test_does_what_was_asked_for_also_when_the_first_was_killed(rental: Rental) -> None:
    until = clock.now() + 3 * DAY
    ask(until)
    steps = iter([False, False, True])
    live_on(stopping=lambda: next(steps))
    assert clock.now() < until
    assert asked_until() == until
    live_on()
    assert clock.now() >= until
    assert not is_moving()


def test_refuses_a_second_who_asks(rental: Rental) -> None:
    ask(clock.now() + 3 * DAY)
    with pytest.raises(Refusal, match="clock_moving"):
        ask(clock.now() + DAY)


def test_lets_one_at_a_time_move_it(movable_clock: Path) -> None:
    lock = keeper.try_lock(movable_clock / LOCK)
    assert lock is not None
    with pytest.raises(Refusal, match="clock_moving"):
        live_through(DAY)


def test_waits_for_purchases_and_calls(shop: Workspace, rental: Rental) -> None:
    order = make_order(rental.number, "buying")
    with pytest.raises(Refusal, match="clock_busy"):
        ask(clock.now() + DAY)
    NumberOrder.objects.filter(pk=order.pk).update(status="fulfilled")
    make_call(rental.number, clock.now(), status="received")
    with pytest.raises(Refusal, match="clock_busy"):
        ask(clock.now() + DAY)


def test_refuses_more_than_a_year_at_once(movable_clock: Path) -> None:
    with pytest.raises(Refusal, match="too_far"):
        ask(clock.now() + 500 * DAY)


def test_cannot_be_moved_outside_of_the_demo(settings: LazySettings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    before = clock.now()
    for move in (lambda: ask(before + DAY), lambda: live_through(DAY)):
        with pytest.raises(Refusal, match="clock_fixed"):
            move()
    assert list(tmp_path.iterdir()) == []


def test_is_moved_from_the_command_line(shop: Workspace, rental: Rental) -> None:
    printed = StringIO()
    call_command("move_clock", "40d", stdout=printed)
    assert "1 due: 0 renewed" in printed.getvalue()
    assert f"{clock.now():%-d %B %Y}" in printed.getvalue().splitlines()[-1]


@pytest.mark.parametrize("span", ["0d", "d", "-3d", "1 week", "400000d"])
def test_takes_no_span_it_does_not_know(span: str, movable_clock: Path) -> None:
    before: datetime = clock.now()
    with pytest.raises(CommandError, match="Say how long|arguments|At most"):
        call_command("move_clock", span)
    assert clock.now() - before < DAY

"""What a person decides about rent …"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dialnexa.actors import Actor
from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.models import Notice, Workspace
from phone_numbers.models import Rental, RentalCharge
from phone_numbers.renting.reviewing import charge_missed, extend, waive_missed
from phone_numbers.renting.sweep import sweep_rent
from tests.numbers.renting.conftest import Fund, Rent, again, balance, books_balance, live, number_of, paid_ks

pytestmark = pytest.mark.django_db
BOUGHT = datetime(2027, 1, 10, 6, 0, tzinfo=UTC)
DUE, DAY = datetime(2027, 2, 10, 6, 0, tzinfo=UTC), timedelta(days=1)
LATE = datetime(2027, 5, 12, 6, 0, tzinfo=UTC)  # nobody looked for four months


@pytest.fixture
def rental(shop: Workspace, rent: Rent) -> Rental:
    """In review since the first look after a long outage."""
    rental = rent(shop, BOUGHT)
    sweep_rent(now=LATE)
    rental = again(rental)
    assert rental.review_since == LATE
    return rental


def test_charges_every_missed_month(rental: Rental, shop: Workspace, fund: Fund, by: Actor) -> None:
    fund(shop, "1000", LATE)
    payment = charge_missed(rental, by=by, now=LATE, reason="Asked and agreed")
    assert (payment.total, paid_ks(rental)) == (Decimal(400), [0, 1, 2, 3, 4])
    assert (again(rental).review_since, balance(shop)) == (None, Decimal(600))
    assert books_balance()
    assert entries_about([rental.pk]).get(event="charge_missed").reason == "Asked and agreed"


def test_charges_nothing_that_the_wallet_does_not_cover(
    rental: Rental, shop: Workspace, fund: Fund, by: Actor
) -> None:
    fund(shop, "399", LATE)
    with pytest.raises(Refusal, match="Add ₹1.00 or more") as refused:
        charge_missed(rental, by=by, now=LATE, reason="Try")
    assert refused.value.status == 402
    assert (paid_ks(rental), again(rental).review_since) == ([0], LATE)
    assert not entries_about([rental.pk]).filter(event="charge_missed").exists()


def test_waives_what_is_over_and_charges_the_month_that_runs(
    rental: Rental, shop: Workspace, fund: Fund, by: Actor
) -> None:
    fund(shop, "150", LATE)
    assert waive_missed(rental, by=by, now=LATE, reason="Our outage") == 3
    sweep_rent(now=LATE)
    assert (paid_ks(rental), balance(shop)) == ([0, 1, 2, 3, 4], Decimal(50))
    amounts = RentalCharge.objects.filter(rental=rental).order_by("k").values_list("amount", flat=True)
    assert list(amounts) == [100, 0, 0, 0, 100]
    assert books_balance()


def test_begins_the_grace_period_after_waiving_without_money(rental: Rental, by: Actor) -> None:
    waive_missed(rental, by=by, now=LATE, reason="Our outage")
    sweep_rent(now=LATE)
    assert (again(rental).short_since, again(rental).review_since) == (LATE, None)


@pytest.mark.parametrize("decide", [charge_missed, waive_missed])
def test_is_refused_where_nobody_waits_for_it(shop: Workspace, rent: Rent, by: Actor, decide: object) -> None:
    rental = rent(shop, BOUGHT)
    with pytest.raises(Refusal, match="Nobody waits"):
        decide(rental, by=by, now=BOUGHT, reason="Twice")  # type: ignore[operator]


def test_gives_more_days_of_grace(shop: Workspace, rent: Rent, by: Actor) -> None:
    rental = rent(shop, BOUGHT)
    live(DUE, DUE + 2 * DAY, DAY)
    until = extend(rental, days=10, by=by, now=DUE + 2 * DAY, reason="Their bank is slow")
    assert until == DUE + 17 * DAY
    live(DUE + 2 * DAY, DUE + 16 * DAY, DAY)
    assert again(rental).rental_status == "active"
    live(DUE + 16 * DAY, DUE + 17 * DAY, DAY)
    assert again(rental).rental_status == "expired"
    assert "It works on until 27 February 2027." in Notice.objects.get(title__contains="More time").body


def test_still_tries_the_wallet_every_day_of_them(shop: Workspace, rent: Rent, fund: Fund, by: Actor) -> None:
    rental = rent(shop, BOUGHT)
    live(DUE, DUE + DAY, DAY)
    extend(rental, days=30, by=by, now=DUE + DAY, reason="Patience")
    sweep_rent(now=DUE + 2 * DAY)
    assert again(rental).next_run_at <= DUE + 3 * DAY  # type: ignore[operator]
    fund(shop, "100", DUE + 2 * DAY)
    sweep_rent(now=DUE + 3 * DAY)
    assert paid_ks(rental) == [0, 1]


def test_keeps_a_number_that_stopped_longer(shop: Workspace, rent: Rent, by: Actor) -> None:
    rental = rent(shop, BOUGHT)
    live(DUE, DUE + 8 * DAY, DAY)
    until = extend(rental, days=20, by=by, now=DUE + 8 * DAY, reason="Moving house")
    assert until == DUE + 57 * DAY
    live(DUE + 8 * DAY, DUE + 56 * DAY, DAY)
    assert number_of(rental).status == "active"
    live(DUE + 56 * DAY, until, DAY)
    assert number_of(rental).status == "released"


@pytest.mark.parametrize("days", [0, 91])
def test_gives_no_days_out_of_bounds(shop: Workspace, rent: Rent, by: Actor, days: int) -> None:
    rental = rent(shop, BOUGHT)
    with pytest.raises(Refusal, match="between 1 and 90 days"):
        extend(rental, days=days, by=by, now=BOUGHT, reason="Too much")


def test_extends_nothing_that_is_paid(shop: Workspace, rent: Rent, by: Actor) -> None:
    with pytest.raises(Refusal, match="nothing to extend"):
        extend(rent(shop, BOUGHT), days=3, by=by, now=BOUGHT, reason="Why")

"""Paying rent by hand …"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import LedgerEntry, Workspace
from phone_numbers.releasing import release_number
from phone_numbers.renting.paying import pay_rent, quote_rent
from phone_numbers.renting.sweep import sweep_rent
from tests.numbers.renting.conftest import Fund, Rent, again, balance, books_balance, live, number_of, paid_ks

pytestmark = pytest.mark.django_db
BOUGHT = datetime(2027, 1, 31, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def test_pays_months_ahead(shop: Workspace, rent: Rent, fund: Fund, by: Actor) -> None:
    rental = rent(shop, BOUGHT)
    fund(shop, "1000", BOUGHT)
    through = again(rental).paid_through
    pay_rent(number_of(rental), months=3, paid_through=through, by=by, now=BOUGHT + DAY)
    assert paid_ks(rental) == [0, 1, 2, 3]
    assert again(rental).paid_through == datetime(2027, 5, 31, 6, 0, tzinfo=UTC)
    live(BOUGHT, BOUGHT + 115 * DAY, DAY)
    assert paid_ks(rental) == [0, 1, 2, 3]
    assert balance(shop) == Decimal(700)


def test_pays_once_for_two_presses(shop: Workspace, rent: Rent, fund: Fund, by: Actor) -> None:
    rental = rent(shop, BOUGHT)
    fund(shop, "1000", BOUGHT)
    through = again(rental).paid_through
    pay_rent(number_of(rental), months=1, paid_through=through, by=by, now=BOUGHT)
    with pytest.raises(Refusal, match="paid in the meantime") as refused:
        pay_rent(number_of(rental), months=1, paid_through=through, by=by, now=BOUGHT)
    assert (refused.value.code, refused.value.status) == ("rent_paid_already", 409)
    assert paid_ks(rental) == [0, 1]


def test_restores_an_expired_number_at_once(shop: Workspace, rent: Rent, fund: Fund, by: Actor) -> None:
    rental = rent(shop, BOUGHT, auto_renew=False)
    due = again(rental).paid_through
    live(due, due + 9 * DAY, DAY)
    assert again(rental).rental_status == "expired"
    fund(shop, "100", due + 9 * DAY)
    pay_rent(number_of(rental), months=1, paid_through=due, by=by, now=due + 9 * DAY)
    rental = again(rental)
    assert (rental.rental_status, rental.expired_at) == ("active", None)
    assert paid_ks(rental) == [0, 1]


def test_pays_what_is_due_before_anything_ahead(shop: Workspace, rent: Rent, fund: Fund, by: Actor) -> None:
    rental = rent(shop, BOUGHT, auto_renew=False)
    due = again(rental).paid_through
    live(due, due + 35 * DAY, DAY)
    fund(shop, "1000", due + 35 * DAY)
    with pytest.raises(Refusal, match="2 to 14 months"):
        pay_rent(number_of(rental), months=1, paid_through=due, by=by, now=due + 35 * DAY)
    pay_rent(number_of(rental), months=2, paid_through=due, by=by, now=due + 35 * DAY)
    assert again(rental).rental_status == "active"
    assert paid_ks(rental) == [0, 1, 2]


@pytest.mark.parametrize("months", [0, -1, 13])
def test_refuses_months_that_make_no_sense(
    shop: Workspace, rent: Rent, fund: Fund, by: Actor, months: int
) -> None:
    rental = rent(shop, BOUGHT)
    fund(shop, "9000", BOUGHT)
    with pytest.raises(Refusal, match="Choose 1 to 12 months"):
        pay_rent(number_of(rental), months=months, paid_through=again(rental).paid_through, by=by, now=BOUGHT)


def test_says_when_it_is_paid_as_far_ahead_as_can_be(
    shop: Workspace, rent: Rent, fund: Fund, by: Actor
) -> None:
    rental = rent(shop, BOUGHT)
    fund(shop, "9000", BOUGHT)
    rental = pay_rent(
        number_of(rental), months=12, paid_through=again(rental).paid_through, by=by, now=BOUGHT
    )
    with pytest.raises(Refusal, match="as far ahead as"):
        quote_rent(again(rental), 1, now=BOUGHT)


def test_refuses_a_wallet_that_is_short(shop: Workspace, rent: Rent, fund: Fund, by: Actor) -> None:
    rental = rent(shop, BOUGHT)
    fund(shop, "150", BOUGHT)
    with pytest.raises(Refusal) as refused:
        pay_rent(number_of(rental), months=2, paid_through=again(rental).paid_through, by=by, now=BOUGHT)
    assert refused.value.status == 402
    assert (paid_ks(rental), balance(shop)) == ([0], Decimal(150))


def test_returns_months_ahead_with_the_release(shop: Workspace, rent: Rent, fund: Fund, by: Actor) -> None:
    """The month that runs is gone; those that have not begun come back."""
    rental = rent(shop, BOUGHT)
    fund(shop, "300", BOUGHT)
    pay_rent(number_of(rental), months=3, paid_through=again(rental).paid_through, by=by, now=BOUGHT)
    release_number(number_of(rental), by=by, now=BOUGHT + 40 * DAY)
    assert balance(shop) == Decimal(200)
    assert LedgerEntry.objects.filter(reference__startswith="unrent:").count() == 2


@pytest.mark.django_db(transaction=True)
def test_is_charged_once_by_hand_and_by_the_sweeper_at_once(
    shop: Workspace, rent: Rent, fund: Fund, by: Actor
) -> None:
    rentals = [rent(shop, BOUGHT) for _ in range(6)]
    fund(shop, "600", BOUGHT)
    due = again(rentals[0]).paid_through
    barrier = threading.Barrier(8)

    def race(act: object) -> None:
        barrier.wait()
        try:
            act()  # type: ignore[operator]
        except Refusal:
            pass
        finally:
            connection.close()

    def pay(rental: object) -> object:
        return lambda: pay_rent(number_of(rental), months=1, paid_through=due, by=by, now=due)  # type: ignore[arg-type]

    acts = [lambda: sweep_rent(now=due)] * 2 + [pay(rental) for rental in rentals]
    threads = [threading.Thread(target=race, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep_rent(now=due)
    assert [paid_ks(rental) for rental in rentals] == [[0, 1]] * 6
    assert balance(shop) == 0
    assert books_balance()

"""Rent that falls due …"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from dialnexa.actors import SYSTEM
from dialnexa.audit import entries_about
from dialnexa.models import LedgerEntry, Notice, Workspace
from phone_numbers.models import PhoneNumber, Rental, RentalCharge, RentalPrice
from phone_numbers.releasing import release_number
from phone_numbers.renting.choices import set_auto_renew
from phone_numbers.renting.renewing import RENEWALS, renew_due
from phone_numbers.renting.sweep import sweep_rent
from tests.numbers.renting.conftest import (
    Fund,
    Rent,
    again,
    balance,
    books_balance,
    live,
    number_of,
    paid_ks,
)
from tests.numbers.rows import make_number

pytestmark = pytest.mark.django_db
JAN_31 = datetime(2027, 1, 31, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def due_of(rental: Rental) -> datetime:
    return again(rental).paid_through


def test_is_charged_once_on_its_day_and_not_before(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rental = rent(shop, JAN_31)
    fund(shop, "1000", JAN_31)
    sweep_rent(now=due_of(rental) - timedelta(seconds=1))
    assert paid_ks(rental) == [0]
    due = due_of(rental)
    for _ in range(3):
        sweep_rent(now=due)
    assert paid_ks(rental) == [0, 1]
    assert balance(shop) == Decimal(900)
    assert LedgerEntry.objects.get(reference=f"rent:{rental.number_id}:1").amount == Decimal(100)
    assert books_balance()


def test_is_counted_from_the_day_of_purchase_through_short_months(
    shop: Workspace, rent: Rent, fund: Fund
) -> None:
    rental = rent(shop, JAN_31)
    fund(shop, "5000", JAN_31)
    live(JAN_31, JAN_31 + timedelta(days=190), DAY / 2)
    starts = RentalCharge.objects.filter(rental=rental).order_by("k").values_list("starts_at", flat=True)
    days = [f"{at:%m-%d %H:%M}" for at in starts]
    assert days == [f"{day} 06:00" for day in ("01-31", "02-28", "03-31", "04-30", "05-31", "06-30", "07-31")]


def test_has_a_leap_day_in_leap_years(shop: Workspace, rent: Rent, fund: Fund) -> None:
    bought = datetime(2028, 1, 30, 12, 0, tzinfo=UTC)
    rental = rent(shop, bought)
    assert again(rental).paid_through == datetime(2028, 2, 29, 12, 0, tzinfo=UTC)


def test_keeps_the_day_of_the_zone_it_was_bought_in(shop: Workspace, rent: Rent) -> None:
    """23:59 on 30 January in Kolkata is the 30th there, whatever it is in UTC."""
    rental = rent(shop, datetime(2027, 1, 30, 18, 29, tzinfo=UTC))
    assert again(rental).paid_through == datetime(2027, 2, 28, 18, 29, tzinfo=UTC)
    rental = rent(shop, datetime(2027, 1, 30, 18, 31, tzinfo=UTC))  # 31 January 00:01 in Kolkata
    assert again(rental).paid_through == datetime(2027, 2, 27, 18, 31, tzinfo=UTC)


def test_lets_the_number_work_through_the_grace_period_and_then_expires(shop: Workspace, rent: Rent) -> None:
    rental = rent(shop, JAN_31)
    due = due_of(rental)
    live(due, due + 7 * DAY - timedelta(seconds=1), timedelta(hours=1))
    assert (again(rental).rental_status, again(rental).short_since) == ("active", due)
    sweep_rent(now=due + 7 * DAY)
    rental = again(rental)
    assert (rental.rental_status, rental.expired_at) == ("expired", due + 7 * DAY)
    assert number_of(rental).status == "active"
    assert [n.title.split(" ", 1)[1] for n in Notice.objects.order_by("created_at")][-1].endswith(
        "has stopped working"
    )


def test_tells_of_missing_money_once(shop: Workspace, rent: Rent) -> None:
    rental = rent(shop, JAN_31)
    due = due_of(rental)
    live(due, due + 5 * DAY)
    assert Notice.objects.filter(reference__endswith=":short").count() == 1
    assert [e.event for e in entries_about([rental.pk])].count("past_due") == 1


def test_tells_of_many_numbers_in_as_many_statements_as_of_one(
    shop: Workspace, rent: Rent, django_assert_max_num_queries: Any
) -> None:
    rentals = [rent(shop, JAN_31) for _ in range(12)]
    due = due_of(rentals[0])
    for now, most in ((due, 40), (due + DAY, 15)):  # it begins, and goes on
        with django_assert_max_num_queries(most):
            assert renew_due(now=now).seen == 12
    assert Notice.objects.filter(reference__endswith=":short").count() == 12
    assert {again(rental).short_since for rental in rentals} == {due}
    assert {again(rental).next_run_at for rental in rentals} == {due + 2 * DAY}


def test_is_paid_in_the_grace_period_for_the_same_month(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rental = rent(shop, JAN_31)
    due = due_of(rental)
    live(due, due + 3 * DAY)
    fund(shop, "150", due + 3 * DAY)
    sweep_rent(now=due + 3 * DAY + timedelta(seconds=1))
    rental = again(rental)
    assert paid_ks(rental) == [0, 1]
    assert (rental.short_since, rental.paid_through) == (None, datetime(2027, 3, 31, 6, 0, tzinfo=UTC))
    assert balance(shop) == Decimal(50)


def test_is_tried_every_day_while_it_is_short(shop: Workspace, rent: Rent) -> None:
    rental = rent(shop, JAN_31)
    due = due_of(rental)
    sweep_rent(now=due)
    tries = []
    for _ in range(7):
        soonest = again(rental).next_run_at
        assert soonest
        tries.append(soonest)
        sweep_rent(now=soonest)
    assert tries == [due + n * DAY for n in range(1, 8)]
    assert again(rental).rental_status == "expired"


def test_restores_an_expired_number_as_soon_as_money_comes(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rental = rent(shop, JAN_31)
    due = due_of(rental)
    live(due, due + 10 * DAY)
    assert again(rental).rental_status == "expired"
    fund(shop, "100", due + 10 * DAY)
    sweep_rent(now=due + 10 * DAY + timedelta(seconds=1))
    rental = again(rental)
    assert (rental.rental_status, rental.expired_at, rental.short_since) == ("active", None, None)
    assert paid_ks(rental) == [0, 1]
    assert books_balance()


def test_leaves_a_number_that_shall_not_renew(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rental = rent(shop, JAN_31, auto_renew=False)
    fund(shop, "1000", JAN_31)
    due = due_of(rental)
    live(due, due + 8 * DAY)
    assert again(rental).rental_status == "expired"
    assert balance(shop) == Decimal(1000)


def test_pays_first_what_the_workspace_ranks_first(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rentals = [rent(shop, JAN_31 + timedelta(minutes=n)) for n in range(4)]
    Rental.objects.filter(pk=rentals[2].pk).update(renewal_rank=1)
    Rental.objects.filter(pk=rentals[3].pk).update(renewal_rank=2)
    fund(shop, "250", JAN_31)
    sweep_rent(now=due_of(rentals[3]))
    assert [len(paid_ks(rental)) for rental in rentals] == [1, 1, 2, 2]
    assert balance(shop) == Decimal(50)


def test_lets_a_number_that_waits_for_money_come_before_one_ranked_below_it(
    shop: Workspace, rent: Rent, fund: Fund
) -> None:
    early, late = rent(shop, JAN_31), rent(shop, JAN_31 + timedelta(hours=3))
    Rental.objects.filter(pk=early.pk).update(renewal_rank=1)
    sweep_rent(now=due_of(early))
    fund(shop, "100", due_of(early) + timedelta(hours=1))
    Rental.objects.filter(pk=early.pk).update(
        next_run_at=due_of(early) + DAY
    )  # it would only wait for its day
    sweep_rent(now=due_of(late))
    assert (paid_ks(early), paid_ks(late)) == ([0, 1], [0])


def test_costs_what_it_was_said_to_cost_from_a_day_on(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rental = rent(shop, JAN_31)
    fund(shop, "1000", JAN_31)
    from_ = datetime(2027, 3, 1, tzinfo=UTC)
    RentalPrice.objects.create(
        rental=rental, monthly_price=Decimal("120.5"), starts_at=from_, reason="Dearer"
    )
    live(JAN_31, JAN_31 + timedelta(days=65), DAY)
    amounts = RentalCharge.objects.filter(rental=rental).order_by("k").values_list("amount", flat=True)
    assert list(amounts) == [Decimal(100), Decimal(100), Decimal("120.5")]
    assert again(rental).monthly_price == Decimal("120.5")


def test_ends_with_the_release_and_charges_nothing_after_it(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rental = rent(shop, JAN_31)
    fund(shop, "1000", JAN_31)
    release_number(number_of(rental), by=RENEWALS, now=JAN_31 + 10 * DAY)
    live(JAN_31, JAN_31 + timedelta(days=100), DAY)
    assert paid_ks(rental) == [0]
    assert balance(shop) == Decimal(1000)


def test_charges_one_missed_month_after_an_outage(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rental = rent(shop, JAN_31)
    fund(shop, "1000", JAN_31)
    sweep_rent(now=JAN_31 + timedelta(days=65))
    assert paid_ks(rental) == [0, 1, 2]


def test_leaves_more_missed_months_to_a_person(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rental = rent(shop, JAN_31)
    fund(shop, "1000", JAN_31)
    now = JAN_31 + timedelta(days=100)
    sweep_rent(now=now)
    rental = again(rental)
    assert paid_ks(rental) == [0]
    assert (rental.review_since, rental.next_run_at, rental.rental_status) == (now, None, "active")
    assert balance(shop) == Decimal(1000)


def test_does_not_come_back_to_what_a_person_looks_at(shop: Workspace, rent: Rent) -> None:
    """Switching renewal on has a number that is short looked at, also one that waits for support."""
    rental = rent(shop, JAN_31)
    sweep_rent(now=due_of(rental))
    late = due_of(rental) + 70 * DAY
    sweep_rent(now=late)
    set_auto_renew(number_of(rental), on=False, by=SYSTEM, now=late)
    set_auto_renew(number_of(rental), on=True, by=SYSTEM, now=late)
    assert again(rental).next_run_at == late
    assert [renew_due(now=late).seen, renew_due(now=late).seen] == [1, 0]
    assert (again(rental).review_since, again(rental).next_run_at) == (late, None)


def test_begins_the_grace_period_when_it_is_noticed(shop: Workspace, rent: Rent) -> None:
    """After an outage of ours nobody loses a number for want of a warning."""
    rental = rent(shop, JAN_31)
    late = due_of(rental) + 20 * DAY
    sweep_rent(now=late)
    assert (again(rental).rental_status, again(rental).short_since) == ("active", late)


def test_costs_nothing_while_the_carrier_has_not_switched_the_number_on(
    shop: Workspace, rent: Rent, fund: Fund
) -> None:
    rental = rent(shop, JAN_31)
    fund(shop, "1000", JAN_31)
    waiting = make_number(shop, status="pending", carrier_number_id="sold")
    Rental.objects.filter(pk=rental.pk).update(number=waiting)
    sweep_rent(now=due_of(rental))
    assert list(
        RentalCharge.objects.filter(rental=rental).order_by("k").values_list("amount", flat=True)
    ) == [
        Decimal(100),
        Decimal(0),
    ]
    assert balance(shop) == Decimal(1000)


def test_is_not_charged_while_the_carrier_does_not_know_the_number(
    shop: Workspace, rent: Rent, fund: Fund
) -> None:
    rental = rent(shop, JAN_31)
    fund(shop, "1000", JAN_31)
    PhoneNumber.objects.filter(pk=rental.number_id).update(missing_since=JAN_31)
    due = due_of(rental)
    live(due, due + 9 * DAY)
    assert (paid_ks(rental), again(rental).rental_status) == ([0], "active")
    PhoneNumber.objects.filter(pk=rental.number_id).update(missing_since=None)
    sweep_rent(now=due + 11 * DAY)
    assert paid_ks(rental) == [0, 1]


def test_costs_nothing_where_the_rent_is_nothing(shop: Workspace, rent: Rent) -> None:
    rental = rent(shop, JAN_31, price="0")
    sweep_rent(now=due_of(rental))
    assert paid_ks(rental) == [0, 1]
    assert books_balance()


def test_does_not_charge_a_month_whose_transfer_exists(shop: Workspace, rent: Rent, fund: Fund) -> None:
    """As after somebody has put an older state of the rentals back."""
    rental = rent(shop, JAN_31)
    fund(shop, "1000", JAN_31)
    due = due_of(rental)
    sweep_rent(now=due)
    RentalCharge.objects.filter(rental=rental, k=1).delete()
    Rental.objects.filter(pk=rental.pk).update(paid_periods=1, paid_through=due, next_run_at=due)
    sweep_rent(now=due)
    assert paid_ks(rental) == [0, 1]
    assert balance(shop) == Decimal(900)


def test_looks_at_everything_in_batches(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rentals = [rent(shop, JAN_31) for _ in range(25)]
    fund(shop, "5000", JAN_31)
    due = due_of(rentals[0])
    seen = 0
    while (batch := renew_due(now=due, most=4)).seen:
        seen += 1
        assert batch.seen <= 8
    assert seen >= 3
    assert {tuple(paid_ks(rental)) for rental in rentals} == {(0, 1)}


def test_reaches_what_is_due_behind_many_that_wait_for_money(shop: Workspace, rent: Rent, fund: Fund) -> None:
    dear = [rent(shop, JAN_31, "500") for _ in range(4)]
    Rental.objects.filter(pk__in=[rental.pk for rental in dear]).update(renewal_rank=1)
    sweep_rent(now=due_of(dear[0]))
    cheap = rent(shop, JAN_31 + timedelta(hours=1), "10")
    fund(shop, "10", JAN_31)
    Rental.objects.filter(pk__in=[rental.pk for rental in dear]).update(next_run_at=due_of(dear[0]) + DAY)
    renew_due(now=due_of(cheap), most=2)
    assert paid_ks(cheap) == [0, 1]

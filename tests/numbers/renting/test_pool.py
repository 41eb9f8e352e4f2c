"""A number nobody pays for …"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import User, Workspace
from phone_numbers.models import PhoneNumber, ReassignableNumber, Rental
from phone_numbers.renting.assigning import assign
from phone_numbers.renting.pool import give_up, keep
from phone_numbers.renting.sweep import sweep_rent
from phone_numbers.sweeping import take_due_releases
from tests.conftest import make_workspace
from tests.numbers.renting.conftest import Fund, Rent, again, balance, books_balance, live, number_of, paid_ks

pytestmark = pytest.mark.django_db
BOUGHT = datetime(2027, 1, 10, 6, 0, tzinfo=UTC)  # due 10 February, expired 17 February, lost 19 March
DUE, DAY = datetime(2027, 2, 10, 6, 0, tzinfo=UTC), timedelta(days=1)
LOST = DUE + 37 * DAY


@pytest.fixture
def lost(shop: Workspace, rent: Rent) -> Rental:
    rental = rent(shop, BOUGHT)
    live(DUE, LOST, DAY)
    return again(rental)


@pytest.fixture
def pooled(lost: Rental) -> ReassignableNumber:
    return ReassignableNumber.objects.get(came_from=lost.number_id)


@pytest.fixture
def other(alice: User, catalogue: None) -> Workspace:
    return make_workspace(alice, "other", "Other", BOUGHT)


def test_is_kept_for_its_workspace_until_the_hold_is_over(shop: Workspace, rent: Rent) -> None:
    rental = rent(shop, BOUGHT)
    live(DUE, LOST - timedelta(seconds=1), DAY)
    sweep_rent(now=LOST - timedelta(seconds=1))
    assert (again(rental).rental_status, number_of(rental).status) == ("expired", "active")


def test_leaves_its_workspace_and_waits_in_the_pool(lost: Rental, pooled: ReassignableNumber) -> None:
    assert (lost.rental_status, lost.ended_at) == ("available_for_reassignment", LOST)
    assert (lost.number.status, lost.number.inbound_version) == ("released", None)
    waiting = pooled.number
    assert (waiting.status, waiting.workspace.is_pool, waiting.e164) == ("active", True, lost.number.e164)
    assert waiting.carrier_number_id == lost.number.carrier_number_id
    assert pooled.assignable_at == LOST + 15 * DAY


def test_is_given_back_a_day_before_the_carrier_charges_again(pooled: ReassignableNumber) -> None:
    assert pooled.release_at == datetime(2027, 4, 9, 6, 0, tzinfo=UTC)
    sweep_rent(now=pooled.release_at - timedelta(seconds=1))
    assert PhoneNumber.objects.get(pk=pooled.number_id).status == "active"
    sweep_rent(now=pooled.release_at)
    number = PhoneNumber.objects.get(pk=pooled.number_id)
    assert number.status == "releasing"
    assert take_due_releases(now=pooled.release_at) == [number.pk]


def test_is_not_given_back_when_support_keeps_it(pooled: ReassignableNumber, by: Actor) -> None:
    keep(pooled, by=by, now=LOST, reason="Asked for by another customer")
    sweep_rent(now=LOST + 100 * DAY)
    assert PhoneNumber.objects.get(pk=pooled.number_id).status == "active"


def test_is_taken_from_its_workspace_once(lost: Rental) -> None:
    assert give_up(lost.pk, now=LOST + DAY) is None
    assert ReassignableNumber.objects.count() == 1


def test_goes_to_another_workspace_after_the_cool_off(
    lost: Rental, pooled: ReassignableNumber, other: Workspace, fund: Fund, by: Actor
) -> None:
    fund(other, "1000", LOST)
    before = balance(other)
    with pytest.raises(Refusal) as refused:
        assign(pooled, other, by=by, now=LOST + 14 * DAY)
    assert (refused.value.code, refused.value.status) == ("cooling_off", 409)
    now = LOST + 15 * DAY
    number = assign(pooled, other, by=by, now=now)
    assert (number.workspace, number.status, number.e164) == (other, "active", lost.number.e164)
    assert PhoneNumber.objects.get(pk=pooled.number_id).status == "released"
    rental = Rental.objects.get(number=number)
    assert (paid_ks(rental), rental.anchor, rental.rental_status) == ([0], now, "active")
    assert balance(other) == before - rental.monthly_price
    assert rental.carrier_anchor == BOUGHT
    assert books_balance()


def test_may_go_back_to_its_former_owner_at_once(
    pooled: ReassignableNumber, shop: Workspace, fund: Fund, by: Actor
) -> None:
    fund(shop, "1000", LOST)
    number = assign(pooled, shop, by=by, now=LOST + DAY)
    assert (number.workspace, number.status) == (shop, "active")


def test_is_given_to_one_workspace_only(
    pooled: ReassignableNumber, other: Workspace, shop: Workspace, fund: Fund, by: Actor
) -> None:
    fund(other, "1000", LOST)
    fund(shop, "1000", LOST)
    assign(pooled, other, by=by, now=LOST + 20 * DAY)
    with pytest.raises(Refusal, match="has an owner again"):
        assign(pooled, shop, by=by, now=LOST + 20 * DAY)


def test_is_not_given_to_a_workspace_that_can_not_pay(
    pooled: ReassignableNumber, shop: Workspace, by: Actor
) -> None:
    with pytest.raises(Refusal) as refused:
        assign(pooled, shop, by=by, now=LOST + DAY)
    assert refused.value.status == 402
    assert PhoneNumber.objects.get(pk=pooled.number_id).status == "active"
    assert balance(shop) == Decimal(0)


def test_needs_the_papers_a_purchase_needs(
    shop: Workspace, rent: Rent, other: Workspace, fund: Fund, by: Actor
) -> None:
    rental = rent(shop, BOUGHT)
    PhoneNumber.objects.filter(pk=rental.number_id).update(country="IN")
    live(DUE, LOST, DAY)
    pooled = ReassignableNumber.objects.get(came_from=rental.number_id)
    fund(other, "1000", LOST)
    with pytest.raises(Refusal) as refused:
        assign(pooled, other, by=by, now=LOST + 20 * DAY)
    assert (refused.value.code, refused.value.status) == ("kyc_required", 403)

"""The verdict on rent …"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dialnexa.actors import SYSTEM
from dialnexa.models import LedgerEntry, Workspace
from phone_numbers.models import PhoneNumber, ReassignableNumber, Rental, RentalCharge
from phone_numbers.releasing import note_released, release_number
from phone_numbers.renting.pool import give_back, give_up
from phone_numbers.renting.sweep import sweep_rent
from tests.chaos.rental_verdict import RentalVerdict, judge_rent
from tests.chaos.tenants import Book
from tests.chaos.verdict import our_accounts
from tests.numbers.renting.conftest import Fund, Rent, again
from tests.numbers.renting.conftest import fund as fund  # noqa: PLC0414  fixtures of another folder
from tests.numbers.renting.conftest import rent as rent  # noqa: PLC0414
from tests.numbers.renting.conftest import shop as shop  # noqa: PLC0414

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]
BOUGHT = datetime(2027, 1, 31, 6, 0, tzinfo=UTC)
LATER = BOUGHT + timedelta(days=40)


@pytest.fixture
def rental(shop: Workspace, rent: Rent, fund: Fund) -> Rental:
    """Bought on the last of January, and renewed once. A hundred rupees a month, of two hundred and fifty."""
    rental = rent(shop, BOUGHT)
    fund(shop, "150", BOUGHT)
    sweep_rent(now=LATER)
    return again(rental)


def verdict_on(
    *, holds: list[str] | None = None, book: Book | None = None, now: datetime = LATER
) -> RentalVerdict:
    live = PhoneNumber.objects.filter(status__in=PhoneNumber.LIVE).values_list("e164", flat=True)
    numbers = [e164[1:] for e164 in live] if holds is None else holds
    book = book or Book()
    book.paid_in["shop"] = Decimal(250)  # type: ignore[assignment]
    return judge_rent({"accounts": {our_accounts()["plivo"]: {"numbers": numbers}}}, book, Decimal(0), now)


def test_finds_nothing_wrong_with_a_number_that_was_renewed(rental: Rental) -> None:
    assert verdict_on().findings == []


def test_finds_nothing_wrong_with_a_number_that_went_back(rental: Rental) -> None:
    release_number(rental.number, by=SYSTEM, now=LATER)
    note_released(PhoneNumber.objects.get(pk=rental.number_id), LATER)
    assert verdict_on().findings == []


def test_finds_a_month_that_nobody_charged(rental: Rental) -> None:
    Rental.objects.filter(pk=rental.pk).update(anchor=BOUGHT - timedelta(days=31))
    verdict = verdict_on()
    assert verdict.lost
    assert verdict.wrong


def test_finds_rent_that_goes_on_after_a_release(rental: Rental) -> None:
    PhoneNumber.objects.filter(pk=rental.number_id).update(status="releasing", releasing_since=BOUGHT)
    verdict = verdict_on()
    assert len(verdict.wrong) == 3  # it goes on, a month was charged, and the wallet lacks it
    assert len(verdict.stuck) == 1


def test_finds_a_transfer_that_belongs_to_no_month(rental: Rental) -> None:
    entry = LedgerEntry.objects.get(reference=f"rent:{rental.number_id}:1")
    entry.pk, entry.reference, entry.amount = "txn_again", f"rent:{rental.number_id}:1b", Decimal(10)
    entry.save(force_insert=True)
    verdict = verdict_on()
    assert (len(verdict.doubled), len(verdict.wrong)) == (1, 1)


def test_finds_a_price_that_is_not_the_number_s(rental: Rental) -> None:
    RentalCharge.objects.filter(rental=rental, k=1).update(amount=Decimal(99))
    assert len(verdict_on().wrong) == 2


def test_finds_rent_that_nobody_will_look_at(rental: Rental) -> None:
    Rental.objects.filter(pk=rental.pk).update(next_run_at=None)
    assert len(verdict_on().stuck) == 1


def test_finds_numbers_that_only_one_side_has(rental: Rental) -> None:
    assert len(verdict_on(holds=[]).lost) == 1
    assert len(verdict_on(holds=[rental.number.e164[1:], "12125550999"]).lost) == 1


def test_finds_what_was_paid_twice_or_not_at_all(rental: Rental) -> None:
    book = Book()
    book.paid[rental.pk, RentalCharge.objects.get(rental=rental, k=1).starts_at] = 2
    assert len(verdict_on(book=book).doubled) == 1
    book = Book()
    book.paid[rental.pk, rental.paid_through] = 1
    assert len(verdict_on(book=book).lost) == 1


@pytest.fixture
def pooled(rental: Rental) -> ReassignableNumber:
    """Lost unpaid on 14 April; its carrier charges on the last of the month."""
    Rental.objects.filter(pk=rental.pk).update(auto_renew=False)
    lost = LATER + timedelta(days=33)
    Rental.objects.filter(pk=rental.pk).update(
        rental_status="expired", expired_at=lost - timedelta(days=40), short_since=lost - timedelta(days=47)
    )
    pooled = give_up(rental.pk, now=lost)
    assert pooled is not None
    return pooled


def test_finds_nothing_wrong_with_a_number_that_waits_for_another_owner(pooled: ReassignableNumber) -> None:
    assert verdict_on().findings == []


def test_finds_a_number_that_is_to_go_back_on_another_day(pooled: ReassignableNumber) -> None:
    ReassignableNumber.objects.filter(pk=pooled.pk).update(release_at=LATER + timedelta(days=90))
    assert len(verdict_on().wrong) == 1


def test_finds_a_number_that_went_back_when_its_carrier_had_charged(pooled: ReassignableNumber) -> None:
    give_back(pooled, by=SYSTEM, now=pooled.available_at + timedelta(days=80))
    note_released(PhoneNumber.objects.get(pk=pooled.number_id), LATER)
    assert len(verdict_on().wrong) == 1


def test_finds_a_number_that_nobody_gives_back(pooled: ReassignableNumber) -> None:
    assert len(verdict_on(now=LATER + timedelta(days=80)).stuck) == 1

"""A year of rent for ten numbers, with two sweepers at once, short money in the middle …"""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from dialnexa.models import LedgerEntry, Notice, Workspace
from phone_numbers.models import Rental, RentalCharge
from phone_numbers.releasing import release_number
from phone_numbers.renting.choices import set_auto_renew
from phone_numbers.renting.prices import change_price
from phone_numbers.renting.renewing import RENEWALS
from phone_numbers.renting.sweep import sweep_rent
from tests.numbers.renting.conftest import Fund, Rent, again, balance, books_balance, number_of
from tests.numbers.renting.twin import Twin, TwinShop

pytestmark = pytest.mark.django_db(transaction=True)
STEP = timedelta(hours=6)
WORDS = ("short", "expired", "paid", "lost")
STATES = {
    "active": "active",
    "expired": "expired",
    "lost": "available_for_reassignment",
    "released": "active",
}


def buy_ten(
    shop: Workspace, rent: Rent, begins: datetime, chance: random.Random
) -> list[tuple[Rental, Twin]]:
    """Bought in one month: among them on the 29th, the 30th, the 31st, and at a minute to midnight."""
    zone = ZoneInfo(shop.time_zone)
    days = [28, 29, 30, *chance.sample(range(1, 28), 6)]
    moments = [begins + timedelta(days=day, minutes=chance.randrange(1440)) for day in days]
    moments.append(datetime(begins.year, begins.month, 30, 23, 59, tzinfo=zone).astimezone(UTC))
    numbers = []
    for at in moments:
        price, rank = Decimal(chance.randrange(5000, 20000)) / 100, chance.choice([1, 2, 3, 99])
        rental = rent(shop, at, str(price), renewal_rank=None if rank == 99 else rank)
        numbers.append((rental, Twin(rental.number.e164, at, zone, price, rank)))
    return numbers


def sweep_twice(now: datetime) -> None:
    """Two sweepers at the same moment."""
    barrier = threading.Barrier(2)

    def sweep() -> None:
        barrier.wait()
        sweep_rent(now=now)
        connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep_rent(now=now)  # what both left to each other


def something_due(now: datetime) -> bool:
    return Rental.objects.filter(next_run_at__lte=now, ended_at=None).exists()


class Year:
    """What happens to a shop and to its twin, on the same days."""

    def __init__(self, shop: Workspace, rent: Rent, fund: Fund, seed: int) -> None:
        self.chance = random.Random(seed)
        self.begins = datetime(2027 if seed % 2 else 2028, 1, 1, tzinfo=UTC)  # 2028 has a leap day
        self.numbers = buy_ten(shop, rent, self.begins, self.chance)
        self.shop, self.fund = shop, fund
        self.twin = TwinShop(Decimal(0), [twin for _, twin in self.numbers])
        self.released, self.dearer, self.manual = (self.numbers[n] for n in self.chance.sample(range(10), 3))

    def pass_by(self) -> None:
        little = self.chance.randrange(140, 150)
        for at in range(int(timedelta(days=365) / STEP)):
            passed = timedelta(days=31) + at * STEP
            now = self.begins + passed
            if passed % timedelta(days=1) == timedelta(0):
                self.happen(passed.days, little, now)
            self.twin.step(now)
            if something_due(now):
                sweep_twice(now)

    def happen(self, day: int, little: int, now: datetime) -> None:
        """Money is short from about the fourth month to the sixth."""
        match day:
            case 32:
                self.top_up("3400", now)
            case 60:
                self.switch(on=False, now=now)
            case 75:
                self.make_dearer(now)
            case 100:
                self.switch(on=True, now=now)
            case 128:
                self.give_back(now)
            case 190:
                self.top_up("20000", now)
        if day == little:
            self.top_up("350.50", now)

    def top_up(self, amount: str, now: datetime) -> None:
        self.fund(self.shop, amount, now)
        self.twin.money += Decimal(amount)

    def give_back(self, now: datetime) -> None:
        rental, twin = self.released
        release_number(number_of(rental), by=RENEWALS, now=now)
        twin.state = "released"

    def make_dearer(self, now: datetime) -> None:
        rental, twin = self.dearer
        price = Decimal("77.77")
        change_price(again(rental), price, starts_at=now, reason="Dearer", by=RENEWALS, now=now)
        twin.prices.append((now, price))

    def switch(self, *, on: bool, now: datetime) -> None:
        rental, twin = self.manual
        set_auto_renew(number_of(rental), on=on, by=RENEWALS, now=now)
        twin.auto_renew = on


@pytest.mark.parametrize("seed", [20261121, 3, 4])
def test_charges_tells_and_ends_everything_on_its_day(
    shop: Workspace, rent: Rent, fund: Fund, seed: int
) -> None:
    year = Year(shop, rent, fund, seed)
    year.pass_by()
    assert balance(shop) == year.twin.money
    assert books_balance()
    for rental, expected in year.numbers:
        agree(again(rental), expected)
    happened = {word for _, twin in year.numbers for _, word in twin.log}
    assert {"short", "expired", "paid"} <= happened


def agree(rental: Rental, twin: Twin) -> None:
    charges = RentalCharge.objects.filter(rental=rental, k__gt=0).order_by("k")
    assert list(charges.values_list("k", "starts_at", "amount")) == twin.charges
    entries = LedgerEntry.objects.filter(reference__startswith=f"rent:{rental.number_id}:")
    assert entries.count() == len(twin.charges) + 1
    assert rental.rental_status == STATES[twin.state]
    assert (rental.ended_at is not None) == (twin.state in ("lost", "released"))
    told = Notice.objects.filter(reference__startswith=f"rent:{rental.pk}:").order_by("created_at")
    mine = [(at, name.rsplit(":", 1)[1]) for at, name in told.values_list("created_at", "reference")]
    assert [(at, name) for at, name in mine if name in WORDS] == twin.log

"""Proving the books while work goes on …"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import LedgerEntry, Workspace
from phone_numbers.drift.refunds import return_rent
from phone_numbers.models import PhoneNumber, Rental
from phone_numbers.proofs.proving import prove_books
from phone_numbers.releasing import release_number
from phone_numbers.renting.paying import pay_rent
from phone_numbers.renting.sweep import sweep_rent
from telephony.models import Call
from tests.numbers.renting.conftest import Fund, Rent, again
from tests.numbers.renting.conftest import fund as fund  # noqa: PLC0414  fixtures of another folder
from tests.numbers.renting.conftest import rent as rent  # noqa: PLC0414
from tests.numbers.renting.conftest import shop as shop  # noqa: PLC0414
from tests.numbers.rows import make_call, make_number

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
ROUNDS = 5


class Lives:
    """Rent of a shop, round by round, each 45 days. ``now`` is how far everything due was looked at."""

    def __init__(self, shop: Workspace, rent: Rent, fund: Fund) -> None:
        self.shop, self.rent, self.fund = shop, rent, fund
        self.now = datetime(2027, 1, 31, 18, 0, tzinfo=UTC)

    def through(self, days: int) -> None:
        later = self.now + days * DAY
        sweep_rent(now=later)
        self.now = later
        assert wrong(later) == set()

    @transaction.atomic
    def begin(self, price: str = "100") -> Rental:
        return self.rent(self.shop, self.now, price)

    def round(self) -> None:
        """A number is paid ahead and given back, one is lost by its carrier, and one is paid in its grace."""
        ahead, lost, short = self.begin(), self.begin(), self.begin("1000")
        self.fund(self.shop, "300", self.now)
        through = ahead.paid_through
        pay_rent(ahead.number, months=3, paid_through=through, by=SYSTEM, now=self.now)
        self.through(1)
        release_number(ahead.number, by=SYSTEM, now=self.now)
        lose(lost, self.now)
        self.through(32)
        assert again(short).short_since
        self.fund(self.shop, str(1000 - wallet.balance(self.shop)), self.now)
        self.through(12)
        assert again(short).short_since is None
        release_number(short.number, by=SYSTEM, now=self.now)


def lose(rental: Rental, now: datetime) -> None:
    """Its carrier did not have it for a day; what was paid for the time since then goes back."""
    PhoneNumber.objects.filter(pk=rental.number_id).update(missing_since=now - DAY)
    with transaction.atomic():
        number = again(rental).number
        release_number(number, by=SYSTEM, now=now)
        return_rent(number, by=SYSTEM, now=now)


def proved_during(work: Callable[[], None], now: Callable[[], datetime]) -> list[set[str]]:
    """What each proof found wrong while ``work`` was done again and again, and one afterwards."""

    def rounds() -> None:
        try:
            for _ in range(ROUNDS):
                work()
        finally:
            connection.close()

    found = []
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(rounds)
        while not working.done():
            found.append(wrong(now()))
    working.result()
    return [*found, wrong(now())]


def wrong(now: datetime) -> set[str]:
    return {check["code"] for check in prove_books(now=now).checks if check["count"]}


def test_raises_no_false_alarm_while_rent_is_paid_and_returned(
    shop: Workspace, rent: Rent, fund: Fund
) -> None:
    lives = Lives(shop, rent, fund)
    found = proved_during(lives.round, lambda: lives.now)
    assert found == [set()] * len(found)
    assert len(found) > 3
    kinds = LedgerEntry.objects.values_list("reference", flat=True)
    told = [sum(name.startswith(kind) for name in kinds) for kind in ("unrent:", "refund_rent:", "rent:")]
    assert told == [3 * ROUNDS, ROUNDS, 7 * ROUNDS]


def test_raises_no_false_alarm_while_calls_are_placed_and_settled(
    workspace: Workspace, now: datetime
) -> None:
    number = make_number(workspace)

    def call() -> None:
        for _ in range(5):
            with transaction.atomic():
                call = make_call(number, now, held=2, status="received")
                wallet.hold(workspace, Decimal(2), subject=call.pk, memo="Call", by=SYSTEM, now=now)
            with transaction.atomic():
                Call.objects.filter(pk=call.pk).update(status="completed", charged=1)
                wallet.settle(workspace, Decimal(1), subject=call.pk, memo="Call", by=SYSTEM, now=now)

    found = proved_during(call, lambda: now)
    assert found == [set()] * len(found)
    assert Call.objects.filter(charged=1).count() == 5 * ROUNDS

"""Rented numbers, money, and days that pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import LedgerAccount, LedgerEntry, User, Workspace
from phone_numbers.models import PhoneNumber, Rental, RentalCharge
from phone_numbers.renting.charging import Payment, charge_rent
from phone_numbers.renting.schedule import coming_periods
from phone_numbers.renting.sweep import sweep_rent
from tests.conftest import make_workspace
from tests.numbers.rows import make_number

Rent = Callable[..., Rental]
Fund = Callable[[Workspace, str, datetime], None]
SERIAL = count(1)


@pytest.fixture
def shop(alice: User, catalogue: None) -> Workspace:
    """A workspace in Kolkata with nothing in its wallet."""
    workspace = make_workspace(alice, "shop", "Shop", datetime(2026, 1, 1, tzinfo=UTC))
    have = wallet.balance(workspace)
    if have:
        entry = LedgerEntry(
            reference="empty",
            kind="adjustment",
            debit=wallet.account("wallet", workspace.currency, workspace),
            credit=wallet.account("external", workspace.currency),
            amount=have,
            currency=workspace.currency,
            workspace=workspace,
            memo="Emptied",
            actor_name="Test",
        )
        entry.save(force_insert=True)
    return workspace


@pytest.fixture
def fund() -> Fund:
    """Put so much into the wallet at that moment."""

    def put(workspace: Workspace, amount: str, at: datetime) -> None:
        reference = f"payment {next(SERIAL)}"
        wallet.credit(workspace, Decimal(amount), reference=reference, memo="Paid", by=SYSTEM, now=at)

    return put


@pytest.fixture
def rent(fund: Fund) -> Rent:
    """A number bought at ``at`` for ``price`` a month, the first month paid."""

    def begin(workspace: Workspace, at: datetime, price: str = "100", **fields: object) -> Rental:
        number = make_number(
            workspace, activated_at=at, created_at=at, carrier_number_id=f"id-{next(SERIAL)}"
        )
        rental = Rental.objects.create(
            number=number,
            workspace=workspace,
            monthly_price=Decimal(price),
            currency=workspace.currency,
            anchor=at,
            time_zone=workspace.time_zone,
            paid_periods=0,
            paid_through=at,
            **fields,
        )
        if Decimal(price):
            fund(workspace, price, at)
        charge_rent([Payment(rental, [next(coming_periods(rental))])], by=SYSTEM, now=at)
        return rental

    return begin


def again(rental: Rental) -> Rental:
    return Rental.objects.select_related("number", "workspace").get(pk=rental.pk)


def live(since: datetime, until: datetime, step: timedelta = timedelta(hours=6)) -> None:
    """Let time pass: the sweeper looks at every step."""
    at = since
    while at <= until:
        sweep_rent(now=at)
        at += step


def paid_ks(rental: Rental) -> list[int]:
    return list(RentalCharge.objects.filter(rental=rental).order_by("k").values_list("k", flat=True))


def balance(workspace: Workspace) -> Decimal:
    return wallet.balance(workspace)


def books_balance() -> bool:
    """Every wallet and hold is what its entries add up to, and rent in the ledger is rent on the rentals."""
    for account in LedgerAccount.objects.filter(kind__in=("wallet", "held")):
        came = sum(LedgerEntry.objects.filter(credit=account).values_list("amount", flat=True), Decimal(0))
        went = sum(LedgerEntry.objects.filter(debit=account).values_list("amount", flat=True), Decimal(0))
        if account.balance != came - went:
            return False
    rent = LedgerEntry.objects.filter(reference__startswith="rent:").values_list("amount", flat=True)
    return sum(rent, Decimal(0)) == sum(RentalCharge.objects.values_list("amount", flat=True), Decimal(0))


def number_of(rental: Rental) -> PhoneNumber:
    return PhoneNumber.objects.get(pk=rental.number_id)

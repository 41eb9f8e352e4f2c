"""A charge for a call that is over …"""

from __future__ import annotations

import threading
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import LedgerEntry, Workspace

pytestmark = pytest.mark.django_db
ZERO = Decimal(0)


@pytest.fixture
def shop(now: datetime) -> Workspace:
    """A workspace with ten rupees."""
    workspace = Workspace.objects.create(slug="shop", name="Shop")
    wallet.open_accounts(workspace)
    wallet.credit(workspace, Decimal(10), reference="opening", memo="Opening", by=SYSTEM, now=now)
    return workspace


def charge(shop: Workspace, amount: str, now: datetime, subject: str = "call_1") -> Decimal:
    return wallet.charge(shop, Decimal(amount), subject=subject, memo="Call", by=SYSTEM, now=now)


def test_moves_money_from_the_wallet_to_what_calls_earned(shop: Workspace, now: datetime) -> None:
    assert charge(shop, "2.50", now) == Decimal("2.50")
    entry = LedgerEntry.objects.get(reference="call:call_1")
    assert (entry.kind, entry.credit.kind, entry.subject_id) == ("capture", "revenue:calls", "call_1")
    assert wallet.balance(shop) == Decimal("7.50")


def test_takes_what_is_there_and_never_more(shop: Workspace, now: datetime) -> None:
    assert charge(shop, "12", now) == Decimal(10)
    assert charge(shop, "12", now, "call_2") == ZERO
    assert wallet.balance(shop) == ZERO
    assert not LedgerEntry.objects.filter(reference="call:call_2").exists()


def test_leaves_alone_what_is_held(shop: Workspace, now: datetime) -> None:
    wallet.hold(shop, Decimal(9), subject="ord_1", memo="Order", by=SYSTEM, now=now)
    assert charge(shop, "5", now) == Decimal(1)
    assert wallet.held(shop) == Decimal(9)


def test_happens_once(shop: Workspace, now: datetime) -> None:
    charge(shop, "1", now)
    with pytest.raises(wallet.AlreadyBooked):
        charge(shop, "1", now)
    assert wallet.balance(shop) == Decimal(9)


def test_of_nothing_books_nothing(shop: Workspace, now: datetime) -> None:
    assert charge(shop, "0", now) == ZERO
    assert LedgerEntry.objects.filter(subject_id="call_1").count() == 0


@pytest.mark.django_db(transaction=True)
def test_takes_what_is_there_when_many_calls_end_at_once(shop: Workspace, now: datetime) -> None:
    taken: list[Decimal] = []

    def end(serial: int) -> None:
        taken.append(charge(shop, "1.50", now, f"call_{serial}"))
        connection.close()

    threads = [threading.Thread(target=end, args=(serial,)) for serial in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), sum(taken), wallet.balance(shop)) == (10, Decimal(10), ZERO)

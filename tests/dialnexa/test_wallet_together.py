"""Entries written in one statement: the database …"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import LedgerEntry, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(now: datetime) -> Workspace:
    return open_shop("shop", now)


@pytest.fixture
def stall(now: datetime) -> Workspace:
    return open_shop("stall", now)


def open_shop(slug: str, now: datetime) -> Workspace:
    """A workspace with ₹100.00."""
    shop = Workspace.objects.create(slug=slug, name=slug)
    wallet.open_accounts(shop)
    wallet.credit(shop, Decimal(100), reference=slug, memo="Opening credit", by=SYSTEM, now=now)
    return shop


def entry(owner: Workspace, reference: str, amount: str, source: str, target: str) -> LedgerEntry:
    accounts = [wallet.account(kind, "INR", None if ":" in kind else owner) for kind in (source, target)]
    return LedgerEntry(
        reference=reference,
        kind="adjustment",
        debit=accounts[0],
        credit=accounts[1],
        amount=Decimal(amount),
        currency="INR",
        workspace=owner,
        memo="m",
        actor_name="t",
    )


def have(shop: Workspace) -> tuple[Decimal, Decimal]:
    return wallet.balance(shop), wallet.held(shop)


def test_moves_every_balance_by_the_sum(shop: Workspace, stall: Workspace) -> None:
    LedgerEntry.objects.bulk_create(
        [
            entry(shop, "a", "30", "wallet", "held"),
            entry(stall, "b", "5.25", "wallet", "revenue:calls"),
            entry(shop, "c", "10.000001", "held", "revenue:numbers"),
            entry(shop, "d", "1", "held", "wallet"),
        ]
    )
    assert (have(shop), have(stall)) == (
        (Decimal(71), Decimal("18.999999")),
        (Decimal("94.75"), Decimal(0)),
    )


def test_moves_nothing_for_a_reference_that_is_booked(shop: Workspace) -> None:
    entry(shop, "a", "30", "wallet", "held").save(force_insert=True)
    again = [entry(shop, "a", "30", "wallet", "held"), entry(shop, "b", "1", "wallet", "held")]
    LedgerEntry.objects.bulk_create(again, ignore_conflicts=True)
    assert have(shop) == (Decimal(69), Decimal(31))


def test_refuses_all_of_them_when_they_cost_more_than_there_is(shop: Workspace, stall: Workspace) -> None:
    many = [entry(shop, f"{n}", "34", "wallet", "held") for n in range(3)]
    refused([entry(stall, "b", "1", "wallet", "held"), *many], "balance_not_negative")
    assert have(shop) == have(stall) == (Decimal(100), Decimal(0))


@pytest.mark.parametrize("turned", [False, True])
def test_refuses_all_of_them_when_one_leaves_its_workspace(
    shop: Workspace, stall: Workspace, turned: bool
) -> None:
    one, other = (stall, shop) if turned else (shop, stall)
    honest = [entry(owner, owner.slug, "1", "wallet", "held") for owner in (one, other)]
    astray = entry(one, "astray", "1", "wallet", "held")
    astray.credit = wallet.account("held", "INR", other)
    refused([*honest, astray], "stays within its workspace")
    assert have(shop) == have(stall) == (Decimal(100), Decimal(0))


def refused(entries: list[LedgerEntry], why: str) -> None:
    with pytest.raises(DatabaseError, match=why), transaction.atomic():
        LedgerEntry.objects.bulk_create(entries)
    assert not LedgerEntry.objects.filter(kind="adjustment").exists()

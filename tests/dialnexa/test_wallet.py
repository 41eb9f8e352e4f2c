"""The wallet …"""

from __future__ import annotations

import threading
import time
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, LedgerAccount, LedgerEntry, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(now: datetime) -> Workspace:
    """A workspace with ₹100.00."""
    shop = Workspace.objects.create(slug="shop", name="Shop")
    wallet.open_accounts(shop)
    wallet.credit(shop, Decimal(100), reference="opening", memo="Opening credit", by=SYSTEM, now=now)
    return shop


def hold(shop: Workspace, amount: str, subject: str, now: datetime) -> LedgerEntry:
    return wallet.hold(shop, Decimal(amount), subject=subject, memo="A number", by=SYSTEM, now=now)


def state(shop: Workspace) -> tuple[Decimal, Decimal]:
    return wallet.balance(shop), wallet.held(shop)


def test_reserves_money_without_taking_it(shop: Workspace, now: datetime) -> None:
    hold(shop, "92.50", "ord_1", now)
    assert state(shop) == (Decimal("7.50"), Decimal("92.50"))


def test_captures_exactly_what_was_held(shop: Workspace, now: datetime) -> None:
    hold(shop, "92.50", "ord_1", now)
    entry = wallet.capture(shop, subject="ord_1", memo="A number", by=SYSTEM, now=now)
    assert (entry.amount, entry.kind) == (Decimal("92.50"), "capture")
    assert state(shop) == (Decimal("7.50"), Decimal(0))


def test_gives_back_exactly_what_was_held(shop: Workspace, now: datetime) -> None:
    hold(shop, "92.50", "ord_1", now)
    wallet.void(shop, subject="ord_1", memo="Not bought", by=SYSTEM, now=now)
    assert state(shop) == (Decimal(100), Decimal(0))


@pytest.mark.parametrize("first", ["capture", "void"])
@pytest.mark.parametrize("second", ["capture", "void"])
def test_resolves_a_hold_once(shop: Workspace, now: datetime, first: str, second: str) -> None:
    hold(shop, "60", "ord_1", now)
    getattr(wallet, first)(shop, subject="ord_1", memo="m", by=SYSTEM, now=now)
    before = state(shop)
    with pytest.raises(wallet.AlreadyBooked), transaction.atomic():
        getattr(wallet, second)(shop, subject="ord_1", memo="m", by=SYSTEM, now=now)
    assert state(shop) == before


@pytest.mark.parametrize(
    "charge, left", [("0", "100"), ("0.000001", "99.999999"), ("40", "60"), ("60", "40")]
)
def test_takes_a_part_of_what_was_held_and_gives_back_the_rest(
    shop: Workspace, now: datetime, charge: str, left: str
) -> None:
    hold(shop, "60", "call_1", now)
    wallet.settle(shop, Decimal(charge), subject="call_1", memo="A call", by=SYSTEM, now=now)
    assert state(shop) == (Decimal(left), Decimal(0))
    with pytest.raises(wallet.AlreadyBooked), transaction.atomic():
        wallet.settle(shop, Decimal(charge), subject="call_1", memo="A call", by=SYSTEM, now=now)


@pytest.mark.parametrize("charge", ["60.000001", "-0.01"])
def test_takes_no_more_than_was_held(shop: Workspace, now: datetime, charge: str) -> None:
    hold(shop, "60", "call_1", now)
    with pytest.raises(ValueError, match="holds 60"):
        wallet.settle(shop, Decimal(charge), subject="call_1", memo="A call", by=SYSTEM, now=now)
    assert state(shop) == (Decimal(40), Decimal(60))


def test_moves_nothing_when_a_reference_is_used_twice(shop: Workspace, now: datetime) -> None:
    hold(shop, "10", "ord_1", now)
    with pytest.raises(wallet.AlreadyBooked):
        hold(shop, "10", "ord_1", now)
    assert state(shop) == (Decimal(90), Decimal(10))


def test_refuses_to_go_below_zero_and_says_how_much_is_missing(shop: Workspace, now: datetime) -> None:
    with pytest.raises(Refusal) as refused:
        hold(shop, "100.01", "ord_1", now)
    assert (refused.value.code, refused.value.status) == ("wallet_insufficient", 402)
    assert "₹0.01 or more" in refused.value.sentence
    assert state(shop) == (Decimal(100), Decimal(0))


def test_credits_once_per_reference_and_writes_down_why(shop: Workspace, now: datetime) -> None:
    with pytest.raises(wallet.AlreadyBooked), transaction.atomic():
        wallet.credit(shop, Decimal(100), reference="opening", memo="Again", by=SYSTEM, now=now)
    assert wallet.balance(shop) == Decimal(100)
    entry = AuditEntry.objects.get(event="wallet_credited")
    assert (entry.workspace_id, entry.reason) == (shop.id, "Opening credit")


@pytest.mark.parametrize("amount", ["0", "-5"])
def test_refuses_a_credit_of_nothing_or_less(shop: Workspace, now: datetime, amount: str) -> None:
    with pytest.raises(Refusal, match="amount_not_positive"):
        wallet.credit(shop, Decimal(amount), reference="x", memo="m", by=SYSTEM, now=now)


ATTACKS = {
    "an edited entry": "UPDATE dialnexa_ledgerentry SET amount = 1",
    "a deleted entry": "DELETE FROM dialnexa_ledgerentry",
    "a truncated ledger": "TRUNCATE dialnexa_ledgerentry CASCADE",
    "an edited balance": "UPDATE dialnexa_ledgeraccount SET balance = 1000000 WHERE kind = 'wallet'",
    "an account that opens with money": (
        "INSERT INTO dialnexa_ledgeraccount (id, kind, currency, balance) VALUES ('a', 'promo', 'INR', 5)"
    ),
    "an account that changes its currency": "UPDATE dialnexa_ledgeraccount SET currency = 'USD'",
    "an amount that is no number": (
        "INSERT INTO dialnexa_ledgerentry (id, reference, kind, debit_id, credit_id, amount, currency,"
        " subject_id, memo, actor_name, created_at)"
        " SELECT 'x', 'x', 'credit', o.id, p.id, 'NaN', 'INR', '', '', '', now()"
        " FROM dialnexa_ledgeraccount o, dialnexa_ledgeraccount p"
        " WHERE o.kind = 'external' AND p.kind = 'wallet'"
    ),
    "an edited history": "UPDATE dialnexa_auditentry SET reason = 'nothing happened'",
    "a deleted history": "DELETE FROM dialnexa_auditentry",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_is_defended_by_the_database_against(shop: Workspace, attack: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ATTACKS[attack])
    assert wallet.balance(shop) == Decimal(100)


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"amount": Decimal(0)}, "amount_positive"),
        ({"amount": Decimal(-1)}, "amount_positive"),
        ({"currency": "USD"}, "(debit|credit)_currency"),
        ({"credit": "dollars"}, "credit_currency"),
        ({"credit": "stranger"}, "stays within its workspace"),
        ({"credit": "same"}, "two_accounts"),
    ],
)
def test_refuses_a_transfer_that_is_none(
    shop: Workspace, now: datetime, changed: dict[str, object], constraint: str
) -> None:
    purse, held = shop.accounts.get(kind="wallet"), shop.accounts.get(kind="held")
    fields = {"debit": purse, "credit": held, "amount": Decimal(1), "currency": "INR"} | changed
    stranger = Workspace.objects.create(slug="stranger", name="Stranger")
    others = {
        "same": purse,
        "dollars": wallet.account("held", "USD", shop),
        "stranger": wallet.account("held", "INR", stranger),
    }
    fields["credit"] = others.get(str(fields["credit"]), held)
    with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
        LedgerEntry.objects.create(
            reference="x", kind="hold", workspace=shop, memo="m", actor_name="t", created_at=now, **fields
        )
        connection.check_constraints()


def test_keeps_balances_equal_to_the_sum_of_entries(shop: Workspace, now: datetime) -> None:
    for n in range(5):
        hold(shop, "7.25", f"ord_{n}", now)
    wallet.capture(shop, subject="ord_0", memo="m", by=SYSTEM, now=now)
    wallet.void(shop, subject="ord_1", memo="m", by=SYSTEM, now=now)
    assert_balances_are_sums()


def assert_balances_are_sums() -> None:
    for account in LedgerAccount.objects.exclude(workspace=None):
        came = account.credits.aggregate(total=Sum("amount"))["total"] or Decimal(0)
        went = account.debits.aggregate(total=Sum("amount"))["total"] or Decimal(0)
        assert account.balance == came - went


Step = tuple[str, int, Decimal]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "capture", "void"]),
        st.integers(0, 4),
        st.decimals("0.000001", "60", places=6),
    ),
    max_size=25,
)


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_agrees_with_a_model_of_itself(shop: Workspace, now: datetime, steps: list[Step]) -> None:
    with transaction.atomic():
        purse, held, open_holds, done = Decimal(100), Decimal(0), {}, set()
        for verb, subject_number, amount in steps:
            subject = f"ord_{subject_number}"
            if verb == "hold" and subject not in open_holds and subject not in done and amount <= purse:
                hold(shop, str(amount), subject, now)
                open_holds[subject] = amount
                purse, held = purse - amount, held + amount
            elif verb != "hold" and subject in open_holds:
                getattr(wallet, verb)(shop, subject=subject, memo="m", by=SYSTEM, now=now)
                released = open_holds.pop(subject)
                done.add(subject)
                held -= released
                purse += released if verb == "void" else 0
            else:
                assert_refused(shop, verb, subject, amount, now)
            assert state(shop) == (purse, held)
        assert_balances_are_sums()
        transaction.set_rollback(True)


def assert_refused(shop: Workspace, verb: str, subject: str, amount: Decimal, now: datetime) -> None:
    refusals = (Refusal, wallet.AlreadyBooked, LedgerEntry.DoesNotExist)
    with pytest.raises(refusals), transaction.atomic():
        if verb == "hold":
            hold(shop, str(amount), subject, now)
        else:
            getattr(wallet, verb)(shop, subject=subject, memo="m", by=SYSTEM, now=now)


@pytest.mark.django_db(transaction=True)
def test_lets_a_race_spend_only_what_is_there(shop: Workspace, now: datetime) -> None:
    won: list[str] = []

    def spend(subject: str) -> None:
        try:
            hold(shop, "30", subject, now)
            won.append(subject)
        except Refusal:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=spend, args=(f"ord_{n}",)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 3
    assert state(shop) == (Decimal(10), Decimal(90))
    assert_balances_are_sums()


@pytest.mark.django_db(transaction=True)
def test_settles_without_waiting_in_a_circle_with_whoever_holds(shop: Workspace, now: datetime) -> None:
    """A hold takes both accounts in the order of their ids. Who settles has neither while it waits."""
    hold(shop, "30", "call_1", now)
    mine = LedgerAccount.objects.filter(workspace=shop).order_by("pk")
    first, last = (LedgerAccount.objects.select_for_update(no_key=True).filter(pk=one.pk) for one in mine)

    def settle() -> None:
        try:
            wallet.settle(shop, Decimal(10), subject="call_1", memo="m", by=SYSTEM, now=now)
        finally:
            connection.close()

    thread = threading.Thread(target=settle)
    with transaction.atomic():
        first.get()
        thread.start()
        time.sleep(0.5)
        last.get()  # a deadlock if it had taken this one
    thread.join()
    assert state(shop) == (Decimal(90), Decimal(0))
    assert_balances_are_sums()

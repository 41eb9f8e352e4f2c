"""Proving the books …"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from phone_numbers.models import LedgerProof, NumberOrder, Rental
from phone_numbers.proofs.proving import prove_books
from phone_numbers.proofs.standing import ledger_proof_age, ledger_proof_ok
from phone_numbers.releasing import release_number
from phone_numbers.renting.paying import pay_rent
from telephony.models import Call
from tests.numbers.conftest import place
from tests.numbers.rows import make_call

pytestmark = pytest.mark.django_db(transaction=True)
Break = Callable[..., None]


@pytest.fixture
def books(
    order: NumberOrder, advance: Callable[[NumberOrder], NumberOrder], offers: Iterator[Any], now: datetime
) -> NumberOrder:
    """A number bought and paid two months ahead, another that is being bought, a call that was charged and
    one that goes on.
    """
    workspace = order.workspace
    order = advance(order)
    rental = Rental.objects.get(number=order.number)
    pay_rent(order.number, months=2, paid_through=rental.paid_through, by=SYSTEM, now=now)
    place(workspace, next(offers), SYSTEM, now)
    over = make_call(order.number, now, held=5, charged=3, status="completed")
    wallet.hold(workspace, Decimal(5), subject=over.pk, memo="Call", by=SYSTEM, now=now)
    wallet.settle(workspace, Decimal(3), subject=over.pk, memo="Call", by=SYSTEM, now=now)
    going = make_call(order.number, now, held=4, status="received")
    wallet.hold(workspace, Decimal(4), subject=going.pk, memo="Call", by=SYSTEM, now=now)
    return order


@pytest.fixture
def spoil() -> Break:
    """Change rows behind the back of every rule of the database."""

    def spoil(sql: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql)
            assert cursor.rowcount

    return spoil


def wrong(now: datetime) -> set[str]:
    return {check["code"] for check in prove_books(now=now).checks if check["count"]}


def test_finds_nothing_wrong_with_books_that_are_right(books: NumberOrder, now: datetime) -> None:
    proof = prove_books(now=now)
    assert [check for check in proof.checks if check["count"]] == []
    assert proof.ok
    assert ledger_proof_ok() is True
    assert ledger_proof_age(now + timedelta(hours=2)) == timedelta(hours=2)


def test_finds_nothing_wrong_after_a_release_that_returned_a_month(books: NumberOrder, now: datetime) -> None:
    release_number(books.number, by=SYSTEM, now=now + timedelta(days=1))
    assert wrong(now + timedelta(days=1)) == set()


BROKEN = {  # what is changed, in which table, and the check that finds it
    "a balance": ("dialnexa_ledgeraccount", "balance = balance + 1", "kind = 'wallet'", "balances"),
    "a sum": ("dialnexa_ledgeraccount", "balance = balance + 1", "kind = 'wallet'", "sum"),
    "a side": ("dialnexa_ledgerentry", "currency = 'USD'", "reference LIKE 'rent:%'", "sides"),
    "a month moved": ("numbers_rentalcharge", "k = 7", "k = 1", "periods"),
    "a month too many": ("numbers_rental", "paid_periods = 4", "true", "periods"),
    "a gap": ("numbers_rentalcharge", "starts_at = starts_at + interval '1 day'", "k = 1", "spans"),
    "a day too many": ("numbers_rental", "paid_through = paid_through + interval '1 day'", "true", "spans"),
    "a month forgotten": (
        *("numbers_rental", "paid_through = paid_through - interval '1 year'", "true", "elapsed"),
    ),
    "another day": ("numbers_rental", "anchor = anchor + interval '3 days'", "true", "calendar"),
    "another price": ("numbers_rentalcharge", "amount = amount + 1", "k = 2", "charges"),
    "another first price": ("numbers_rentalcharge", "amount = amount + 1", "k = 0", "charges"),
    "a lost transfer": ("numbers_rentalcharge", "entry_id = 'txn_nothing'", "k = 1", "charges"),
    "rent for nothing": ("numbers_rentalcharge", "entry_id = 'txn_nothing'", "k = 1", "rent"),
    "another's transfer": (
        *("dialnexa_ledgerentry", "reference = 'rent:another:1'", "reference LIKE 'rent:%:1'", "charges"),
    ),
    "an end in the past": ("numbers_rental", "ended_at = anchor + interval '1 day'", "true", "ended"),
    "a hold": ("dialnexa_ledgeraccount", "balance = balance + 1", "kind = 'held'", "holds"),
    "an order that ended": ("numbers_numberorder", "status = 'rejected'", "status = 'placed'", "holds"),
    "a call that ended": ("telephony_call", "status = 'failed'", "status = 'received'", "reserved"),
    "an order that is open": ("numbers_numberorder", "status = 'placed'", "true", "reserved"),
    "a rejected sale": ("numbers_numberorder", "status = 'rejected'", "true", "orders"),
    "a number of nobody": ("numbers_phonenumber", "carrier_number_id = ''", "status = 'active'", "orders"),
    "a call's price": ("telephony_call", "charged = 2", "charged = 3", "calls"),
    "a free call": ("telephony_call", "charged = 1", "charged IS NULL", "calls"),
    "a refund": (
        *("dialnexa_ledgerentry", "kind = 'refund', amount = amount * 9"),
        *("reference LIKE 'rent:%:2'", "refunds"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_finds_what_is_wrong(books: NumberOrder, spoil: Break, now: datetime, name: str) -> None:
    table, changes, where, code = BROKEN[name]
    spoil(f"UPDATE {table} SET {changes} WHERE {where}")
    proof = prove_books(now=now)
    found = {check["code"]: check for check in proof.checks}[code]
    assert found["count"] == len(found["found"]) > 0
    about, says = found["found"][0]
    assert says.endswith(".")
    assert not proof.ok
    assert ledger_proof_ok() is False


def test_keeps_twenty_examples_and_counts_all(books: NumberOrder, spoil: Break, now: datetime) -> None:
    for _ in range(25):
        make_call(books.number, now, charged=1, status="completed")
    found = next(check for check in prove_books(now=now).checks if check["code"] == "calls")
    assert (found["count"], len(found["found"])) == (25, 20)


def test_says_loudly_what_is_wrong(
    books: NumberOrder, spoil: Break, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    spoil("UPDATE telephony_call SET charged = 2 WHERE charged = 3")
    prove_books(now=now)
    call = Call.objects.get(charged=2)
    loud = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert any("NOT IN ORDER (calls, 1 rows)" in line and call.pk in line for line in loud)


def test_fails_as_a_command_until_it_is_mended(books: NumberOrder, spoil: Break) -> None:
    out = StringIO()
    call_command("prove_ledger", stdout=out)
    assert "The books are in order" in out.getvalue()
    spoil("UPDATE telephony_call SET charged = 2 WHERE charged = 3")
    with pytest.raises(CommandError, match="not in order"):
        call_command("prove_ledger", stdout=out)
    assert "1 WRONG  calls" in out.getvalue()
    spoil("UPDATE telephony_call SET charged = 3 WHERE charged = 2")
    call_command("prove_ledger", stdout=out)
    assert LedgerProof.objects.filter(ok=False).count() == 1


def test_shows_staff_what_is_wrong_with_links(
    books: NumberOrder, spoil: Break, now: datetime, staff_client: Client
) -> None:
    spoil("UPDATE telephony_call SET charged = 2 WHERE charged = 3")
    proof = prove_books(now=now)
    shown = staff_client.get(f"/admin/numbers/ledgerproof/{proof.pk}/change/").content.decode()
    assert f"/admin/telephony/call/{Call.objects.get(charged=2).pk}/change/" in shown
    assert "Not in order" in shown
    front = {row["title"]: row["count"] for row in staff_client.get("/admin/").context["watches"]}
    assert front["Books not in order"] == 1

"""News of a call that came in …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import LedgerEntry, Workspace
from phone_numbers.models import Rental
from telephony.models import Call, CarrierWebhook
from tests.numbers.inbound.asking import Asking
from tests.numbers.rows import make_number

pytestmark = pytest.mark.django_db
ZERO, RUPEE = Decimal(0), Decimal(1)


@pytest.fixture(autouse=True)
def _rates(rates: None) -> None:
    """Half a rupee a minute."""


def test_ends_the_call_and_charges_what_the_carrier_billed(
    call: Asking, the_call: Callable[[], Call], workspace: Workspace
) -> None:
    before = wallet.balance(workspace)
    call.ask()
    assert call.tell(61, HangupCauseName="Normal Hangup").status_code == 204
    row = the_call()
    assert (row.status, row.billed_seconds, row.charged) == ("completed", 120, RUPEE)
    assert (row.cause, row.next_run_at) == ("Normal Hangup", None)
    assert wallet.balance(workspace) == before - 1
    assert LedgerEntry.objects.get(reference=f"call:{row.pk}").credit.kind == "revenue:calls"


def test_charges_no_more_than_a_call_may_last(
    call: Asking, the_call: Callable[[], Call], workspace: Workspace
) -> None:
    before = wallet.balance(workspace)
    call.ask()
    call.tell(9_999_000)
    assert (the_call().billed_seconds, the_call().charged) == (4 * 60 * 60, 120 * RUPEE)
    assert wallet.balance(workspace) == before - 120


def test_charges_once_however_often_it_is_told(
    call: Asking, the_call: Callable[[], Call], workspace: Workspace
) -> None:
    before = wallet.balance(workspace)
    call.ask()
    assert [call.tell().status_code for _ in range(3)] == [204] * 3
    call.tell(600, HangupCauseName="Other")
    call.ask()
    assert (the_call().charged, wallet.balance(workspace)) == (RUPEE, before - 1)
    assert CarrierWebhook.objects.count() == 2


def test_makes_the_same_row_when_it_comes_before_the_question(
    call: Asking, the_call: Callable[[], Call]
) -> None:
    call.tell()
    early = the_call()
    answer = call.ask()
    assert early.pk.removeprefix("call_") in answer.content.decode()
    assert (the_call().pk, the_call().status, the_call().charged) == (early.pk, "completed", RUPEE)


def test_charges_what_the_wallet_has_and_says_what_is_missing(
    call: Asking, the_call: Callable[[], Call], workspace: Workspace, now: datetime
) -> None:
    spend = wallet.balance(workspace) - Decimal("0.30")
    wallet.hold(workspace, spend, subject="ord_x", memo="Spent", by=SYSTEM, now=now)
    assert call.ask().status_code == 200
    call.tell(61)
    row = the_call()
    assert (row.status, row.charged, wallet.balance(workspace)) == ("completed", Decimal("0.30"), ZERO)
    assert row.reason_code == "wallet_short"
    assert (
        row.reason == "This call cost ₹1.00, of which the wallet still had ₹0.30. The rest was not charged."
    )


def test_charges_nothing_with_an_empty_wallet(
    call: Asking, the_call: Callable[[], Call], workspace: Workspace, now: datetime
) -> None:
    wallet.hold(workspace, wallet.balance(workspace), subject="ord_x", memo="Spent", by=SYSTEM, now=now)
    call.ask()
    call.tell(61)
    assert (the_call().status, the_call().charged) == ("completed", ZERO)
    assert not LedgerEntry.objects.filter(subject_id=the_call().pk).exists()


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed"])
def test_charges_nothing_when_the_agent_did_not_take_it(
    call: Asking, the_call: Callable[[], Call], workspace: Workspace, status: str
) -> None:
    before = wallet.balance(workspace)
    call.ask()
    call.tell(0, CallStatus=status)
    assert (the_call().status, the_call().charged, wallet.balance(workspace)) == ("failed", ZERO, before)


def test_charges_nothing_for_a_call_that_was_turned_away(
    call: Asking, the_call: Callable[[], Call], workspace: Workspace, now: datetime
) -> None:
    before = wallet.balance(workspace)
    Rental.objects.get().transition("expire", by=SYSTEM, now=now, expired_at=now)
    call.ask()
    call.tell(61)
    row = the_call()
    assert (row.status, row.reason_code, row.charged) == ("failed", "rental_expired", ZERO)
    assert wallet.balance(workspace) == before


@pytest.mark.parametrize("carrier", ["twilio", "signalwire"])
def test_counts_what_was_spoken_where_the_carrier_bills_no_seconds(
    workspace: Workspace, version: object, carriers: None, now: datetime, carrier: str
) -> None:
    number = make_number(workspace, carrier=carrier, inbound_version=version)
    asking = Asking(carrier, number.e164)
    asking.ask()
    assert asking.tell(61).status_code == 204
    assert (Call.objects.get().status, Call.objects.get().billed_seconds) == ("completed", 61)


def test_keeps_what_is_told_of_a_number_that_nobody_has(call: Asking) -> None:
    assert call.with_(to="+12125550000").tell().status_code == 204
    assert Call.objects.count() == 0
    assert CarrierWebhook.objects.get().problem == "Nobody here has this number."


def test_ends_a_call_to_a_number_that_has_left_since(
    call: Asking, the_call: Callable[[], Call], now: datetime
) -> None:
    call.ask()
    number = the_call().number
    number.transition("release", by=SYSTEM, now=now)
    number.transition("released", by=SYSTEM, now=now)
    call.tell(61)
    assert (the_call().status, the_call().charged) == ("completed", RUPEE)


def test_leaves_calls_alone_that_we_placed(call: Asking, workspace: Workspace, now: datetime) -> None:
    call.ask()
    Call.objects.update(direction="outbound")
    call.tell(61)
    assert Call.objects.get().status == "received"

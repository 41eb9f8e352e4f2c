"""What the carrier bills for a call that is over …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, LedgerEntry, Workspace
from phone_numbers.calls.costing import note_cost, read_cost, take_due_costs
from phone_numbers.calls.placing import place_call
from phone_numbers.calls.progress import apply_event, fail_call
from phone_numbers.models import PhoneNumber
from telephony.carriers.voice import CallEvent, CallState
from telephony.models import Call
from tests.numbers.calls.conftest import LONDON

pytestmark = pytest.mark.django_db
FIRST, LAST = timedelta(minutes=5), timedelta(hours=1)
NOTHING = Decimal(0)


def record(call: Call, seconds: int | None, cost: str | None = "0.02", **told: Any) -> CallEvent:
    price = None if cost is None else Decimal(cost)
    told = {"billed": seconds, "cost": price, **told}
    return CallEvent("abc", CallState.COMPLETED, "outbound", call.from_text, call.to_text, **told)


def again(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


@pytest.fixture
def dialled(workspace: Workspace, number: PhoneNumber, now: datetime) -> Call:
    call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    call.transition("initiate", by=SYSTEM, now=now, initiated_at=now)
    return call


@pytest.fixture
def call(dialled: Call, now: datetime) -> Call:
    """Over, and charged for two minutes."""
    for state in (CallState.ANSWERED, CallState.COMPLETED):
        seconds = 61 if state.over else None
        apply_event(dialled.pk, CallEvent("abc", state, "outbound", "", "", billed=seconds), now=now)
    over = again(dialled)
    assert over.per_minute
    assert over.charged == over.per_minute * 2
    return over


def test_is_asked_some_minutes_after_the_end(call: Call, now: datetime) -> None:
    assert call.next_cost_at == now + FIRST
    assert take_due_costs(now=now + FIRST - timedelta(seconds=1)) == []
    assert take_due_costs(now=now + FIRST) == [call.pk]
    assert take_due_costs(now=now + FIRST) == []  # until nothing has come of it for a while
    assert take_due_costs(now=now + FIRST + timedelta(minutes=1)) == [call.pk]


def test_is_not_asked_for_a_call_nobody_took(dialled: Call, now: datetime) -> None:
    apply_event(dialled.pk, CallEvent("abc", CallState.BUSY, "outbound", "", ""), now=now)
    assert again(dialled).next_cost_at is None


def test_is_written_down_and_moves_no_money_when_it_is_what_was_charged(
    workspace: Workspace, call: Call, now: datetime
) -> None:
    before = wallet.balance(workspace)
    note_cost(call.pk, record(call, 61, "0.017"), now=now + FIRST)
    over = again(call)
    assert (over.carrier_cost, over.carrier_seconds, over.next_cost_at) == (Decimal("0.017"), 61, None)
    assert (over.charged, over.given_away, wallet.balance(workspace)) == (call.charged, NOTHING, before)


def test_gives_back_what_was_charged_too_much_once(workspace: Workspace, call: Call, now: datetime) -> None:
    before = wallet.balance(workspace)
    for _ in range(2):
        note_cost(call.pk, record(call, 59), now=now + FIRST)
    over = again(call)
    assert over.per_minute
    assert (over.charged, over.billed_seconds, over.carrier_seconds) == (over.per_minute, 59, 59)
    assert wallet.balance(workspace) == before + over.per_minute
    back = LedgerEntry.objects.get(subject_id=call.pk, kind="refund")
    assert (back.reference, back.amount) == (f"unbill:{call.pk}", over.per_minute)
    told = AuditEntry.objects.get(subject_id=call.pk, event="unbill")
    assert (told.before["billed_seconds"], told.after["billed_seconds"]) == (61, 59)
    note_cost(call.pk, record(call, 0), now=now + FIRST)  # happens once, whatever it says later
    assert (again(call).charged, wallet.balance(workspace)) == (over.per_minute, before + over.per_minute)


def test_says_so_in_the_history_and_the_wallet(alice_client: Client, call: Call, now: datetime) -> None:
    note_cost(call.pk, record(call, 59), now=now + FIRST)
    page = alice_client.get(f"/w/acme/calls/{call.pk}/").content.decode()
    assert "₹1.25 went back to the wallet: Plivo bills 59 s." in page
    assert "₹1.25 returned, Plivo bills 59 s" in alice_client.get("/w/acme/wallet/").content.decode()


def test_never_charges_more_afterwards(workspace: Workspace, call: Call, now: datetime) -> None:
    before = wallet.balance(workspace)
    note_cost(call.pk, record(call, 181), now=now + FIRST)
    over = again(call)
    assert over.per_minute
    assert (over.charged, over.billed_seconds) == (call.charged, 61)
    assert (over.carrier_seconds, over.given_away) == (181, over.per_minute * 2)
    assert wallet.balance(workspace) == before


def test_believes_a_record_without_a_price_only_at_last(
    workspace: Workspace, call: Call, now: datetime
) -> None:
    note_cost(call.pk, record(call, 0, None), now=now + FIRST)
    first = again(call)
    assert (first.charged, first.next_cost_at) == (call.charged, now + LAST)
    note_cost(call.pk, record(call, 59, None), now=now + LAST)
    assert (again(call).charged, again(call).next_cost_at) == (call.per_minute, None)


@pytest.mark.parametrize("state", [CallState.ANSWERED, None])
def test_takes_no_word_for_a_call_that_goes_on_or_is_unknown(
    call: Call, now: datetime, state: CallState | None
) -> None:
    found = CallEvent("abc", state, "outbound", "", "", cost=Decimal(1)) if state else None
    note_cost(call.pk, found, now=now + FIRST)
    assert (again(call).carrier_seconds, again(call).next_cost_at) == (None, now + LAST)


def test_is_known_of_a_call_that_was_given_up_too_early(
    workspace: Workspace, dialled: Call, now: datetime
) -> None:
    """… and was carried: nothing is charged, and staff see what was given away."""
    fail_call(dialled, "call_unconfirmed", "No word.", by=SYSTEM, now=now)
    before = wallet.balance(workspace)
    apply_event(dialled.pk, record(dialled, 61), now=now + LAST)
    late = again(dialled)
    assert (late.status, late.carrier_call_id, late.next_cost_at) == ("failed", "abc", now + LAST + FIRST)
    note_cost(late.pk, record(late, 61), now=now + LAST + FIRST)
    late = again(dialled)
    assert late.per_minute
    assert (late.charged, late.given_away) == (NOTHING, late.per_minute * 2)
    assert wallet.balance(workspace) == before


def test_is_shown_to_staff_when_it_was_given_away(staff_client: Client, call: Call, now: datetime) -> None:
    def watched() -> int:
        watches = staff_client.get("/admin/").context["watches"]
        return next(row["count"] for row in watches if row["title"] == "Calls given away")

    assert watched() == 0
    note_cost(call.pk, record(call, 181), now=now + FIRST)
    assert watched() == 1
    for which in ("given_away", "lost"):
        page = staff_client.get(f"/admin/telephony/call/?money={which}").content.decode()
        assert call.pk in page
    Call.objects.filter(pk=call.pk).update(given_away=0)
    assert call.pk not in staff_client.get("/admin/telephony/call/?money=lost").content.decode()


# --- over a real network


@pytest.mark.django_db(transaction=True)
def test_is_read_at_every_carrier(line: Any) -> None:
    call = line.place()
    line.advance(call)
    over = line.wait(call)
    line.clock.now = over.next_cost_at
    read_cost(call.pk, tell=line.clock)
    over = again(call)
    assert over.carrier_cost
    assert over.carrier_cost > 0
    assert over.carrier_seconds == over.billed_seconds
    assert (over.next_cost_at, over.given_away) == (None, NOTHING)
    line.assert_settled(call, "completed", "1.25")


@pytest.mark.django_db(transaction=True)
def test_is_asked_again_for_a_day_while_the_carrier_is_away(line: Any) -> None:
    call = line.place()
    line.advance(call)
    over = line.wait(call)
    looks = 0
    while due := again(call).next_cost_at:
        line.breaks("error_before", on="call_get", times=2)
        line.clock.now = due
        read_cost(call.pk, tell=line.clock)
        looks += 1
    assert looks > 20
    assert timedelta(days=1) < line.clock.now - over.ended_at < timedelta(days=1, hours=2)
    assert again(call).carrier_seconds is None

"""What a carrier says about a call …"""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import LedgerEntry, Workspace
from phone_numbers.calls.placing import place_call
from phone_numbers.calls.progress import apply_event, fail_call
from phone_numbers.models import PhoneNumber
from telephony.carriers.voice import CallEvent, CallState
from telephony.models import Call
from tests.numbers.calls.conftest import LONDON

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
S = CallState
NOTHING = Decimal(0)


@pytest.fixture
def call(workspace: Workspace, number: PhoneNumber, now: datetime) -> Call:
    """Dialled; the carrier has not said anything yet."""
    call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    call.transition("initiate", by=SYSTEM, now=now, initiated_at=now)
    return call


def say(call: Call, state: CallState, now: datetime, call_id: str = "abc", **told: int | str | None) -> Call:
    event = CallEvent(call_id, state, "outbound", call.from_text, call.to_text, **told)  # type: ignore[arg-type]
    apply_event(call.pk, event, now=now)
    return Call.objects.get(pk=call.pk)


def test_follows_a_call_from_ringing_to_its_end(workspace: Workspace, call: Call, now: datetime) -> None:
    states = [
        say(call, state, now + n * SECOND).status for n, state in enumerate((S.QUEUED, S.RINGING, S.ANSWERED))
    ]
    over = say(call, S.COMPLETED, now + 65 * SECOND, billed=61, duration=61, cause="NORMAL_CLEARING")
    assert [*states, over.status] == ["sent", "sent", "received", "completed"]
    assert over.rang_at == now + SECOND
    assert over.answered_at == now + 2 * SECOND
    assert (over.duration, over.cause, over.next_run_at) == (61, "NORMAL_CLEARING", None)


def test_charges_what_was_spoken_and_gives_back_the_rest(
    workspace: Workspace, call: Call, now: datetime
) -> None:
    before = wallet.balance(workspace) + call.held
    say(call, S.ANSWERED, now)
    over = say(call, S.COMPLETED, now, billed=61)
    assert call.per_minute
    assert over.charged == call.per_minute * 2
    assert (wallet.balance(workspace), wallet.held(workspace)) == (before - call.per_minute * 2, NOTHING)


@pytest.mark.parametrize(
    "states, status",
    [
        ([S.RINGING, S.NO_ANSWER], "did_not_pick"),
        ([S.NO_ANSWER], "no_answer"),
        ([S.RINGING, S.BUSY], "busy"),
        ([S.FAILED], "failed"),
        ([S.RINGING, S.CANCELLED], "cancelled"),
    ],
)
def test_charges_nothing_for_a_call_nobody_took(
    workspace: Workspace, call: Call, now: datetime, states: list[CallState], status: str
) -> None:
    before = wallet.balance(workspace) + call.held
    over = [say(call, state, now) for state in states][-1]
    assert (over.status, over.charged) == (status, NOTHING)
    assert (wallet.balance(workspace), wallet.held(workspace)) == (before, NOTHING)


@pytest.mark.parametrize(("state", "word"), [(S.FAILED, "failed"), (S.CANCELLED, "was cancelled")])
def test_charges_who_was_answered_for_what_the_carrier_bills_whatever_its_last_word(
    workspace: Workspace, call: Call, now: datetime, state: CallState, word: str
) -> None:
    before = wallet.balance(workspace) + call.held
    say(call, S.ANSWERED, now)
    over = say(call, state, now, billed=61, duration=42, cause="Media timeout")
    assert call.per_minute
    assert (over.status, over.charged, over.duration) == ("completed", call.per_minute * 2, 42)
    assert over.reason == (
        f"The carrier says that this call {word} (Media timeout) after it was answered. "
        "What it bills is charged."
    )
    assert (over.reason_code, over.cause) == ("broken_off", "Media timeout")
    assert (wallet.balance(workspace), wallet.held(workspace)) == (before - call.per_minute * 2, NOTHING)


@pytest.mark.parametrize("billed", [None, 0])
def test_charges_nothing_for_a_call_that_failed_and_is_not_billed(
    call: Call, now: datetime, billed: int | None
) -> None:
    say(call, S.ANSWERED, now)
    over = say(call, S.FAILED, now + 30 * SECOND, billed=billed)
    assert (over.status, over.charged) == ("failed", NOTHING)


def test_charges_nothing_for_seconds_of_a_call_that_nobody_took(call: Call, now: datetime) -> None:
    """… for then no agent spoke: the carrier would have asked us what to do."""
    say(call, S.RINGING, now)
    over = say(call, S.FAILED, now, billed=60)
    assert (over.status, over.charged) == ("failed", NOTHING)


def test_ends_the_same_in_whatever_order_it_is_told(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    for order in itertools.permutations((S.QUEUED, S.RINGING, S.ANSWERED, S.COMPLETED)):
        call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
        call.transition("initiate", by=SYSTEM, now=now, initiated_at=now)
        for state in order * 2:
            over = say(call, state, now, call_id=call.pk, billed=59 if state == S.COMPLETED else None)
        assert (over.status, over.charged) == ("completed", call.per_minute), order
        charges = LedgerEntry.objects.filter(subject_id=call.pk, kind="capture")
        assert charges.count() == 1
    assert wallet.held(workspace) == 0


def test_changes_nothing_about_a_call_that_is_over(workspace: Workspace, call: Call, now: datetime) -> None:
    say(call, S.FAILED, now)
    before = wallet.balance(workspace)
    over = say(call, S.COMPLETED, now, billed=600)
    assert (over.status, over.charged, wallet.balance(workspace)) == ("failed", NOTHING, before)


def test_takes_no_word_about_another_call_of_the_carrier(call: Call, now: datetime) -> None:
    say(call, S.RINGING, now, call_id="abc")
    assert say(call, S.COMPLETED, now, call_id="xyz", billed=60).status == "sent"


def test_never_takes_more_than_was_held(workspace: Workspace, call: Call, now: datetime) -> None:
    say(call, S.ANSWERED, now)
    over = say(call, S.COMPLETED, now, billed=call.limit_seconds * 3)
    assert over.charged == call.held
    assert wallet.held(workspace) == 0


def test_counts_the_seconds_itself_when_the_carrier_names_none(call: Call, now: datetime) -> None:
    say(call, S.ANSWERED, now)
    over = say(call, S.COMPLETED, now + 75 * SECOND)
    assert over.duration == 75
    assert call.per_minute
    assert over.charged == call.per_minute * 2


def test_believes_a_carrier_that_first_said_it_had_done_nothing(
    workspace: Workspace, call: Call, now: datetime
) -> None:
    call.transition("put_back", by=SYSTEM, now=now)
    assert say(call, S.RINGING, now).status == "sent"
    assert say(call, S.COMPLETED, now, billed=1).charged == call.per_minute


def test_keeps_an_exact_price_of_odd_pulses(workspace: Workspace, call: Call, now: datetime) -> None:
    Call.objects.filter(pk=call.pk).update(per_minute=Decimal("0.070001"), pulse_seconds=6)
    say(call, S.ANSWERED, now)
    assert say(call, S.COMPLETED, now, billed=7).charged == Decimal("0.014000")


def test_reads_well_in_the_wallet(alice_client: Client, call: Call, now: datetime) -> None:
    say(call, S.ANSWERED, now)
    say(call, S.COMPLETED, now, billed=61)
    page = alice_client.get("/w/acme/wallet/").content.decode()
    assert "Call to +44 20 7946 0018: ₹2.50 charged, the rest returned" in page
    assert "up to 30 min" not in page
    assert "−₹2.50" in page
    assert page.count(f"/w/acme/calls/{call.pk}/") == 1


@pytest.mark.parametrize("word", [S.RINGING, S.ANSWERED])
def test_is_not_given_up_by_somebody_who_looked_before_it_was_heard_of(
    workspace: Workspace, call: Call, now: datetime, word: CallState
) -> None:
    before = Call.objects.get(pk=call.pk)
    heard = say(call, word, now)
    fail_call(before, "call_unconfirmed", "Nobody spoke of it.", by=SYSTEM, now=now)
    assert Call.objects.get(pk=call.pk).status == heard.status
    assert wallet.held(workspace) == call.held

"""A call that came in, and of whose end the carrier's news was lost …"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dialnexa.models import Workspace
from phone_numbers.calls.dialling import advance_call
from phone_numbers.models import PhoneNumber
from phone_numbers.sweeping import take_due_calls
from telephony.carriers.sandbox.calls import Call as Carried
from telephony.carriers.sandbox.calls import Stage
from telephony.models import Call
from tests.conftest import AUTH_ID
from tests.numbers.conftest import Carrier, Turned
from tests.numbers.inbound.asking import CALLER, Asking

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(carrier: Carrier, number: PhoneNumber, rates: None) -> Call:
    """Answered a minute ago."""
    asking = Asking("plivo", number.e164)
    asking.ask()
    carried = Carried(asking.id, "plivo", AUTH_ID, "inbound", CALLER[1:], number.e164[1:], "", 0.0)
    carrier.server.state.save_call(carried)
    return Call.objects.get()


def carry(carrier: Carrier, call: Call, stage: Stage, seconds: float) -> None:
    """What the carrier knows of it now."""
    known = carrier.server.state.call(call.carrier_call_id)
    ended = seconds if stage is Stage.COMPLETED else None
    fields = {**known.as_json(), "stage": stage, "answered_at": 0.0, "ended_at": ended, "clock": seconds}
    carrier.server.state.save_call(Carried.from_json(fields))


def test_is_asked_about_and_charged(carrier: Carrier, call: Call, clock: Turned) -> None:
    carry(carrier, call, Stage.COMPLETED, 75)
    assert take_due_calls(now=clock.now) == []
    assert take_due_calls(now=clock.turn(minutes=2)) == [call.pk]
    advance_call(call.pk, tell=clock)
    call.refresh_from_db()
    assert (call.status, call.billed_seconds, str(call.charged)) == ("completed", 120, "1.000000")


def test_goes_on_while_the_carrier_says_so(carrier: Carrier, call: Call, clock: Turned) -> None:
    carry(carrier, call, Stage.ANSWERED, 75)
    clock.turn(minutes=2)
    advance_call(call.pk, tell=clock)
    call.refresh_from_db()
    assert call.status == "received"
    assert call.next_run_at == clock.now + timedelta(minutes=1)


def test_ends_when_the_carrier_never_heard_of_it(
    carrier: Carrier, call: Call, clock: Turned, workspace: Workspace, now: datetime
) -> None:
    carrier.server.state.reset()
    clock.turn(minutes=2)
    advance_call(call.pk, tell=clock)
    call.refresh_from_db()
    assert call.status == "received"
    clock.turn(hours=5)
    advance_call(call.pk, tell=clock)
    call.refresh_from_db()
    assert (call.status, call.reason_code, str(call.charged)) == ("failed", "call_lost", "0.000000")

"""A call over SIP whose engine repeats that it is on …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from dialnexa import wallet
from dialnexa.models import Workspace
from phone_numbers.calls.dialling import advance_call
from phone_numbers.calls.silence import SILENCE, SILENT
from telephony.models import Call, CarrierWebhook
from tests.numbers.sip.conftest import Engine
from tests.numbers.sip.conftest import engine as engine
from tests.numbers.sip.conftest import engines as engines
from tests.numbers.sip.conftest import number as number
from tests.numbers.sip.conftest import rate as rate
from tests.numbers.sip.conftest import the_call as the_call
from tests.numbers.sip.conftest import version as version

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(engine: Engine, the_call: Callable[[], Call], rate: None) -> datetime:
    """When the engine last spoke of the call: after 61 seconds of it."""
    engine.ask()
    for seconds in ("0", "61", "1"):  # the last one was held up
        assert engine.tell("answered", seconds=seconds).status_code == 204
    when = the_call().heard_at
    assert when
    return when


def look(call: Call, at: datetime) -> None:
    Call.objects.filter(pk=call.pk).update(next_run_at=at)
    advance_call(call.pk, tell=lambda: at)


def test_ends_when_the_engine_falls_silent_and_costs_what_it_told(
    heard: datetime, the_call: Callable[[], Call], workspace: Workspace
) -> None:
    before = wallet.balance(workspace)
    look(the_call(), heard + SILENCE)
    call = the_call()
    assert (call.status, call.duration, call.cause) == ("completed", 61, SILENT)
    assert call.charged == before - wallet.balance(workspace) == Decimal("0.70")


def test_goes_on_as_long_as_the_engine_speaks(heard: datetime, the_call: Callable[[], Call]) -> None:
    look(the_call(), heard + SILENCE - timedelta(seconds=1))
    assert the_call().status == "received"
    assert the_call().next_run_at


def test_costs_what_it_lasted_when_its_end_is_told_after_all(
    heard: datetime, engine: Engine, the_call: Callable[[], Call]
) -> None:
    engine.tell("completed", seconds="125")
    assert (the_call().duration, the_call().charged) == (125, Decimal("1.05"))
    engine.tell("answered", seconds="180")
    assert (the_call().status, the_call().heard_seconds) == ("completed", 61)


def test_is_noted_once(heard: datetime, engine: Engine) -> None:
    assert CarrierWebhook.objects.filter(kind="status").count() == 1


def test_is_ended_by_no_silence_where_the_engine_never_repeats(
    engine: Engine, the_call: Callable[[], Call], rate: None
) -> None:
    engine.ask()
    engine.tell("answered")
    call = the_call()
    look(call, call.created_at + timedelta(hours=4))
    assert the_call().status == "received"

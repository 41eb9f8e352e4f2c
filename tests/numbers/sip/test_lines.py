"""A call over a linked number …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from phone_numbers.calls.dialling import advance_call, hang_up
from phone_numbers.models import PhoneNumber
from telephony.models import Call
from tests.numbers.rows import make_call
from tests.numbers.sip.conftest import Engine

pytestmark = pytest.mark.django_db


def test_that_came_in_is_not_ended_from_here(
    engine: Engine, the_call: Callable[[], Call], now: datetime
) -> None:
    engine.ask()
    with pytest.raises(Refusal) as refused:
        hang_up(the_call(), by=SYSTEM, now=now)
    assert (refused.value.code, refused.value.status) == ("engine_only_tells", 409)
    assert refused.value.sentence.endswith("when somebody hangs up.")  # and not "Try again."
    assert the_call().status == "received"


def test_that_came_in_and_was_never_heard_of_again_ends_without_a_charge(
    engine: Engine, the_call: Callable[[], Call], workspace: Workspace, rate: None
) -> None:
    before = wallet.balance(workspace)
    engine.ask()
    row = the_call()
    assert row.next_run_at
    advance_call(row.pk, tell=lambda: row.created_at + timedelta(hours=4))
    assert the_call().status == "received"
    advance_call(row.pk, tell=lambda: row.created_at + timedelta(hours=5))
    assert (the_call().status, the_call().reason_code) == ("failed", "call_lost")
    assert wallet.balance(workspace) == before


def test_fails_where_nothing_carries_it(number: PhoneNumber, now: datetime) -> None:
    call = make_call(number, now, next_run_at=now)
    advance_call(call.pk, tell=lambda: now)
    call.refresh_from_db()
    assert (call.status, call.reason_code) == ("failed", "carrier_not_configured")

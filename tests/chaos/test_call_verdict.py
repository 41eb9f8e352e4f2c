"""The verdict on calls …"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.calls.placing import place_call
from phone_numbers.calls.progress import apply_event
from phone_numbers.models import PhoneNumber
from telephony.carriers.voice import CallEvent, CallState
from telephony.models import Call
from tests.chaos.buyers import Memory
from tests.chaos.call_verdict import CallVerdict, judge_calls
from tests.numbers.calls.conftest import LONDON
from tests.numbers.calls.conftest import number as number  # noqa: PLC0414  fixtures of another folder
from tests.numbers.calls.conftest import version as version  # noqa: PLC0414

pytestmark = pytest.mark.django_db
CREDIT = Decimal(10_000)


@pytest.fixture
def call(workspace: Workspace, number: PhoneNumber, now: datetime) -> Call:
    """Over after 61 seconds."""
    call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    call.transition("initiate", by=SYSTEM, now=now, initiated_at=now)
    for state, seconds in ((CallState.ANSWERED, None), (CallState.COMPLETED, 61)):
        event = CallEvent("abc", state, "outbound", "", "", duration=seconds)
        apply_event(call.pk, event, now=now)
    return Call.objects.get(pk=call.pk)


def verdict_on(seconds: float | None = 61, times: int = 1, told: str = LONDON) -> CallVerdict:
    ends = (
        {"answered_at": None, "ended_at": None}
        if seconds is None
        else {"answered_at": 0, "ended_at": seconds}
    )
    carried: list[dict[str, Any]] = [{"to": LONDON[1:], **ends}] * times
    return judge_calls({"calls": carried}, Memory(accepted={told}), CREDIT)


def test_finds_nothing_wrong_with_a_call(call: Call) -> None:
    assert verdict_on().findings == []


def test_finds_a_person_who_was_called_twice(call: Call) -> None:
    assert len(verdict_on(times=2).placed_twice) == 1


def test_finds_a_charge_for_what_was_not_spoken(call: Call) -> None:
    assert len(verdict_on(seconds=20).charged_wrongly) == 1
    assert len(verdict_on(seconds=None).charged_wrongly) == 1


def test_counts_what_was_given_away(call: Call) -> None:
    verdict = verdict_on(seconds=200)
    assert (verdict.findings, verdict.given_away) == ([], 1)


def test_finds_what_is_held_or_stuck(
    call: Call, workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    place_call(workspace, number, "+442079460019", by=SYSTEM, now=now)
    verdict = verdict_on()
    assert (len(verdict.stuck), len(verdict.held)) == (1, 1)


def test_finds_a_call_that_is_gone(call: Call) -> None:
    assert len(verdict_on(told="+442079460077").stuck) == 1


def test_finds_money_that_is_gone(call: Call, workspace: Workspace, now: datetime) -> None:
    wallet.charge(workspace, Decimal(1), subject="other", memo="", by=SYSTEM, now=now)
    assert len(verdict_on().charged_wrongly) == 1

"""The answer to a carrier that asks about a call …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber, Rental
from phone_numbers.routes.explaining import explain_inbound
from phone_numbers.routes.routing import route_number
from telephony.models import AgentVersion, Call, CarrierWebhook
from tests.numbers.inbound.asking import CALLER, Asking
from tests.numbers.inbound.conftest import forced
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
SORRY = "The number you have called is not available at the moment."
CARRIERS = ["plivo", "twilio", "signalwire"]


def text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("carrier", CARRIERS)
def test_sends_the_call_to_the_agent(
    workspace: Workspace, version: AgentVersion, carriers: None, now: datetime, carrier: str
) -> None:
    number = make_number(workspace, carrier=carrier, created_at=now - timedelta(hours=9))
    make_rental(number, now + timedelta(days=20))
    route_number(number, inbound=version, by=SYSTEM, now=now)
    answer = Asking(carrier, number.e164).ask()
    call = Call.objects.get()
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/xml")
    assert "wss://agents.example.com/1" in text(answer)
    assert call.id.removeprefix("call_") in text(answer)
    assert (call.direction, call.status, call.carrier) == ("inbound", "received", carrier)
    assert (call.from_text, call.to_text, call.agent_version) == (CALLER, number.e164, version)


def test_dials_an_agent_that_runs_behind_sip(call: Asking) -> None:
    with forced():
        AgentVersion.objects.update(runtime_url="sip:desk@voice.example.com")
    answer = text(call.ask())
    assert ">sip:desk@voice.example.com</User>" in answer
    assert f'callerId="{CALLER[1:]}"' in answer


def test_is_the_same_however_often_it_is_asked(call: Asking) -> None:
    assert text(call.ask()) == text(call.ask())
    assert (Call.objects.count(), CarrierWebhook.objects.count()) == (1, 1)


def test_keeps_the_questions_and_the_price(call: Asking, the_call: Callable[[], Call], rates: None) -> None:
    call.ask()
    row = the_call()
    assert [step["outcome"] for step in row.trace] == ["pass", "pass", "pass"]
    assert (str(row.per_minute), row.held) == ("0.500000", Decimal(0))


@pytest.mark.parametrize("status", ["pending", "releasing"])
def test_lets_a_number_that_is_not_active_be_busy(
    call: Asking, number: PhoneNumber, the_call: Callable[[], Call], status: str
) -> None:
    with forced():
        PhoneNumber.objects.filter(pk=number.pk).update(status=status)
    assert 'reason="busy"' in text(call.ask())
    assert (the_call().status, the_call().reason_code) == ("failed", "number_not_active")


def test_turns_a_call_away_politely_while_the_rent_is_overdue(
    call: Asking, number: PhoneNumber, the_call: Callable[[], Call], now: datetime
) -> None:
    Rental.objects.get(number=number).transition("expire", by=SYSTEM, now=now, expired_at=now)
    answer = text(call.ask())
    assert SORRY in answer
    assert "rent" not in answer.lower()
    assert the_call().reason_code == "rental_expired"
    assert "overdue" in the_call().reason


def test_turns_a_call_away_where_no_agent_answers(
    call: Asking, number: PhoneNumber, the_call: Callable[[], Call], now: datetime
) -> None:
    route_number(number, inbound=None, by=SYSTEM, now=now)
    assert SORRY in text(call.ask())
    row = the_call()
    assert (row.status, row.reason_code, row.charged) == ("failed", "inbound_version_missing", Decimal(0))
    assert row.trace[-1]["outcome"] == "fail"


def test_gives_the_reason_that_the_page_gives(
    call: Asking, number: PhoneNumber, workspace: Workspace, the_call: Callable[[], Call], now: datetime
) -> None:
    Rental.objects.get(number=number).transition("expire", by=SYSTEM, now=now, expired_at=now)
    route_number(number, inbound=None, by=SYSTEM, now=now)
    call.ask()
    told = explain_inbound(number.e164, workspace=workspace, now=now)
    assert told.refusal
    assert (the_call().reason_code, the_call().reason) == (told.refusal.code, told.refusal.sentence)
    assert [step["sentence"] for step in the_call().trace] == [step.sentence for step in told.steps]


@pytest.mark.parametrize("to", ["+12125550000", "sip:somebody@example.com", "+1"])
def test_leaves_a_number_that_nobody_has_busy(call: Asking, to: str) -> None:
    answer = call.with_(to=to).ask(To=to)
    assert 'reason="busy"' in text(answer)
    assert Call.objects.count() == 0
    webhook = CarrierWebhook.objects.get()
    assert (webhook.call, webhook.workspace, webhook.problem) == (None, None, "Nobody here has this number.")


def test_does_not_know_a_number_of_another_carrier(call: Asking) -> None:
    assert 'reason="busy"' in text(call.with_(carrier="twilio").ask())
    assert Call.objects.count() == 0


def test_turns_a_call_away_whose_agent_the_carrier_can_not_reach(
    call: Asking, the_call: Callable[[], Call], version: AgentVersion
) -> None:
    with forced():
        AgentVersion.objects.update(runtime_url=f"sip:{'a' * 300}@voice.example.com")
    assert SORRY in text(call.ask())
    assert the_call().reason_code == "runtime_unusable"
    assert "Sales v1" in the_call().reason


def test_needs_no_session_and_no_user(call: Asking) -> None:
    answer = call.ask()
    assert not answer.cookies
    assert not {"session", "user", "_messages"} & set(vars(answer.wsgi_request))


def test_knows_no_other_address(carriers: None) -> None:
    assert Client().post("/carrier/plivo/nothing/").status_code == 404


def test_answers_in_plain_words_when_something_breaks(call: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_numbers.inbound.receiving.find_route", lambda *_: 1 / 0)
    call.client.raise_request_exception = False
    assert call.ask().status_code == 500

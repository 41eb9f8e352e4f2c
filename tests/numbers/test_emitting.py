"""Customers' servers are told …"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.models import WebhookEndpoint, WebhookMessage, Workspace
from dialnexa.webhooks.endpoints import create_endpoint
from dialnexa.webhooks.events import EVENTS
from kyc import reviews
from kyc.models import KycCase
from phone_numbers.api.call_shapes import CallShape
from phone_numbers.api.shapes import NumberShape
from phone_numbers.buying.outcomes import reject
from phone_numbers.calls.progress import end_call
from phone_numbers.emitting import call_data, emit_refused, number_data
from phone_numbers.models import NumberOrder
from phone_numbers.releasing import release_number
from phone_numbers.renting import telling as rent
from phone_numbers.renting.charging import Payment
from phone_numbers.renting.schedule import coming_periods
from telephony.limits.allowances import read_allowances
from telephony.limits.reached import note_reached
from telephony.limits.table import DAILY_SPEND
from telephony.models import Call
from tests.numbers.rows import make_call, make_number, make_rental

pytestmark = pytest.mark.django_db
STAFF = Actor(Channel.STAFF, "Meera Nair")
DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs/webhooks.md"
DAY = timedelta(days=1)
Advance = Callable[[NumberOrder], NumberOrder]


@pytest.fixture(autouse=True)
def endpoint(workspace: Workspace, now: datetime) -> WebhookEndpoint:
    return create_endpoint(workspace, "https://hooks.example.com/in", ["*"], by=SYSTEM, now=now)[0]


def told() -> dict[str, dict[str, Any]]:
    """The data of each message by its type; each type once."""
    messages = list(WebhookMessage.objects.order_by("created_at", "pk"))
    assert len({message.type for message in messages}) == len(messages)
    return {message.type: message.payload["data"] for message in messages}


def spoken_call(workspace: Workspace, now: datetime, status: str = "received", **fields: Any) -> Call:
    number = make_number(workspace)
    return make_call(number, now, status=status, answered_at=now, metadata={"customer": "4711"}, **fields)


def review(workspace: Workspace, now: datetime) -> KycCase:
    return KycCase.objects.create(workspace=workspace, country="US", status="submitted", submitted_at=now)


def test_when_a_bought_number_is_active(order: NumberOrder, advance: Advance) -> None:
    number = advance(order).number
    data = told()["number.activated"]
    assert (data["number_id"], data["phone_number"], data["status"]) == (number.pk, number.e164, "active")
    assert data["order_id"] == order.pk


def test_when_a_purchase_ends_without_a_number(order: NumberOrder, now: datetime) -> None:
    reject(order, "number_taken", "Somebody was quicker.", by=SYSTEM, now=now)
    data = told()["number.purchase_failed"]
    assert (data["order_id"], data["code"]) == (order.pk, "number_taken")
    assert data["reason"] == "Somebody was quicker. Nothing was charged."


def test_when_a_number_is_given_back(workspace: Workspace, now: datetime) -> None:
    number = make_number(workspace)
    release_number(number, by=SYSTEM, now=now)
    release_number(number, by=SYSTEM, now=now)
    assert told()["number.released"]["number_id"] == number.pk


def test_when_papers_are_decided_on(workspace: Workspace, now: datetime) -> None:
    case = review(workspace, now)
    reviews.reject(case, by=STAFF, now=now, reason="Blurred.")
    assert told()["kyc.rejected"] == {
        "case_id": case.pk,
        "country_code": "US",
        "status": "rejected",
        "reason": "Blurred.",
        "documents_needed": [],
        "verified_until": None,
    }
    KycCase.objects.filter(pk=case.pk).delete()
    case = review(workspace, now)
    reviews.verify(case, by=STAFF, now=now, reason="In order")
    assert told()["kyc.verified"]["status"] == "verified"


def test_when_calls_end(workspace: Workspace, now: datetime) -> None:
    end_call(spoken_call(workspace, now), "complete", by=SYSTEM, now=now + DAY, spoken=61)
    end_call(spoken_call(workspace, now, "sent"), "engaged", by=SYSTEM, now=now)
    data = told()
    completed, failed = data["call.completed"], data["call.failed"]
    assert (completed["status"], completed["billed_seconds"]) == ("completed", 61)
    assert completed["metadata"] == {"customer": "4711"}
    assert (failed["status"], failed["billed_seconds"]) == ("busy", 0)


def test_nothing_of_what_is_rolled_back(order: NumberOrder, now: datetime) -> None:
    stale = NumberOrder.objects.get(pk=order.pk)
    reject(order, "number_taken", "Taken.", by=SYSTEM, now=now)
    with pytest.raises(Exception, match="cannot reject"):
        reject(stale, "number_taken", "Taken.", by=SYSTEM, now=now)
    assert WebhookMessage.objects.count() == 1


def test_the_same_as_the_rest_api_tells(workspace: Workspace, client: Client, now: datetime) -> None:
    number = make_number(workspace)
    shown = dict(NumberShape(number).data) | {"number_id": number.pk}
    mine = number_data(number)
    assert {name: mine[name] for name in mine.keys() & shown.keys()} == {
        name: shown[name] for name in mine.keys() & shown.keys()
    }
    assert mine.keys() - shown.keys() == {"order_id"}
    call = spoken_call(workspace, now)
    end_call(call, "complete", by=SYSTEM, now=now, spoken=61)
    call.refresh_from_db()
    shown, mine = dict(CallShape(call).data) | {"call_id": call.pk, "number_id": number.pk}, call_data(call)
    assert mine.keys() - shown.keys() == set()
    assert {**mine, "number_id": number.pk} == {name: shown[name] for name in mine}


# --- what is documented -------------------------------------------------------------------------------


def examples() -> dict[str, Any]:
    """The example under each heading that names an event."""
    text = DOCUMENT.read_text()
    found = re.findall(r"^### (\S+)\n.*?```json\n(.*?)```", text, re.M | re.S)
    return {name: json.loads(example) for name, example in found}


def shape(value: Any) -> Any:
    """Names and kinds of values; what may be absent has no kind."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items() if name != "metadata"}
    return type(value).__name__


def alike(real: Any, shown: Any) -> bool:
    if isinstance(real, dict) and isinstance(shown, dict):
        return real.keys() == shown.keys() and all(alike(real[name], shown[name]) for name in real)
    return real == shown or "NoneType" in (real, shown)


def test_what_the_document_lists() -> None:
    assert list(examples()) == list(EVENTS)
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (.*) \|$", DOCUMENT.read_text(), re.M))
    assert rows == EVENTS


def test_what_the_document_shows(order: NumberOrder, advance: Advance, now: datetime) -> None:
    workspace = order.workspace
    number = advance(order).number
    happen_to_rent(workspace, now)
    release_number(number, by=SYSTEM, now=now)
    end_call(spoken_call(workspace, now), "complete", by=SYSTEM, now=now, spoken=61)
    end_call(spoken_call(workspace, now, "sent"), "engaged", by=SYSTEM, now=now)
    case = review(workspace, now)
    reviews.reject(case, by=STAFF, now=now, reason="Blurred.")
    KycCase.objects.filter(pk=case.pk).update(status="submitted")
    reviews.verify(KycCase.objects.get(pk=case.pk), by=STAFF, now=now, reason="In order")
    refused = NumberOrder.objects.get(pk=order.pk)
    emit_refused(refused, now=now)
    refusal = read_allowances(workspace, at=now).of(DAILY_SPEND).refusal(Decimal(25_000))
    note_reached(workspace, refusal, now=now)
    sent = {message.type: message.payload for message in WebhookMessage.objects.all()}
    assert sorted(sent) == sorted(EVENTS)
    for type, example in examples().items():
        assert alike(shape(sent[type]), shape(example)), (type, sent[type])
        assert list(example) == ["type", "timestamp", "data"]
    assert sent["rental.renewed"]["data"]["amount"] == "92.00"


def happen_to_rent(workspace: Workspace, now: datetime) -> None:
    rental = make_rental(make_number(workspace), now)
    rental.short_since = rental.expired_at = now
    period = next(coming_periods(rental))
    rent.tell_past_due([(rental, period)], by=SYSTEM, now=now)
    rent.tell_expired([(rental, period)], now=now)
    payment = Payment(rental, [period])
    rent.tell_paid(payment, had_expired=True, now=now)
    rent.emit_renewed([payment], now=now)

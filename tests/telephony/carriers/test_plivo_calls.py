"""Calls over Plivo: the adapter …"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from telephony.carriers import base
from telephony.carriers.base import Outcome
from telephony.carriers.voice import CallEvent, CallRef, CallState, OutboundCall

from .contracts import CONTRACTS
from .scripted import Scripted, response, scripted
from .signing import posted, signed

CALL_ID = "9834029e-58b6-11e1-b8b7-a5bd0e4e126f"
CALL = OutboundCall(
    "+14155550100", "+14155550101", "https://v.example/a/t0", "https://v.example/s/t0", 30, 600
)
FIRED = {"message": "call fired", "request_uuid": CALL_ID, "api_id": "97ceeb52"}
NOT_FOUND = response(404, {"api_id": "1", "error": "not found"})
ABOUT = {
    "CallUUID": CALL_ID,
    "From": "14155550101",
    "To": "14155550100",
    "Direction": "outbound",
    "RequestUUID": CALL_ID,
}
LIVE = {
    "call_status": "ringing",
    "call_uuid": CALL_ID,
    "request_uuid": CALL_ID,
    "direction": "outbound",
    "from": "14155550101",
    "to": "14155550100",
}
RECORD = {
    "call_uuid": CALL_ID,
    "initiation_time": "2026-11-21 15:44:49+05:30",
    "answer_time": "2026-11-21 15:45:02+05:30",
    "end_time": "2026-11-21 15:45:14+05:30",
    "bill_duration": 12,
    "billed_duration": 60,
    "call_direction": "outbound",
    "from_number": "+14155550101",
    "to_number": "14155550100",
    "hangup_cause_name": "Normal Hangup",
    "hangup_cause_code": 4000,
    "total_amount": "0.00850",
}


def published(path: str) -> Any:
    if not (CONTRACTS / "plivo" / path).exists():
        pytest.skip(f"no examples beside the repository, in ../shared/contracts/plivo/{path}: not compared")
    return json.loads((CONTRACTS / "plivo" / path).read_text())


# --- placing


def test_places_a_call_with_one_request() -> None:
    script = scripted(201, FIRED)
    assert script.carrier().place_call(CALL) == CallRef(CALL_ID)
    [request] = script.requests
    assert (request.method, request.url.path.split("/")[-2:]) == ("POST", ["Call", ""])
    assert json.loads(request.content) == {
        "from": "14155550101",
        "to": "14155550100",
        "answer_url": "https://v.example/a/t0",
        "answer_method": "POST",
        "ring_url": "https://v.example/s/t0",
        "ring_method": "POST",
        "hangup_url": "https://v.example/s/t0",
        "hangup_method": "POST",
        "ring_timeout": 30,
        "time_limit": 600,
    }


@pytest.mark.parametrize("source", ["python", "go"])
def test_reads_the_published_answer(source: str) -> None:
    answer = published(f"fixtures-plivo-{source}/callCreateResponse.json")
    assert scripted(201, answer).carrier().place_call(CALL) == CallRef(answer["request_uuid"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        b"",
        {"message": "async api spawned", "api_id": "1"},
        {"request_uuid": [CALL_ID]},
        {"request_uuid": "../../Number"},
        {"request_uuid": CALL_ID + "\n"},
    ],
)
def test_does_not_know_what_became_of_a_call_it_cannot_name(body: Any) -> None:
    with pytest.raises(base.UnexpectedReply) as caught:
        scripted(201, body).carrier().place_call(CALL)
    assert caught.value.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (400, "answer_url parameter is missing", base.BadRequest),
        (400, "insufficient credits to place this call", base.InsufficientCredit),
        (
            400,
            "from number +91 cannot place calls as its compliance application is not …",
            base.ComplianceRequired,
        ),
        (401, "nope", base.AuthFailed),
        (403, "nope", base.NotPermitted),
        (404, "not found", base.NotFound),
        (429, "slow down", base.RateLimited),
    ],
)
def test_knows_that_a_refused_call_was_not_placed(
    status: int, text: str, kind: type[base.CarrierError]
) -> None:
    script = scripted(status, {"error": text})
    with pytest.raises(kind) as caught:
        script.carrier().place_call(CALL)
    assert caught.value.outcome is Outcome.NOT_DONE
    assert len(script.requests) == 1


# --- looking


def test_finds_a_call_that_goes_on() -> None:
    script = scripted(200, LIVE)
    assert script.carrier().find_call(CALL_ID) == CallEvent(
        CALL_ID, CallState.RINGING, "outbound", "+14155550101", "+14155550100"
    )
    assert script.requests[0].url.query == b"status=live"


def test_finds_a_call_that_is_over() -> None:
    script = Scripted([NOT_FOUND, response(200, RECORD)])
    assert script.carrier().find_call(CALL_ID) == CallEvent(
        CALL_ID,
        CallState.COMPLETED,
        "outbound",
        "+14155550101",
        "+14155550100",
        duration=12,
        billed=60,
        cause="Normal Hangup",
        cost=Decimal("0.00850"),
        began=datetime(2026, 11, 21, 10, 14, 49, tzinfo=UTC),
    )
    assert script.requests[1].url.query == b""


def test_finds_the_calls_between_two_numbers() -> None:
    script = scripted(200, {"objects": [RECORD]})
    [found] = script.carrier().find_placed("+14155550100", "+14155550101")
    assert (found.call_id, found.state, found.billed) == (CALL_ID, CallState.COMPLETED, 60)
    asked = dict(script.requests[0].url.params)
    assert (asked["to_number"], asked["from_number"]) == ("14155550100", "14155550101")


@pytest.mark.parametrize("body", [{}, {"objects": None}, {"objects": ["x"]}, {"objects": [{}]}])
def test_does_not_take_something_odd_for_no_calls(body: dict[str, Any]) -> None:
    with pytest.raises(base.UnexpectedReply):
        scripted(200, body).carrier().find_placed("+14155550100", "+14155550101")


def test_finds_nothing_only_when_plivo_says_no_to_both() -> None:
    assert Scripted([NOT_FOUND]).carrier().find_call(CALL_ID) is None
    for answers in ([NOT_FOUND, response(404, b"<html>")], [response(500), NOT_FOUND]):
        with pytest.raises(base.CarrierError):
            Scripted(answers).carrier().find_call(CALL_ID)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (1000, CallState.CANCELLED),
        (1010, CallState.FAILED),
        (2000, CallState.FAILED),
        (3000, CallState.NO_ANSWER),
        (3010, CallState.BUSY),
        (None, CallState.FAILED),
    ],
)
def test_reads_from_its_cause_how_an_unanswered_call_ended(code: int | None, state: CallState) -> None:
    record = {**RECORD, "answer_time": None, "hangup_cause_code": code}
    found = Scripted([NOT_FOUND, response(200, record)]).carrier().find_call(CALL_ID)
    assert found is not None
    assert found.state is state


@pytest.mark.parametrize("source", ["python", "go"])
def test_reads_the_published_call(source: str) -> None:
    going_on = published(f"fixtures-plivo-{source}/liveCallGetResponse.json")
    found = scripted(200, going_on).carrier().find_call(going_on["call_uuid"])
    assert found is not None
    assert (found.state, found.from_, found.to) == (CallState.ANSWERED, "+918687888990", "+919798990001")
    over = published(f"fixtures-plivo-{source}/callGetResponse.json")
    found = Scripted([NOT_FOUND, response(200, over)]).carrier().find_call(over["call_uuid"])
    assert found is not None
    assert (found.state, found.duration, found.cost) == (CallState.FAILED, 0, Decimal("0.00000"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"call_uuid": "00000000-0000-0000-0000-000000000000", "request_uuid": None},
        {"call_status": "levitating"},
        {"call_status": None},
        {"direction": "sideways"},
        {"to": "\x00"},
    ],
)
def test_does_not_guess_at_a_call_it_cannot_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(base.UnexpectedReply):
        scripted(200, {**LIVE, **wrong}).carrier().find_call(CALL_ID)


# --- ending


@pytest.mark.parametrize("answers", [[response(204)], [NOT_FOUND, response(204)], [NOT_FOUND]])
def test_ends_a_call_whether_it_waits_goes_on_or_is_over(answers: list[Any]) -> None:
    script = Scripted(answers)
    script.carrier().hang_up(CALL_ID)
    assert [request.url.path.split("/")[-3] for request in script.requests] == ["Request", "Call"]
    assert {request.method for request in script.requests} == {"DELETE"}


def test_does_not_take_a_proxys_404_for_the_end() -> None:
    with pytest.raises(base.UnexpectedReply):
        scripted(404, b"<html>").carrier().hang_up(CALL_ID)


# --- webhooks


def heard(**fields: str) -> CallEvent:
    return scripted(200).carrier().parse_event(posted({**ABOUT, **fields}))


def test_is_told_that_it_rings_is_answered_and_has_ended() -> None:
    assert heard(Event="Ring", CallStatus="ringing").state is CallState.RINGING
    assert heard(Event="StartApp", CallStatus="in-progress").state is CallState.ANSWERED
    ended = heard(
        Event="Hangup",
        CallStatus="completed",
        HangupCause="NORMAL_CLEARING",
        HangupCauseName="Normal Hangup",
        Duration="12",
        BillDuration="60",
        TotalCost="0.00850",
    )
    assert ended == CallEvent(
        CALL_ID,
        CallState.COMPLETED,
        "outbound",
        "+14155550101",
        "+14155550100",
        duration=12,
        billed=60,
        cause="Normal Hangup",
        cost=Decimal("0.00850"),
        key="Hangup:completed",
    )


def test_is_asked_about_a_call_that_comes_in() -> None:
    fields = {
        **ABOUT,
        "Direction": "inbound",
        "CallStatus": "ringing",
        "Event": "StartApp",
        "From": "anonymous",
    }
    del fields["RequestUUID"]
    event = scripted(200).carrier().parse_event(posted(fields))
    assert (event.call_id, event.direction, event.state) == (CALL_ID, "inbound", CallState.RINGING)
    assert (event.from_, event.to) == ("anonymous", "+14155550100")


def test_reads_the_published_webhook() -> None:
    fields = published("vectors/signature_v3.json")["params"]
    event = scripted(200).carrier().parse_event(posted(fields))
    assert (event.state, event.from_) == (CallState.ANSWERED, "+19792014278")
    assert event.to.startswith("sip:PlivoSignature")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("busy", CallState.BUSY),
        ("no-answer", CallState.NO_ANSWER),
        ("timeout", CallState.NO_ANSWER),
        ("failed", CallState.FAILED),
        ("cancel", CallState.CANCELLED),
    ],
)
def test_is_told_why_nobody_answered(status: str, state: CallState) -> None:
    told = heard(Event="Hangup", CallStatus=status, HangupCause="WHATEVER")
    assert (told.state, told.cause) == (state, "WHATEVER")


def test_knows_the_end_of_a_call_that_an_application_tells_of() -> None:
    """… without naming the event."""
    told = heard(CallStatus="completed", HangupCause="NORMAL_CLEARING")
    assert (told.state, told.key) == (CallState.COMPLETED, "Hangup:completed")


@pytest.mark.parametrize(
    "wrong",
    [
        {"Event": "StartStream", "CallStatus": "in-progress"},
        {"Event": "Redirect", "CallStatus": "in-progress"},
        {"Event": "Hangup", "CallStatus": "ringing"},
        {"Event": "Ring", "CallStatus": "completed"},
        {"Event": "Ring", "CallStatus": "levitating"},
        {"Event": "Ring"},
        {"Event": "Ring", "CallStatus": "ringing", "RequestUUID": "x"},
        {"Event": "Ring", "CallStatus": "ringing", "Direction": "up"},
        {"Event": "Hangup", "CallStatus": "busy", "Duration": "-1"},
        {"Event": "Hangup", "CallStatus": "busy", "BillDuration": "1.5"},
        {"Event": "Hangup", "CallStatus": "busy", "TotalCost": "NaN"},
        {"Event": "Ring", "CallStatus": "ringing", "To": "+1415555010\x00"},
    ],
)
def test_refuses_what_is_no_event_of_a_call(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        heard(**wrong)


def test_believes_webhooks_signed_with_its_token() -> None:
    carrier = scripted(200).carrier()
    assert carrier.verify(signed("plivo", ABOUT))
    assert not carrier.verify(signed("twilio", ABOUT))
    assert not carrier.verify(posted(ABOUT))

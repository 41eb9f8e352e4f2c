"""Calls over Twilio, and over SignalWire's API that is made after it: the adapter …"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from telephony.carriers import base
from telephony.carriers.base import Carrier, Outcome
from telephony.carriers.voice import CallEvent, CallRef, CallState, OutboundCall, SignedRequest

from .accounts import ACCOUNT_SID, PROJECT_ID, scripted_as
from .scripted import response
from .signing import SIGNING_KEY, URL, posted, signed

BEGAN = datetime(2015, 8, 18, 17, 7, 30, tzinfo=UTC)
CALL = OutboundCall(
    "+14155550100", "+14155550101", "https://v.example/a/t0", "https://v.example/s/t0", 30, 600
)


@dataclass(frozen=True)
class Kind:
    """What differs between the two."""

    slug: str
    sid: str
    account: str
    calls: str  # the path of its calls
    one: str  # the path of this one
    status: int  # of a call that was placed
    missing: Any  # what a 404 of its own says
    over: Any  # what it says of a call that is over

    def carrier(self, *answers: httpx.Response) -> Carrier:
        return scripted_as(self.slug, *(answers or (response(500),)))[0]

    def heard(self, **fields: str) -> CallEvent:
        return self.carrier().parse_event(posted({**self.about, **fields}))

    @property
    def about(self) -> dict[str, str]:
        return {
            "CallSid": self.sid,
            "AccountSid": self.account,
            "ApiVersion": "2010-04-01",
            "From": "+14155550101",
            "To": "+14155550100",
            "Direction": "outbound-api",
        }

    @property
    def found(self) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "status": "completed",
            "date_created": "Tue, 18 Aug 2015 17:07:30 +0000",
            "direction": "outbound-api",
            "from": "+14155550101",
            "to": "+14155550100",
            "duration": "12",
            "price": "-0.01400",
        }


TWILIO = Kind(
    "twilio",
    "CA" + "0123456789abcdef" * 2,
    ACCOUNT_SID,
    f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json",
    f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/CA{'0123456789abcdef' * 2}.json",
    201,
    {"code": 20404, "message": "The requested resource was not found", "status": 404},
    {"code": 21220, "message": "Call is not in-progress. Cannot redirect.", "status": 400},
)
SIGNALWIRE = Kind(
    "signalwire",
    "b3877c40-da60-4998-90ad-b792e98472ca",
    PROJECT_ID,
    f"/api/laml/2010-04-01/Accounts/{PROJECT_ID}/Calls",
    f"/api/laml/2010-04-01/Accounts/{PROJECT_ID}/Calls/b3877c40-da60-4998-90ad-b792e98472ca",
    200,
    {"code": 20404, "message": "Not found", "more_info": "", "status": 404},
    {"errors": [{"code": "21220", "message": "Call is not in-progress", "more_info": ""}]},
)


@pytest.fixture(params=[TWILIO, SIGNALWIRE], ids=["twilio", "signalwire"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


# --- placing


def test_places_a_call_with_one_request(kind: Kind) -> None:
    carrier, script = scripted_as(kind.slug, response(kind.status, kind.found | {"status": "queued"}))
    assert carrier.place_call(CALL) == CallRef(kind.sid)
    [request] = script.requests
    assert (request.method, request.url.path) == ("POST", kind.calls)
    limit = [("TimeLimit", "600")] if kind.slug == "twilio" else []
    assert sorted(parse_qsl(request.content.decode())) == sorted(
        [
            ("To", "+14155550100"),
            ("From", "+14155550101"),
            ("Url", "https://v.example/a/t0"),
            ("Method", "POST"),
            ("StatusCallback", "https://v.example/s/t0"),
            ("StatusCallbackMethod", "POST"),
            ("StatusCallbackEvent", "ringing"),
            ("StatusCallbackEvent", "answered"),
            ("StatusCallbackEvent", "completed"),
            ("Timeout", "30"),
            *limit,
        ]
    )


def test_rings_no_longer_than_signalwire_can() -> None:
    carrier, script = scripted_as("signalwire", response(200, SIGNALWIRE.found))
    carrier.place_call(replace(CALL, ring_seconds=900))
    assert dict(parse_qsl(script.requests[0].content.decode()))["Timeout"] == "600"


@pytest.mark.parametrize("body", [{}, [], b"", {"sid": None}, {"sid": "CA1"}, {"sid": "../Numbers"}])
def test_does_not_know_what_became_of_a_call_it_cannot_name(kind: Kind, body: Any) -> None:
    with pytest.raises(base.UnexpectedReply) as caught:
        kind.carrier(response(kind.status, body)).place_call(CALL)
    assert caught.value.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, 21201, base.BadRequest),
        (400, 21210, base.NotPermitted),
        (400, 21211, base.DestinationRefused),
        (400, 21215, base.NotPermitted),
        (429, 20429, base.RateLimited),
        (401, 20003, base.AuthFailed),
    ],
)
@pytest.mark.parametrize("listed", [False, True])
def test_knows_that_a_refused_call_was_not_placed(
    kind: Kind, status: int, code: int, error: type[base.CarrierError], listed: bool
) -> None:
    body: dict[str, Any] = {"code": code, "message": "no", "more_info": "", "status": status}
    if listed and kind.slug == "signalwire":
        body = {"errors": [{"code": str(code), "message": "no", "more_info": ""}]}
    carrier, script = scripted_as(kind.slug, response(status, body))
    with pytest.raises(error) as caught:
        carrier.place_call(CALL)
    assert (caught.value.outcome, caught.value.text) == (Outcome.NOT_DONE, "no")
    assert len(script.requests) == 1


def test_knows_signalwires_words_for_no_credit() -> None:
    for code in ("4001", "30002"):
        with pytest.raises(base.InsufficientCredit):
            SIGNALWIRE.carrier(response(422, {"errors": [{"code": code}]})).place_call(CALL)


# --- looking and ending


def test_finds_how_a_call_went(kind: Kind) -> None:
    carrier, script = scripted_as(kind.slug, response(200, kind.found))
    assert carrier.find_call(kind.sid) == CallEvent(
        kind.sid,
        CallState.COMPLETED,
        "outbound",
        "+14155550101",
        "+14155550100",
        duration=12,
        cost=Decimal("0.01400"),
        began=BEGAN,
    )
    assert script.requests[0].url.path == kind.one


def test_finds_the_calls_between_two_numbers(kind: Kind) -> None:
    carrier, script = scripted_as(kind.slug, response(200, {"calls": [kind.found]}))
    [found] = carrier.find_placed("+14155550100", "+14155550101")
    assert (found.call_id, found.state, found.began) == (kind.sid, CallState.COMPLETED, BEGAN)
    asked = dict(script.requests[0].url.params)
    assert (asked["To"], asked["From"]) == ("+14155550100", "+14155550101")


@pytest.mark.parametrize("body", [{}, {"calls": None}, {"calls": ["x"]}, {"calls": [{"sid": "x"}]}])
def test_does_not_take_something_odd_for_no_calls(kind: Kind, body: dict[str, Any]) -> None:
    with pytest.raises(base.UnexpectedReply):
        kind.carrier(response(200, body)).find_placed("+14155550100", "+14155550101")


def test_finds_a_call_that_has_no_price_yet(kind: Kind) -> None:
    found = kind.carrier(
        response(200, kind.found | {"status": "in-progress", "price": None, "duration": None})
    ).find_call(kind.sid)
    assert found is not None
    assert (found.state, found.cost, found.duration) == (CallState.ANSWERED, None, None)


def test_reads_signalwires_numbers() -> None:
    """… which are numbers where Twilio has texts."""
    found = SIGNALWIRE.carrier(
        response(200, SIGNALWIRE.found | {"price": 0.003, "duration": 20, "direction": "outbound"})
    ).find_call(SIGNALWIRE.sid)
    assert found is not None
    assert (found.cost, found.duration) == (Decimal("0.003"), 20)


def test_finds_nothing_only_when_the_carrier_says_no(kind: Kind) -> None:
    assert kind.carrier(response(404, kind.missing)).find_call(kind.sid) is None
    for answer in (response(404, b"<html>"), response(404, {"message": "no route"}), response(404, {})):
        with pytest.raises(base.UnexpectedReply):
            kind.carrier(answer).find_call(kind.sid)


@pytest.mark.parametrize(
    "wrong", [{"sid": "x"}, {"status": "odd"}, {"direction": "up"}, {"duration": "soon"}]
)
def test_does_not_guess_at_a_call_it_cannot_read(kind: Kind, wrong: dict[str, str]) -> None:
    with pytest.raises(base.UnexpectedReply):
        kind.carrier(response(200, kind.found | wrong)).find_call(kind.sid)


def test_ends_a_call_that_goes_on_or_is_over(kind: Kind) -> None:
    for answer in (response(200, kind.found), response(404, kind.missing), response(400, kind.over)):
        carrier, script = scripted_as(kind.slug, answer)
        carrier.hang_up(kind.sid)
        [request] = script.requests
        assert (request.method, request.url.path) == ("POST", kind.one)
        assert request.content == b"Status=completed"


def test_does_not_take_a_proxys_404_for_the_end(kind: Kind) -> None:
    with pytest.raises(base.UnexpectedReply):
        kind.carrier(response(404, b"<html>")).hang_up(kind.sid)


# --- webhooks


def test_is_asked_what_to_do(kind: Kind) -> None:
    event = kind.heard(CallStatus="in-progress")
    assert (event.call_id, event.state, event.direction) == (kind.sid, CallState.ANSWERED, "outbound")
    event = kind.heard(CallStatus="ringing", Direction="inbound", From="anonymous")
    assert (event.state, event.direction, event.from_) == (CallState.RINGING, "inbound", "anonymous")
    assert kind.heard(CallStatus="ringing", From="").from_ == "anonymous"
    assert kind.heard(CallStatus="ringing", From="sip:bob@pbx.example").from_ == "sip:bob@pbx.example"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", CallState.QUEUED),
        ("initiated", CallState.QUEUED),
        ("ringing", CallState.RINGING),
        ("in-progress", CallState.ANSWERED),
        ("completed", CallState.COMPLETED),
        ("busy", CallState.BUSY),
        ("no-answer", CallState.NO_ANSWER),
        ("failed", CallState.FAILED),
        ("canceled", CallState.CANCELLED),
    ],
)
def test_is_told_how_a_call_goes(kind: Kind, status: str, state: CallState) -> None:
    told = kind.heard(CallStatus=status, CallbackSource="call-progress-events", SequenceNumber="3")
    assert (told.state, told.key) == (state, f"news:{state}:3")


def test_is_told_how_long_it_was_and_why_it_failed(kind: Kind) -> None:
    ended = kind.heard(CallStatus="completed", CallDuration="94", SequenceNumber="2", SipResponseCode="200")
    assert (ended.duration, ended.billed, ended.cost) == (94, None, None)
    assert kind.heard(CallStatus="failed", SipResponseCode="404").cause == "SIP 404"
    words = {"SipResultCode": "486", "SipInviteResultPhrase": "Busy Here"}
    assert kind.heard(CallStatus="busy", **words).cause == "SIP 486 Busy Here"


def test_tells_a_question_from_the_news_of_the_same_status(kind: Kind) -> None:
    question = kind.heard(CallStatus="in-progress")
    news = kind.heard(CallStatus="in-progress", CallbackSource="call-progress-events", SequenceNumber="1")
    again = kind.heard(
        CallStatus="in-progress", CallbackSource="call-progress-events", SequenceNumber="1", Timestamp="later"
    )
    assert question.key != news.key == again.key
    assert kind.heard(CallStatus="completed").key == "news:completed"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"CallStatus": ""},
        {"CallStatus": "odd"},
        {"CallStatus": "ringing", "CallSid": ""},
        {"CallStatus": "ringing", "CallSid": "CA123"},
        {"CallStatus": "ringing", "Direction": "up"},
        {"CallStatus": "ringing", "To": "\x1b[2J"},
        {"CallStatus": "ringing", "To": "+" * 300},
        {"CallStatus": "completed", "CallDuration": "-5"},
        {"CallStatus": "completed", "CallDuration": "١٢"},
    ],
)
def test_refuses_what_is_no_event_of_a_call(kind: Kind, wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        kind.heard(**wrong)


def test_is_told_by_signalwire_that_a_call_that_came_in_has_ended() -> None:
    """… without its direction, and perhaps as JSON, with which its document describes it."""
    fields = {**SIGNALWIRE.about, "CallStatus": "completed", "CallDuration": "142"}
    del fields["Direction"]
    body = json.dumps({**fields, "CallDuration": 142, "AudioInMos": 4.5}).encode()
    for request in (posted(fields), SignedRequest("POST", URL, {"content-type": "application/json"}, body)):
        event = SIGNALWIRE.carrier().parse_event(request)
        assert (event.direction, event.state, event.duration) == ("inbound", CallState.COMPLETED, 142)


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b"null", b"[" * 100_000])
def test_refuses_json_that_is_no_event(body: bytes) -> None:
    request = SignedRequest("POST", URL, {"content-type": "application/json"}, body)
    for kind in (TWILIO, SIGNALWIRE):
        with pytest.raises(ValueError, match=r"\w"):
            kind.carrier().parse_event(request)


def test_believes_webhooks_signed_with_its_own_secret(kind: Kind) -> None:
    assert kind.carrier().verify(signed(kind.slug, kind.about))
    other = "signalwire" if kind.slug == "twilio" else "twilio"
    assert not kind.carrier().verify(signed(other, kind.about))
    assert not kind.carrier().verify(posted(kind.about))


def test_keeps_the_signing_key_out_of_the_record() -> None:
    exchanges: list[base.Exchange] = []
    answer = response(400, {"code": 1, "message": f"odd: {SIGNING_KEY}"})
    carrier, _ = scripted_as("signalwire", answer, recorder=exchanges.append)
    with pytest.raises(base.CarrierError) as caught:
        carrier.place_call(CALL)
    assert SIGNING_KEY not in repr(exchanges) + caught.value.text

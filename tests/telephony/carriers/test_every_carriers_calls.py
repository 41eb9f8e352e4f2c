"""Every carrier's adapter, over real HTTP to a carrier that dials, with an application that answers …"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from telephony.carriers import base
from telephony.carriers.base import Carrier, CarrierError, InboundRoute, NumberConfig, NumberQuery, Outcome
from telephony.carriers.http import Timeouts
from telephony.carriers.sandbox.carrier_api import TOKEN as SANDBOX_TOKEN
from telephony.carriers.voice import (
    Answer,
    CallEvent,
    CallRef,
    CallState,
    DialSip,
    HangUp,
    OutboundCall,
    Say,
    SignedRequest,
    StreamTo,
)

from .accounts import SLUGS, adapter, scripted_as
from .conftest import Sandbox
from .sandbox.listener import Listener, Post, listening
from .scripted import response
from .signing import FORM, posted, signed

CALLEE, OURS = "+919820012345", "+14155550101"
NOBODYS = {  # a call that never was
    "plivo": "00000000-0000-0000-0000-000000000000",
    "twilio": "CA" + "0" * 32,
    "signalwire": "00000000-0000-0000-0000-000000000000",
}
CALL = OutboundCall(CALLEE, OURS, "https://v.example/a/t0", "https://v.example/s/t0")


@dataclass
class Line:
    """One carrier, its adapter, and the application it asks and tells."""

    slug: str
    sandbox: Sandbox
    app: Listener

    def carrier(self, **options: Any) -> Carrier:
        key = {"signing_key": SANDBOX_TOKEN} if self.slug == "signalwire" else {}
        return adapter(self.slug, self.sandbox.url, SANDBOX_TOKEN, **{**key, **options})

    def call(self, ending: str = "2345") -> OutboundCall:
        """To a person with this magic ending."""
        return OutboundCall(
            f"+91982001{ending}", OURS, f"{self.app.url}/answer/t0", f"{self.app.url}/told/t0"
        )

    def answers(self, answer: Answer) -> None:
        self.app.xml = self.carrier().render(answer).body.decode()

    def request(self, post: Post) -> SignedRequest:
        return SignedRequest("POST", self.app.url + post.path, post.headers, urlencode(post.fields).encode())

    def events(self) -> list[CallEvent]:
        """What was heard and is the carrier's."""
        carrier, requests = self.carrier(), [self.request(post) for post in self.app.heard]
        return [carrier.parse_event(request) for request in requests if carrier.verify(request)]

    def over(self) -> CallEvent:
        """What is told at the end."""
        self.app.wait(lambda: any(event.state.over for event in self.events()))
        return next(event for event in self.events() if event.state.over)

    @property
    def calls(self) -> int:
        return len(self.sandbox.state.calls())


@pytest.fixture(params=SLUGS)
def line(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Line]:
    """Seconds of a call last five milliseconds."""
    sandbox.control("PUT", "mode", call_pace=0.005)
    with listening() as app:
        yield Line(request.param, sandbox, app)


# --- outbound


def test_places_a_call_and_is_told_how_it_goes(line: Line) -> None:
    line.answers(Say("Your code is 1, 2, 3."))
    ref = line.carrier().place_call(line.call())
    ended = line.over()
    assert {event.call_id for event in line.events()} == {ref.id}
    assert {(event.direction, event.from_, event.to) for event in line.events()} == {
        ("outbound", OURS, CALLEE)
    }
    states = [event.state for event in line.events()]
    assert states[0] is CallState.RINGING
    assert CallState.ANSWERED in states
    assert (ended.state, states[-1]) == (CallState.COMPLETED, CallState.COMPLETED)
    assert ended.duration
    assert len({event.key for event in line.events()}) == len(states)
    [call] = line.sandbox.state.calls()
    assert call.deeds == ("Said: Your code is 1, 2, 3.", "Hung up")


@pytest.mark.parametrize(
    ("ending", "state"),
    [("8001", CallState.BUSY), ("8002", CallState.NO_ANSWER), ("8003", CallState.FAILED)],
)
def test_is_told_that_nobody_answered(line: Line, ending: str, state: CallState) -> None:
    ref = line.carrier().place_call(line.call(ending))
    ended = line.over()
    assert (ended.state, ended.duration) == (state, 0)
    found = line.carrier().find_call(ref.id)
    assert found is not None
    assert (found.call_id, found.state) == (ref.id, state)


def test_finds_a_call_while_it_goes_on_and_afterwards(line: Line) -> None:
    line.sandbox.control("PUT", "mode", call_pace=0.2)  # it talks for 4 s
    line.answers(StreamTo("wss://v.example/agent", (("call", "abc"),)))
    carrier = line.carrier()
    ref = carrier.place_call(line.call())
    line.app.wait(lambda: line.sandbox.state.calls()[0].deeds)
    found = carrier.find_call(ref.id)
    assert found is not None
    assert (found.state, found.direction, found.to) == (CallState.ANSWERED, "outbound", CALLEE)
    carrier.hang_up(ref.id)
    ended = line.over()
    found = carrier.find_call(ref.id)
    assert found is not None
    assert (found.state, found.duration) == (CallState.COMPLETED, ended.duration)
    assert found.cost is not None
    assert found.cost > 0
    carrier.hang_up(ref.id)  # once more: it is over
    [placed] = carrier.find_placed(CALLEE, OURS)
    assert (placed.call_id, placed.state, placed.cost) == (ref.id, CallState.COMPLETED, found.cost)
    assert placed.began
    assert carrier.find_placed("+919820099999", OURS) == []


def test_stops_a_call_from_ringing(line: Line) -> None:
    line.sandbox.control("PUT", "mode", call_pace=1, ring_seconds=30)
    carrier = line.carrier()
    ref = carrier.place_call(line.call())
    line.app.wait(lambda: line.events())
    carrier.hang_up(ref.id)
    assert line.over().state is CallState.CANCELLED


def test_does_not_know_a_call_that_never_was(line: Line) -> None:
    carrier = line.carrier()
    assert carrier.find_call(NOBODYS[line.slug]) is None
    carrier.hang_up(NOBODYS[line.slug])


@pytest.mark.parametrize(
    ("kind", "error", "outcome", "placed"),
    [
        ("error_before", base.ServerError, Outcome.UNKNOWN, 0),
        ("error_after", base.ServerError, Outcome.UNKNOWN, 1),
        ("reset_before", base.TransportError, Outcome.UNKNOWN, 0),
        ("reset_after", base.TransportError, Outcome.UNKNOWN, 1),
        ("sold_then_silent", base.TransportError, Outcome.UNKNOWN, 1),
        ("garbage", base.UnexpectedReply, Outcome.UNKNOWN, 1),
        ("rate_limited", base.RateLimited, Outcome.NOT_DONE, 0),
        ("out_of_credit", CarrierError, Outcome.NOT_DONE, 0),
    ],
)
def test_says_what_is_known_of_a_call_that_failed_and_sends_it_once(
    line: Line, kind: str, error: type[CarrierError], outcome: Outcome, placed: int
) -> None:
    line.sandbox.break_next("call", kind, seconds=1.0)
    with pytest.raises(error) as caught:
        line.carrier(timeouts=Timeouts(deadline=0.5)).place_call(line.call())
    assert caught.value.outcome is outcome
    assert (line.calls, sum(seen.method == "POST" for seen in line.sandbox.state.requests)) == (placed, 1)


def test_is_told_of_a_call_that_it_did_not_know_was_placed(line: Line) -> None:
    """The URLs it gave carry what tells which call that is."""
    line.answers(Say("Hello."))
    line.sandbox.break_next("call", "error_after")
    with pytest.raises(base.ServerError):
        line.carrier().place_call(line.call())
    ended = line.over()
    assert all(post.path.endswith("/t0") for post in line.app.heard)
    assert line.carrier().find_call(ended.call_id) is not None


# --- inbound


def called(line: Line) -> str:
    """A number of ours that asks the application; returns its digits."""
    carrier = line.carrier()
    e164 = carrier.search(NumberQuery("US"), limit=1)[0].e164
    bought = carrier.buy(e164, intent_id="ord_1", config=NumberConfig())
    route = carrier.ensure_route(InboundRoute("r", f"{line.app.url}/answer", f"{line.app.url}/told"))
    carrier.configure(bought.number_id, NumberConfig(route=route.id))
    return e164.removeprefix("+")


@pytest.mark.parametrize(
    ("answer", "deeds", "state"),
    [
        (
            StreamTo("wss://v.example/a", (("call", "1"),)),
            ("Streamed to wss://v.example/a with call=1",),
            "completed",
        ),
        (Say("Closed.", times=2), ("Said: Closed.", "Waited 1 s", "Said: Closed.", "Hung up"), "completed"),
        (HangUp(busy=True), ("Rejected: busy",), "busy"),
    ],
)
def test_answers_a_call_that_comes_in(line: Line, answer: Answer, deeds: tuple[str, ...], state: str) -> None:
    line.answers(answer)
    number = called(line)
    line.sandbox.control("POST", "call", **{"from": "919820012345", "to": number})
    assert line.over().state == state
    question = line.events()[0]
    assert (question.direction, question.state) == ("inbound", CallState.RINGING)
    assert (question.from_, question.to) == ("+919820012345", f"+{number}")
    assert line.sandbox.state.calls()[0].deeds == deeds


def test_passes_a_call_that_comes_in_on_to_sip(line: Line) -> None:
    line.answers(DialSip("sip:a@pbx.example;transport=tls", caller_id="+919820012345"))
    line.sandbox.control("POST", "call", **{"from": "919820012345", "to": called(line)})
    assert line.over().state is CallState.COMPLETED
    [deed] = line.sandbox.state.calls()[0].deeds
    assert deed.startswith("Dialled sip:a@pbx.example;transport=tls as ")


# --- webhooks that go wrong


def test_gives_a_repetition_the_same_key(line: Line) -> None:
    line.answers(Say("Hello."))
    line.carrier().place_call(line.call("8021"))
    line.over()
    line.app.wait(lambda: sum(event.state.over for event in line.events()) == 2)
    keys = [event.key for event in line.events()]
    assert len(keys) == 2 * len(set(keys))


def test_does_not_believe_forgeries(line: Line) -> None:
    line.answers(Say("Hello."))
    line.carrier().place_call(line.call("8025"))
    line.over()
    line.app.wait(lambda: len(line.app.heard) == 2 * len(line.events()))
    assert all(event.duration != 9999 for event in line.events())


@pytest.mark.parametrize(
    "change", [{"CallStatus": "completed"}, {"To": "+14155550199"}, {"CallDuration": "9999"}]
)
def test_does_not_believe_what_was_changed_on_the_way(line: Line, change: dict[str, str]) -> None:
    line.answers(Say("Hello."))
    line.carrier().place_call(line.call())
    line.over()
    request = line.request(next(post for post in line.app.heard if post.fields["CallStatus"] != "completed"))
    changed = dict(line.app.heard[0].fields) | change
    assert line.carrier().verify(request)
    assert not line.carrier().verify(replace(request, body=urlencode(changed).encode()))
    assert not line.carrier().verify(replace(request, url=request.url.replace("t0", "t1")))


# --- whatever comes


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize(
    "change",
    [
        {"to": "14155550100"},
        {"to": "+1415<+14155550101"},
        {"to": "sip:a@b.example"},
        {"from_": ""},
        {"answer_url": "javascript:alert(1)"},
        {"answer_url": "https://v.example/a b"},
        {"status_url": "https://v.example/\r\nX: y"},
        {"status_url": ""},
        {"status_url": "https://" + "v" * 3000},
        {"ring_seconds": 0},
        {"limit_seconds": -1},
    ],
)
def test_never_places_what_is_no_call(slug: str, change: dict[str, Any]) -> None:
    carrier, script = scripted_as(slug, response(200, {}))
    with pytest.raises(base.BadRequest):
        carrier.place_call(replace(CALL, **change))
    assert script.requests == []


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("text", ["", "..", "a/b", "CA" + "0" * 31 + "\n", "x?y=1", "٣" * 34])
def test_never_sends_what_is_no_id_of_a_call(slug: str, text: str) -> None:
    carrier, script = scripted_as(slug, response(200, {}))
    for verb in (carrier.find_call, carrier.hang_up):
        with pytest.raises(base.BadRequest):
            verb(text)
    assert script.requests == []


WORDS = """
sid call_uuid request_uuid status call_status direction from to end_time answer_time duration price error code
"""
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
KNOWN = st.sampled_from([*NOBODYS.values(), "completed", "inbound", "not found", "12", "-0.01", OURS])
BODIES = st.dictionaries(st.sampled_from(WORDS.split()), VALUES | KNOWN, max_size=12).map(json.dumps)
STATUSES = st.sampled_from([200, 201, 202, 204, 301, 400, 401, 404, 418, 429, 500, 503])


@effort(max_examples=200, deadline=None)
@given(st.sampled_from(SLUGS), STATUSES, BODIES.map(str.encode) | st.binary(max_size=64))
def test_raises_nothing_but_carrier_errors(slug: str, status: int, body: bytes) -> None:
    carrier, _ = scripted_as(slug, response(status, body), timeouts=Timeouts(deadline=0.1))
    for verb in (carrier.find_call, carrier.hang_up):
        try:
            verb(NOBODYS[slug])
        except CarrierError as error:
            assert error.text.isprintable()  # noqa: PT017  # most answers raise, some do not
    try:
        ref = carrier.place_call(CALL)
    except CarrierError as error:
        assert (error.outcome is Outcome.UNKNOWN) or 400 <= status < 500  # noqa: PT017
    else:
        assert ref == CallRef(NOBODYS[slug])


FIELDS = st.dictionaries(
    st.sampled_from(["CallUUID", "CallSid", "RequestUUID", "CallStatus", "Direction", "From", "To", "Event"])
    | st.text(max_size=4),
    st.text(max_size=6) | KNOWN | st.sampled_from(["in-progress", "Hangup", "outbound", "outbound-api"]),
)


@effort(max_examples=200, deadline=None)
@given(st.sampled_from(SLUGS), FIELDS)
def test_reads_webhooks_or_refuses_them(slug: str, fields: dict[str, str]) -> None:
    carrier, _ = scripted_as(slug, response(500))
    try:
        event = carrier.parse_event(posted(fields))
    except ValueError:
        return
    assert event.call_id in fields.values()
    assert event.key


@pytest.mark.parametrize("slug", SLUGS)
def test_refuses_webhooks_that_say_two_things(slug: str) -> None:
    carrier, _ = scripted_as(slug, response(500))
    fields = {"CallUUID": NOBODYS[slug], "CallSid": NOBODYS[slug], "To": OURS, "Direction": "inbound"}
    once = [*fields.items(), ("CallStatus", "ringing")]
    assert carrier.parse_event(posted([*once, ("CallStatus", "ringing")])).state is CallState.RINGING
    with pytest.raises(ValueError, match="CallStatus has two values"):
        carrier.parse_event(posted([*once, ("CallStatus", "completed")]))


@effort(max_examples=100, deadline=None)
@given(
    st.sampled_from(SLUGS), st.binary(max_size=60), st.sampled_from([FORM, "application/json", "", "text/x"])
)
def test_refuses_bodies_that_are_nothing(slug: str, body: bytes, kind: str) -> None:
    carrier, _ = scripted_as(slug, response(500))
    request = replace(signed(slug, {}), headers={"content-type": kind}, body=body)
    assert carrier.verify(request) is False
    with pytest.raises(ValueError, match=r"\w"):
        carrier.parse_event(request)

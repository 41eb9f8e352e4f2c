"""LiveKit as the engine …"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import LazySettings
from google.protobuf.json_format import MessageToDict
from livekit.protocol.models import DisconnectReason

from telephony.carriers.base import CarrierError, Exchange, Outcome
from telephony.carriers.voice import CallRef, CallState, DialSip, HangUp, OutboundCall, Say, StreamTo
from telephony.sip import Termination
from telephony.sip.targets import PATIENCE
from telephony.sip_engines import livekit as engine_module
from telephony.sip_engines.base import Trunk
from telephony.sip_engines.livekit import ASKING, DIALLING, MAKING, LiveKitEngine
from tests.livekit import KEY, SECRET, LiveKit, Refused, livekit

PASSWORD = 'canary"Zx91\\horse é'
TRUNK = Trunk(Termination("127.0.0.1", 5070), "tcp", "desk", PASSWORD)
CALL = OutboundCall(
    to="+14155552671",
    from_="+918047180001",
    answer_url="https://numbers.invalid/answer",
    status_url="https://numbers.invalid/status",
    ring_seconds=45,
    limit_seconds=600,
    name="call_0123",
    answer=StreamTo("wss://agents.example.com/1", (("callId", "0123"),)),
)
DIAL = "SIP/CreateSIPParticipant"


@pytest.fixture
def server(loopback: None) -> Iterator[LiveKit]:
    with livekit() as state:
        yield state


@pytest.fixture
def record() -> list[Exchange]:
    return []


@pytest.fixture
def engine(server: LiveKit, record: list[Exchange]) -> LiveKitEngine:
    return LiveKitEngine(server.url, KEY, SECRET, "voice", recorder=record.append)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAKING", "DIALLING", "ASKING"):
        monkeypatch.setattr(engine_module, name, 0.7)


def failure(engine: LiveKitEngine, call: OutboundCall = CALL, trunk: Trunk = TRUNK) -> CarrierError:
    with pytest.raises(CarrierError) as failed:
        engine.place_call(call, trunk)
    return failed.value


# --- placing


def test_dials_over_the_trunk_into_a_room_of_the_calls_own(engine: LiveKitEngine, server: LiveKit) -> None:
    assert engine.place_call(CALL, TRUNK) == CallRef("call_0123")
    assert len(server.dialled) == 1
    assert MessageToDict(server.dialled[0], preserving_proto_field_name=True) == {
        "trunk": {
            "hostname": "127.0.0.1:5070",
            "transport": "SIP_TRANSPORT_TCP",
            "auth_username": "desk",
            "auth_password": PASSWORD,
        },
        "sip_call_to": "+14155552671",
        "sip_number": "+918047180001",
        "room_name": "call_0123",
        "participant_identity": "call_0123",
        "ringing_timeout": "45s",
        "max_call_duration": "600s",
    }


@pytest.mark.parametrize(
    ("answer", "url"),
    [
        (CALL.answer, "wss://agents.example.com/1"),
        (DialSip("sip:desk@voice.example.com"), "sip:desk@voice.example.com"),
    ],
)
def test_sends_for_the_agent_with_what_it_needs(
    engine: LiveKitEngine, server: LiveKit, answer: Any, url: str
) -> None:
    engine.place_call(_with(answer=answer), TRUNK)
    (agent,) = server.rooms["call_0123"].agents
    assert agent.agent_name == "voice"
    assert json.loads(agent.metadata) == {
        "call_id": "call_0123",
        "from": "+918047180001",
        "to": "+14155552671",
        "action": "connect",
        "runtime_url": url,
    }


@pytest.mark.parametrize("answer", [None, HangUp(), Say("hello")])
def test_calls_nobody_when_no_agent_would_speak(engine: LiveKitEngine, server: LiveKit, answer: Any) -> None:
    error = failure(engine, _with(answer=answer))
    assert (error.code, error.outcome) == ("agent_missing", Outcome.NOT_DONE)
    assert server.heard == []


def test_does_not_hand_over_a_trunk_that_leads_inside(
    engine: LiveKitEngine, server: LiveKit, settings: LazySettings
) -> None:
    settings.SIP_ALLOWED_NETWORKS = []
    error = failure(engine)
    assert (error.code, error.outcome) == ("sip_host_private", Outcome.NOT_DONE)
    assert server.heard == []


# --- what is known when it fails


@pytest.mark.parametrize(
    ("refused", "code", "outcome"),
    [
        (Refused(401, "unauthenticated"), "carrier_auth_failed", Outcome.NOT_DONE),
        (Refused(403, "permission_denied"), "carrier_not_permitted", Outcome.NOT_DONE),
        (Refused(400, "invalid_argument", "no number"), "carrier_bad_request", Outcome.NOT_DONE),
        (Refused(412, "failed_precondition"), "carrier_bad_request", Outcome.NOT_DONE),
        (Refused(404, "bad_route"), "carrier_bad_request", Outcome.NOT_DONE),
        (Refused(429, "resource_exhausted"), "carrier_rate_limited", Outcome.NOT_DONE),
        (Refused(408, "deadline_exceeded"), "carrier_unreachable", Outcome.UNKNOWN),
        (Refused(409, "already_exists"), "carrier_bad_request", Outcome.UNKNOWN),
        (Refused(500, "internal"), "carrier_failed", Outcome.UNKNOWN),
        (Refused(503, "unavailable"), "carrier_failed", Outcome.UNKNOWN),
        (Refused(500, "internal", sip_status_code="486"), "sip_call_refused", Outcome.NOT_DONE),
        (Refused(400, "unknown", sip_status_code="403"), "sip_trunk_unauthorized", Outcome.NOT_DONE),
    ],
)
def test_knows_what_an_error_means(
    engine: LiveKitEngine, server: LiveKit, refused: Refused, code: str, outcome: Outcome
) -> None:
    server.breaks(DIAL, "refused", refused=refused)
    error = failure(engine)
    assert (error.code, error.outcome) == (code, outcome)
    assert server.heard.count(DIAL) == 1


@pytest.mark.parametrize("kind", ["silent", "drip", "garbage"])
def test_does_not_know_whether_it_rings_without_an_answer(
    engine: LiveKitEngine, server: LiveKit, hasty: None, kind: str
) -> None:
    server.breaks(DIAL, kind, after=True)
    began = time.monotonic()
    assert failure(engine).outcome == Outcome.UNKNOWN
    assert time.monotonic() - began < 3
    assert len(server.dialled) == 1
    assert server.heard.count(DIAL) == 1


def test_takes_no_error_for_more_than_it_is(engine: LiveKitEngine, server: LiveKit) -> None:
    odd = Refused(500, "internal")
    odd.body = b'["no object"]'
    server.breaks(DIAL, "refused", refused=odd)
    assert failure(engine).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize("kind", ["silent", "refused"])
def test_has_certainly_called_nobody_without_a_room(
    engine: LiveKitEngine, server: LiveKit, hasty: None, kind: str
) -> None:
    server.breaks("RoomService/CreateRoom", kind)
    assert failure(engine).outcome == Outcome.NOT_DONE
    assert server.dialled == []


def test_has_certainly_called_nobody_when_nothing_listens(server: LiveKit) -> None:
    error = failure(LiveKitEngine("http://127.0.0.1:9", KEY, SECRET, "voice"))
    assert (error.code, error.outcome) == ("carrier_unreachable", Outcome.NOT_DONE)


def test_sends_no_password_wherever_an_answer_says(engine: LiveKitEngine, server: LiveKit) -> None:
    server.breaks(DIAL, "elsewhere", after=True)
    error = failure(engine)
    assert (error.code, error.outcome) == ("carrier_unreachable", Outcome.NOT_DONE)
    assert server.heard.count(DIAL) == 1


def test_says_when_its_own_secret_is_wrong(server: LiveKit) -> None:
    assert failure(LiveKitEngine(server.url, KEY, SECRET[::-1], "voice")).code == "carrier_auth_failed"


def test_asks_livekits_cloud_once_too(server: LiveKit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client would repeat a failed request in another region."""
    monkeypatch.setattr("livekit.api._failover.is_cloud", lambda host: True)
    monkeypatch.setattr(engine_module, "DIALLING", 8.0)  # seconds: it repeats nothing that has less than five
    server.breaks(DIAL, "refused", refused=Refused(500, "internal"), after=True)
    failure(LiveKitEngine(server.url, KEY, SECRET, "voice"))
    assert len(server.dialled) == 1


def test_fits_into_the_time_a_worker_has_for_it(settings: LazySettings) -> None:
    assert PATIENCE + MAKING + DIALLING <= settings.CALL_DEADLINE
    assert settings.CALL_DEADLINE >= ASKING


# --- secrets


def test_records_every_request_without_a_secret(
    engine: LiveKitEngine, server: LiveKit, record: list[Exchange], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.breaks(DIAL, "refused", refused=Refused(400, "invalid_argument", f"{PASSWORD} {SECRET} is bad"))
    error = failure(engine)
    assert [(one.method, one.url.rpartition("/twirp/")[2], one.status) for one in record] == [
        ("POST", "livekit.RoomService/CreateRoom", 200),
        ("POST", f"livekit.{DIAL}", 400),
    ]
    assert json.loads(record[1].request_body)["trunk"]["auth_password"] == "***"
    said = f"{record} {error} {error.text} {error.sentence} {caplog.text}"
    assert "is bad" in said
    for part in (PASSWORD, SECRET, "Zx91", "horse"):
        assert part not in said


# --- looking and ending


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("dialing", CallState.QUEUED),
        ("ringing", CallState.RINGING),
        ("active", CallState.ANSWERED),
        ("automation", CallState.ANSWERED),
        ("something new", CallState.QUEUED),
    ],
)
def test_finds_a_call_that_goes_on(
    engine: LiveKitEngine, server: LiveKit, status: str, state: CallState
) -> None:
    engine.place_call(CALL, TRUNK)
    server.status("call_0123", status)
    found = engine.find_call("call_0123")
    assert found
    assert (found.call_id, found.state, found.direction) == ("call_0123", state, "outbound")
    assert found.began


def test_does_not_know_a_call_that_is_over(engine: LiveKitEngine, server: LiveKit) -> None:
    engine.place_call(CALL, TRUNK)
    server.leaves("call_0123", DisconnectReason.CLIENT_INITIATED)
    assert engine.find_call("call_0123") is None


@pytest.mark.parametrize("refused", [Refused(404, "unknown"), Refused(404, "bad_route")])
def test_does_not_take_another_servers_404_for_an_absence(
    engine: LiveKitEngine, server: LiveKit, refused: Refused
) -> None:
    server.breaks("RoomService/GetParticipant", "refused", refused=refused)
    with pytest.raises(CarrierError):
        engine.find_call("call_0123")


def test_ends_a_call_and_counts_one_that_is_over_as_ended(engine: LiveKitEngine, server: LiveKit) -> None:
    engine.place_call(CALL, TRUNK)
    engine.hang_up("call_0123")
    assert (server.rooms, server.people) == ({}, {})
    engine.hang_up("call_0123")


def _with(**changes: Any) -> OutboundCall:
    return replace(CALL, **changes)

"""A webhook of LiveKit's …"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from livekit.api import AccessToken, VideoGrants
from livekit.protocol.models import DisconnectReason, ParticipantInfo

from telephony.carriers.voice import CallEvent, CallState, SignedRequest
from telephony.sip_engines.livekit import LiveKitEngine
from tests.livekit import KEY, SECRET, LiveKit, signed

ENGINE = LiveKitEngine("https://livekit.invalid", KEY, SECRET, "voice")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
Reason = DisconnectReason


def body_of(event: str = "participant_left", room: str = "call_1", **person: Any) -> str:
    told: dict[str, Any] = {"identity": "call_1", "kind": ParticipantInfo.Kind.SIP, "sid": "PA_1"} | person
    return LiveKit().event(event, room, ParticipantInfo(**told), NOON.timestamp())


def request_of(body: str, token: str) -> SignedRequest:
    return SignedRequest("POST", "https://numbers.invalid/", {"authorization": token}, body.encode())


def read(**said: Any) -> CallEvent:
    return ENGINE.parse_event(request_of(body_of(**said), ""))


# --- the signature


@pytest.mark.parametrize("scheme", ["", "Bearer "])
def test_is_believed_with_livekits_token(scheme: str) -> None:
    assert ENGINE.verify(request_of(body_of(), scheme + signed(body_of())))


def test_is_not_believed_when_it_was_altered() -> None:
    assert not ENGINE.verify(request_of(body_of().replace("call_1", "call_2"), signed(body_of())))


def test_is_not_believed_from_another_project() -> None:
    assert not ENGINE.verify(request_of(body_of(), signed(body_of(), secret=SECRET[::-1])))
    assert not ENGINE.verify(request_of(body_of(), signed(body_of(), key="APIother")))


def test_is_not_believed_when_it_is_old() -> None:
    assert ENGINE.verify(request_of(body_of(), signed(body_of(), valid=timedelta(seconds=-30))))
    assert not ENGINE.verify(request_of(body_of(), signed(body_of(), valid=timedelta(minutes=-2))))


def test_is_not_believed_from_somebody_who_may_join_a_room() -> None:
    token = AccessToken(KEY, SECRET).with_identity("guest").with_grants(VideoGrants(room_join=True, room="r"))
    assert not ENGINE.verify(request_of(body_of(), token.to_jwt()))


def claims(**said: Any) -> str:
    now = datetime.now(UTC)
    usual = {"iss": KEY, "exp": now + timedelta(minutes=5), "sha256": "x"}
    return jwt.encode(usual | said, SECRET, algorithm="HS256")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "a.b.c",
        "Bearer é",
        "\x00",
        jwt.encode({"iss": KEY, "sha256": "x"}, SECRET, algorithm="HS256"),
        jwt.encode({"iss": KEY}, "", algorithm="none"),
        claims(sha256=7),
        claims(sha256=None),
        claims(video=["no object"]),
        claims(video=7),
        claims(sip=None),
        claims(roomConfig={"emptyTimeout": "never"}),
        claims(roomConfig="nothing"),
    ],
)
def test_is_refused_and_nothing_more_whatever_it_carries(token: str) -> None:
    assert ENGINE.verify(request_of(body_of(), token)) is False


# --- what it says


@pytest.mark.parametrize(
    ("status", "state"),
    [("dialing", CallState.QUEUED), ("ringing", CallState.RINGING), ("active", CallState.ANSWERED)],
)
def test_tells_that_a_call_is_on_its_way(status: str, state: CallState) -> None:
    event = read(event="participant_joined", attributes={"sip.callStatus": status})
    assert (event.call_id, event.state, event.direction, event.at) == ("call_1", state, "outbound", NOON)


@pytest.mark.parametrize(
    ("status", "reason", "state"),
    [
        ("active", Reason.CLIENT_INITIATED, CallState.COMPLETED),
        ("hangup", Reason.CLIENT_INITIATED, CallState.COMPLETED),
        ("active", Reason.ROOM_DELETED, CallState.COMPLETED),
        ("active", Reason.UNKNOWN_REASON, CallState.COMPLETED),
        ("active", Reason.SERVER_SHUTDOWN, CallState.COMPLETED),
        ("ringing", Reason.USER_UNAVAILABLE, CallState.NO_ANSWER),
        ("ringing", Reason.USER_REJECTED, CallState.BUSY),
        ("dialing", Reason.USER_REJECTED, CallState.BUSY),
        ("ringing", Reason.ROOM_DELETED, CallState.CANCELLED),
        ("ringing", Reason.PARTICIPANT_REMOVED, CallState.CANCELLED),
        ("dialing", Reason.SIP_TRUNK_FAILURE, CallState.FAILED),
        ("dialing", Reason.UNKNOWN_REASON, CallState.FAILED),
    ],
)
def test_tells_how_a_call_ended(status: str, reason: DisconnectReason, state: CallState) -> None:
    event = read(attributes={"sip.callStatus": status}, disconnect_reason=reason)
    assert (event.state, event.cause) == (state, Reason.Name(reason))


def test_bears_a_reason_that_is_newer_than_its_reader() -> None:
    event = read(disconnect_reason=99)
    assert (event.state, event.cause) == (CallState.FAILED, "disconnect reason 99")


def test_is_told_from_the_calls_other_ones() -> None:
    person = ParticipantInfo(identity="call_1", kind=ParticipantInfo.Kind.SIP)
    server = LiveKit()
    keys = []
    for _ in range(2):
        body = server.event("participant_left", "call_1", person, NOON.timestamp())
        keys += [ENGINE.parse_event(request_of(body, "")).key] * 2
    assert len(set(keys)) == 2


@pytest.mark.parametrize(
    "said",
    [
        {"event": "room_started"},
        {"event": "track_published"},
        {"kind": ParticipantInfo.Kind.AGENT},
        {"kind": ParticipantInfo.Kind.STANDARD},
        {"room": "somebody's meeting"},
        {"identity": "another"},
        {"identity": "", "room": ""},
        {"identity": "call_\x00", "room": "call_\x00"},
        {"identity": "x" * 41, "room": "x" * 41},
    ],
)
def test_about_anything_else_is_no_calls(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not about a call"):
        read(**said)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"7", b'{"event": 7}', b"[" * 100_000, b'{"a":' * 50_000]
)
def test_that_is_none_is_not_read(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"no webhook|not about"):
        ENGINE.parse_event(SignedRequest("POST", "", {}, body))


def test_with_an_impossible_time_says_none() -> None:
    told = json.loads(body_of()) | {"createdAt": str(2**62)}
    assert ENGINE.parse_event(request_of(json.dumps(told), "")).at is None

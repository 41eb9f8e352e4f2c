"""What LiveKit says of calls: participants of a room, in webhooks and look-ups. No network, no models.

The person who is called is the SIP participant of a room; the room and the participant are named as we name
the call. LiveKit tells that a participant has come and gone. That somebody picked up it tells nobody but the
room, in an attribute (``sip.callStatus``), so that has to be looked up.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256

import jwt
from google.protobuf import json_format
from livekit.api import TokenVerifier
from livekit.protocol.models import DisconnectReason, ParticipantInfo
from livekit.protocol.webhook import WebhookEvent

from telephony.carriers.voice import CallEvent, CallState, SignedRequest

NAME = re.compile(r"[!-~]{1,40}")  # a call's
CALL_STATUS = "sip.callStatus"
LEFT = ("participant_left", "participant_connection_aborted")
TOLD = ("participant_joined", *LEFT)
STATES = {
    "dialing": CallState.QUEUED,
    "ringing": CallState.RINGING,
    "automation": CallState.ANSWERED,
    "active": CallState.ANSWERED,
    "hangup": CallState.ANSWERED,  # it is about to leave: the webhook about that says when it was over
}
UNANSWERED = {
    DisconnectReason.USER_UNAVAILABLE: CallState.NO_ANSWER,
    DisconnectReason.USER_REJECTED: CallState.BUSY,
}
GIVEN_UP = (
    DisconnectReason.CLIENT_INITIATED,
    DisconnectReason.PARTICIPANT_REMOVED,
    DisconnectReason.ROOM_DELETED,
    DisconnectReason.ROOM_CLOSED,
)


def signed_by_livekit(request: SignedRequest, api_key: str, api_secret: str) -> bool:
    """Whether its token is LiveKit's, still valid, and about exactly this body. Never raises.

    People in rooms hold tokens of the same key; only a webhook's says what the body's digest is.
    """
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    try:
        claims = TokenVerifier(api_key, api_secret).verify(token)
        told = (claims.sha256 or "").encode()
    except (jwt.PyJWTError, json_format.Error, ValueError, TypeError, AttributeError, RecursionError):
        return False  # the client trusts the shape of what is signed
    return hmac.compare_digest(told, b64encode(sha256(request.body).digest()))


def webhook(request: SignedRequest) -> CallEvent:
    """Raises ValueError for what is not about a called person: LiveKit tells of everything in its rooms."""
    told = _read(request.body)
    person = told.participant
    if told.event not in TOLD or told.room.name != person.identity or not _is_called(person):
        raise ValueError("this is not about a call of ours")
    over = told.event in LEFT
    return CallEvent(
        call_id=person.identity,
        state=ended(person) if over else going_on(person),
        direction="outbound",
        from_=person.attributes.get("sip.trunkPhoneNumber", ""),
        to=person.attributes.get("sip.phoneNumber", ""),
        cause=_cause(person.disconnect_reason) if over else "",
        key=f"{told.event}:{told.id or person.sid}",
        at=_time(told.created_at),
    )


def found(person: ParticipantInfo) -> CallEvent:
    """A participant that was looked up, and so is in the room."""
    return CallEvent(
        call_id=person.identity,
        state=going_on(person),
        direction="outbound",
        from_=person.attributes.get("sip.trunkPhoneNumber", ""),
        to=person.attributes.get("sip.phoneNumber", ""),
        began=_time(person.joined_at),
    )


def going_on(person: ParticipantInfo) -> CallState:
    return STATES.get(person.attributes.get(CALL_STATUS, ""), CallState.QUEUED)


def ended(person: ParticipantInfo) -> CallState:
    """What became of it. LiveKit says BUSY of every refusal: engaged, declined, a wrong password."""
    if unanswered := UNANSWERED.get(person.disconnect_reason):
        return unanswered
    if going_on(person) == CallState.ANSWERED:
        return CallState.COMPLETED
    return CallState.CANCELLED if person.disconnect_reason in GIVEN_UP else CallState.FAILED


def _is_called(person: ParticipantInfo) -> bool:
    """Others choose names, too, in the same project."""
    return person.kind == ParticipantInfo.Kind.SIP and bool(NAME.fullmatch(person.identity))


def _read(body: bytes) -> WebhookEvent:
    try:
        return json_format.Parse(body.decode(), WebhookEvent(), ignore_unknown_fields=True)
    except (json_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("this is no webhook of LiveKit's") from error


def _cause(reason: DisconnectReason) -> str:
    try:
        return DisconnectReason.Name(reason)
    except ValueError:  # newer than the client
        return f"disconnect reason {int(reason)}"


def _time(seconds: int) -> datetime | None:
    """UTC; None where it is not told or no time."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (OverflowError, OSError, ValueError):
        return None

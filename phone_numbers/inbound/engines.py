"""What SIP engines say over HTTP: who they are, which call they ask about, and what became of it.

An engine proves itself with a secret of its own (SIP_ENGINES), which is nobody's API key. A question or news
is a form or a JSON object; nothing here asks the database.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from django.conf import settings

from phone_numbers.calls.webhooks import Forged, Unreadable
from telephony.carriers.voice import CallEvent, CallState, SignedRequest

MOST_FIELDS = 20
CALL_LIMIT = 90  # characters of an engine's name for a call
PARTY_LIMIT = 255
CALL = re.compile(r"[!-~]{8,90}")
PARTY = re.compile(r"(?:<?(?:sips?|tel):)?(?P<user>[^@;>]*)(?:[@;>].*)?", re.I | re.S)
DIGITS = re.compile(r"(?:\+|00)?([1-9][0-9]{6,14})")
STATES = {
    "ringing": CallState.RINGING,
    "answered": CallState.ANSWERED,
    "completed": CallState.COMPLETED,
    "busy": CallState.BUSY,
    "no_answer": CallState.NO_ANSWER,
    "failed": CallState.FAILED,
    "cancelled": CallState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Question:
    """Who takes this call? ``event`` tells of the call, ``source`` is the address its INVITE came from."""

    event: CallEvent
    source: str
    streams: bool  # whether the engine can carry it to a media stream (wss:)


def engine_of(request: SignedRequest) -> str:
    """The engine whose secret the request carries, compared in constant time. Raises Forged."""
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    found = ""
    for name, secret in settings.SIP_ENGINES:  # all of them: time tells nothing
        if hmac.compare_digest(said.strip().encode(), secret.encode()):
            found = name
    if scheme.lower() != "bearer" or not found:
        raise Forged
    return found


def read_question(request: SignedRequest) -> Question:
    """Raises Forged, and Unreadable with what is missing."""
    engine, told = engine_of(request), fields_of(request)
    takes = told.get("takes", "sip,wss").split(",")
    source = _printable(told.get("source", ""))[:PARTY_LIMIT].removeprefix("[").removesuffix("]")
    return Question(_event(engine, told, CallState.RINGING), source, "wss" in takes)


def read_news(request: SignedRequest) -> CallEvent:
    """What became of a call. Raises Forged, and Unreadable with what is missing."""
    engine, told = engine_of(request), fields_of(request)
    state = STATES.get(told.get("state", ""))
    if state is None:
        raise Unreadable(f"state must be one of {', '.join(STATES)}.")
    return _event(engine, told, state)


def fields_of(request: SignedRequest) -> Mapping[str, str]:
    """The form's or the object's fields. Raises Unreadable."""
    try:
        text = request.body.decode()
        if "json" not in request.headers.get("content-type", ""):
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("This is neither a form nor a JSON object.") from error
    if not isinstance(told, dict):
        raise Unreadable("This is neither a form nor a JSON object.")
    return {name: str(value) for name, value in told.items() if isinstance(value, str | int)}


def _event(engine: str, told: Mapping[str, str], state: CallState) -> CallEvent:
    call = told.get("call", "")
    if not CALL.fullmatch(call):
        raise Unreadable(f"call must be the engine's own id of the call, 8 to {CALL_LIMIT} characters.")
    if not told.get("called"):
        raise Unreadable("called is missing: the number that is called.")
    return CallEvent(
        call_id=f"{engine}:{call}",
        state=state,
        direction="inbound",
        from_=number_in(told.get("caller", "")),
        to=number_in(told["called"]),
        duration=_seconds(told, state),
        cause=_printable(told.get("cause", "")),
        key=state.value,
    )


def number_in(text: str) -> str:
    """E.164 where ``text`` holds a number (``+91…``, ``0091…``, ``sip:91…@host``), else its user part."""
    found = PARTY.fullmatch(unquote(text).strip())
    user = found["user"] if found else text
    digits = DIGITS.fullmatch(user)
    return f"+{digits[1]}" if digits else _printable(user)[:PARTY_LIMIT]


def _printable(text: str) -> str:
    return "".join(filter(str.isprintable, text))


def _seconds(told: Mapping[str, str], state: CallState) -> int | None:
    """How long was spoken. A call that was answered and is over must say so: it is charged for that."""
    text = told.get("seconds", "")
    if re.fullmatch(r"[0-9]{1,6}", text):
        return int(text)
    if text or state == CallState.COMPLETED:
        raise Unreadable("seconds must be the whole seconds from answer to end.")
    return None

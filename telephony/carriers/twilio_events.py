"""What Twilio, and SignalWire alike, say of calls, as our CallEvent. ValueError for what can't be read.

``sid`` is what the name of one of the carrier's calls looks like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from .fields import matching
from .reply import printable
from .voice import CallEvent, CallRef, CallState
from .webhooks import amount, moment, party, seconds, texts, word

LONGEST_CAUSE = 120  # characters

_STATES = {
    "queued": CallState.QUEUED,
    "initiated": CallState.QUEUED,
    "ringing": CallState.RINGING,
    "in-progress": CallState.ANSWERED,
    "completed": CallState.COMPLETED,
    "busy": CallState.BUSY,
    "no-answer": CallState.NO_ANSWER,
    "failed": CallState.FAILED,
    "canceled": CallState.CANCELLED,
}
_DIRECTIONS = {
    "inbound": "inbound",
    "outbound": "outbound",
    "outbound-api": "outbound",
    "outbound-dial": "outbound",
}
_NEWS = ("CallbackSource", "SequenceNumber", "CallDuration")  # what a question never says


def placed(answer: Mapping[str, Any], sid: re.Pattern[str]) -> CallRef:
    return CallRef(matching(answer, "sid", sid))


def webhook(said: Mapping[str, str], sid: re.Pattern[str]) -> CallEvent:
    """A question what to do with a call, or news of it. Both may say the same status: their keys differ."""
    state = _state(said, "CallStatus")
    kind = "news" if state.over or any(said.get(name) for name in _NEWS) else "question"
    return CallEvent(
        call_id=matching(said, "CallSid", sid),
        state=state,
        direction=_direction(said, "Direction"),
        from_=party(said, "From"),
        to=party(said, "To"),
        duration=seconds(said, "CallDuration"),
        cause=_cause(said) if state.over else "",
        key=":".join(filter(None, (kind, state, printable(said.get("SequenceNumber", ""), 10)))),
    )


def looked_up(answer: Mapping[str, Any], call_id: str) -> CallEvent:
    said = texts(answer)
    if said.get("sid") != call_id:
        raise ValueError("the answer is about another call")
    price = amount(said, "price")
    return CallEvent(
        call_id=call_id,
        state=_state(said, "status"),
        direction=_direction(said, "direction"),
        from_=party(said, "from"),
        to=party(said, "to"),
        duration=seconds(said, "duration"),
        cost=None if price is None else abs(price),  # Twilio writes what is spent below zero
        began=moment(said, "date_created", parsedate_to_datetime),
    )


def calls_in(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The calls of a page of them."""
    found = answer.get("calls")
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        raise ValueError("the answer holds no list of calls")
    return found


def listed(item: Mapping[str, Any], sid: re.Pattern[str]) -> CallEvent:
    return looked_up(item, matching(item, "sid", sid))


def _state(said: Mapping[str, str], name: str) -> CallState:
    status = word(said, name)
    if status not in _STATES:
        raise ValueError(f"unknown call status {printable(status, 40)}")
    return _STATES[status]


def _direction(said: Mapping[str, str], name: str) -> str:
    direction = word(said, name)
    if direction not in _DIRECTIONS:
        raise ValueError("unknown direction of a call")
    return _DIRECTIONS[direction]


def _cause(said: Mapping[str, str]) -> str:
    """Neither has words of its own for why a call ended: what the far end's network said."""
    code = said.get("SipResponseCode") or said.get("SipResultCode", "")
    words = said.get("ErrorMessage") or said.get("SipInviteResultPhrase", "")
    return printable(" ".join(filter(None, (code and f"SIP {code}", words))), LONGEST_CAUSE)

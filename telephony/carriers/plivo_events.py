"""What Plivo says of calls, as our CallEvent. Every function raises ValueError for what it can't read.

A call has one UUID in webhooks and look-ups; of a call we placed it is the request's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .reply import printable
from .voice import CallEvent, CallRef, CallState, SignedRequest
from .webhooks import amount, fields, moment, party, seconds, texts, word

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
LONGEST_CAUSE = 120  # characters

_EVENTS = ("StartApp", "Ring", "Hangup")  # it is answered or comes in; it rings; it is over
_STATES = {
    "queued": CallState.QUEUED,
    "ringing": CallState.RINGING,
    "in-progress": CallState.ANSWERED,
    "completed": CallState.COMPLETED,
    "busy": CallState.BUSY,
    "rejected": CallState.BUSY,
    "no-answer": CallState.NO_ANSWER,
    "timeout": CallState.NO_ANSWER,
    "failed": CallState.FAILED,
    "cancel": CallState.CANCELLED,
    "canceled": CallState.CANCELLED,
    "cancelled": CallState.CANCELLED,
}
_CAUSES = {  # the code in the record of a call that nobody answered; any other has failed
    "1000": CallState.CANCELLED,
    "3000": CallState.NO_ANSWER,
    "3010": CallState.BUSY,
    "3020": CallState.BUSY,
    "6000": CallState.NO_ANSWER,
    "6010": CallState.NO_ANSWER,
}


def placed(answer: Mapping[str, Any]) -> CallRef:
    return CallRef(_uuid(texts(answer), "request_uuid"))


def webhook(request: SignedRequest) -> CallEvent:
    """A question what to do with a call, or news of it. An application's hangup names no event."""
    said = fields(request)
    event = said.get("Event") or ("Hangup" if "HangupCause" in said else "StartApp")
    state = _state(said, "CallStatus")
    if event not in _EVENTS or (event == "Hangup") is not state.over:
        raise ValueError(f"no event of a call: {printable(event, 40)}, {state}")
    return CallEvent(
        call_id=_uuid(said, "RequestUUID" if said.get("RequestUUID") else "CallUUID"),
        state=state,
        direction=_direction(said, "Direction"),
        from_=party(said, "From"),
        to=party(said, "To"),
        duration=seconds(said, "Duration"),
        billed=seconds(said, "BillDuration"),
        cause=printable(said.get("HangupCauseName") or said.get("HangupCause", ""), LONGEST_CAUSE),
        cost=amount(said, "TotalCost"),
        key=f"{event}:{state}",
    )


def live(answer: Mapping[str, Any], call_id: str) -> CallEvent:
    """A call that goes on."""
    said = texts(answer)
    if call_id not in (said.get("call_uuid"), said.get("request_uuid")):
        raise ValueError("the answer is about another call")
    return CallEvent(
        call_id=call_id,
        state=_state(said, "call_status"),
        direction=_direction(said, "direction"),
        from_=party(said, "from"),
        to=party(said, "to"),
    )


def record(answer: Mapping[str, Any], call_id: str) -> CallEvent:
    """A call that is over. Its record has no status, so that is read from whether anybody answered."""
    said = texts(answer)
    if said.get("call_uuid") != call_id:
        raise ValueError("the answer is about another call")
    word(said, "end_time")
    answered = bool(said.get("answer_time"))
    unanswered = _CAUSES.get(said.get("hangup_cause_code", ""), CallState.FAILED)
    return CallEvent(
        call_id=call_id,
        state=CallState.COMPLETED if answered else unanswered,
        direction=_direction(said, "call_direction"),
        from_=party(said, "from_number"),
        to=party(said, "to_number"),
        duration=seconds(said, "bill_duration"),
        billed=seconds(said, "billed_duration"),
        cause=printable(said.get("hangup_cause_name", ""), LONGEST_CAUSE),
        cost=amount(said, "total_amount"),
        began=moment(said, "initiation_time", datetime.fromisoformat),
    )


def records(answer: Mapping[str, Any]) -> list[CallEvent]:
    """Of a page of them."""
    found = answer.get("objects")
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        raise ValueError("the answer holds no list of calls")
    return [record(item, _uuid(texts(item), "call_uuid")) for item in found]


def _uuid(said: Mapping[str, str], name: str) -> str:
    value = word(said, name)
    if not UUID.fullmatch(value):
        raise ValueError(f"{name} has an unknown form")
    return value


def _state(said: Mapping[str, str], name: str) -> CallState:
    status = word(said, name).lower()
    if status not in _STATES:
        raise ValueError(f"unknown call status {printable(status, 40)}")
    return _STATES[status]


def _direction(said: Mapping[str, str], name: str) -> str:
    direction = word(said, name)
    if direction not in ("inbound", "outbound"):
        raise ValueError("unknown direction of a call")
    return direction

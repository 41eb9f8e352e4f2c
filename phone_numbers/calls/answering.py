"""What shall happen on a call that somebody has picked up."""

from __future__ import annotations

from telephony.carriers.voice import Answer, DialSip, HangUp, StreamTo
from telephony.models import AgentVersion, Call


def answer_outbound(call: Call) -> Answer:
    """The agent speaks; nobody does when the call was given up in the meantime."""
    if not call.is_open or call.agent_version is None:
        return HangUp()
    return connect(call.agent_version, call_id=call.id, caller_id=call.from_text)


def connect(version: AgentVersion, *, call_id: str, caller_id: str) -> Answer:
    """Hand the call to where this version runs."""
    if version.runtime_url.startswith("wss:"):
        return StreamTo(version.runtime_url, values=(("call_id", call_id),))
    return DialSip(version.runtime_url, caller_id=caller_id)

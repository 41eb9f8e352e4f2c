"""What shall happen on a call that somebody has picked up."""

from __future__ import annotations

from telephony.carriers.voice import Answer, DialSip, HangUp, StreamTo
from telephony.models import Call


def answer_outbound(call: Call) -> Answer:
    """The agent speaks; nobody does when the call was given up in the meantime."""
    if not call.is_open or call.agent_version is None:
        return HangUp()
    return connect(call.agent_version.runtime_url, call_id=call.id, caller_id=call.from_text)


def connect(runtime_url: str, *, call_id: str, caller_id: str) -> Answer:
    """Hand the call to where its agent's version runs (wss:// or sip:).

    A stream is told ``callId``: the call's id without ``call_``, for carriers hand over letters and digits
    only. ``caller_id`` is E.164, or empty.
    """
    if runtime_url.startswith("wss:"):
        return StreamTo(runtime_url, values=(("callId", call_id.removeprefix("call_")),))
    return DialSip(runtime_url, caller_id=caller_id)

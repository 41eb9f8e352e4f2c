"""What a carrier is told to do with a call that comes in.

Who is turned away hears nothing about the workspace: neither that a rent was not paid nor that no agent is
connected. Where the number is nobody's (yet), the line is busy, which costs nobody anything.
"""

from __future__ import annotations

from phone_numbers.calls.answering import connect
from phone_numbers.inbound.routes import Route
from telephony.carriers.voice import Answer, HangUp, Say
from telephony.e164 import is_e164

SORRY = "The number you have called is not available at the moment. Please try again later."
IN_A_MINUTE = "We cannot take your call right now. Please call again in a minute."
SPOKEN = ("rental_expired", "inbound_version_missing")  # the number works, and will again

NOBODY = HangUp(busy=True)
AWAY = Say(IN_A_MINUTE)


def answer_inbound(route: Route | None, *, call_id: str, caller: str) -> Answer:
    """``route`` None: nobody here has the number. ``caller`` is as the carrier wrote it."""
    if route is None:
        return NOBODY
    if route.refusal:
        return Say(SORRY) if route.refusal.code in SPOKEN else NOBODY
    return connect(route.runtime_url, call_id=call_id, caller_id=caller if is_e164(caller) else "")

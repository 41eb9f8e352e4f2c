"""Engines that fall silent in a call that came in over SIP: it ends, and costs what they had told of it.

An engine may repeat that a call is answered, with the seconds so far. Once it has, its silence means
something: after SILENCE nobody can say any more how the call ends, and the seconds it told last are what is
proven.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_noop as _

from telephony.carriers.voice import CallEvent, CallState
from telephony.models import Call

SILENCE = timedelta(minutes=5)
SILENT = _("The SIP engine fell silent; charged until its last word")


def note_alive(call_id: str, seconds: int, *, now: datetime) -> None:
    """The engine says that the call is on, and has been for so many seconds. Safe to repeat, in any order."""
    on = Call.objects.filter(pk=call_id, status=Call.Status.RECEIVED)
    on.update(heard_at=now, heard_seconds=Greatest("heard_seconds", Value(seconds)))


def end_of_silence(call: Call, *, now: datetime) -> CallEvent | None:
    """How a call ends of which its engine has stopped telling; None while that can't be said."""
    if call.heard_at is None or now < call.heard_at + SILENCE:
        return None
    return CallEvent(
        call_id=call.carrier_call_id,
        state=CallState.COMPLETED,
        direction=call.direction,
        from_=call.from_text,
        to=call.to_text,
        duration=call.heard_seconds,
        cause=SILENT,
    )

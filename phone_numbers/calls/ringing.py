"""Calls that ring where nobody tells that they were answered: they are asked about every few seconds."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from phone_numbers.calls.progress import next_look, ring_end
from telephony.models import Call, CarrierSlug, Direction
from telephony.sip_engines import get_engine

EVERY = timedelta(seconds=2)
Status = Call.Status


def first_look(call: Call, now: datetime) -> datetime:
    """When to ask about a call that the carrier has just taken."""
    return ring_end(now) if is_told(call) else now + EVERY


def look_again(call: Call, now: datetime) -> datetime:
    """When to ask about a quiet call next. One that should have stopped ringing is not hurried any more."""
    hurried = call.answered_at is None and now < (call.initiated_at or call.created_at) + _ringing()
    if hurried and not is_told(call):
        return now + EVERY
    return next_look(now, call.answered_at, call.limit_seconds)


def look_soon(call_id: str, *, now: datetime) -> None:
    """A webhook says that it is on its way: from now on whether it was answered has to be asked."""
    call = Call.objects.get(pk=call_id)
    if call.status == Status.SENT and not is_told(call):
        waiting = Call.objects.filter(pk=call_id, status=Status.SENT, next_run_at__gt=now + EVERY)
        waiting.update(next_run_at=now + EVERY, rung_until=None)


def is_told(call: Call) -> bool:
    """Whether webhooks say that somebody picked up."""
    if call.carrier != CarrierSlug.SIP_TRUNK or call.direction == Direction.INBOUND:
        return True
    try:
        return get_engine().tells_answers
    except LookupError:
        return True


def _ringing() -> timedelta:
    return timedelta(seconds=settings.CALL_RING + settings.CALL_DEADLINE)

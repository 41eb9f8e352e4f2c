"""Calls of engines that don't tell when somebody picks up: while they ring, they are asked about every few
seconds. Such an engine knows a call only while it is on, so each look that sees it is kept as a proof.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_noop as _

from phone_numbers.calls.progress import next_look, ring_end
from phone_numbers.calls.silence import note_alive
from telephony.carriers.voice import CallEvent, CallState
from telephony.models import Call, CarrierSlug, Direction
from telephony.sip_engines import get_engine

EVERY = timedelta(seconds=2)
GONE = _("It rang for as long as it may, and the SIP engine does not know it any more")
Status = Call.Status


def first_look(call: Call, now: datetime) -> datetime:
    """When to ask about a call that the carrier has just taken."""
    return ring_end(now) if is_told(call) else now + EVERY


def look_again(call: Call, now: datetime) -> datetime:
    """When to ask about a quiet call next. One that should have stopped ringing is not hurried any more."""
    if call.answered_at is None and not _has_rung(call, now) and not is_told(call):
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


def note_seen(call: Call, found: CallEvent, *, now: datetime) -> None:
    """It is on: so much of it is proven, should nobody ever tell of its end (see ``silence``)."""
    if found.state != CallState.ANSWERED or is_told(call):
        return
    answered_at = Call.objects.values_list("answered_at", flat=True).get(pk=call.pk)
    if answered_at:
        note_alive(call.pk, int((now - answered_at).total_seconds()), now=now)


def end_of_ringing(call: Call, *, now: datetime) -> CallEvent | None:
    """How a call ended that is gone without a word, and was never seen answered; None while it may ring."""
    if call.status != Status.SENT or is_told(call) or not _has_rung(call, now):
        return None
    return CallEvent(
        call_id=call.carrier_call_id,
        state=CallState.NO_ANSWER,
        direction=call.direction,
        from_=call.from_text,
        to=call.to_text,
        cause=GONE,
    )


def _has_rung(call: Call, now: datetime) -> bool:
    """As long as a phone may ring, and a request may take."""
    longest = timedelta(seconds=settings.CALL_RING + settings.CALL_DEADLINE)
    return now >= (call.initiated_at or call.created_at) + longest

"""What the engine that dials over customers' own carriers tells of its own accord.

LiveKit tells one address of everything that happens in a project, and not where a call says: the signature
comes first, then which call it is about. What is about none of ours is somebody else's and no mistake.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from phone_numbers.calls.ringing import look_soon
from phone_numbers.calls.webhooks import Forged, NotOurs, keep
from telephony.carriers.voice import CallEvent, SignedRequest
from telephony.models import Call, CarrierSlug, Direction
from telephony.sip_engines import get_engine

ENGINE = CarrierSlug.SIP_TRUNK.value


def receive_news(request: SignedRequest, *, now: datetime) -> bool:
    """Write it down and let it take effect. False for a repetition, and for what is about no call of ours.

    Raises NotOurs without an engine that is configured, Forged when it did not sign this.
    """
    try:
        engine = get_engine()
    except LookupError as error:
        raise NotOurs from error
    if not engine.verify(request):
        raise Forged
    try:
        event = engine.parse_event(request)
    except ValueError:
        return False
    calls = Call.objects.filter(carrier=ENGINE, direction=Direction.OUTBOUND)
    call = calls.filter(pk=event.call_id).first()
    if call is None:
        return False
    news = keep(request, _timed(call, event, now), carrier=ENGINE, kind="status", call=call, now=now)
    look_soon(call.pk, now=now)
    return news


def _timed(call: Call, event: CallEvent, now: datetime) -> CallEvent:
    """How long was spoken, by when it ended: a webhook that comes late must not make the call longer."""
    if not (event.state.over and event.at and call.answered_at):
        return event
    seconds = int((min(event.at, now) - call.answered_at).total_seconds())
    return replace(event, duration=max(0, seconds))

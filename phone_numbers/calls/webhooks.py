"""What carriers send about calls: checked, kept once, applied, answered.

The signature comes before everything that is said. A webhook is written down and takes effect in one
transaction, so one that was answered has been applied, and a repetition finds itself there and changes
nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import IntegrityError, transaction

from dialnexa.isolation.scope import within
from phone_numbers.calls.answering import answer_outbound
from phone_numbers.calls.callbacks import is_token_of
from phone_numbers.calls.lines import Listener, listener_of
from phone_numbers.calls.progress import apply_event
from telephony.carriers.voice import CallEvent, HangUp, Rendered, SignedRequest
from telephony.models import Call, CarrierWebhook

log = logging.getLogger(__name__)
BODY_LIMIT = 20_000  # characters kept


class NotOurs(Exception):
    """No such address was ever given out."""


class Forged(Exception):
    """The carrier did not sign this."""


class Unreadable(Exception):
    """Signed, and still no webhook about a call."""


def receive(
    request: SignedRequest, *, carrier: str, kind: str, call_id: str, token: str, now: datetime
) -> Rendered | None:
    """A webhook about a call that we placed: ``kind`` is answer (what shall happen now?) or status.

    Returns the answer to the carrier, None for "noted". Raises NotOurs, Forged, Unreadable.
    """
    if not is_token_of(call_id, token):
        raise NotOurs
    try:
        line = listener_of(carrier)
    except LookupError as error:
        raise NotOurs from error
    if not line.verify(request):
        raise Forged
    call = Call.objects.filter(pk=call_id, carrier=carrier).first()
    if call is None:
        raise NotOurs
    event = read_event(line.parse_event, request)
    with within(call.workspace_id):
        keep(request, event, carrier=carrier, kind=kind, call=call, now=now)
        if kind == "status":
            return None
        call = Call.objects.select_related("agent_version").get(pk=call.pk)
        return _rendered(line, call)


def _rendered(line: Listener, call: Call) -> Rendered:
    """The carrier's words. It is told to hang up where it would not take where the agent runs."""
    try:
        return line.render(answer_outbound(call))
    except ValueError as error:
        log.warning("%s can't be sent to %s: %s", call.pk, call.agent_version_id, error)
        return line.render(HangUp())


def read_event(read: Callable[[SignedRequest], CallEvent], request: SignedRequest) -> CallEvent:
    """Raises Unreadable for what is not about a call."""
    try:
        return read(request)
    except ValueError as error:
        raise Unreadable(str(error)) from error


def keep(
    request: SignedRequest, event: CallEvent, *, carrier: str, kind: str, call: Call, now: datetime
) -> bool:
    """Write the webhook down and let it take effect. False for a repetition, which does nothing."""
    key = f"{call.pk}:{kind}:{event.key}"[:200]
    body = request.body[:BODY_LIMIT].decode("utf-8", "replace").replace("\x00", "�")
    row = CarrierWebhook(
        carrier=carrier, key=key, kind=kind, call=call, workspace_id=call.workspace_id, body=body
    )
    row.received_at = row.applied_at = now
    with transaction.atomic():
        if not insert_once(row):
            return False
        if not apply_event(call.pk, event, now=now):
            CarrierWebhook.objects.filter(carrier=carrier, key=key).update(problem="It said nothing new.")
    return True


def insert_once(row: CarrierWebhook) -> bool:
    """Whether it was new. A repetition that comes at the same time waits for the first."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True

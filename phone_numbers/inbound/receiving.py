"""Carriers' webhooks about calls that come in: checked, answered, kept.

The question who takes a call is answered first and noted after, for the caller waits (``routes``, ``aside``).
News of a call is written down before it is confirmed: it makes the call's row if the note of the question was
lost, and ends and charges it by the same rules as any other call (``calls.progress``).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop as _

from dialnexa.isolation.scope import within
from phone_numbers.calls.webhooks import Forged, NotOurs, Unreadable, keep, read_event
from phone_numbers.inbound.answers import AWAY, SORRY, answer_inbound
from phone_numbers.inbound.aside import keep_aside
from phone_numbers.inbound.cache import Away, find_route
from phone_numbers.inbound.notes import Note, ensure_call, note_of, write_note
from phone_numbers.inbound.routes import resolve_route
from telephony.carriers import get_carrier
from telephony.carriers.base import Carrier
from telephony.carriers.voice import CallEvent, Rendered, Say, SignedRequest
from telephony.models import Call

log = logging.getLogger(__name__)
NO_RUNTIME = _("The carrier can't be sent to where %(version)s runs. Publish a version that runs elsewhere.")

_lines: dict[str, tuple[Mapping[str, Any], Carrier]] = {}  # by slug, with the settings it was made from


def answer_call(request: SignedRequest, *, carrier: str, now: datetime) -> Rendered:
    """Somebody calls one of our numbers: what shall the carrier do?

    ``carrier`` is the slug the address was given out for. Raises NotOurs, Forged, Unreadable.
    """
    answer, note = decide(request, carrier=carrier, now=now)
    if note:
        keep_aside(note)
    return answer


def decide(request: SignedRequest, *, carrier: str, now: datetime) -> tuple[Rendered, Note | None]:
    """The answer, and what is to be noted of it: nothing when nobody knows who takes the call."""
    line, event = _heard(request, carrier)
    try:
        route = find_route(carrier, event.to)
    except Away:
        return line.render(AWAY), None
    return _rendered(line, note_of(carrier, "answer", event, route, request.body, now))


def hear_status(request: SignedRequest, *, carrier: str, now: datetime) -> None:
    """What became of such a call. Returns when it is written down.

    Raises as ``answer_call`` does, and OperationalError or InterfaceError when the database is away: then the
    carrier should say it again.
    """
    _line, event = _heard(request, carrier)
    route = resolve_route(carrier, event.to)
    note = note_of(carrier, "status", event, route, request.body, now)
    with transaction.atomic():
        call = ensure_call(note)
        if call is None:
            write_note(note)
        elif _is_about(call, carrier):
            with within(call.workspace_id):
                keep(request, event, carrier=carrier, kind="status", call=call, now=now)


def _is_about(call: Call, carrier: str) -> bool:
    return call.carrier == carrier and call.direction == "inbound"


def _heard(request: SignedRequest, carrier: str) -> tuple[Carrier, CallEvent]:
    """The signature comes before everything that is said."""
    line = _line(carrier)
    if not line.verify(request):
        raise Forged
    event = read_event(line.parse_event, request)
    if event.direction != "inbound":
        raise Unreadable("This is not about a call that comes in.")
    return line, event


def _line(carrier: str) -> Carrier:
    """The adapter, made once: nothing of it changes while we listen. Raises NotOurs for a foreign carrier."""
    options = settings.CARRIERS.get(carrier)
    if options is None:
        raise NotOurs
    made_from, line = _lines.get(carrier, (None, None))
    if line is None or made_from is not options:
        line = get_carrier(carrier)
        _lines[carrier] = (options, line)
    return line


def _rendered(line: Carrier, note: Note) -> tuple[Rendered, Note]:
    """The carrier's XML. What it would not take is turned away, and the workspace is told why."""
    try:
        answer = answer_inbound(note.route, call_id=note.call_id, caller=note.event.from_)
        return line.render(answer), note
    except ValueError as error:
        assert note.route
        log.warning("%s can't be sent to %s: %s", note.call_id, note.route.version_id, error)
        sentence = NO_RUNTIME % {"version": note.route.version}
        return line.render(Say(SORRY)), replace(note, code="runtime_unusable", sentence=sentence)

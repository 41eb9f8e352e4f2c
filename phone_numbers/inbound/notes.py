"""What is kept of a call that came in: the call's row, and the webhook that told of it, each once.

The call's id follows from the carrier's own id for it. Whichever webhook comes first, and whichever process
hears it, makes the same row; the others find it there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from dialnexa import audit
from dialnexa.ids import derived_id
from phone_numbers.calls.placing import copy_price, step_facts
from phone_numbers.calls.progress import CARRIER
from phone_numbers.calls.webhooks import BODY_LIMIT
from phone_numbers.inbound.routes import Route
from telephony.carriers.voice import CallEvent
from telephony.e164 import E164
from telephony.models import Call, CarrierWebhook, Direction
from telephony.rating import rate_call

LONGEST = 4 * 60 * 60  # seconds after which carriers end a call by themselves
UNKNOWN = "Nobody here has this number."
TAKEN = "Another call of ours has this name at the carrier."
Status = Call.Status


@dataclass(frozen=True, slots=True)
class Note:
    """One webhook that was heard, about the call ``call_id`` (see ``call_id_of``).

    ``code`` and ``sentence``: why the call was turned away, empty if not.
    """

    call_id: str
    carrier: str
    kind: str  # answer or status
    event: CallEvent
    route: Route | None
    body: bytes
    at: datetime
    code: str = ""
    sentence: str = ""


def call_id_of(carrier: str, event: CallEvent) -> str:
    """Our id for the carrier's call, the same in every process and every time."""
    return derived_id("call", f"{carrier}:{event.call_id}")


def note_of(
    carrier: str, kind: str, event: CallEvent, route: Route | None, body: bytes, now: datetime
) -> Note:
    """What was heard, with why the call is turned away, if its route says so."""
    refusal = route.refusal if route else None
    code, sentence = (refusal.code, refusal.sentence) if refusal else ("", "")
    return Note(call_id_of(carrier, event), carrier, kind, event, route, body, now, code, sentence)


def write_notes(notes: Sequence[Note]) -> None:
    """Write all down in one transaction; what is there already stays as it is."""
    notes = sorted(notes, key=lambda note: note.call_id)  # one order: two writers never wait in a ring
    try:
        with transaction.atomic():
            _write_new(notes)
    except IntegrityError:  # somebody wrote one of them at the same moment
        for note in notes:
            write_note(note)


def write_note(note: Note) -> Call | None:
    """Write one down, and wait for whoever is writing the same. Returns its call, if there is one."""
    with transaction.atomic():
        call = ensure_call(note)
        row = webhook_of(note)
        if call is None and note.route:
            row.call_id, row.problem = None, TAKEN
        _insert(row)
    return call


def ensure_call(note: Note) -> Call | None:
    """The call's row, made if it is missing. None when nobody here has the number, or when the carrier's name
    for it is that of another call of ours, as a carrier that is mistaken may say.
    """
    found = Call.objects.filter(pk=note.call_id).first()
    if found or note.route is None:
        return found
    call = call_of(note)
    with transaction.atomic():
        if not _insert(call):
            return Call.objects.filter(pk=call.pk).first()
        audit.record_all([_history(call, note)])
    return call


def _write_new(notes: Sequence[Note]) -> None:
    there = _there({note.call_id for note in notes})
    calls = {note.call_id: note for note in notes if note.route and note.call_id not in there}
    made = {pk: call_of(note) for pk, note in calls.items()}
    Call.objects.bulk_create(made.values())
    audit.record_all([_history(made[pk], note) for pk, note in calls.items()])
    CarrierWebhook.objects.bulk_create([webhook_of(note) for note in notes], ignore_conflicts=True)


def _there(ids: Collection[str]) -> set[str]:
    return set(Call.objects.filter(pk__in=ids).values_list("pk", flat=True))


def call_of(note: Note) -> Call:
    """The call as it begins: with an agent, or over at once because it was turned away."""
    assert note.route
    route, event = note.route, note.event
    call = Call(
        id=note.call_id,
        workspace_id=route.workspace_id,
        direction=Direction.INBOUND,
        number_id=route.number_id,
        from_text=event.from_,
        to_text=route.e164,
        agent_version_id=route.version_id or None,
        carrier=note.carrier,
        carrier_call_id=event.call_id,
        trace=[step_facts(step) for step in route.steps],
        currency=route.currency,
        limit_seconds=LONGEST,
        created_at=note.at,
        **(_turned_away(note) if note.code else _taken(note)),
    )
    if not note.code and (price := _price(route, note.at)):
        copy_price(call, price)
    return call


def _taken(note: Note) -> dict[str, Any]:
    look = note.at + timedelta(seconds=settings.CALL_LOOK_EVERY)
    return {"status": Status.RECEIVED, "answered_at": note.at, "next_run_at": look}


def _turned_away(note: Note) -> dict[str, Any]:
    over = {"status": Status.FAILED, "ended_at": note.at, "charged": 0, "duration": 0, "billed_seconds": 0}
    return over | {"reason_code": note.code, "reason": note.sentence[:500]}


def _price(route: Route, at: datetime) -> Any:
    called = E164(route.e164, route.country, "", "", None)
    return rate_call(
        called, carrier=route.carrier, currency=route.currency, direction=Direction.INBOUND.value, at=at
    )


def _history(call: Call, note: Note) -> Any:
    """As ``transition`` would have written it."""
    event, after = ("fail" if note.code else "answer"), {"status": str(call.status)}
    told = after | {"from": call.from_text, "to": call.to_text}
    return audit.entry_for(call, event, after=told, by=CARRIER, now=note.at, reason=note.sentence)


def webhook_of(note: Note) -> CarrierWebhook:
    return CarrierWebhook(
        carrier=note.carrier,
        key=f"{note.call_id}:{note.kind}:{note.event.key}"[:200],
        kind=note.kind,
        call_id=note.call_id if note.route else None,
        workspace_id=note.route.workspace_id if note.route else None,
        body=note.body[:BODY_LIMIT].decode("utf-8", "replace").replace("\x00", "�"),
        received_at=note.at,
        applied_at=note.at,
        problem="" if note.route else UNKNOWN,
    )


def _insert(row: Call | CarrierWebhook) -> bool:
    """Whether it was new."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True

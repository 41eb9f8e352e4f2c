"""A note that is written aside …"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection

from dialnexa.models import AuditEntry
from phone_numbers.inbound import aside
from phone_numbers.inbound.aside import Writer
from phone_numbers.inbound.notes import TAKEN, Note, call_id_of, write_note, write_notes
from phone_numbers.inbound.routes import resolve_route
from phone_numbers.models import PhoneNumber
from telephony.carriers.voice import CallEvent, CallState
from telephony.models import Call, CarrierWebhook
from tests.numbers.calls.carriers import wait_until
from tests.numbers.inbound.asking import CALLER, Asking

pytestmark = pytest.mark.django_db
Make = Callable[[int], Note]


@pytest.fixture
def note(number: PhoneNumber, now: datetime) -> Make:
    """A note of the call with this number."""
    route = resolve_route("plivo", number.e164)

    def make(serial: int) -> Note:
        event = CallEvent(str(serial), CallState.RINGING, "inbound", CALLER, number.e164, key="question")
        return Note(call_id_of("plivo", event), "plivo", "answer", event, route, b"To=1", now)

    return make


def test_makes_the_call_its_history_and_the_webhook(note: Make) -> None:
    write_notes([note(1), note(2)])
    assert (Call.objects.count(), CarrierWebhook.objects.count()) == (2, 2)
    assert AuditEntry.objects.filter(subject_type="call", event="answer").count() == 2


def test_is_the_same_in_a_batch_and_alone(note: Make) -> None:
    write_notes([note(1)])
    write_note(note(2))
    left, right = (dict(Call.objects.filter(carrier_call_id=serial).values().get()) for serial in "12")
    assert {name for name in left if left[name] != right[name]} == {"id", "carrier_call_id"}


def test_changes_nothing_when_it_is_there_already(note: Make) -> None:
    for _ in range(2):
        write_notes([note(1), note(2)])
        write_note(note(1))
    assert (Call.objects.count(), CarrierWebhook.objects.count()) == (2, 2)
    assert AuditEntry.objects.filter(subject_type="call").count() == 2


def test_is_written_though_another_of_its_batch_is_there(note: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else wrote one between our look and our writing."""
    write_note(note(1))
    monkeypatch.setattr("phone_numbers.inbound.notes._there", lambda ids: set())
    write_notes([note(1), note(2)])
    assert Call.objects.count() == 2


def test_is_written_at_once_when_too_many_wait(note: Make) -> None:
    writer = Writer(waiting=1)  # whose thread was not started
    writer.put(note(1))
    assert Call.objects.count() == 0
    writer.put(note(2))
    assert Call.objects.get().carrier_call_id == "2"


def test_holds_up_no_other_when_it_can_not_be_written(note: Make) -> None:
    broken = replace(note(1), route=replace(note(1).route, currency="far too long"))  # type: ignore[type-var]
    Writer()._write([broken, note(2)])
    assert Call.objects.get().carrier_call_id == "2"


def test_holds_up_no_other_when_it_holds_what_no_database_takes(note: Make) -> None:
    Writer()._write([replace(note(1), code="turned_away", sentence="\ud800"), note(2)])
    assert Call.objects.get().carrier_call_id == "2"


def test_is_kept_without_a_call_when_the_carrier_gives_it_the_name_of_another(note: Make) -> None:
    """As of a call that we placed."""
    write_note(note(1))
    CarrierWebhook.objects.all().delete()
    Call.objects.update(id="call_of_ours", direction="outbound")
    Writer()._write([note(1), note(2)])
    assert {call.carrier_call_id for call in Call.objects.all()} == {"1", "2"}
    assert CarrierWebhook.objects.get(problem=TAKEN).call is None


def test_is_written_though_the_thread_fell_before(note: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Note] = []

    def fall(notes: list[Note]) -> None:
        sys.exit()

    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(aside, "write_notes", fall)
    writer = Writer()
    writer.start()
    writer.put(note(1))
    wait_until(lambda: writer._thread and not writer._thread.is_alive())
    monkeypatch.setattr(aside, "write_notes", written.extend)
    writer.put(note(2))
    wait_until(lambda: written)
    writer._last = 0  # it ends
    assert [one.event.call_id for one in written] == ["2"]


def test_waits_until_the_database_is_back(note: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def write(notes: list[Note]) -> None:
        tries.append(len(notes))
        if len(tries) < 3:
            raise OperationalError("away")

    monkeypatch.setattr(aside, "AGAIN", 0)
    monkeypatch.setattr(aside, "write_notes", write)
    monkeypatch.setattr(connection, "close", lambda: None)
    Writer()._write([note(1)])
    assert tries == [1, 1, 1]


def test_keeps_no_caller_waiting_when_it_can_not_be_written(
    call: Asking, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    def fail(note: Note) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(aside, "write_note", fail)
    assert "wss://agents.example.com/1" in call.ask().content.decode()

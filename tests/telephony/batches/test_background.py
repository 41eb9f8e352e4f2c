"""A long list, read by a worker …"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from dialnexa.actors import SYSTEM
from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from telephony.batches import background, checking, report
from telephony.batches.background import LEASE, MOST_READINGS, read_batch, take_due_readings
from telephony.batches.drafts import delete_draft, file_of, recheck_batch, upload_batch
from telephony.batches.judging import Choices
from telephony.models import BatchCall, BatchFile

pytestmark = pytest.mark.django_db
LONG = b"phone\n" + b"\n".join(b"+9198765%05d" % n for n in range(40)) + b"\n9876543210\n"
Upload = Callable[..., BatchCall]


@pytest.fixture
def upload(workspace: Workspace, settings: Any, now: datetime) -> Upload:
    """Twenty rows are long here."""
    settings.BATCH_READ_AT_ONCE = 20

    def upload(data: bytes = LONG, **fields: Any) -> BatchCall:
        return upload_batch(workspace, data, title="Long", name="long.csv", by=SYSTEM, now=now, **fields)

    return upload


def events(batch: BatchCall) -> list[str]:
    return [entry.event for entry in entries_about([batch.pk])]


def later(now: datetime, **more: float) -> Callable[[], datetime]:
    return lambda: now + timedelta(**more)


def test_is_left_to_one_and_has_its_report_then(upload: Upload, now: datetime) -> None:
    batch = upload()
    assert (batch.is_being_read, batch.rows, batch.report) == (True, 42, {})
    read_batch(batch.pk, tell=later(now, seconds=2))
    batch.refresh_from_db()
    assert (batch.is_being_read, batch.rows, batch.good_rows) == (False, 41, 40)
    assert batch.report["groups"][0]["rows"] == [42]
    assert batch.read_at == now + timedelta(seconds=2)
    assert events(batch) == ["receive", "read"]


def test_is_short_up_to_the_limit(upload: Upload) -> None:
    batch = upload(LONG[: 6 + 14 * 19])
    assert (batch.is_being_read, batch.rows) == (False, 19)


def test_says_now_and_then_how_far_it_is(
    upload: Upload, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "STEP", 10)
    monkeypatch.setattr(background, "EVERY", 0)
    seen = []

    def tell() -> datetime:
        seen.append(BatchCall.objects.values_list("rows_read", flat=True).get())
        return now

    batch = upload()
    read_batch(batch.pk, tell=tell)
    assert [rows for rows in seen if rows] == [10, 20, 30, 40]


def test_is_read_once_however_often_somebody_rings(upload: Upload, now: datetime) -> None:
    batch = upload()
    for _ in range(3):
        read_batch(batch.pk, tell=later(now))
    assert events(batch) == ["receive", "read"]


def test_is_read_again_when_the_worker_is_silent(upload: Upload, now: datetime, settings: Any) -> None:
    batch = upload()
    assert take_due_readings(now=now) == []  # it was only just rung for
    at = now + timedelta(seconds=settings.RING_AGAIN)
    assert take_due_readings(now=at) == [batch.pk]
    background._claim(batch.pk, "read_died", at)
    assert take_due_readings(now=at + LEASE - timedelta(seconds=1)) == []
    assert take_due_readings(now=at + LEASE) == [batch.pk]
    read_batch(batch.pk, tell=lambda: at + LEASE)
    batch.refresh_from_db()
    assert (batch.good_rows, batch.readings) == (40, 2)


def test_leaves_no_trace_of_a_worker_that_was_too_slow(
    upload: Upload, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "STEP", 10)
    monkeypatch.setattr(background, "EVERY", 0)
    batch = upload()
    took_over: list[list[str]] = []

    def tell() -> datetime:
        if BatchCall.objects.get().rows_read == 20 and not took_over:
            took_over.append(take_due_readings(now=now + timedelta(hours=1)))
            background._claim(batch.pk, "read_other", now)
        return now

    read_batch(batch.pk, tell=tell)
    batch.refresh_from_db()
    assert (batch.is_being_read, batch.reader, batch.report) == (True, "read_other", {})


def test_stops_when_the_draft_is_deleted(
    upload: Upload, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = upload()
    found = checking.check_source

    def check_source(*given: Any, **options: Any) -> Any:
        delete_draft(BatchCall.objects.get(), by=SYSTEM, now=now)
        return found(*given, **options)

    monkeypatch.setattr(background, "check_source", check_source)
    read_batch(batch.pk, tell=later(now))
    assert not BatchCall.objects.exists()


def test_says_why_it_is_no_list_and_keeps_no_file(upload: Upload, now: datetime) -> None:
    batch = upload(b'phone\n"' + b"x\n" * 140_000)
    read_batch(batch.pk, tell=later(now))
    batch.refresh_from_db()
    assert batch.is_unreadable
    assert "Look for a quote that never ends" in batch.reason
    assert (batch.rows, batch.report, BatchFile.objects.exists()) == (0, {}, False)
    assert entries_about([batch.pk])[1].reason == batch.reason
    with pytest.raises(Refusal, match="batch_file_gone"):
        file_of(batch)


def test_is_given_up_when_it_breaks_every_worker(upload: Upload, now: datetime) -> None:
    batch = upload()
    BatchCall.objects.update(readings=MOST_READINGS)
    read_batch(batch.pk, tell=later(now))
    batch.refresh_from_db()
    assert (batch.is_unreadable, "Split it" in batch.reason) == (True, True)


def test_is_read_again_with_other_choices(upload: Upload, now: datetime) -> None:
    batch = upload()
    read_batch(batch.pk, tell=later(now))
    batch.refresh_from_db()
    chosen: dict[str, Any] = {
        "carrier": "plivo",
        "from_number_id": "",
        "agent_version": None,
        "by": SYSTEM,
        "now": now,
    }
    recheck_batch(batch, choices=Choices("IN", frozenset({"national"})), **chosen)
    assert (batch.is_being_read, batch.good_rows, batch.readings) == (True, 0, 0)
    with pytest.raises(Refusal, match="batch_being_read"):
        recheck_batch(batch, choices=Choices(), **chosen)
    read_batch(batch.pk, tell=later(now))
    batch.refresh_from_db()
    assert (batch.good_rows, batch.report["repaired"]) == (41, 1)
    assert events(batch) == ["receive", "read", "reread", "read"]


READ = """
import sys, django
django.setup()
from telephony.batches.background import read_batch
read_batch(sys.argv[1])
"""


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_is_read_to_the_end_when_a_worker_is_killed(
    workspace: Workspace, process_env: dict[str, str], now: datetime
) -> None:
    data = b"phone\n" + b"".join(b"+91%010d\n" % (9_000_000_000 + n) for n in range(600_000))
    batch = upload_batch(workspace, data, title="Long", name="x.csv", by=SYSTEM, now=now)
    worker = subprocess.Popen([sys.executable, "-c", READ, batch.pk], env=process_env)
    for _ in range(600):
        batch.refresh_from_db()
        if batch.rows_read:
            break
        time.sleep(0.05)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    batch.refresh_from_db()
    assert (batch.is_being_read, batch.rows_read > 0) == (True, True)
    assert take_due_readings(now=now + timedelta(minutes=2)) == [batch.pk]
    read_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.is_being_read, batch.rows, batch.readings) == (False, 600_000, 2)

"""Long lists are read by a worker. The row is the job: a message, and a worker, may be lost.

Whoever sweeps rings again for a list whose worker has not been heard of (``reading_due_at``). A worker that
was only slow finds that its place is taken, and stops without a trace.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_noop as _

from dialnexa import audit, clock
from dialnexa.actors import SYSTEM
from dialnexa.errors import Refusal
from dialnexa.ids import new_id
from telephony.batches.checking import check_source
from telephony.batches.drafts import carrier_of, choices_of, file_of, report_fields
from telephony.batches.reading import read_source
from telephony.models import BatchCall, BatchFile

LEASE = timedelta(seconds=30)  # after each sign of life
EVERY = 0.5  # seconds between signs of life
MOST_READINGS = 5
AT_ONCE = 100
TOO_MUCH = _("Reading the list was broken off too often. Split it into several lists, or upload it again.")


class Superseded(Exception):
    """Another worker reads this list now, or nobody is to."""


def read_batch(batch_id: str, *, tell: Callable[[], datetime] = clock.now) -> None:
    """Read one list that waits for it, and keep the report; say why if it can't be read.

    Safe to run twice at once: the second finds nothing to do. ``tell`` says what time it is.
    """
    batch = _claim(batch_id, new_id("read"), tell())
    if batch is None:
        return
    try:
        if batch.readings > MOST_READINGS:
            raise Refusal("batch_unreadable", TOO_MUCH)
        fields = _read(batch, tell)
    except Superseded:
        return
    except Refusal as refusal:
        _refuse(batch, refusal, tell())
    else:
        _finish(batch, fields, tell())


def take_due_readings(*, now: datetime) -> list[str]:
    """The ids of lists that nobody reads, or whose worker is silent; due again a little later."""
    due = BatchCall.objects.filter(reading_due_at__lte=now).order_by("reading_due_at")
    with transaction.atomic():
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:AT_ONCE])
        again = now + timedelta(seconds=settings.RING_AGAIN)
        BatchCall.objects.filter(pk__in=ids).update(reader="", reading_due_at=again)
    return ids


def _claim(batch_id: str, reader: str, now: datetime) -> BatchCall | None:
    waiting = BatchCall.objects.filter(pk=batch_id, reading_due_at__isnull=False, reader="")
    claim = {"reader": reader, "reading_due_at": now + LEASE, "rows_read": 0}
    if not waiting.update(**claim, readings=F("readings") + 1):
        return None
    return BatchCall.objects.select_related("workspace").filter(pk=batch_id, reader=reader).first()


def _read(batch: BatchCall, tell: Callable[[], datetime]) -> dict[str, Any]:
    """Raises Superseded, and Refusal for what is no list."""
    choices, carrier, now = choices_of(batch), carrier_of(batch), tell()
    said = time.monotonic()

    def progress(rows: int) -> None:
        nonlocal said
        if time.monotonic() - said >= EVERY:
            said = time.monotonic()
            _say(batch, rows, tell())

    source = read_source(file_of(batch))
    report = check_source(
        batch.workspace, source, choices=choices, carrier=carrier, now=now, progress=progress
    )
    return report_fields(report, choices, carrier, now)


def _say(batch: BatchCall, rows: int, now: datetime) -> None:
    if not _mine(batch).update(rows_read=rows, reading_due_at=now + LEASE):
        raise Superseded


def _finish(batch: BatchCall, fields: dict[str, Any], now: datetime) -> None:
    with transaction.atomic():
        if _mine(batch).update(**fields, reason="", reading_due_at=None, reader=""):
            after = {"rows": fields["rows"], "good_rows": fields["good_rows"]}
            audit.record(batch, "read", after=after, by=SYSTEM, now=now)


def _refuse(batch: BatchCall, refusal: Refusal, now: datetime) -> None:
    """The draft stays, to say why; of the file nothing does."""
    gone = {"report": {}, "rows": 0, "good_rows": 0, "reading_due_at": None, "reader": ""}
    with transaction.atomic():
        if _mine(batch).update(**gone, reason=refusal.sentence[:300], read_at=now):
            BatchFile.objects.filter(batch=batch).delete()
            audit.record(batch, "refuse", by=SYSTEM, now=now, reason=refusal.sentence)


def _mine(batch: BatchCall) -> QuerySet[BatchCall]:
    return BatchCall.objects.filter(pk=batch.pk, reader=batch.reader, reading_due_at__isnull=False)

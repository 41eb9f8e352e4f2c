"""Drafts of batches: a list that was uploaded, the choices made for it, and the report under them."""

from __future__ import annotations

import hashlib
import zlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from telephony.batches.checking import check_source, refuse_while_locked
from telephony.batches.judging import Choices
from telephony.batches.reading import Source, read_source
from telephony.batches.report import Report
from telephony.batches.turns import turn
from telephony.models import AgentVersion, BatchCall, BatchFile, CarrierSlug

TITLE, NAME = 35, 120  # characters
Status = BatchCall.Status


def upload_batch(
    workspace: Workspace,
    data: bytes,
    *,
    title: str,
    name: str,
    by: Actor,
    now: datetime,
    carrier: str = CarrierSlug.PLIVO,
    from_number_id: str = "",
    key: str = "",
) -> BatchCall:
    """Keep a list as a draft, with its report. Raises Refusal as ``check_file``, and then keeps nothing.

    A long list ``is_being_read`` then: ring a worker (``background.read_batch``). ``key`` is minted with the
    form: the same list under it again is the same draft.
    """
    title = _clean_title(title, name)
    refuse_while_locked(workspace, now=now)
    digest = hashlib.sha256(data).hexdigest()
    key = _upload_key(key, digest, title, from_number_id)
    uploaded = BatchCall.objects.filter(workspace=workspace, upload_key=key)
    if key and (found := uploaded.first()):
        return found
    with turn(workspace.pk):
        source = read_source(data)
        read = _read_or_leave(workspace, source, carrier, now)
    batch = BatchCall(
        workspace=workspace,
        title=title,
        from_number_id=from_number_id,
        made_by=by.user,
        created_at=now,
        upload_key=key,
        **read,
    )
    file = BatchFile(
        batch=batch,
        workspace=workspace,
        name="".join(sign for sign in name if sign.isprintable())[-NAME:],
        media_type=source.media_type,
        size=len(data),
        sha256=digest,
        compressed=zlib.compress(data),
    )
    try:
        _keep(batch, file, by=by, now=now)
    except IntegrityError:  # the same form, a moment earlier
        return uploaded.get()
    return batch


def _clean_title(title: str, name: str) -> str:
    title = title.strip() or name.rpartition(".")[0][:TITLE] or _("List")
    if len(title) > TITLE or not title.isprintable():
        sentence = _("A title has at most %(most)s characters, in one line.") % {"most": TITLE}
        raise Refusal("batch_title_invalid", sentence, field="title")
    return title


def _upload_key(key: str, *what: str) -> str:
    return hashlib.sha256("\n".join((key, *what)).encode()).hexdigest() if key else ""


def _read_or_leave(workspace: Workspace, source: Source, carrier: str, now: datetime) -> dict[str, Any]:
    """The columns of a draft that was read, or that a worker is to read."""
    if source.about > settings.BATCH_READ_AT_ONCE:
        return {"rows": source.about, **to_be_read(Choices(), carrier, now)}
    report = check_source(workspace, source, choices=Choices(), carrier=carrier, now=now)
    return report_fields(report, Choices(), carrier, now)


def _keep(batch: BatchCall, file: BatchFile, *, by: Actor, now: datetime) -> None:
    said = {"title": batch.title, "rows": batch.rows}
    with transaction.atomic():
        batch.save(force_insert=True)
        file.save(force_insert=True)
        if batch.is_being_read:
            audit.record(batch, "receive", after=said, by=by, now=now)
        else:
            audit.record(batch, "upload", after=said | {"good_rows": batch.good_rows}, by=by, now=now)


def recheck_batch(
    batch: BatchCall,
    *,
    choices: Choices,
    carrier: str,
    from_number_id: str,
    agent_version: AgentVersion | None,
    by: Actor,
    now: datetime,
) -> None:
    """Read a draft's list again; a long one ``is_being_read`` then, as after an upload.

    Raises Refusal 409 ``batch_not_draft`` or ``batch_being_read``, or as ``check_file``.
    """
    _refuse_busy(batch)
    refuse_while_locked(batch.workspace, now=now)
    if batch.rows > settings.BATCH_READ_AT_ONCE:
        event, fields = "reread", {"good_rows": 0, **to_be_read(choices, carrier, now)}
    else:
        with turn(batch.workspace_id):
            source = read_source(file_of(batch))
            report = check_source(batch.workspace, source, choices=choices, carrier=carrier, now=now)
        event, fields = "choose", report_fields(report, choices, carrier, now)
    fields |= {"from_number_id": from_number_id, "agent_version": agent_version}
    before = {"good_rows": batch.good_rows, **batch.rules}
    with transaction.atomic():
        if not _drafts(batch).update(**fields):
            batch.refresh_from_db()
            _refuse_busy(batch)
        after = {"good_rows": fields["good_rows"], **fields["rules"]}
        audit.record(batch, event, before=before, after=after, by=by, now=now)
    batch.refresh_from_db()


def delete_draft(batch: BatchCall, *, by: Actor, now: datetime) -> None:
    """Forget a draft and its file. Raises Refusal 409 ``batch_not_draft``."""
    with transaction.atomic():
        if not BatchCall.objects.filter(pk=batch.pk, status=Status.DRAFT).exists():
            raise _no_draft()
        audit.record(batch, "delete", before={"title": batch.title, "rows": batch.rows}, by=by, now=now)
        batch.delete()


def file_of(batch: BatchCall) -> bytes:
    """The bytes as they were uploaded. Raises Refusal 404 ``batch_file_gone`` where they were no list."""
    file = BatchFile.objects.filter(batch=batch).first()
    if file is None:
        sentence = _("The file was no list and is not kept. Upload another.")
        raise Refusal("batch_file_gone", sentence, status=404)
    return zlib.decompress(file.compressed)


def choices_of(batch: BatchCall) -> Choices:
    return Choices(batch.rules.get("country", ""), frozenset(batch.rules.get("repairs", ())))


def carrier_of(batch: BatchCall) -> str:
    """The slug the list was judged for."""
    return batch.rules.get("carrier", CarrierSlug.PLIVO)


def report_fields(report: Report, choices: Choices, carrier: str, now: datetime) -> dict[str, Any]:
    """The columns of a batch that a reading fills."""
    return {
        "rules": _rules(choices, carrier),
        "report": report.as_json(),
        "rows": report.rows,
        "good_rows": report.good,
        "read_at": now,
    }


def to_be_read(choices: Choices, carrier: str, now: datetime) -> dict[str, Any]:
    """The columns that leave the reading to a worker, who has the first seconds to hear of it."""
    due = now + timedelta(seconds=settings.RING_AGAIN)
    return {
        "rules": _rules(choices, carrier),
        "reading_due_at": due,
        "reader": "",
        "readings": 0,
        "rows_read": 0,
    }


def _rules(choices: Choices, carrier: str) -> dict[str, Any]:
    return {"country": choices.country, "repairs": sorted(choices.repairs), "carrier": carrier}


def _drafts(batch: BatchCall) -> QuerySet[BatchCall]:
    """This batch, while it is a draft that nobody reads."""
    return BatchCall.objects.filter(pk=batch.pk, status=Status.DRAFT, reading_due_at=None)


def _refuse_busy(batch: BatchCall) -> None:
    if batch.status != Status.DRAFT:
        raise _no_draft()
    if batch.is_being_read:
        sentence = _("The list is still being read. Wait until it is.")
        raise Refusal("batch_being_read", sentence, status=409)


def _no_draft() -> Refusal:
    sentence = _("This batch is no draft any more, and stays as it is.")
    return Refusal("batch_not_draft", sentence, status=409)

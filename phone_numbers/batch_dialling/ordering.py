"""A list and its plan in one: what a program sends is judged, kept and ordered to dial, or nothing is."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.models import Workspace
from phone_numbers.batch_dialling.plans import Plan, refuse_plan
from phone_numbers.batch_dialling.starting import start_batch
from telephony.batches.checking import check_file
from telephony.batches.drafts import NAME, report_fields
from telephony.batches.judging import Choices
from telephony.batches.report import Report
from telephony.models import BatchCall, BatchFile


@dataclass(frozen=True, slots=True)
class SentList:
    """The bytes, as whom they are kept, and how they are read. ``key``: the same one is the same batch."""

    data: bytes
    title: str
    name: str = ""
    choices: Choices = Choices()
    key: str = ""


class RowsInvalid(Exception):
    """Rows can't be called, and none may be skipped; ``report`` says which and why."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"{report.rows - report.good} rows")
        self.report = report


def order_batch(
    workspace: Workspace, sent: SentList, plan: Plan, *, skip_invalid: bool, by: Actor, now: datetime
) -> BatchCall:
    """Keep the list and start it. Ring the worker.

    Raises RowsInvalid, and Refusal as ``check_file`` and ``start_batch``; then nothing is kept.
    """
    refuse_plan(plan, workspace, now=now)
    digest = hashlib.sha256(sent.data).hexdigest()
    key = hashlib.sha256(f"{sent.key}\n{digest}".encode()).hexdigest() if sent.key else ""
    earlier = BatchCall.objects.filter(workspace=workspace, upload_key=key)
    if key and (found := earlier.first()):
        return found
    carrier = plan.number.carrier
    source, report = check_file(workspace, sent.data, choices=sent.choices, carrier=carrier, now=now)
    if report.groups and not (skip_invalid and report.good):
        raise RowsInvalid(report)
    batch = BatchCall(
        workspace=workspace,
        title=sent.title,
        made_by=by.user,
        created_at=now,
        upload_key=key,
        **report_fields(report, sent.choices, carrier, now),
    )
    file = BatchFile(
        batch=batch,
        workspace=workspace,
        name="".join(sign for sign in sent.name if sign.isprintable())[-NAME:],
        media_type=source.media_type,
        size=len(sent.data),
        sha256=digest,
        compressed=zlib.compress(sent.data),
    )
    try:
        return _keep_and_start(batch, file, plan, by, now)
    except IntegrityError:  # the same request, a moment earlier
        if found := earlier.first() if key else None:
            return found
        raise


def _keep_and_start(batch: BatchCall, file: BatchFile, plan: Plan, by: Actor, now: datetime) -> BatchCall:
    with transaction.atomic():
        batch.save(force_insert=True)
        file.save(force_insert=True)
        said = {"title": batch.title, "rows": batch.rows, "good_rows": batch.good_rows}
        audit.record(batch, "upload", after=said, by=by, now=now)
        return start_batch(batch, plan, by=by, now=now)


def refusal_of(found: RowsInvalid) -> tuple[str, str]:
    """Code and sentence of what is wrong with the rows."""
    report = found.report
    if not report.good:
        return "batch_no_good_rows", _("No row of this list can be called.")
    rejected = report.rows - report.good
    sentence = ngettext(
        "%(count)s row can't be called. Correct them, or skip them.",
        "%(count)s rows can't be called. Correct them, or skip them.",
        rejected,
    )
    return "batch_rows_invalid", sentence % {"count": f"{rejected:,}"}

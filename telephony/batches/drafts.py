"""Drafts of batches: a list that was uploaded, the choices made for it, and the report under them."""

from __future__ import annotations

import hashlib
import zlib
from datetime import datetime

from django.db import transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from kyc.gate import may_dial
from telephony.batches.judging import Choices
from telephony.batches.reading import Source, read_source
from telephony.batches.repairs import KINDS, calling_code
from telephony.batches.report import Report, check_list
from telephony.models import AgentVersion, BatchCall, BatchFile, CarrierSlug
from telephony.rules import destination_rules

TITLE, NAME = 35, 120  # characters
Status = BatchCall.Status


def refuse_while_locked(workspace: Workspace, *, now: datetime) -> None:
    """Raises Refusal ``kyc_not_verified`` (403): before that, only one number may be called."""
    identity = may_dial(workspace, now=now)
    if not identity.allowed:
        sentence = f"Batches open once the workspace is verified. {identity.sentence}"
        raise Refusal("kyc_not_verified", sentence, status=403, fix="kyc")


def read_choices(country: str, repairs: list[str]) -> Choices:
    """Choices as a form or a program sends them. Raises Refusal 400 ``batch_choice_unknown``."""
    if country and calling_code(country) == "?":
        raise Refusal("batch_choice_unknown", "Name a country by its two letters, for example IN.")
    if not set(repairs) <= KINDS.keys():
        raise Refusal("batch_choice_unknown", f"The repairs there are: {', '.join(KINDS)}.")
    return Choices(country, frozenset(repairs))


def check_file(
    workspace: Workspace, data: bytes, *, choices: Choices, carrier: str, now: datetime
) -> tuple[Source, Report]:
    """What uploading these bytes would say; keeps nothing. ``carrier`` (slug): of the number to call from.

    Raises Refusal: 403 ``kyc_not_verified``, and as ``read_source``.
    """
    refuse_while_locked(workspace, now=now)
    source = read_source(data)
    rules = destination_rules(workspace, carrier, now=now)
    report = check_list(source, rules, choices, currency=workspace.currency, now=now)
    if not report.rows:
        raise Refusal("batch_no_rows", "The list has a header, but no rows below it.")
    return source, report


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
) -> BatchCall:
    """Keep a list as a draft, with its report. Raises Refusal as ``check_file``, and then keeps nothing."""
    title = title.strip() or name.rpartition(".")[0][:TITLE] or "List"
    if len(title) > TITLE or not title.isprintable():
        sentence = f"A title has at most {TITLE} characters, in one line."
        raise Refusal("batch_title_invalid", sentence, field="title")
    source, report = check_file(workspace, data, choices=Choices(), carrier=carrier, now=now)
    with transaction.atomic():
        batch = BatchCall.objects.create(
            workspace=workspace,
            title=title,
            from_number_id=from_number_id,
            made_by=by.user,
            created_at=now,
            **_read(report, Choices(), carrier, now),
        )
        BatchFile.objects.create(
            batch=batch,
            workspace=workspace,
            name="".join(sign for sign in name if sign.isprintable())[-NAME:],
            media_type=source.media_type,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            compressed=zlib.compress(data),
        )
        said = {"title": title, "rows": report.rows, "good_rows": report.good}
        audit.record(batch, "upload", after=said, by=by, now=now)
    return batch


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
    """Read a draft's list again. Raises Refusal 409 ``batch_not_draft``, or as ``check_file``."""
    _, report = check_file(batch.workspace, file_of(batch), choices=choices, carrier=carrier, now=now)
    fields = _read(report, choices, carrier, now)
    with transaction.atomic():
        drafts = BatchCall.objects.filter(pk=batch.pk, status=Status.DRAFT)
        if not drafts.update(from_number_id=from_number_id, agent_version=agent_version, **fields):
            raise _no_draft()
        before = {"good_rows": batch.good_rows, **_chosen(batch.rules)}
        after = {"good_rows": report.good, **_chosen(fields["rules"])}
        audit.record(batch, "choose", before=before, after=after, by=by, now=now)
    batch.refresh_from_db()


def delete_draft(batch: BatchCall, *, by: Actor, now: datetime) -> None:
    """Forget a draft and its file. Raises Refusal 409 ``batch_not_draft``."""
    with transaction.atomic():
        if not BatchCall.objects.filter(pk=batch.pk, status=Status.DRAFT).exists():
            raise _no_draft()
        audit.record(batch, "delete", before={"title": batch.title, "rows": batch.rows}, by=by, now=now)
        batch.delete()


def file_of(batch: BatchCall) -> bytes:
    """The bytes as they were uploaded."""
    return zlib.decompress(BatchFile.objects.get(batch=batch).compressed)


def choices_of(batch: BatchCall) -> Choices:
    return Choices(batch.rules.get("country", ""), frozenset(batch.rules.get("repairs", ())))


def carrier_of(batch: BatchCall) -> str:
    """The slug the list was judged for."""
    return batch.rules.get("carrier", CarrierSlug.PLIVO)


def _read(report: Report, choices: Choices, carrier: str, now: datetime) -> dict[str, object]:
    """The columns of a batch that a reading fills."""
    return {
        "rules": {"country": choices.country, "repairs": sorted(choices.repairs), "carrier": carrier},
        "report": report.as_json(),
        "rows": report.rows,
        "good_rows": report.good,
        "read_at": now,
    }


def _chosen(rules: object) -> dict[str, object]:
    return dict(rules) if isinstance(rules, dict) else {}


def _no_draft() -> Refusal:
    return Refusal("batch_not_draft", "This batch is no draft any more, and stays as it is.", status=409)

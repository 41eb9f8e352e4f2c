"""A draft begins to dial: it is judged once more, its rows are made, its number and its agent are fixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from phone_numbers.batch_dialling.plans import Plan, refuse_plan
from phone_numbers.batch_dialling.rows import good_rows, write_rows
from phone_numbers.calls.placing import step_refusal
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.calling import explain_call
from telephony.batches.checking import refuse_while_locked
from telephony.batches.drafts import choices_of, file_of
from telephony.batches.judging import Row
from telephony.batches.reading import read_source
from telephony.batches.turns import turn
from telephony.models import BatchCall
from telephony.rules import destination_rules

Status = BatchCall.Status
WAITS = frozenset(  # may change
    {"concurrency_reached", "daily_spend_reached", "new_country_reached", "price_unknown"}
)


def start_batch(
    batch: BatchCall, plan: Plan, *, skip_invalid: bool = True, by: Actor, now: datetime
) -> BatchCall:
    """Order a draft to dial: at once or when its turn comes, or at ``plan.starts_at``. Ring the worker.

    Every row is judged by the rules of now and by the number it will be called from; the good ones become
    rows. Doing it twice starts it once. Raises Refusal 403 ``kyc_not_verified``, 409 ``batch_not_draft``,
    ``batch_being_read``, 400 ``batch_no_good_rows``, ``batch_rows_invalid`` (``skip_invalid`` False, and a
    row is rejected), as ``refuse_plan`` and ``turn``, and whatever a call to the first row would be refused
    for.
    """
    refuse_while_locked(batch.workspace, now=now)
    refuse_plan(plan, batch.workspace, now=now)
    with turn(batch.workspace_id), transaction.atomic():
        draft = BatchCall.objects.select_for_update(no_key=True, of=("self",)).get(pk=batch.pk)
        _refuse_not_draft(draft)
        plan = replace(plan, number=_lock(plan.number))
        refuse_plan(plan, batch.workspace, now=now)
        written = _make_rows(draft, plan, now)
        if written < draft.rows and not skip_invalid:
            _refuse_invalid(draft.rows - written)
        _order(draft, plan, written, by, now)
    return draft


def _refuse_not_draft(batch: BatchCall) -> None:
    if batch.status != Status.DRAFT:
        raise Refusal("batch_not_draft", _("This batch has been started already."), status=409)
    if batch.is_being_read:
        sentence = _("The list is still being read. Wait until it is.")
        raise Refusal("batch_being_read", sentence, status=409)


def _refuse_invalid(rejected: int) -> None:
    sentence = ngettext(
        "%(count)s row can't be called. Correct or skip them.",
        "%(count)s rows can't be called. Correct or skip them.",
        rejected,
    )
    raise Refusal("batch_rows_invalid", sentence % {"count": f"{rejected:,}"})


def _lock(number: PhoneNumber) -> PhoneNumber:
    """Whoever would release it waits, and then finds the batch."""
    numbers = PhoneNumber.objects.select_for_update(no_key=True, of=("self",))
    return numbers.select_related("workspace", "rental").get(pk=number.pk)


def _make_rows(batch: BatchCall, plan: Plan, now: datetime) -> int:
    source = read_source(file_of(batch))
    rules = destination_rules(batch.workspace, plan.number.carrier, now=now)
    rows = good_rows(source, rules, choices_of(batch))
    return write_rows(batch, source, _tried(rows, batch, plan, now))


def _tried(rows: Iterator[Row], batch: BatchCall, plan: Plan, now: datetime) -> Iterator[Row]:
    """The same rows, unless nobody could be called now. What may change until the start is not asked."""
    first = next(rows, None)
    if first is None:
        sentence = _("No row of this list can be called. Look at why rows were rejected.")
        raise Refusal("batch_no_good_rows", sentence, field="file")
    told = explain_call(
        plan.number, first.e164, workspace=batch.workspace, now=now, version=plan.version, turn_taken=True
    )
    for step in told.steps:
        if step.failed and step.code not in WAITS:
            raise step_refusal(step)
    return chain((first,), rows)


def _order(batch: BatchCall, plan: Plan, rows: int, by: Actor, now: datetime) -> None:
    later = plan.starts_at is not None and plan.starts_at > now
    batch.transition(
        "schedule" if later else "queue",
        by=by,
        now=now,
        good_rows=rows,
        agent_version=plan.version,
        from_number_id=plan.number.pk,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        hours_begin=plan.hours_begin,
        hours_end=plan.hours_end,
        time_zone=plan.time_zone or batch.workspace.time_zone,
        at_once=plan.at_once,
        attempts=plan.attempts,
        retry_minutes=plan.retry_minutes,
        started_at=now,
        started_by=by.user,
        api_key=by.api_key,
        next_run_at=plan.starts_at if later else now,
    )

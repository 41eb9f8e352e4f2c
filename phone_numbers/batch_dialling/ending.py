"""Stopping a batch, for a while or for good, and letting it go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa.actors import Actor
from dialnexa.errors import IllegalTransition, Refusal
from phone_numbers.calls.dialling import hang_up
from telephony.batches.checking import refuse_while_locked
from telephony.models import BatchCall, BatchRow, Call

State = BatchRow.State
CANCELLED = "batch_cancelled"
IMPOSSIBLE = {
    "batch_not_pausable": gettext_noop("This batch is %(status)s and can't be paused."),
    "batch_not_paused": gettext_noop("This batch is %(status)s and can't be resumed."),
    "batch_over": gettext_noop("This batch is %(status)s and can't be cancelled."),
}
QUEUED = ("waiting", "scheduled")


def pause_batch(batch: BatchCall, *, by: Actor, now: datetime, reason: str = "") -> BatchCall:
    """Dial no more for now; calls in the air go on. Raises Refusal 409 ``batch_not_pausable``."""
    with _locked(batch, "batch_not_pausable") as mine:
        ran = mine.status == BatchCall.Status.RUNNING
        mine.transition("pause", by=by, now=now, reason=reason, next_run_at=None, rests_until=None)
        say_why(mine, reason)
        if ran:
            wake_next(mine, now)
    return mine


def resume_batch(batch: BatchCall, *, by: Actor, now: datetime) -> BatchCall:
    """Let it wait for its turn again, which may come at once. Ring the worker.

    After its API key was revoked its calls count for whoever resumes it. Raises Refusal 409
    ``batch_not_paused``, 403 ``kyc_not_verified``.
    """
    with _locked(batch, "batch_not_paused") as mine:
        refuse_while_locked(mine.workspace, now=now)
        if mine.api_key and mine.api_key.revoked_at:
            BatchCall.objects.filter(pk=mine.pk).update(api_key=by.api_key)
        mine.transition("resume", by=by, now=now, next_run_at=now, rung_until=None)
        say_why(mine, "")
    return mine


def cancel_batch(
    batch: BatchCall, *, by: Actor, now: datetime, reason: str = "", hang_up: bool = False
) -> BatchCall:
    """End it for good: whoever waits is not called. Calls in the air go on, unless it is to ``hang_up``.

    Then ring a worker (``hang_up_calls``); whoever sweeps does until they are over. Raises Refusal 409
    ``batch_over``.
    """
    soon = now + timedelta(seconds=settings.RING_AGAIN) if hang_up else None
    done: dict[str, Any] = {"next_run_at": None, "rests_until": None, "finished_at": now, "hang_up_at": soon}
    with _locked(batch, "batch_over") as mine:
        ran = mine.status == BatchCall.Status.RUNNING
        mine.transition("cancel", by=by, now=now, reason=reason, **done)
        say_why(mine, reason)
        _cancel_waiting(mine)
        if ran:
            wake_next(mine, now)
    return mine


def hang_up_calls(batch_id: str, *, by: Actor, now: datetime) -> int:
    """Ask carriers to end the batch's calls in the air; returns how many would not. May last seconds.

    Until none is in the air the batch stays due: a carrier may be away, or not have confirmed a call yet.
    """
    left, open_calls = 0, Call.objects.filter(batch=batch_id, status__in=Call.OPEN)
    for call in open_calls.select_related("workspace"):
        try:
            hang_up(call, by=by, now=now)
        except Refusal as refusal:
            left += refusal.code != "call_over"
    if not open_calls.all().exists():
        BatchCall.objects.filter(pk=batch_id).update(hang_up_at=None)
    return left


def _cancel_waiting(batch: BatchCall) -> None:
    rows = BatchRow.objects.filter(batch=batch, state=State.WAITING)
    again = gettext_noop("The batch was cancelled before it was called again.")
    rows.filter(tries__gt=0).update(state=State.FAILED, next_try_at=None, reason_code=CANCELLED, reason=again)
    end_waiting(batch, CANCELLED, gettext_noop("The batch was cancelled before it was called."))


def end_waiting(batch: BatchCall, code: str, sentence: str) -> None:
    """Nobody who waits is called any more. The batch is locked."""
    rows = BatchRow.objects.filter(batch=batch, state=State.WAITING)
    rows.update(state=State.FAILED, next_try_at=None, reason_code=code, reason=sentence)


def wake_next(batch: BatchCall, now: datetime) -> None:
    """Another's turn has come: those that wait are looked at soon.

    Only who was running may call it: it locks them, and two that lock each other would never end.
    """
    queued = BatchCall.objects.filter(has_come(now), workspace=batch.workspace_id, status__in=QUEUED)
    queued.exclude(pk=batch.pk).update(next_run_at=now, rung_until=None)


def has_come(now: datetime) -> Q:
    """Which batches might call somebody now, were it their turn: their start is past, and they don't rest."""
    begun = Q(starts_at__isnull=True) | Q(starts_at__lte=now)
    return begun & (Q(rests_until__isnull=True) | Q(rests_until__lte=now))


def say_why(batch: BatchCall, reason: str, code: str = "", fix: str = "") -> None:
    """What its page says of why it stands as it does; ``fix`` names the page that mends it."""
    batch.reason, batch.reason_code, batch.fix = reason[:300], code, fix
    batch.save(update_fields=["reason", "reason_code", "fix"])


@contextmanager
def _locked(batch: BatchCall, code: str) -> Iterator[BatchCall]:
    with transaction.atomic():
        mine = BatchCall.objects.select_for_update(no_key=True, of=("self",)).get(pk=batch.pk)
        try:
            yield mine
        except IllegalTransition as error:
            sentence = _(IMPOSSIBLE[code]) % {"status": mine.get_status_display().lower()}
            raise Refusal(code, sentence, status=409) from error

"""How a batch stands that has been started."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dialnexa import clock
from dialnexa.access import Right, has_right
from dialnexa.errors import Refusal
from dialnexa.http import Request
from phone_numbers.batch_dialling.ending import CANCELLED
from phone_numbers.batch_dialling.progress import PAGE, Progress, progress_of, rows_of
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.fix_links import mending_link
from telephony.models import BatchCall, BatchRow

SOON = timedelta(seconds=20)
LIVE = ("waiting", "scheduled", "running")
TONES = {"running": "ok", "completed": "ok", "cancelled": "off", "draft": "off"}
ROW_TONES = {"done": "ok", "failed": "trouble", "refused": "trouble", "calling": "waiting"}


def show_progress(request: Request, batch: BatchCall, refusal: Refusal | None = None) -> HttpResponse:
    """How a batch stands that has been started; for htmx only what changes."""
    state = request.GET.get("state", "")
    state = state if state in BatchRow.State.values else ""
    after = request.GET.get("after", "")
    first = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
    now = clock.now()
    progress = progress_of(batch, now=now)
    rows = list(rows_of(batch, state=state, after=first)[: PAGE + 1])
    number = PhoneNumber.objects.filter(pk=batch.from_number_id).first()
    context = {
        "workspace": batch.workspace,
        "batch": batch,
        "progress": progress,
        "number": number,
        "tone": TONES.get(batch.status, "waiting"),
        "chips": _chips(progress, state),
        "state": state,
        "rows": [(row, *_outcome(row)) for row in rows[:PAGE]],
        "later": rows[PAGE - 1].row if len(rows) > PAGE else None,
        "after": first,
        "is_live": batch.status in LIVE or bool(progress.in_the_air),
        "said": _said(batch, progress),
        "had": request.GET.get("had", ""),
        "next_call": _next_call(batch, progress, now),
        "link": mending_link(batch.fix, batch.workspace, "", number.carrier if number else ""),
        "may_operate": has_right(request, Right.OPERATE),
        "refusal": refusal,
    }
    template = "batches/_progress.html" if request.htmx else "batches/progress.html"
    return render(request, template, context, status=422 if refusal else 200)


def _outcome(row: BatchRow) -> tuple[str, str]:
    """Its tone and word."""
    if row.reason_code == CANCELLED:
        return "off", _("Cancelled")
    return ROW_TONES.get(row.state, "off"), row.get_state_display()


def _chips(progress: Progress, chosen: str) -> list[tuple[str, str, int, bool]]:
    """State, label, count and whether it is chosen."""
    states = [("", _("All"), progress.total, not chosen)]
    for state, label in BatchRow.State.choices:
        count = getattr(progress, state)
        if count or state == chosen:
            states.append((state, str(label), count, state == chosen))
    return states


def _next_call(batch: BatchCall, progress: Progress, now: datetime) -> datetime | None:
    """When somebody is called again, where that is not soon."""
    later = batch.next_run_at and batch.next_run_at > now + SOON
    return batch.next_run_at if later and not progress.calling else None


def _said(batch: BatchCall, progress: Progress) -> str:
    """What is read aloud when it changes: the state, and the rows that are over, by tenths."""
    tenths = 10 * progress.over // (progress.total or 1)
    said = _("%(status)s, %(share)s %% of the rows are over")
    return said % {"status": batch.get_status_display(), "share": tenths * 10}

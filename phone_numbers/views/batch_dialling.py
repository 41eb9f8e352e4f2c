"""Batches that dial: starting one, pausing it, letting it go on, cancelling it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace
from dialnexa.doorbell import ring_on_commit
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.shell import sign_in_required
from phone_numbers import tasks
from phone_numbers.batch_dialling.choices import read_plan
from phone_numbers.batch_dialling.ending import cancel_batch, pause_batch, resume_batch
from phone_numbers.batch_dialling.starting import start_batch
from phone_numbers.views import batches
from telephony.models import BatchCall


@require_POST
@sign_in_required
def start(request: Request, slug: str, batch_id: str) -> HttpResponse:
    """Order a draft to dial, at once or later."""
    workspace = get_workspace(request, slug, Right.OPERATE)
    batch = batches.get_batch(workspace, batch_id)
    try:
        plan = read_plan(workspace, request.POST)
        batch = start_batch(batch, plan, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return batches.refused(request, batch, refusal)
    ring_on_commit(tasks.advance_batch, batch_id=batch.pk)
    said = _("%(rows)s rows of “%(batch)s” will be called.")
    messages.success(request, said % {"rows": f"{batch.good_rows:,}", "batch": batch.title})
    return redirect("batches:batch", slug, batch.pk)


@require_POST
@sign_in_required
def pause(request: Request, slug: str, batch_id: str) -> HttpResponse:
    reason = request.POST.get("reason", "").replace("\x00", "").strip()[:300]
    return _change(request, slug, batch_id, pause_batch, reason=reason)


@require_POST
@sign_in_required
def resume(request: Request, slug: str, batch_id: str) -> HttpResponse:
    response = _change(request, slug, batch_id, resume_batch)
    ring_on_commit(tasks.advance_batch, batch_id=batch_id)
    return response


@require_POST
@sign_in_required
def cancel(request: Request, slug: str, batch_id: str) -> HttpResponse:
    """End it for good; ``hang_up`` ends the calls in the air, too."""
    reason = request.POST.get("reason", "").replace("\x00", "").strip()[:300]
    hang_up = bool(request.POST.get("hang_up"))
    response = _change(request, slug, batch_id, cancel_batch, reason=reason, hang_up=hang_up)
    if hang_up:
        ring_on_commit(tasks.hang_up_batch, batch_id=batch_id)
    return response


def _change(
    request: Request, slug: str, batch_id: str, verb: Callable[..., BatchCall], **said: Any
) -> HttpResponse:
    workspace = get_workspace(request, slug, Right.OPERATE)
    batch = batches.get_batch(workspace, batch_id)
    try:
        verb(batch, by=browser_actor(request), now=clock.now(), **said)
    except Refusal as refusal:
        return batches.refused(request, batch, refusal)
    return redirect("batches:batch", slug, batch.pk)

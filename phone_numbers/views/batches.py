"""Batch calls, before any is placed: lists, upload, the report with its choices."""

from __future__ import annotations

from decimal import Decimal
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.countries import country_name
from dialnexa.doorbell import ring_on_commit
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.ids import new_id
from dialnexa.models import Workspace
from dialnexa.shell import View, sign_in_required
from dialnexa.time_zones import known
from dialnexa.uploads import TakeFiles
from kyc.gate import may_dial
from phone_numbers.batch_dialling.choices import callers, read_caller, read_version
from phone_numbers.routes.fix_links import mending_link
from phone_numbers.views.batch_progress import TONES, show_progress
from telephony.batches.checking import read_choices, refuse_while_locked
from telephony.batches.drafts import (
    TITLE,
    carrier_of,
    delete_draft,
    recheck_batch,
    upload_batch,
)
from telephony.config import offered_carriers
from telephony.e164 import all_regions
from telephony.models import AgentVersion, BatchCall
from telephony.tasks import read_batch

SHOWN = 100  # batches in the list
KEY = 100  # characters


def takes_a_list(view: View) -> View:
    """Let the view have one file, and check its form for forgery only then: the check reads the body."""
    guarded = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def taking(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.upload_handlers = [TakeFiles(most=1, largest=settings.BATCH_MOST_BYTES)]
        return guarded(request, *args, **kwargs)

    return taking


@require_GET
@sign_in_required
def list_batches(request: Request, slug: str) -> HttpResponse:
    workspace = get_workspace(request, slug)
    batches = BatchCall.objects.filter(workspace=workspace).select_related("made_by").defer("report")
    context = {
        "workspace": workspace,
        "batches": [(batch, TONES.get(batch.status, "waiting")) for batch in batches[:SHOWN]],
        "identity": may_dial(workspace, now=clock.now()),
        "may_operate": has_right(request, Right.OPERATE),
    }
    return render(request, "batches/list.html", context)


@require_http_methods(["GET", "POST"])
@sign_in_required
@takes_a_list
def upload(request: Request, slug: str) -> HttpResponse:
    """The form; sent, a draft with its report. What is refused is not kept."""
    workspace = get_workspace(request, slug, Right.OPERATE)
    if request.method == "GET":
        return _upload_form(request, workspace)
    try:
        batch = _upload(request, workspace)
    except Refusal as refusal:
        return _upload_form(request, workspace, refusal)
    _ring(batch)
    return redirect("batches:batch", slug, batch.pk)


def _ring(batch: BatchCall) -> None:
    if batch.is_being_read:
        ring_on_commit(read_batch, batch_id=batch.pk)


def _upload(request: Request, workspace: Workspace) -> BatchCall:
    now, file = clock.now(), request.FILES.get("file")
    refuse_while_locked(workspace, now=now)
    if request.upload_handlers[0].too_large:  # type: ignore[attr-defined]
        sentence = _("The file is too large: %(most)s bytes are allowed. Split it.")
        sentence %= {"most": f"{settings.BATCH_MOST_BYTES:,}"}
        raise Refusal("batch_file_too_large", sentence, status=413)
    if file is None:
        raise Refusal("batch_file_missing", _("Choose a CSV file or an Excel workbook."))
    number = read_caller(workspace, request.POST.get("from_number", ""))
    return upload_batch(
        workspace,
        file.read(),
        title=request.POST.get("title", ""),
        name=file.name or "",
        carrier=number.carrier if number else offered_carriers()[0],
        from_number_id=number.pk if number else "",
        key=request.POST.get("key", "")[:KEY],
        by=browser_actor(request),
        now=now,
    )


def _upload_form(request: Request, workspace: Workspace, refusal: Refusal | None = None) -> HttpResponse:
    context = {
        "workspace": workspace,
        "identity": may_dial(workspace, now=clock.now()),
        "numbers": callers(workspace),
        "refusal": refusal,
        "asked": request.POST if request.method == "POST" else {},
        "key": new_id("idk"),  # a double click carries the same one
        "title_limit": TITLE,
        "megabytes": settings.BATCH_MOST_BYTES // 1_000_000,
    }
    return render(request, "batches/upload.html", context, status=422 if refusal else 200)


def get_batch(workspace: Workspace, batch_id: str) -> BatchCall:
    """Raises Http404 for another workspace's."""
    return get_object_or_404(
        BatchCall.objects.select_related("agent_version__agent"), workspace=workspace, pk=batch_id
    )


@require_GET
@vary_on_headers("HX-Request")
@sign_in_required
def show_batch(request: Request, slug: str, batch_id: str) -> HttpResponse:
    """The report; while there is none, how far the reading is; once it was started, how it stands."""
    batch = get_batch(get_workspace(request, slug), batch_id)
    if request.htmx and batch.status == "draft" and not (batch.is_being_read or batch.is_unreadable):
        return HttpResponseClientRefresh()
    return _show(request, batch)


def _show(request: Request, batch: BatchCall, refusal: Refusal | None = None) -> HttpResponse:
    if batch.status != BatchCall.Status.DRAFT:
        return show_progress(request, batch, refusal)
    show = _reading if batch.is_being_read or batch.is_unreadable else _report
    return show(request, batch, refusal)


def _reading(request: Request, batch: BatchCall, refusal: Refusal | None = None) -> HttpResponse:
    context = {
        "workspace": batch.workspace,
        "batch": batch,
        "may_operate": has_right(request, Right.OPERATE),
        "refusal": refusal,
    }
    return render(request, "batches/reading.html", context, status=422 if refusal else 200)


def _report(request: Request, batch: BatchCall, refusal: Refusal | None = None) -> HttpResponse:
    workspace, carrier = batch.workspace, carrier_of(batch)
    published = AgentVersion.objects.filter(workspace=workspace, status="published")
    versions = list(published.select_related("agent").order_by("agent__title", "-number")[:500])
    numbers = callers(workspace)
    has_caller = len(numbers) == 1 or any(number.pk == batch.from_number_id for number in numbers)
    has_agent = len(versions) == 1 or any(version.pk == batch.agent_version_id for version in versions)
    context = {
        "workspace": workspace,
        "batch": batch,
        "file": batch.file,
        "report": batch.report,
        "groups": [
            (group, mending_link(group["fix"], workspace, group["country"], carrier))
            for group in batch.report["groups"]
        ],
        "repairable": sum(repair["count"] for repair in batch.report["repairs"] if not repair["taken"]),
        "rejected": batch.rows - batch.good_rows,
        "cost": [Decimal(batch.report["estimate"][end]) for end in ("low", "high")],
        "regions": sorted(all_regions(), key=lambda region: country_name(region.iso)),
        "numbers": numbers,
        "versions": versions,
        "has_caller": has_caller,
        "has_agent": has_agent,
        "plan": request.POST if request.method == "POST" else {},
        "most_at_once": settings.CALLS_AT_ONCE,
        "zones": sorted(known()),
        "may_operate": has_right(request, Right.OPERATE),
        "refusal": refusal,
    }
    return render(request, "batches/batch.html", context, status=422 if refusal else 200)


@require_POST
@sign_in_required
def choose(request: Request, slug: str, batch_id: str) -> HttpResponse:
    """Read the list again with what was chosen."""
    workspace = get_workspace(request, slug, Right.OPERATE)
    batch, asked = get_batch(workspace, batch_id), request.POST
    try:
        number = read_caller(workspace, asked.get("from_number", ""))
        recheck_batch(
            batch,
            choices=read_choices(asked.get("country", ""), asked.getlist("repair")),
            carrier=number.carrier if number else offered_carriers()[0],
            from_number_id=number.pk if number else "",
            agent_version=read_version(workspace, asked.get("agent_version", "")),
            by=browser_actor(request),
            now=clock.now(),
        )
    except Refusal as refusal:
        return refused(request, batch, refusal)
    _ring(batch)
    if not batch.is_being_read:
        said = _("Read again: %(good)s of %(rows)s rows can be called.")
        messages.success(request, said % {"good": f"{batch.good_rows:,}", "rows": f"{batch.rows:,}"})
    return redirect("batches:batch", slug, batch.pk)


def refused(request: Request, batch: BatchCall, refusal: Refusal) -> HttpResponse:
    """The page as it is now, with why not."""
    batch.refresh_from_db()
    return _show(request, batch, refusal)


@require_POST
@sign_in_required
def delete(request: Request, slug: str, batch_id: str) -> HttpResponse:
    workspace = get_workspace(request, slug, Right.OPERATE)
    batch = get_batch(workspace, batch_id)
    try:
        delete_draft(batch, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return refused(request, batch, refusal)
    messages.success(request, _("“%(batch)s” and its file are deleted.") % {"batch": batch.title})
    return redirect("batches:list", slug)

"""The list of calls, its export, and each call's page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.history import tell
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN
from dialnexa.mfa import staff
from dialnexa.models import Workspace
from dialnexa.shell import sign_in_required
from dialnexa.translations.retelling import retell
from phone_numbers.call_list.filters import read_call_filters
from phone_numbers.call_list.rows import CallRow
from phone_numbers.call_list.table import CallTable, export_calls
from phone_numbers.calls.dialling import hang_up
from phone_numbers.views.explain import TITLES, WORDS
from telephony.models import Call, CarrierExchange

DIALOG = "call-live"  # what the dialog's hang-up button replaces


@require_GET
@vary_on_headers("HX-Request")
@sign_in_required
def list_calls(request: Request, slug: str) -> HttpResponse:
    """The page, or only the list when htmx asks; the address bar then says what is shown."""
    workspace = get_workspace(request, slug)
    table = CallTable(workspace, read_call_filters(request.GET))
    context = {
        "workspace": workspace,
        "table": table,
        "filters": table.filters,
        "rows": [CallRow(call) for call in table.page.rows],
        "now": clock.now(),
        "list_url": reverse("calls:list", args=[workspace.slug]),
        "may_operate": has_right(request, Right.OPERATE),
    }
    if not request.htmx:
        return render(request, "calls/list.html", context)
    response = render(request, "calls/_table.html", context)
    here = f"{request.path}?{table.filters.here}" if table.filters.here else request.path
    return response if request.htmx.current_url_abs_path == here else push_url(response, here)


@require_GET
@sign_in_required
def export(request: Request, slug: str) -> HttpResponseBase:
    """Every call the filters let through, as CSV."""
    workspace = get_workspace(request, slug)
    table = CallTable(workspace, read_call_filters(request.GET))
    response = StreamingHttpResponse(export_calls(table), content_type="text/csv; charset=utf-8")
    name = f"calls-{workspace.slug}-{clock.now():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_GET
@sign_in_required
def show_row(request: Request, slug: str, call_id: str) -> HttpResponse:
    """A row looks at itself while its call is open. 204: it is as it was (``had``)."""
    workspace = get_workspace(request, slug)
    row = CallRow(get_call(workspace, call_id))
    if not request.htmx:
        return redirect("calls:call", slug, row.call.pk)
    if row.is_open and request.GET.get("had") == row.version:
        return HttpResponse(status=204)
    return render(request, "calls/_row.html", {"workspace": workspace, "row": row, "now": clock.now()})


@require_GET
@vary_on_headers("HX-Request")
@sign_in_required
def show_call(request: Request, slug: str, call_id: str) -> HttpResponse:
    """One call. While it is open the page looks at itself; 204: it is as it was."""
    call = get_call(get_workspace(request, slug), call_id)
    if request.htmx and call.is_open and request.GET.get("had") == CallRow(call).version:
        return HttpResponse(status=204)
    return render(request, "calls/call.html", call_context(request, call))


def call_context(request: Request, call: Call) -> dict[str, Any]:
    return {
        "workspace": call.workspace,
        "call": call,
        "row": CallRow(call),
        "events": tell(entries_about([call.pk]), call.workspace.slug),
        "trace": [_told(step) for step in call.trace],
        "webhooks": call.webhooks.count(),
        "exchanges": CarrierExchange.objects.filter(about=call.pk)[:20] if _is_at_the_desk(request) else [],
        "may_operate": has_right(request, Right.OPERATE),
        "now": clock.now(),
    }


def _told(step: dict[str, str]) -> dict[str, str]:
    """A question of the trace, as the call keeps it, with its title and its outcome in a word."""
    title, word = TITLES.get(step["name"], step["name"]), WORDS.get(step["outcome"], "")
    return {"title": str(title), "word": str(word), **step, "sentence": retell(step["sentence"])}


def _is_at_the_desk(request: Request) -> bool:
    """Support reads what carriers said; only in a session that may see the support desk."""
    return request.user.is_staff and staff.may_enter(request)


@require_POST
@sign_in_required
def end(request: Request, slug: str, call_id: str) -> HttpResponse:
    """Hang up, from the call's page or from the dialog that shows it."""
    call = get_call(get_workspace(request, slug, Right.OPERATE), call_id)
    try:
        hang_up(call, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return _not_ended(request, call, refusal)
    fresh = get_call(call.workspace, call.pk)
    if request.htmx:
        return live(request, fresh, is_ending=fresh.is_open)
    messages.success(request, _("The carrier was told to hang up.") if fresh.is_open else _("Cancelled."))
    return redirect("calls:call", slug, call.pk)


def _not_ended(request: Request, call: Call, refusal: Refusal) -> HttpResponse:
    fresh = get_call(call.workspace, call.pk)
    if request.htmx:
        return live(request, fresh, refusal=refusal)
    context = call_context(request, fresh) | {"refusal": refusal}
    return render(request, "calls/call.html", context, status=422)


def live(request: Request, call: Call, **more: Any) -> HttpResponse:
    """The call in the dialog, as it is at this moment."""
    row = CallRow(call)
    context = {"workspace": call.workspace, "call": call, "row": row, "now": clock.now(), **more}
    return render(request, "calls/_live.html", context, status=422 if more.get("refusal") else 200)


def get_call(workspace: Workspace, call_id: str) -> Call:
    """Raises Http404, for foreign and for unknown ones alike."""
    related = ("workspace", "number", "agent_version__agent", "batch", "placed_by", "api_key")
    calls = Call.objects.filter(workspace=workspace).select_related(*related)
    call = calls.filter(pk=call_id).first() if ID_PATTERN.match(call_id) else None
    if call is None:
        raise Http404
    return call

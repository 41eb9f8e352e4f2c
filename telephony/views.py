"""Telephony Config: where the workspace may call and buy."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN
from dialnexa.models import Workspace
from dialnexa.responses import announce
from dialnexa.shell import sign_in_required
from telephony.config import Config, label_of, offered_carriers, read_filters
from telephony.models import CarrierSlug, NetworkGroup
from telephony.switches import enable_group


@require_GET
@vary_on_headers("HX-Request")
@sign_in_required
def show_config(request: Request, slug: str) -> HttpResponse:
    """The page, or only the list when htmx asks; the address bar then says what is shown."""
    workspace = get_workspace(request, slug)
    context = _context(request, workspace)
    if not request.htmx:
        return render(request, "telephony/config.html", context)
    response = render(request, "telephony/_countries.html", context)
    return push_url(response, f"{request.path}?{context['filters'].query()}")


@require_POST
@sign_in_required
def switch_group(request: Request, slug: str) -> HttpResponse:
    """Turn the network group named ``turn_on`` or ``turn_off`` on or off. The filters stay in the address."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    enabled = "turn_on" in request.POST
    group = _get_group(request.POST.get("turn_on") or request.POST.get("turn_off", ""))
    enable_group(workspace, group, enabled=enabled, by=browser_actor(request), now=clock.now())
    sentence = f"{label_of(group)} is {'on' if enabled else 'off'}."
    context = _context(request, workspace, carrier=group.carrier)
    if not request.htmx:
        messages.success(request, sentence)
        return redirect(f"{context['config_url']}?{context['filters'].query()}#{group.id}")
    rows = context["config"].countries
    context["row"] = next(row for row in rows if row.country == group.country)
    return announce(render(request, "telephony/_switched.html", context), sentence)


def _context(request: Request, workspace: Workspace, **fixed: str) -> dict[str, Any]:
    filters = read_filters(request.GET.dict() | fixed)
    return {
        "workspace": workspace,
        "config": Config(workspace, filters, clock.now()),
        "filters": filters,
        "carriers": [(slug, CarrierSlug(slug).label) for slug in offered_carriers()],
        "may_manage": has_right(request, Right.MANAGE),
        "config_url": reverse("telephony:config", args=[workspace.slug]),
        "switch_url": reverse("telephony:switch", args=[workspace.slug]),
    }


def _get_group(group_id: str) -> NetworkGroup:
    """Network groups are the same for every workspace; what the page does not offer is 404."""
    offered = NetworkGroup.objects.filter(carrier__in=offered_carriers(), country__is_offered=True)
    if not ID_PATTERN.match(group_id):
        raise Http404
    return get_object_or_404(offered.select_related("country"), pk=group_id)

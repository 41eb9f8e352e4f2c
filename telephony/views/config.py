"""Telephony Config: where the workspace may call and buy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from dialnexa import clock
from dialnexa.access import Right, get_workspace, has_right
from dialnexa.http import Request
from dialnexa.models import Workspace
from dialnexa.shell import sign_in_required
from telephony.config import Config, ConfigFilters, groups_on, offered_carriers, read_filters
from telephony.config_rows import CountryRow
from telephony.models import CarrierSlug
from telephony.rates import sip_rate
from telephony.renting_papers import missing_papers
from telephony.switches import sip_switched_on

TEMPLATES = {"telephony": "telephony/_telephony.html"}  # by what htmx replaces; else the list


@require_GET
@vary_on_headers("HX-Request", "HX-Target")
@sign_in_required
def show_config(request: Request, slug: str) -> HttpResponse:
    """The page, or the part that htmx asks for; the address bar then says what is shown."""
    workspace = get_workspace(request, slug)
    filters = read_filters(request.GET)
    context = config_context(request, workspace, filters)
    context |= _rows(context["config"])
    if not request.htmx:
        return render(request, "telephony/config.html", context)
    name = TEMPLATES.get(request.htmx.target or "", "telephony/_countries.html")
    return push_url(render(request, name, context), f"{request.path}?{filters.query()}")


@require_GET
@vary_on_headers("HX-Request")
@sign_in_required
def show_country(request: Request, slug: str, country: str) -> HttpResponse:
    """One country's rows, opened, or closed again (``closed=1``). Without htmx they stand in the page."""
    workspace = get_workspace(request, slug)
    filters = replace(read_filters(request.GET), opened="" if "closed" in request.GET else country)
    context = country_context(request, workspace, country, filters)
    if not request.htmx:
        return redirect(f"{context['config_url']}?{filters.query()}#country-{country}")
    return render(request, "telephony/_country.html", context)


@dataclass(frozen=True, slots=True)
class Provider:
    """One card of the selector."""

    slug: str
    groups_on: int
    query: str
    is_chosen: bool

    @property
    def label(self) -> str:
        return CarrierSlug(self.slug).label


def config_context(request: Request, workspace: Workspace, filters: ConfigFilters) -> dict[str, Any]:
    """All that the page and its parts need, but the rows."""
    now = clock.now()
    return {
        "workspace": workspace,
        "config": Config(workspace, filters, now),
        "filters": filters,
        "here": filters.here,
        "providers": _providers(workspace, filters),
        "carrier_label": CarrierSlug(filters.carrier).label,
        "sip_on": sip_switched_on(workspace),
        "sip_rate": sip_rate(workspace.currency, now=now),
        "may_manage": has_right(request, Right.MANAGE),
        "config_url": reverse("telephony:config", args=[workspace.slug]),
        "on_url": reverse("telephony:switch", args=[workspace.slug]),
        "off_url": reverse("telephony:off", args=[workspace.slug]),
    }


def _providers(workspace: Workspace, filters: ConfigFilters) -> list[Provider]:
    on = groups_on(workspace)
    return [
        Provider(
            slug,
            on.get(slug, 0),
            filters.query(carrier=slug, country="", open=""),
            slug == filters.carrier,
        )
        for slug in offered_carriers()
    ]


def _rows(config: Config) -> dict[str, Any]:
    rows = config.shown
    opened = [row for row in rows if row.is_open]
    papers = _papers(config, opened[0]) if len(opened) == 1 else ""
    return {"rows": rows, "papers": papers}


def _papers(config: Config, row: CountryRow) -> str:
    """What is missing for renting there; said only of what is on."""
    return missing_papers(config.workspace, row.country.iso, now=config.now) if row.enabled else ""


def country_context(
    request: Request, workspace: Workspace, country: str, filters: ConfigFilters
) -> dict[str, Any]:
    """What one country's rows need. Raises Http404 where the provider has none."""
    context = config_context(request, workspace, filters)
    config: Config = context["config"]
    row = config.row(country, closed=not filters.opened)
    if row is None:
        raise Http404
    return context | {"row": row, "papers": _papers(config, row) if row.is_open else ""}

"""Switching on at once; switching off after a look at what that stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import reswap, retarget

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace
from dialnexa.countries import country_name
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN
from dialnexa.models import Workspace
from dialnexa.responses import announce
from dialnexa.shell import sign_in_required
from telephony.config import offered_carriers, read_filters
from telephony.config_rows import label_of
from telephony.models import CarrierSlug, NetworkGroup
from telephony.renting_papers import missing_papers
from telephony.switch_effects import SwitchOff
from telephony.switches import enable_groups, enabled_groups, set_sip_switch
from telephony.switching_off import find_effects, switch_off
from telephony.views.config import config_context, country_context

SIP = "sip"  # in place of a country or network groups


@require_POST
@sign_in_required
def switch_on(request: Request, slug: str) -> HttpResponse:
    """Turn on ``what``: network groups by id, a country (ISO) with all its groups, or ``sip``."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    what = request.POST.getlist("what") or request.GET.getlist("what")
    by, now = browser_actor(request), clock.now()
    if what == [SIP]:
        set_sip_switch(workspace, True, by=by, now=now)
        return _sip_switched(request, workspace, _("SIP/BYOC is on. Network groups are not asked any more."))
    groups = _find_groups(what, read_filters(request.GET).carrier)
    enable_groups(workspace, groups, enabled=True, by=by, now=now)
    papers = missing_papers(workspace, groups[0].country_id, now=now)
    said = f"{_switched_on(groups)} {papers}".strip()
    return _switched(request, workspace, groups, said)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def ask_to_switch_off(request: Request, slug: str) -> HttpResponse:
    """GET: what turning ``what`` off would stop. POST: do it, if that (``expected``) is still so."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    asked = request.GET if request.method == "GET" else request.POST
    if request.method == "GET" and "what" not in asked:
        return redirect("telephony:config", slug)
    off, now = _read_off(workspace, asked.getlist("what"), read_filters(request.GET).carrier), clock.now()
    if request.method == "GET":
        return _form(request, off)
    try:
        changed = switch_off(off, expected=asked.get("expected", ""), by=browser_actor(request), now=now)
    except Refusal as refusal:
        return _form(request, off, refusal)
    if off.is_sip:
        return _sip_switched(
            request, workspace, _("SIP/BYOC is off. Calls are held to network groups again.")
        )
    return _switched(request, workspace, off.groups, _switched_off(off.groups), undo=changed)


# --- what was meant -----------------------------------------------------------------------------------


def _find_groups(what: list[str], carrier: str) -> list[NetworkGroup]:
    """Groups by id, or those of a country (ISO) at ``carrier`` (slug); one row has to show them all.

    Network groups are the same for every workspace. Raises Http404 for what the page does not offer.
    """
    offered = NetworkGroup.objects.filter(carrier__in=offered_carriers(), country__is_offered=True)
    if len(what) == 1 and len(what[0]) == 2 and what[0].isalpha():
        groups = offered.filter(carrier=carrier, country=what[0])
    elif what and all(ID_PATTERN.match(pk) for pk in what):
        groups = offered.filter(pk__in=what)
    else:
        raise Http404
    found = list(groups.select_related("country").order_by("name", "pk"))
    if len({(group.carrier, group.country_id) for group in found}) != 1:
        raise Http404
    return found


def _read_off(workspace: Workspace, what: list[str], carrier: str) -> SwitchOff:
    """Of a country only what is on; a single group also when it is off already: then nothing stops."""
    if what == [SIP]:
        return SwitchOff(workspace)
    groups = _find_groups(what, carrier)
    on = set(enabled_groups(workspace, groups[0].carrier).values_list("pk", flat=True))
    turning = [group for group in groups if group.pk in on] or groups
    return SwitchOff(workspace, groups[0].carrier, tuple(turning))


def _name(groups: Sequence[NetworkGroup]) -> str:
    """``India mobile``, ``3 network groups of India``."""
    if len(groups) == 1:
        return label_of(groups[0])
    said = {"count": len(groups), "country": country_name(groups[0].country_id)}
    return _("%(count)s network groups of %(country)s") % said


def _switched_on(groups: Sequence[NetworkGroup]) -> str:
    return ngettext("%(groups)s is on.", "%(groups)s are on.", len(groups)) % {"groups": _name(groups)}


def _switched_off(groups: Sequence[NetworkGroup]) -> str:
    return ngettext("%(groups)s is off.", "%(groups)s are off.", len(groups)) % {"groups": _name(groups)}


# --- answers ------------------------------------------------------------------------------------------


def _form(request: Request, off: SwitchOff, refusal: Refusal | None = None) -> HttpResponse:
    """What would stop, in the dialog or on a page of its own."""
    filters = read_filters(request.GET)
    context = {
        "workspace": off.workspace,
        "off": off,
        "name": "SIP/BYOC" if off.is_sip else _name(off.groups),
        "carrier_label": CarrierSlug(off.carrier).label if off.carrier else "",
        "found": find_effects(off, now=clock.now()),
        "filters": filters,
        "refusal": refusal,
    }
    template = "telephony/_off.html" if request.htmx else "telephony/off.html"
    status = (422 if request.htmx else refusal.status) if refusal else 200
    return render(request, template, context, status=status)


def _switched(
    request: Request,
    workspace: Workspace,
    groups: Sequence[NetworkGroup],
    sentence: str,
    undo: Sequence[NetworkGroup] = (),
) -> HttpResponse:
    """The country's row as it is now, with what else of the page changed; without htmx the page itself."""
    filters = replace(read_filters(request.GET), carrier=groups[0].carrier)
    country = groups[0].country_id
    if not request.htmx:
        messages.success(request, sentence)
        page = reverse("telephony:config", args=[workspace.slug])
        return redirect(f"{page}?{filters.query(open=country)}#country-{country}")
    context = country_context(request, workspace, country, filters)
    response = render(request, "telephony/_switched.html", context)
    response = reswap(retarget(response, f"#country-{country}"), "outerHTML")
    return announce(response, sentence, "close-modal", undo=_undo(workspace, filters.query(), undo))


def _undo(workspace: Workspace, query: str, groups: Sequence[NetworkGroup]) -> str:
    """Where posting turns these on again; empty without any."""
    if not groups:
        return ""
    what = urlencode([("what", group.pk) for group in groups])
    return f"{reverse('telephony:switch', args=[workspace.slug])}?{query}&{what}"


def _sip_switched(request: Request, workspace: Workspace, sentence: str) -> HttpResponse:
    filters = read_filters(request.GET)
    if not request.htmx:
        messages.success(request, sentence)
        page = reverse("telephony:config", args=[workspace.slug])
        return redirect(f"{page}?{filters.query()}#providers")
    context = config_context(request, workspace, filters)
    response = render(request, "telephony/_sip_switched.html", context)
    return announce(reswap(retarget(response, "#providers"), "outerHTML"), sentence, "close-modal")

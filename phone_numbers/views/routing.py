"""Routing one number: on its page, in the table's dialog, with and without scripts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN
from dialnexa.models import Workspace
from dialnexa.responses import announce, done
from dialnexa.shell import sign_in_required
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import DIRECTIONS, UNCHANGED, Wanted, route_number
from phone_numbers.routes.selects import route_selects
from phone_numbers.views.number import get_number, number_context
from telephony.e164 import format_international
from telephony.models import AgentVersion

PANEL = "routing-panel"


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@sign_in_required
def route(request: Request, slug: str, number_id: str) -> HttpResponse:
    """GET: the dialog of the table. POST: what was chosen there or on the number's page."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    number = get_number(workspace, number_id)
    if request.method == "GET":
        return _dialog(request, number) if request.htmx else _to_number(number)
    try:
        inbound, outbound = (_wanted(request, number, way) for way in DIRECTIONS)
        changed = route_number(
            number, inbound=inbound, outbound=outbound, by=browser_actor(request), now=clock.now()
        )
    except Refusal as refusal:
        return _refused(request, number, refusal)
    return _routed(request, number, _sentence(number) if changed else _("Nothing was changed."))


def _wanted(request: Request, number: PhoneNumber, way: str) -> Wanted:
    """What the form asks for. A choice left as it was shown touches nothing, whoever changed it meanwhile."""
    chosen, shown = request.POST.get(way), request.POST.get(f"{way}_was")
    if chosen is None or chosen == shown:
        return UNCHANGED
    if not chosen:
        return None
    return find_version(number.workspace, chosen, way)


def find_version(workspace: Workspace, version_id: str, way: str) -> AgentVersion:
    """The version somebody chose for this direction. Raises Refusal 404 ``version_not_found``."""
    versions = AgentVersion.objects.filter(workspace=workspace, pk=version_id)
    version = versions.first() if ID_PATTERN.match(version_id) else None
    if version is None:
        sentence = _("That version is not there. Choose another one.")
        raise Refusal("version_not_found", sentence, status=404, field=way)
    return version


def _sentence(number: PhoneNumber) -> str:
    said = _("%(inbound)s answers %(number)s, %(outbound)s calls from it.")
    return said % {
        "inbound": number.inbound_version or _("Nobody"),
        "outbound": number.outbound_version or _("nobody"),
        "number": format_international(number.e164),
    }


def _dialog(request: Request, number: PhoneNumber, refusal: Refusal | None = None) -> HttpResponse:
    context = {
        "workspace": number.workspace,
        "number": number,
        "route_selects": route_selects(number, request.POST),
        "routing_refusal": refusal,
    }
    return render(request, "numbers/_routing_dialog.html", context, status=422 if refusal else 200)


def _refused(request: Request, number: PhoneNumber, refusal: Refusal) -> HttpResponse:
    if request.htmx and request.htmx.target != PANEL:
        return _dialog(request, number, refusal)
    context = number_context(request, number.workspace, number)
    context |= {"route_selects": route_selects(number, request.POST), "routing_refusal": refusal}
    return render(request, "numbers/number.html", context, status=422)


def _routed(request: Request, number: PhoneNumber, sentence: str) -> HttpResponse:
    """The page takes from its own new self what has changed; the dialog closes and the table looks again."""
    if not request.htmx:
        messages.success(request, sentence)
        return _to_number(number)
    if request.htmx.target != PANEL:
        return done(sentence, "close-modal", "numbers-changed")
    fresh = get_number(number.workspace, number.pk)
    context = number_context(request, number.workspace, fresh)
    return announce(render(request, "numbers/number.html", context), sentence)


def _to_number(number: PhoneNumber) -> HttpResponse:
    return redirect(f"{reverse('numbers:number', args=[number.workspace.slug, number.pk])}#{PANEL}")

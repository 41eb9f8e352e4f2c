"""Linking a number of one's own carrier: the dialog, testing what was typed, changing and testing a trunk.

What is to be checked in the background is left to the sweeper, which has few checks out at a time: rung for
from here, somebody who saves the same trunk again and again would keep the purchases' workers from everybody.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.mfa.leading import recent_sign_in_required
from dialnexa.models import Workspace
from dialnexa.responses import announce, done
from dialnexa.shell import sign_in_required
from dialnexa.translations.retelling import retell
from phone_numbers.linking.editing import edit_trunk
from phone_numbers.linking.health import check_now, check_settings
from phone_numbers.linking.settings import facts, inbound_uri
from phone_numbers.linking.trunks import link_number
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.views.number import get_number, number_context
from telephony.e164 import format_international, parse_e164
from telephony.rates import sip_rate
from telephony.sip import Check

CREDENTIALS = ("username", "password")
USUAL = {"transport": "udp", "auth_mode": "userpass", "check": "1"}


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def link(request: Request, slug: str) -> HttpResponse:
    """The form, in the dialog or as a page of its own, and what comes of it."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    if request.method == "GET":
        known = {name: request.GET[name] for name in ("phone_number", "nickname") if name in request.GET}
        return _form(request, workspace, USUAL | known)
    try:
        number = link_number(
            workspace,
            phone_number=request.POST.get("phone_number", ""),
            nickname=request.POST.get("nickname", ""),
            check="check" in request.POST,
            **_typed(request),
            by=browser_actor(request),
            now=clock.now(),
        )
    except Refusal as refusal:
        return _form(request, workspace, request.POST.dict(), refusal=refusal)
    return _linked(request, number)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def try_settings(request: Request, slug: str) -> HttpResponse:
    """Ask the trunk that the form describes; nothing is stored. ``number`` names the one being edited."""
    if request.method == "GET":
        return redirect("numbers:link", slug)
    workspace = get_workspace(request, slug, Right.MANAGE)
    trunk = get_trunk(workspace, request.POST["number"]) if request.POST.get("number") else None
    outcome: dict[str, Any] = {}
    try:
        outcome["found"] = check_settings(workspace, _typed(request), kept=trunk)
    except Refusal as refusal:
        outcome["test_refusal"] = refusal
    if request.htmx:
        status = 200 if "found" in outcome else 422
        return render(request, "numbers/_trunk_result.html", outcome, status=status)
    return _form(request, workspace, request.POST.dict(), trunk, **outcome)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
@recent_sign_in_required
def edit(request: Request, slug: str, number_id: str) -> HttpResponse:
    """The trunk's form with what is stored, but for the password, and what comes of it."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    trunk = get_trunk(workspace, number_id)
    if request.method == "GET":
        return _form(request, workspace, facts(trunk), trunk)
    try:
        changed = edit_trunk(trunk, **_typed(request), by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return _form(request, workspace, request.POST.dict(), trunk, refusal=refusal)
    messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
    return _to_number(request, trunk.number)


@require_POST
@sign_in_required
def check(request: Request, slug: str, number_id: str) -> HttpResponse:
    """Test a linked trunk now, and show what came back."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    trunk = get_trunk(workspace, number_id)
    try:
        found = check_now(trunk, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        if request.htmx:
            return announce(HttpResponse(status=204), refusal.sentence, tone="trouble")
        messages.error(request, refusal.sentence)
        return _to_number(request, trunk.number)
    return _checked(request, workspace, trunk, found)


def _typed(request: Request) -> dict[str, str]:
    """The settings in the form. Credentials that the form hides were not meant."""
    names = ("transport", "auth_mode", *CREDENTIALS, "caller_id", "sources")
    typed = {name: request.POST.get(name, "") for name in names}
    if typed["auth_mode"] == SipTrunk.AuthMode.IP:
        typed |= dict.fromkeys(CREDENTIALS, "")
    return typed | {"termination_uri": request.POST.get("termination", "")}


def _form(
    request: Request,
    workspace: Workspace,
    asked: dict[str, str],
    trunk: SipTrunk | None = None,
    **outcome: Refusal | Check,
) -> HttpResponse:
    """The form with what was typed, never the password, and what came of it."""
    number = trunk.number if trunk else None
    e164 = number.e164 if number else _number_in(asked)
    context = outcome | {
        "workspace": workspace,
        "asked": {name: text for name, text in asked.items() if name != "password"},
        "trunk": trunk,
        "number": number,
        "transports": SipTrunk.Transport.choices,
        "auth_modes": SipTrunk.AuthMode.choices,
        "sip_rate": sip_rate(workspace.currency, now=clock.now()),
        "inbound_uri": inbound_uri(e164) if e164 else "",
        "inbound_domain": settings.SIP_INBOUND_DOMAIN,
        "signalling_addresses": settings.SIP_SIGNALLING_ADDRESSES,
        "action": reverse("numbers:trunk", args=[workspace.slug, number.pk])
        if number
        else reverse("numbers:link", args=[workspace.slug]),
    }
    refusal = outcome.get("refusal") or outcome.get("test_refusal")
    status = refusal.status if isinstance(refusal, Refusal) else 200
    if request.htmx:
        return render(request, "numbers/_trunk_form.html", context, status=422 if refusal else 200)
    return render(request, "numbers/trunk.html", context, status=status)


def _number_in(asked: dict[str, str]) -> str:
    """The number that was typed, if it is one."""
    try:
        return parse_e164(asked.get("phone_number", "")).e164
    except Refusal:
        return ""


def _linked(request: Request, number: PhoneNumber) -> HttpResponse:
    """The dialog closes over the table; the form's own page leads to the number."""
    said = _("%(number)s is linked. Choose who answers it under Routing.")
    sentence = said % {"number": format_international(number.e164)}
    if request.htmx and request.htmx.current_url_abs_path != request.path:
        return done(sentence, "close-modal", "numbers-changed")
    messages.success(request, sentence)
    return _to_number(request, number)


def _checked(request: Request, workspace: Workspace, trunk: SipTrunk, found: Check) -> HttpResponse:
    """The page takes from its own new self what has changed."""
    tone = "ok" if found.health == "healthy" else "trouble"
    if not request.htmx:
        (messages.success if tone == "ok" else messages.error)(request, retell(found.sentence))
        return _to_number(request, trunk.number)
    fresh = get_number(workspace, trunk.number_id)
    page = render(request, "numbers/number.html", number_context(request, workspace, fresh))
    return announce(page, retell(found.sentence), tone=tone)


def _to_number(request: Request, number: PhoneNumber) -> HttpResponse:
    url = reverse("numbers:number", args=[number.workspace.slug, number.pk])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def get_trunk(workspace: Workspace, number_id: str) -> SipTrunk:
    """The trunk of one of the workspace's numbers; anything else is 404."""
    number = get_number(workspace, number_id)
    trunk = SipTrunk.objects.select_related("number__workspace").filter(number=number).first()
    if trunk is None:
        raise Http404
    return trunk

"""The card of the verification number on the KYC page, and what carriers ask about its calls.

To a carrier, what is wrong is never said: a token that nobody gave out, a forged signature and another
carrier's token look alike.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.models import Workspace
from dialnexa.shell import sign_in_required
from kyc.own_number import read_own_number
from kyc.views import cases_page
from phone_numbers.verifying import calls as verification_calls
from phone_numbers.verifying.calls import NotOurs
from phone_numbers.verifying.verification import Asked, ask_code, confirm_code
from phone_numbers.views.webhooks import respond, signed_request
from telephony.e164 import format_international

LONGEST = 100  # characters of what was typed that are shown again


@require_POST
@sign_in_required
def ask(request: Request, slug: str) -> HttpResponse:
    """Call the number that was typed and speak a code."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    typed = request.POST.get("number", "").replace("\x00", "")
    try:
        asked = ask_code(workspace, typed, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return _refused(request, workspace, refusal, typed)
    return _done(request, workspace, _calling(asked), is_sure=asked.sure)


@require_POST
@sign_in_required
def confirm(request: Request, slug: str) -> HttpResponse:
    """Confirm the number with the code that was heard."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    code = request.POST.get("code", "")
    try:
        row = confirm_code(workspace, code, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return _refused(request, workspace, refusal)
    return _done(
        request, workspace, _("%(number)s is confirmed.") % {"number": format_international(row.e164)}
    )


@csrf_exempt
@require_POST
def answer_call(request: HttpRequest, carrier: str, token: str) -> HttpResponse:
    """Somebody has picked up: what is to be said?"""
    signed = signed_request(request)
    try:
        if signed is None:
            raise NotOurs
        return respond(verification_calls.answer(signed, carrier=carrier, token=token, now=clock.now()))
    except NotOurs:
        return _nothing()


@csrf_exempt
@require_POST
def call_status(request: HttpRequest, carrier: str, token: str) -> HttpResponse:
    """It rings, is answered, is over."""
    signed = signed_request(request)
    try:
        if signed is None:
            raise NotOurs
        verification_calls.note_status(signed, carrier=carrier, token=token)
    except NotOurs:
        return _nothing()
    return respond(None)


def _nothing() -> HttpResponse:
    return HttpResponse("Nothing is here.\n", status=404, content_type="text/plain")


def _calling(asked: Asked) -> str:
    shown = format_international(asked.e164)
    if asked.sure:
        return _("We are calling %(number)s.") % {"number": shown}
    return _(
        "The carrier has not confirmed the call to %(number)s. If nothing rings, ask again in half a minute."
    ) % {"number": shown}


def _done(request: Request, workspace: Workspace, said: str, *, is_sure: bool = True) -> HttpResponse:
    if request.htmx:
        return _card(request, workspace, said=said, doubt="" if is_sure else said)
    messages.success(request, said)
    return redirect("kyc:cases", workspace.slug)


def _refused(request: Request, workspace: Workspace, refusal: Refusal, typed: str = "") -> HttpResponse:
    wrong = {"refusal": refusal, "at": refusal.details.get("field", "number"), "typed": typed[:LONGEST]}
    if request.htmx:
        return _card(request, workspace, status=422, **wrong)
    return cases_page(request, workspace, status=422, **wrong)


def _card(request: Request, workspace: Workspace, *, status: int = 200, **more: object) -> HttpResponse:
    own = read_own_number(workspace, now=clock.now())
    context = {"workspace": workspace, "own": own, "may_manage": True, **more}
    return render(request, "kyc/_verification.html", context, status=status)

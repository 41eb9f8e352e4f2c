"""Giving a number back, and protecting it from that."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace
from dialnexa.doorbell import ring_on_commit
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.shell import sign_in_required
from phone_numbers import tasks
from phone_numbers.models import PhoneNumber
from phone_numbers.releasing import protect_number, release_number
from phone_numbers.views.number import get_number, number_context
from telephony.e164 import format_international
from telephony.models import CarrierSlug


@require_http_methods(["GET", "POST"])
@sign_in_required
def release(request: Request, slug: str, number_id: str) -> HttpResponse:
    """Give the number back, once the person has typed its last four digits. GET leads back to the number."""
    if request.method == "GET":
        return redirect("numbers:number", slug, number_id)
    workspace = get_workspace(request, slug, Right.MANAGE)
    number = get_number(workspace, number_id)
    reason = request.POST.get("reason", "").replace("\x00", "").strip()[:300]
    try:
        _confirm(number, request.POST.get("confirm", ""))
        release_number(number, by=browser_actor(request), now=clock.now(), reason=reason)
    except Refusal as refusal:
        context = number_context(request, workspace, number) | {"release_refusal": refusal}
        return render(request, "numbers/number.html", context, status=refusal.status)
    ring_on_commit(tasks.release_number, number_id=number.id)
    is_linked = number.carrier == CarrierSlug.SIP_TRUNK
    unlinked = _("%(number)s was released. It stays with your own carrier.")
    given_back = _("%(number)s was released. It costs nothing more.")
    said = unlinked if is_linked else given_back
    messages.success(request, said % {"number": format_international(number.e164)})
    return redirect("numbers:number", slug, number.id)


def _confirm(number: PhoneNumber, typed: str) -> None:
    if typed.strip() != number.e164[-4:]:
        sentence = _("Type %(digits)s to release this number.") % {"digits": number.e164[-4:]}
        raise Refusal("release_not_confirmed", sentence, status=422)


@require_POST
@sign_in_required
def protect(request: Request, slug: str, number_id: str) -> HttpResponse:
    """Switch the protection from release on (1) or off (0)."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    number = get_number(workspace, number_id)
    protected = request.POST.get("protected") == "1"
    protect_number(number, protected=protected, by=browser_actor(request), now=clock.now())
    said = _("%(number)s can be released again.")
    if protected:
        said = _("%(number)s is protected from release.")
    messages.success(request, said % {"number": format_international(number.e164)})
    return redirect("numbers:number", slug, number.id)

"""“Sign-in & security”: a person's password, second step and sessions. Of no workspace."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dialnexa import clock
from dialnexa.http import Request
from dialnexa.isolation.scope import everywhere
from dialnexa.mfa.leading import recent_sign_in_required
from dialnexa.models import Membership
from dialnexa.sessions.ending import end_other_sessions, end_session, list_sessions
from dialnexa.shell import sign_in_required

Type = Authenticator.Type


@require_GET
@sign_in_required
def show_security(request: Request) -> HttpResponse:
    """Everything that decides who gets into this account."""
    steps = list(Authenticator.objects.filter(user_id=request.user.pk).order_by("created_at"))
    codes = next((step for step in steps if step.type == Type.RECOVERY_CODES), None)
    asking = Membership.objects.filter(user_id=request.user.pk, workspace__requires_mfa=True)
    with everywhere("Any of a person's workspaces may ask for a second step."):
        asks = asking.values_list("workspace__name", flat=True).first()
    context = {
        "totp": next((step for step in steps if step.type == Type.TOTP), None),
        "passkeys": [step for step in steps if step.type == Type.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "codes": codes,
        "asking": asks,
        "sessions": list_sessions(request),
        "now": clock.wall_now(),
    }
    return render(request, "account/security.html", context)


@require_GET
def list_passkeys(request: Request) -> HttpResponse:
    """They are on the page of everything."""
    return redirect("mfa_index")


@require_POST
@sign_in_required
@recent_sign_in_required
def end(request: Request) -> HttpResponse:
    """Sign out one of the person's browsers (``session``), or all but this one."""
    chosen = request.POST.get("session", "")
    if not chosen:
        end_other_sessions(request)
        messages.success(request, _("Every other browser is signed out."))
    elif chosen.isdecimal() and end_session(request.user, int(chosen[:18])):  # type: ignore[arg-type]
        messages.success(request, _("That browser is signed out."))
    else:
        messages.info(request, _("That browser was signed out already."))
    return redirect(f"{reverse('mfa_index')}#sessions")

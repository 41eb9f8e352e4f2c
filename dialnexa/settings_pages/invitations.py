"""What the link in an invitation leads to.

The token is taken out of the address at once and kept in the session, so that neither logs nor the address
of the sign-in page hold it. Looking accepts nothing (mail programs look at links): joining takes a button.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from dialnexa import clock
from dialnexa.access import browser_actor
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.invitations import accept_invitation, find_invitation, refuse_unacceptable
from dialnexa.isolation.scope import enter
from dialnexa.models import Invitation, User
from dialnexa.shell import LAST_WORKSPACE

KEPT = "invitation"  # in the session: the token of the link last followed
LONGEST_TOKEN = 100


@require_GET
@never_cache
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """Remember the token and go on without it."""
    request.session[KEPT] = token[:LONGEST_TOKEN]
    return redirect("invitation")


@require_http_methods(["GET", "POST"])
@never_cache
def answer_invitation(request: Request) -> HttpResponse:
    """Who invites whom into what; joining, for the person it was sent to."""
    invitation = find_invitation(request.session.get(KEPT, ""))
    if invitation is None:
        sentence = _(
            "This link is not valid, or a newer mail has replaced it. Open the link of the newest mail."
        )
        return _explain(request, None, Refusal("invitation_unknown", sentence, status=404))
    enter(invitation.workspace_id)
    user = request.user
    if not isinstance(user, User):
        return _show(request, invitation)
    try:
        refuse_unacceptable(invitation, user, now=clock.now())
        if request.method == "GET":
            return _show(request, invitation)
        accept_invitation(invitation, user, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        if not (refusal.code == "invitation_used" and _is_member(user, invitation)):  # pressed twice
            return _explain(request, invitation, refusal)
    request.session[LAST_WORKSPACE] = invitation.workspace.slug
    return redirect("numbers:list", invitation.workspace.slug)


def _show(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    context = {"invitation": invitation, "meant_for": _masked(invitation)}
    return render(request, "invitation.html", context)


def _is_member(user: User, invitation: Invitation) -> bool:
    return invitation.workspace.memberships.filter(user=user).exists()


def _explain(request: HttpRequest, invitation: Invitation | None, refusal: Refusal) -> HttpResponse:
    context = {"invitation": invitation, "refusal": refusal, "meant_for": invitation and _masked(invitation)}
    return render(request, "invitation_refused.html", context, status=refusal.status)


def _masked(invitation: Invitation) -> str:
    """Enough to recognise one's own other address: ``d…a@example.com``."""
    local, at, domain = invitation.email.rpartition("@")
    return f"{local[:1]}…{local[-1:] if len(local) > 1 else ''}{at}{domain}"

"""The pages of members and invitations."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN
from dialnexa.invitation_mail import mail_invitation
from dialnexa.invitations import invite, note_sent, renew_invitation, withdraw_invitation
from dialnexa.memberships import change_role, remove_member, transfer_ownership
from dialnexa.mfa.leading import recent_sign_in_required
from dialnexa.models import Invitation, Membership, Workspace
from dialnexa.settings_pages.member_rows import read_invitations, read_members, roles_for
from dialnexa.settings_pages.pages import dialog, go, lead_to
from dialnexa.shell import sign_in_required
from dialnexa.workspaces import require_second_step


@require_GET
@sign_in_required
def list_members(request: Request, slug: str) -> HttpResponse:
    """Who belongs here and as what, for everybody; what to do about it, for those who may."""
    workspace, now = get_workspace(request, slug), clock.now()
    context = {
        "workspace": workspace,
        "members": read_members(workspace, request.membership),
        "invitations": read_invitations(workspace, request.membership, now),
        "may_manage": has_right(request, Right.MANAGE),
        "may_own": has_right(request, Right.OWN),
        "now": now,
    }
    return render(request, "settings/members.html", context)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
@recent_sign_in_required
def invite_member(request: Request, slug: str) -> HttpResponse:
    """Ask somebody in by e-mail. The answer is the same whether that address has an account or not."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    asked = {"email": request.POST.get("email", ""), "role": request.POST.get("role", "member")}
    context = {"workspace": workspace, "asked": asked, "roles": roles_for(request.membership)}
    if request.method == "GET":
        return dialog(request, "invite", _("Invite somebody"), context)
    try:
        invitation, token = invite(workspace, **asked, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return dialog(request, "invite", _("Invite somebody"), context, refusal)
    return _send(request, invitation, token)


@require_POST
@sign_in_required
def renew(request: Request, slug: str, invitation_id: str) -> HttpResponse:
    """Send the mail again, with another link; the earlier one stops working."""
    invitation = get_invitation(get_workspace(request, slug, Right.MANAGE), invitation_id)
    try:
        token = renew_invitation(invitation, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return _explain(request, refusal)
    return _send(request, invitation, token)


@require_POST
@sign_in_required
def withdraw(request: Request, slug: str, invitation_id: str) -> HttpResponse:
    """Make the link that was mailed worthless."""
    invitation = get_invitation(get_workspace(request, slug, Right.MANAGE), invitation_id)
    try:
        withdraw_invitation(invitation, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return _explain(request, refusal)
    sentence = _("The invitation of %(address)s is withdrawn; its link no longer works.") % {
        "address": invitation.email
    }
    return lead_to(request, "settings:members", slug, sentence)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
@recent_sign_in_required
def change(request: Request, slug: str, member_id: int) -> HttpResponse:
    """Give a member another role."""
    member = get_member(get_workspace(request, slug, Right.MANAGE), member_id)
    role = request.POST.get("role", member.role)
    context = _member_context(request, member) | {"role": role, "roles": roles_for(request.membership)}
    title = _("Change the role of %(name)s") % {"name": member.user}
    if request.method == "GET":
        return dialog(request, "member_role", title, context)
    try:
        change_role(member, _known(role), by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return dialog(request, "member_role", title, context, refusal)
    said = _("%(name)s is %(role)s now.") % {"name": member.user, "role": member.get_role_display()}
    return lead_to(request, "settings:members", slug, said)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
@recent_sign_in_required
def transfer(request: Request, slug: str, member_id: int) -> HttpResponse:
    """Hand the workspace over: the member becomes an owner, the owner who asks an admin."""
    member = get_member(get_workspace(request, slug, Right.OWN), member_id)
    context = _member_context(request, member)
    title = _("Make %(name)s the owner") % {"name": member.user}
    if request.method == "GET":
        return dialog(request, "member_transfer", title, context)
    try:
        transfer_ownership(member, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return dialog(request, "member_transfer", title, context, refusal)
    said = _("%(name)s owns the workspace now.") % {"name": member.user}
    return lead_to(request, "settings:members", slug, said)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def remove(request: Request, slug: str, member_id: int) -> HttpResponse:
    """Take somebody out, or leave."""
    member = get_member(get_workspace(request, slug), member_id)
    context = _member_context(request, member)
    title = _("Leave the workspace") if context["is_me"] else _("Remove %(name)s") % {"name": member.user}
    if not context["is_me"]:
        get_workspace(request, slug, Right.MANAGE)
    if request.method == "GET":
        return dialog(request, "member_remove", title, context)
    try:
        remove_member(member, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return dialog(request, "member_remove", title, context, refusal)
    if context["is_me"]:
        messages.success(request, _("You have left %(workspace)s.") % {"workspace": member.workspace})
        return go(request, reverse("home"))
    said = _("%(name)s is no longer a member.") % {"name": member.user}
    return lead_to(request, "settings:members", slug, said)


@require_POST
@sign_in_required
@recent_sign_in_required
def require_mfa(request: Request, slug: str) -> HttpResponse:
    """Ask every member for a second step (``required=on``), or leave it to each."""
    workspace, required = get_workspace(request, slug, Right.OWN), request.POST.get("required") == "on"
    try:
        require_second_step(workspace, required, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return _explain(request, refusal)
    sentence = (
        _("Members need a second step now.") if required else _("A second step is left to each member now.")
    )
    return lead_to(request, "settings:members", slug, sentence)


def get_member(workspace: Workspace, member_id: int) -> Membership:
    """Another workspace's member is 404, as one that does not exist."""
    members = Membership.objects.select_related("user", "workspace")
    return get_object_or_404(members, pk=member_id, workspace=workspace)


def get_invitation(workspace: Workspace, invitation_id: str) -> Invitation:
    if not ID_PATTERN.fullmatch(invitation_id):
        raise Http404
    return get_object_or_404(Invitation, pk=invitation_id, workspace=workspace)


def _member_context(request: Request, member: Membership) -> dict[str, Any]:
    is_me = member.pk == request.membership.pk
    return {"workspace": member.workspace, "member": member, "is_me": is_me}


def _known(role: str) -> str:
    if role not in Membership.Role.values:
        raise Refusal("role_unknown", _("Choose a role from the list."), field="role")
    return role


def _send(request: Request, invitation: Invitation, token: str) -> HttpResponse:
    """Mail the link, outside of any transaction, and say whether it left."""
    slug, address = request.workspace.slug, invitation.email
    if not mail_invitation(invitation, token):
        sentence = _("%(address)s is invited, but the mail could not be sent. Send it again in a while.")
        return lead_to(request, "settings:members", slug, sentence % {"address": address}, tone="trouble")
    note_sent(invitation, now=clock.now())
    sentence = _("An invitation is on its way to %(address)s. Its link works for seven days.")
    return lead_to(request, "settings:members", slug, sentence % {"address": address})


def _explain(request: Request, refusal: Refusal) -> HttpResponse:
    """Back to the list with the reason; what one may not do at all is a page of its own."""
    if refusal.status == 403:
        raise refusal
    return lead_to(request, "settings:members", request.workspace.slug, refusal.sentence, tone="trouble")

"""Who may do what, as getters: an object can't be reached without the permission it needs.

Another workspace's object is 404, exactly as one that does not exist; a role that may see but not do is 403.
"""

from __future__ import annotations

from enum import StrEnum

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _

from dialnexa.actors import Actor, Channel
from dialnexa.isolation.scope import enter, everywhere
from dialnexa.logs import context
from dialnexa.mfa.rules import may_see_workspace
from dialnexa.models import Membership, Workspace


class Right(StrEnum):
    SEE = "see"
    OPERATE = "operate"  # place calls, launch batches, edit agents
    MANAGE = "manage"  # buy, link, route, release; Telephony Config; KYC; keys; members
    OWN = "own"  # wallet, delete, transfer


class SecondStepMissing(Exception):
    """The workspace requires two steps of its members, and this session took one."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.pk)
        sentence = _("%(workspace)s asks its members for a second step. Set one up to see it again.")
        self.sentence = sentence % {"workspace": workspace}


Role = Membership.Role
RIGHTS: dict[str, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.ADMIN: frozenset({Right.SEE, Right.OPERATE, Right.MANAGE}),
    Role.MEMBER: frozenset({Right.SEE, Right.OPERATE}),
    Role.VIEWER: frozenset({Right.SEE}),
}


def get_workspace(request: HttpRequest, slug: str, right: Right = Right.SEE) -> Workspace:
    """The workspace by its slug, for a member whose role has ``right``; sets ``request.membership``.

    Raises Http404 for strangers, PermissionDenied for members without the right, and SecondStepMissing (which
    ``shell.sign_in_required`` answers) where the workspace requires two steps and the session took one.
    """
    if not request.user.is_authenticated:
        raise Http404
    with everywhere("Whose workspace it is has to be found out before it is entered."):
        mine = Membership.objects.filter(workspace__slug=slug, user=request.user)
        membership = mine.select_related("workspace").first()
    if membership is None:
        raise Http404
    if not may_see_workspace(request, membership.workspace):
        raise SecondStepMissing(membership.workspace)
    enter(membership.workspace_id)
    request.membership = membership  # type: ignore[attr-defined]
    request.workspace = membership.workspace  # type: ignore[attr-defined]
    context.note(workspace_id=membership.workspace_id, user_id=membership.user_id)
    if right not in RIGHTS[membership.role]:
        raise PermissionDenied(NEEDS[right])
    return membership.workspace


NEEDS = {
    Right.SEE: _("You are not a member of this workspace."),
    Right.OPERATE: _("Viewers can look but not change anything. Ask an owner or admin for the member role."),
    Right.MANAGE: _("Only owners and admins can do this. Ask one of them, or ask for the admin role."),
    Right.OWN: _("Only the owner can do this."),
}


def has_right(request: HttpRequest, right: Right) -> bool:
    """Whether the member whose request this is (after ``get_workspace``) has ``right``."""
    membership = getattr(request, "membership", None)
    return membership is not None and right in RIGHTS[membership.role]


def browser_actor(request: HttpRequest) -> Actor:
    """The signed-in person, for a verb's ``by``."""
    user = request.user
    assert user.is_authenticated
    return Actor(Channel.BROWSER, user.get_full_name() or user.email, user, request.id)  # type: ignore[attr-defined]


def staff_actor(request: HttpRequest) -> Actor:
    """Support staff acting in the admin."""
    user = request.user
    assert user.is_authenticated
    assert user.is_staff
    context.note(user_id=user.pk)
    return Actor(Channel.STAFF, user.get_full_name() or user.email, user, request.id)  # type: ignore[attr-defined]

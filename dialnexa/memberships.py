"""Who belongs to a workspace, and as what. A workspace always keeps an owner.

Who may change whom is decided here, under the workspace's lock, so that somebody who is removed while he
clicks removes nobody any more. The system may do everything; support staff may, too, but let in no colleague
(nor themselves), and the workspace's managers are told of it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa import audit
from dialnexa.access import RIGHTS, Right
from dialnexa.actors import Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import Membership, User, Workspace
from dialnexa.notices import tell

Role = Membership.Role
RANK = (Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER)
TRUSTED = (Channel.STAFF, Channel.SYSTEM)  # the admin and our own processes have rules of their own


def add_member(
    workspace: Workspace, user: User, role: str, *, by: Actor, now: datetime, reason: str = ""
) -> Membership:
    """Make ``user`` a member with ``role`` (a Membership.Role).

    Raises Refusal 409 for a member, 403 when ``by`` may not give this role (see ``refuse_unless_may``), or
    is staff and ``user`` a colleague.
    """
    with transaction.atomic():
        lock_workspace(workspace.pk)
        refuse_unless_may(workspace.pk, by, role)
        _refuse_colleagues(user, by)
        member = admit(workspace, user, role, by=by, now=now, reason=reason)
        _tell_of_support(member, role, by, now)
        return member


def change_role(membership: Membership, role: str, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Give the member another role.

    Raises Refusal 409 when that would leave no owner, or changes nothing; 403 when ``by`` may not, or would
    raise their own role.
    """
    with transaction.atomic():
        before = _lock(membership).role
        if before == role:
            sentence = _("%(name)s has this role already.") % {"name": membership.user}
            raise Refusal("role_unchanged", sentence, status=409)
        _refuse_raising_oneself(membership, before, role, by)
        refuse_unless_may(membership.workspace_id, by, before, role)
        _refuse_colleagues(membership.user, by)
        _keep_an_owner(membership, before)
        _write_role(membership, before, role, by=by, now=now, reason=reason)
        _tell_of_support(membership, role, by, now)
    membership.role = role


def transfer_ownership(membership: Membership, *, by: Actor, now: datetime) -> None:
    """Make this member an owner in the place of the person who asks, who stays as an admin.

    Raises Refusal 403 for anybody but an owner, 409 for oneself and for somebody who is an owner already.
    """
    with transaction.atomic():
        before = _lock(membership).role
        mine = Membership.objects.filter(workspace=membership.workspace_id, user=by.user).first()
        if mine is None or mine.role != Role.OWNER:
            raise Refusal("owner_only", _("Only an owner can hand the workspace over."), status=403)
        if before == Role.OWNER:
            sentence = _("%(name)s is an owner already. To step down, change your own role.")
            raise Refusal("role_unchanged", sentence % {"name": membership.user}, status=409)
        reason = gettext_noop("Ownership handed over.")
        _write_role(membership, before, Role.OWNER, by=by, now=now, reason=reason)
        _write_role(mine, Role.OWNER, Role.ADMIN, by=by, now=now, reason=reason)
    membership.role = Role.OWNER


def remove_member(membership: Membership, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Take the member out of the workspace; everybody may take out themselves.

    Raises Refusal 409 for the only owner, 403 when ``by`` may not.
    """
    with transaction.atomic():
        before = _lock(membership).role
        if by.user is None or by.user.pk != membership.user_id:
            refuse_unless_may(membership.workspace_id, by, before)
        _keep_an_owner(membership, before)
        sides = {"before": {"user": membership.user.email, "role": before}}
        event = "leave" if by.user and by.user.pk == membership.user_id else "remove_member"
        audit.record(membership, event, **sides, by=by, now=now, reason=reason)
        Membership.objects.filter(pk=membership.pk).delete()


def refuse_unless_may(workspace_id: str, by: Actor, *roles: str) -> None:
    """Raises Refusal 403 when ``by`` may not give these roles or change people who have them.

    Owners may everything, admins everything that has nothing to do with owners, others nothing. Hold the
    workspace's lock, so that the answer stays true.
    """
    if by.channel in TRUSTED:
        return
    own = Membership.objects.filter(workspace=workspace_id, user=by.user).first() if by.user else None
    if own is None or Right.MANAGE not in RIGHTS[own.role]:
        sentence = _("Only owners and admins can change who belongs here.")
        raise Refusal("role_not_allowed", sentence, status=403)
    if Role.OWNER in roles and own.role != Role.OWNER:
        raise Refusal("owner_only", _("Only an owner can make, change or remove owners."), status=403)


def lock_workspace(workspace_id: str) -> None:
    """Nobody else changes who belongs to it until the transaction ends: two owners can't step down at once.

    ``no_key``: rows that only refer to the workspace are inserted all the same.
    """
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)


def admit(
    workspace: Workspace, user: User, role: str, *, by: Actor, now: datetime, reason: str = ""
) -> Membership:
    """The new row and its history, for verbs that have decided that it may be.

    Raises Refusal 409 for a member, and for the workspace of numbers without an owner.
    """
    if workspace.is_pool:
        raise Refusal("workspace_is_pool", _("Nobody can join it: it only holds numbers."), status=409)
    membership, is_new = Membership.objects.get_or_create(
        workspace=workspace, user=user, defaults={"role": role, "created_at": now}
    )
    if not is_new:
        sentence = _("%(name)s is a member of %(workspace)s already.")
        said = sentence % {"name": user, "workspace": workspace}
        raise Refusal("already_member", said, status=409)
    after = {"user": user.email, "role": role}
    audit.record(membership, "add_member", after=after, by=by, now=now, reason=reason)
    return membership


def _write_role(
    membership: Membership, before: str, role: str, *, by: Actor, now: datetime, reason: str
) -> None:
    Membership.objects.filter(pk=membership.pk).update(role=role)
    sides = {"before": {"role": before}, "after": {"role": role}}
    audit.record(membership, "change_role", **sides, by=by, now=now, reason=reason)


def _lock(membership: Membership) -> Membership:
    """The row as it is now, with the workspace locked."""
    lock_workspace(membership.workspace_id)
    row = Membership.objects.filter(pk=membership.pk).first()
    if row is None:
        raise Refusal("not_a_member", _("This person is no longer a member."), status=409)
    return row


def _refuse_raising_oneself(membership: Membership, before: str, role: str, by: Actor) -> None:
    raises = RANK.index(Role(role)) > RANK.index(Role(before))
    if raises and by.channel not in TRUSTED and by.user and by.user.pk == membership.user_id:
        raise Refusal("role_own", _("Nobody can raise their own role. Ask an owner."), status=403)


def _refuse_colleagues(user: User, by: Actor) -> None:
    """A member sees all papers and secrets of the workspace, which support's own permissions keep apart."""
    let_in = by.channel == Channel.STAFF and (user.is_staff or user.is_superuser)
    if let_in and not (by.user and by.user.is_superuser):
        sentence = "Only a superuser lets support staff into a customer's workspace."
        raise Refusal("superuser_only", sentence, status=403)


def _tell_of_support(membership: Membership, role: str, by: Actor, now: datetime) -> None:
    """Nobody comes in, or gets more rights, by support's hand without those who manage the workspace."""
    if by.channel == Channel.STAFF:
        title = gettext_noop("Support gave %(person)s the role %(role)s")
        tell(
            membership.workspace,
            reference=f"support:{membership.pk}:{role}:{now.isoformat()}",
            right=Right.MANAGE,
            title=title % {"person": membership.user.email, "role": role},
            body=gettext_noop(
                "If nobody of yours asked for that, change it on the Members page and write to us at once."
            ),
            page=reverse("settings:members", args=[membership.workspace.slug]),
            now=now,
        )


def _keep_an_owner(membership: Membership, role: str) -> None:
    owners = Membership.objects.filter(workspace=membership.workspace_id, role=Role.OWNER)
    if role == Role.OWNER and not owners.exclude(pk=membership.pk).exists():
        raise Refusal(
            "last_owner", _("A workspace needs an owner. Make somebody else the owner first."), status=409
        )

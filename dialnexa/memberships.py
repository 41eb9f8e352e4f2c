"""Who belongs to a workspace, and as what. A workspace always keeps an owner."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Membership, User, Workspace


def add_member(
    workspace: Workspace, user: User, role: str, *, by: Actor, now: datetime, reason: str = ""
) -> Membership:
    """Make ``user`` a member with ``role`` (a Membership.Role). Raises Refusal 409 for a member."""
    with transaction.atomic():
        membership, new = Membership.objects.get_or_create(
            workspace=workspace, user=user, defaults={"role": role, "created_at": now}
        )
        if not new:
            raise Refusal("already_member", f"{user} is a member of {workspace} already.", status=409)
        after = {"user": user.email, "role": role}
        audit.record(membership, "add_member", after=after, by=by, now=now, reason=reason)
    return membership


def change_role(membership: Membership, role: str, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Give the member another role. Raises Refusal 409 when that would leave no owner, or changes nothing."""
    with transaction.atomic():
        before = _lock(membership).role
        if before == role:
            raise Refusal("role_unchanged", f"{membership.user} has this role already.", status=409)
        _keep_an_owner(membership, before)
        Membership.objects.filter(pk=membership.pk).update(role=role)
        sides = {"before": {"role": before}, "after": {"role": role}}
        audit.record(membership, "change_role", **sides, by=by, now=now, reason=reason)
    membership.role = role


def remove_member(membership: Membership, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Take the member out of the workspace. Raises Refusal 409 for the only owner."""
    with transaction.atomic():
        before = _lock(membership).role
        _keep_an_owner(membership, before)
        sides = {"before": {"user": membership.user.email, "role": before}}
        audit.record(membership, "remove_member", **sides, by=by, now=now, reason=reason)
        Membership.objects.filter(pk=membership.pk).delete()


def _lock(membership: Membership) -> Membership:
    """The row as it is now. The workspace is locked too, so two owners can't step down at once.

    ``no_key``: rows that only refer to the workspace are inserted all the same.
    """
    Workspace.objects.select_for_update(no_key=True).get(pk=membership.workspace_id)
    row = Membership.objects.filter(pk=membership.pk).first()
    if row is None:
        raise Refusal("not_a_member", "This person is no longer a member.", status=409)
    return row


def _keep_an_owner(membership: Membership, role: str) -> None:
    owners = Membership.objects.filter(workspace=membership.workspace_id, role=Membership.Role.OWNER)
    if role == Membership.Role.OWNER and not owners.exclude(pk=membership.pk).exists():
        raise Refusal(
            "last_owner", "A workspace needs an owner. Make somebody else the owner first.", status=409
        )

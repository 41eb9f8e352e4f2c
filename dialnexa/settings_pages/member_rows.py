"""Members and invitations as the page shows them, with what the reader may do to each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, IntegerField, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa.access import RIGHTS, Right
from dialnexa.memberships import RANK
from dialnexa.models import Invitation, Membership, Workspace

Role = Membership.Role
EXPLAINED = {
    Role.OWNER: gettext_noop("Everything, and the wallet and the workspace itself."),
    Role.ADMIN: gettext_noop(
        "Buys, links, routes and releases numbers; Telephony Config, KYC, API keys, members."
    ),
    Role.MEMBER: gettext_noop("Edits agents, places calls, launches batches; sees the rest."),
    Role.VIEWER: gettext_noop("Sees numbers, agents and calls; changes nothing."),
}


@dataclass(frozen=True, slots=True)
class MemberRow:
    """What is offered; the verbs decide again."""

    membership: Membership
    is_me: bool
    may_change: bool
    may_remove: bool
    may_receive: bool  # the workspace, from the owner who looks

    @property
    def may_any(self) -> bool:
        return self.may_change or self.may_remove or self.may_receive


@dataclass(frozen=True, slots=True)
class InvitationRow:
    invitation: Invitation
    state: str
    tone: str
    may_change: bool


def read_members(workspace: Workspace, me: Membership) -> list[MemberRow]:
    """Owners first, then by e-mail."""
    rank = Case(
        *(When(role=role, then=Value(-n)) for n, role in enumerate(RANK)), output_field=IntegerField()
    )
    rows = list(workspace.memberships.select_related("user").order_by(rank, "user__email"))
    owners = sum(row.role == Role.OWNER for row in rows)
    return [_row(row, me, is_last=row.role == Role.OWNER and owners == 1) for row in rows]


def _row(row: Membership, me: Membership, *, is_last: bool) -> MemberRow:
    is_me, may = row.pk == me.pk, may_change(me, row.role)
    return MemberRow(
        row,
        is_me=is_me,
        may_change=may and not is_last,
        may_remove=(may or is_me) and not is_last,
        may_receive=me.role == Role.OWNER and row.role != Role.OWNER,
    )


def may_change(me: Membership, role: str) -> bool:
    """Whether ``me`` may change people who have this role, or give it."""
    return Right.MANAGE in RIGHTS[me.role] and (role != Role.OWNER or me.role == Role.OWNER)


def roles_for(me: Membership) -> list[tuple[str, str, str]]:
    """What ``me`` may give: value, label, what it means."""
    given = [role for role in reversed(RANK) if may_change(me, role)]
    return [(role.value, str(role.label), _(EXPLAINED[role])) for role in given]


def read_invitations(workspace: Workspace, me: Membership, now: datetime) -> list[InvitationRow]:
    """Those nobody has used yet, newest first; for managers only."""
    if Right.MANAGE not in RIGHTS[me.role]:
        return []
    waiting = workspace.invitations.filter(accepted_at=None, withdrawn_at=None).select_related("invited_by")
    return [InvitationRow(row, *_state(row, now), may_change(me, row.role)) for row in waiting]


def _state(invitation: Invitation, now: datetime) -> tuple[str, str]:
    if invitation.expires_at <= now:
        return _("Run out"), "trouble"
    return (_("Waiting"), "waiting") if invitation.sent_at else (_("Not mailed"), "trouble")

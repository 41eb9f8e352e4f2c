"""Asking somebody into a workspace by e-mail.

Whoever holds the link and signs in with the address it was sent to becomes a member. Nothing here depends on
whether that address has an account, so nobody learns it by inviting.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa import audit
from dialnexa.actors import Actor, Channel
from dialnexa.api_keys import digest
from dialnexa.errors import Refusal
from dialnexa.isolation.scope import everywhere
from dialnexa.memberships import admit, lock_workspace, refuse_unless_may
from dialnexa.models import AuditEntry, Invitation, Membership, User, Workspace

GOOD_FOR = timedelta(days=7)
SEND_AGAIN_AFTER = timedelta(minutes=1)  # nobody's letter box is flooded from here
DAY_LIMIT = 100  # mails of one workspace
MAILED = ("invite", "renew_invitation")  # the events of the history after which a mail leaves
TOKEN_BYTES = 32


def invite(
    workspace: Workspace, email: str, role: str, *, by: Actor, now: datetime
) -> tuple[Invitation, str]:
    """An invitation for seven days, and the token for its link, which is kept nowhere. The caller mails it.

    An invitation of the same address that has run out is taken up again. Raises Refusal: 400
    ``email_invalid``, ``role_unknown``; 403 when ``by`` may not give the role; 409 ``already_member``,
    ``already_invited``; 429 ``invitation_just_sent``, ``too_many_invitations``.
    """
    email = _plain_address(email)
    if role not in Membership.Role.values:
        raise Refusal("role_unknown", _("Choose a role from the list."), field="role")
    with transaction.atomic():
        lock_workspace(workspace.pk)
        refuse_unless_may(workspace.pk, by, role)
        _refuse_needless(workspace, email, now)
        _refuse_flood(workspace, email, now)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        link = {"digest": digest(token), "renewed_at": now, "expires_at": now + GOOD_FOR, "sent_at": None}
        invitation, is_new = Invitation.objects.update_or_create(
            workspace=workspace,
            email=email,
            accepted_at=None,
            withdrawn_at=None,
            defaults={"role": role, "invited_by": by.user, **link},
            create_defaults={"role": role, "invited_by": by.user, "created_at": now, **link},
        )
        after = {"email": email, "role": role, "expires_at": invitation.expires_at.isoformat()}
        audit.record(invitation, "invite", after=after, by=by, now=now)
    return invitation, token


def renew_invitation(invitation: Invitation, *, by: Actor, now: datetime) -> str:
    """Another link for seven days, to be mailed; the earlier one stops working. Returns its token.

    Raises Refusal 409 ``invitation_used``, ``invitation_withdrawn``; 403 when ``by`` may not give the role;
    429 ``invitation_just_sent`` within a minute of the last mail, ``too_many_invitations``.
    """
    with transaction.atomic():
        row = _lock(invitation)
        refuse_unless_may(row.workspace_id, by, row.role)
        _refuse_closed(row, status=409)
        _refuse_flood(row.workspace, row.email, now)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        link = {"digest": digest(token), "renewed_at": now, "expires_at": now + GOOD_FOR, "sent_at": None}
        Invitation.objects.filter(pk=row.pk).update(invited_by=by.user, **link)
        after = {"email": row.email, "expires_at": (now + GOOD_FOR).isoformat()}
        audit.record(row, "renew_invitation", after=after, by=by, now=now)
    invitation.refresh_from_db()
    return token


def withdraw_invitation(invitation: Invitation, *, by: Actor, now: datetime) -> None:
    """The link stops working. Raises Refusal 409 when it was used or withdrawn before, 403 when ``by`` may
    not give the role.
    """
    with transaction.atomic():
        row = _lock(invitation)
        refuse_unless_may(row.workspace_id, by, row.role)
        _refuse_closed(row, status=409)
        Invitation.objects.filter(pk=row.pk).update(withdrawn_at=now)
        audit.record(row, "withdraw_invitation", before={"email": row.email}, by=by, now=now)
    invitation.withdrawn_at = now


def accept_invitation(invitation: Invitation, user: User, *, by: Actor, now: datetime) -> Membership:
    """Make ``user``, who came with the link, a member; somebody who is one already keeps their role.

    Raises Refusal 403 ``invitation_not_yours`` when it was sent to another address, 410 when it was used or
    withdrawn, has run out, or comes from somebody who may not give this role any more.
    """
    with transaction.atomic():
        row = _lock(invitation)
        refuse_unacceptable(row, user, now=now)
        Invitation.objects.filter(pk=row.pk).update(accepted_at=now)
        audit.record(row, "accept_invitation", after={"email": row.email}, by=by, now=now)
        member = Membership.objects.filter(workspace=row.workspace, user=user).first()
        return member or admit(row.workspace, user, row.role, by=by, now=now, reason=gettext_noop("Invited."))


def find_invitation(token: str) -> Invitation | None:
    """The invitation whose newest link has this token, in whatever state it is."""
    found = Invitation.objects.select_related("workspace", "invited_by")
    with everywhere("Who has been invited enters no workspace before they have joined it."):
        return found.filter(digest=digest(token)).first() if token else None


def note_sent(invitation: Invitation, *, now: datetime) -> None:
    """The mail server has taken the mail."""
    Invitation.objects.filter(pk=invitation.pk).update(sent_at=now)
    invitation.sent_at = now


def refuse_unacceptable(invitation: Invitation, user: User, *, now: datetime) -> None:
    """Raises the Refusal that ``accept_invitation`` would."""
    if not is_addressed_to(invitation, user):
        sentence = _("This invitation was sent to another address than the one you are signed in with.")
        raise Refusal("invitation_not_yours", sentence, status=403)
    _refuse_closed(invitation, status=410)
    if invitation.expires_at <= now:
        sentence = _("This invitation has run out: links work for seven days. Ask for a new one.")
        raise Refusal("invitation_expired", sentence, status=410)
    _refuse_unbacked(invitation)


def is_addressed_to(invitation: Invitation, user: User) -> bool:
    """Whether the user signs in with the invited address, or has confirmed that it is theirs, too."""
    if user.email.lower() == invitation.email:
        return True
    return EmailAddress.objects.filter(user=user, email__iexact=invitation.email, verified=True).exists()


def _plain_address(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        sentence = _("Write one e-mail address, like asha@example.com.")
        raise Refusal("email_invalid", sentence, field="email") from None
    return email


def _refuse_needless(workspace: Workspace, email: str, now: datetime) -> None:
    if Membership.objects.filter(workspace=workspace, user__email__iexact=email).exists():
        sentence = _("%(address)s is a member already. Change the role in the list instead.")
        raise Refusal("already_member", sentence % {"address": email}, status=409, field="email")
    invited = Invitation.objects.filter(workspace=workspace, email=email, expires_at__gt=now)
    if invited.filter(accepted_at=None, withdrawn_at=None).exists():
        sentence = _(
            "%(address)s is invited already. Send the mail again, or withdraw the invitation, in the list."
        )
        raise Refusal("already_invited", sentence % {"address": email}, status=409, field="email")


def _refuse_flood(workspace: Workspace, email: str, now: datetime) -> None:
    """Withdrawing and inviting again is no way around it, either: the history counts."""
    before = Invitation.objects.filter(workspace=workspace, email=email)
    if before.filter(sent_at__gt=now - SEND_AGAIN_AFTER).exists():
        sentence = _("A mail to %(address)s left a moment ago. Send another one in a minute.")
        raise Refusal("invitation_just_sent", sentence % {"address": email}, status=429, field="email")
    day = AuditEntry.objects.filter(workspace=workspace, at__gt=now - timedelta(days=1))
    if day.filter(event__in=MAILED).count() >= DAY_LIMIT:
        sentence = _("%(most)d invitations left in the last 24 hours, which is the limit. Go on tomorrow.")
        raise Refusal("too_many_invitations", sentence % {"most": DAY_LIMIT}, status=429, field="email")


def _lock(invitation: Invitation) -> Invitation:
    """The row as it is now, with the workspace locked (so that roles stay, too)."""
    lock_workspace(invitation.workspace_id)
    return Invitation.objects.select_related("workspace", "invited_by").get(pk=invitation.pk)


def _refuse_closed(invitation: Invitation, *, status: int) -> None:
    if invitation.accepted_at is not None:
        raise Refusal("invitation_used", _("This invitation was used already."), status=status)
    if invitation.withdrawn_at is not None:
        raise Refusal("invitation_withdrawn", _("This invitation was withdrawn."), status=status)


def _refuse_unbacked(invitation: Invitation) -> None:
    """An invitation is worth what its author may still give, and nothing once they have gone."""
    author = Actor(Channel.BROWSER, "", invitation.invited_by)
    try:
        refuse_unless_may(invitation.workspace_id, author, invitation.role)
    except Refusal:
        sentence = _("Whoever invited you may not do so any more. Ask another owner or admin to invite you.")
        raise Refusal("invitation_not_backed", sentence, status=410) from None

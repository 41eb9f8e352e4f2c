"""Setting a limit other than its default, and ending that again. Staff do it, with a reason."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import ApiKey, Membership, Workspace
from telephony.limits.table import LIMITS, Limit
from telephony.models import LimitOverride

HIGHEST = Decimal(10) ** 9


def set_limit(
    workspace: Workspace,
    limit: Limit,
    value: Decimal,
    *,
    reason: str,
    by: Actor,
    now: datetime,
    until: datetime | None = None,
    key: ApiKey | None = None,
) -> LimitOverride:
    """Let ``value`` (in the limit's unit) hold for the workspace, or for one of its keys, until then.

    What held before ends. Raises Refusal 400 ``limit_value_invalid`` (not a whole number, or out of range),
    ``limit_not_for_keys``, ``limit_key_foreign`` and ``limit_end_past``; 403 ``second_person_needed`` for
    staff of a workspace they belong to.
    """
    refuse_override(workspace, limit, value, until, key, now)
    _refuse_own(workspace, by)
    with transaction.atomic():
        standing = LimitOverride.objects.filter(workspace=workspace, limit=limit.name, api_key=key)
        standing.filter(ended_at=None, is_alarm=False).update(ended_at=now)
        row = LimitOverride.objects.create(
            workspace=workspace,
            api_key=key,
            limit=limit.name,
            value=value,
            reason=reason,
            set_by=by.user,
            created_at=now,
            until=until,
        )
        after = {"limit": limit.name, "label": limit.label, "value": f"{value.normalize():f}"}
        after |= {"until": until.isoformat()} if until else {}
        after |= {"api_key": key.pk} if key else {}
        audit.record(workspace, "set_limit", after=after, by=by, now=now, reason=reason)
    return row


def end_override(row: LimitOverride, *, reason: str, by: Actor, now: datetime) -> None:
    """Let the default hold again. Raises Refusal 409 ``limit_ended`` when it has ended."""
    with transaction.atomic():
        standing = LimitOverride.objects.filter(pk=row.pk, ended_at=None)
        if not standing.update(ended_at=now):
            raise Refusal("limit_ended", _("This limit has ended already."), status=409)
        limit = LIMITS.get(row.limit)
        before = {"limit": row.limit, "label": limit.label if limit else row.limit}
        event = "confirm_calls" if row.is_alarm else "end_limit"
        audit.record(row.workspace, event, before=before, by=by, now=now, reason=reason)


def confirm_calls(workspace: Workspace, *, reason: str, by: Actor, now: datetime) -> None:
    """Somebody who knows says that the workspace's calls are meant: they are no longer slowed down.

    Raises Refusal 400 ``reason_missing``, 409 ``nothing_to_confirm``.
    """
    if not reason.strip() or len(reason) > 500:
        raise Refusal(
            "reason_missing", _("Say why, in 1 to %(most)s characters.") % {"most": 500}, field="reason"
        )
    row = LimitOverride.objects.filter(workspace=workspace, is_alarm=True, ended_at=None).first()
    if row is None:
        raise Refusal("nothing_to_confirm", _("These calls are not slowed down."), status=409)
    end_override(row, reason=reason, by=by, now=now)


def _refuse_own(workspace: Workspace, by: Actor) -> None:
    if by.channel == Channel.STAFF and Membership.objects.filter(workspace=workspace, user=by.user).exists():
        sentence = "You are a member of this workspace. Somebody else has to decide on its limits."
        raise Refusal("second_person_needed", sentence, status=403)


def refuse_value(limit: Limit, value: Decimal) -> None:
    """Raises Refusal 400 ``limit_value_invalid`` for what the limit can't be."""
    whole = limit.is_money or value == value.to_integral_value()
    if not (whole and 0 <= value <= HIGHEST):
        sentence = _("Enter an amount from 0 to %(most)s.")
        if not limit.is_money:
            sentence = _("Enter a whole number from 0 to %(most)s.")
        raise Refusal("limit_value_invalid", sentence % {"most": f"{HIGHEST:,.0f}"}, field="value")


def refuse_override(
    workspace: Workspace,
    limit: Limit,
    value: Decimal,
    until: datetime | None,
    key: ApiKey | None,
    now: datetime,
) -> None:
    """Raises the Refusals of ``set_limit``."""
    refuse_value(limit, value)
    if key and not limit.for_keys:
        raise Refusal("limit_not_for_keys", f"“{limit.label}” is a limit of workspaces, not of keys.")
    if key and key.workspace_id != workspace.pk:
        raise Refusal("limit_key_foreign", "That key belongs to another workspace.")
    if until and until <= now:
        raise Refusal("limit_end_past", "The end has to be in the future.", field="until")

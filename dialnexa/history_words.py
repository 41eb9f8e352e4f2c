"""The history's words for workspaces, people and keys."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from dialnexa import history
from dialnexa.history import Field, Kind, Named, Topic
from dialnexa.models import (
    ApiKey,
    ApprovalRequest,
    AuditEntry,
    Invitation,
    Membership,
    WebhookEndpoint,
    Workspace,
)
from dialnexa.scope_words import access_of

SENTENCES = {
    ("workspace", "create"): ("Workspace made", "ok"),
    ("workspace", "wallet_credited"): ("Wallet credited with {amount} {currency}", "ok"),
    ("workspace", "require_second_step"): ("Second step of members", "off"),
    ("approvalrequest", "ask_for_credit"): ("Credit of {amount} {currency} asked for", "waiting"),
    ("approvalrequest", "approve"): ("Credit approved", "ok"),
    ("approvalrequest", "decline"): ("Credit declined", "off"),
    ("membership", "add_member"): ("Joined the workspace", "ok"),
    ("membership", "change_role"): ("Role changed", "off"),
    ("membership", "remove_member"): ("Removed from the workspace", "trouble"),
    ("membership", "leave"): ("Left the workspace", "off"),
    ("invitation", "invite"): ("Invited", "waiting"),
    ("invitation", "renew_invitation"): ("Invitation sent again", "waiting"),
    ("invitation", "withdraw_invitation"): ("Invitation withdrawn", "off"),
    ("invitation", "accept_invitation"): ("Invitation accepted", "ok"),
    ("apikey", "create"): ("API key made", "ok"),
    ("apikey", "rotate"): ("API key rotated; this one stops", "waiting"),
    ("apikey", "revoke"): ("API key revoked", "trouble"),
    ("apikey", "set_spend_cap"): ("Spend cap changed", "off"),
    ("webhookendpoint", "create"): ("Webhook endpoint added", "ok"),
    ("webhookendpoint", "change"): ("Webhook endpoint changed", "off"),
    ("webhookendpoint", "rotate"): ("Webhook secret rotated", "waiting"),
    ("webhookendpoint", "disable"): ("Webhook endpoint switched off", "trouble"),
    ("webhookendpoint", "enable"): ("Webhook endpoint switched on", "ok"),
    ("webhookendpoint", "remove"): ("Webhook endpoint removed", "trouble"),
    ("webhookendpoint", "test"): ("Webhook test sent", "off"),
    ("webhookendpoint", "redeliver"): ("Webhook sent again", "off"),
    ("webhookendpoint", "redeliver_failed"): ("{count} webhooks sent again", "off"),
    ("user", "add_second_step"): ("Second step set up", "ok"),
    ("user", "remove_second_step"): ("Second step turned off", "trouble"),
    ("user", "renew_recovery_codes"): ("New recovery codes made", "waiting"),
    ("user", "turn_off_second_step"): ("Second step turned off by support", "trouble"),
    ("", "changed_by_staff"): ("Changed by support", "off"),
    ("", "added_by_staff"): ("Added by support", "off"),
}


def _roles(role: str) -> str:
    return dict(Membership.Role.choices).get(role, role)


def _required(yes: bool) -> str:
    return "required" if yes else "left to each"


def _moment(iso: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(iso)), "j F Y, H:i")


FIELDS = {
    "name": Field("name"),
    "time_zone": Field("time zone"),
    "role": Field("role", _roles, alone=True),
    "scopes": Field("access", access_of, alone=True),
    "expires_at": Field("end", _moment, alone=True),
    "monthly_spend_cap": Field("monthly cap", alone=True),
    "requires_mfa": Field("second step", _required, alone=True),
    "url": Field("address"),
    "events": Field("events", ", ".join, alone=True),
    "previous_until": Field("end of the old secret", _moment, alone=True),
}
TOPICS = {
    "workspace": Topic("Workspace and wallet", Q(subject_type="workspace")),
    "members": Topic("Members", Q(subject_type__in=("membership", "invitation"))),
    "keys": Topic("API keys", Q(subject_type="apikey")),
    "webhooks": Topic("Webhooks", Q(subject_type="webhookendpoint")),
}


def _workspaces(ids: Collection[str]) -> dict[str, Named]:
    return {pk: Named(name) for pk, name in Workspace.objects.filter(pk__in=ids).values_list("pk", "name")}


def _members(ids: Collection[str]) -> dict[str, Named]:
    """Those who have left are known by the entry that says so."""
    rows = Membership.objects.filter(pk__in=ids).values_list("pk", "user__email")
    here = {str(pk): Named(email) for pk, email in rows}
    gone = AuditEntry.objects.filter(subject_type="membership", subject_id__in=set(ids) - set(here))
    left = gone.filter(event__in=("leave", "remove_member")).values_list("subject_id", "before__user")
    return {pk: Named(email) for pk, email in left} | here


def _invitations(ids: Collection[str]) -> dict[str, Named]:
    rows = Invitation.objects.filter(pk__in=ids).values_list("pk", "email")
    return {pk: Named(email) for pk, email in rows}


def _approvals(ids: Collection[str]) -> dict[str, Named]:
    asked = ApprovalRequest.objects.filter(pk__in=ids).select_related("customer")
    return {row.pk: Named(str(row)) for row in asked}


def _keys(ids: Collection[str]) -> dict[str, Named]:
    return {key.pk: Named(str(key)) for key in ApiKey.objects.filter(pk__in=ids).only("name", "hint")}


def _endpoints(ids: Collection[str]) -> dict[str, Named]:
    """Those that were removed have no page any more."""
    here = WebhookEndpoint.objects.filter(pk__in=ids, removed_at=None).values_list("pk", "url")
    return {pk: Named(url, (pk,)) for pk, url in here}


KINDS = {
    "workspace": Kind("Workspace", _workspaces),
    "membership": Kind("Member", _members, "settings:members"),
    "invitation": Kind("Address", _invitations, "settings:members"),
    "approvalrequest": Kind("Credit asked for", _approvals),
    "apikey": Kind("API key", _keys, "settings:keys"),
    "webhookendpoint": Kind("Webhook endpoint", _endpoints, "settings:webhook"),
}


def teach() -> None:
    history.learn(KINDS, SENTENCES, FIELDS, TOPICS)

"""The history's words for workspaces, people and keys."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

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
    ("workspace", "create"): (_("Workspace made"), "ok"),
    ("workspace", "wallet_credited"): (_("Wallet credited with {amount} {currency}"), "ok"),
    ("workspace", "require_second_step"): (_("Second step of members"), "off"),
    ("approvalrequest", "ask_for_credit"): (_("Credit of {amount} {currency} asked for"), "waiting"),
    ("approvalrequest", "ask"): (_("A second person was asked: {what}"), "waiting"),
    ("approvalrequest", "approve"): (_("Approved by a second person"), "ok"),
    ("approvalrequest", "decline"): (_("Declined by a second person"), "off"),
    ("membership", "add_member"): (_("Joined the workspace"), "ok"),
    ("membership", "change_role"): (_("Role changed"), "off"),
    ("membership", "remove_member"): (_("Removed from the workspace"), "trouble"),
    ("membership", "leave"): (_("Left the workspace"), "off"),
    ("invitation", "invite"): (_("Invited"), "waiting"),
    ("invitation", "renew_invitation"): (_("Invitation sent again"), "waiting"),
    ("invitation", "withdraw_invitation"): (_("Invitation withdrawn"), "off"),
    ("invitation", "accept_invitation"): (_("Invitation accepted"), "ok"),
    ("apikey", "create"): (_("API key made"), "ok"),
    ("apikey", "rotate"): (_("API key rotated; this one stops"), "waiting"),
    ("apikey", "revoke"): (_("API key revoked"), "trouble"),
    ("apikey", "set_spend_cap"): (_("Spend cap changed"), "off"),
    ("webhookendpoint", "create"): (_("Webhook endpoint added"), "ok"),
    ("webhookendpoint", "change"): (_("Webhook endpoint changed"), "off"),
    ("webhookendpoint", "rotate"): (_("Webhook secret rotated"), "waiting"),
    ("webhookendpoint", "disable"): (_("Webhook endpoint switched off"), "trouble"),
    ("webhookendpoint", "enable"): (_("Webhook endpoint switched on"), "ok"),
    ("webhookendpoint", "remove"): (_("Webhook endpoint removed"), "trouble"),
    ("webhookendpoint", "test"): (_("Webhook test sent"), "off"),
    ("webhookendpoint", "redeliver"): (_("Webhook sent again"), "off"),
    ("webhookendpoint", "redeliver_failed"): (_("{count} webhooks sent again"), "off"),
    ("user", "change_profile"): (_("Language or time zone changed"), "off"),
    ("user", "add_second_step"): (_("Second step set up"), "ok"),
    ("user", "remove_second_step"): (_("Second step turned off"), "trouble"),
    ("user", "renew_recovery_codes"): (_("New recovery codes made"), "waiting"),
    ("user", "turn_off_second_step"): (_("Second step turned off by support"), "trouble"),
    ("", "changed_by_staff"): (_("Changed by support"), "off"),
    ("", "added_by_staff"): (_("Added by support"), "off"),
}


def _roles(role: str) -> str:
    return str(dict(Membership.Role.choices).get(role, role))


def _required(yes: bool) -> str:
    return gettext("required") if yes else gettext("left to each")


def _moment(iso: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(iso)), "j F Y, H:i")


FIELDS = {
    "name": Field(_("name")),
    "time_zone": Field(_("time zone")),
    "role": Field(_("role"), _roles, alone=True),
    "scopes": Field(_("access"), access_of, alone=True),
    "expires_at": Field(_("end"), _moment, alone=True),
    "monthly_spend_cap": Field(_("monthly cap"), alone=True),
    "requires_mfa": Field(_("second step"), _required, alone=True),
    "url": Field(_("address")),
    "events": Field(_("events"), ", ".join, alone=True),
    "previous_until": Field(_("end of the old secret"), _moment, alone=True),
}
TOPICS = {
    "workspace": Topic(_("Workspace and wallet"), Q(subject_type="workspace")),
    "members": Topic(_("Members"), Q(subject_type__in=("membership", "invitation"))),
    "keys": Topic(_("API keys"), Q(subject_type="apikey")),
    "webhooks": Topic(_("Webhooks"), Q(subject_type="webhookendpoint")),
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
    "workspace": Kind(_("Workspace"), _workspaces),
    "membership": Kind(_("Member"), _members, "settings:members"),
    "invitation": Kind(_("Address"), _invitations, "settings:members"),
    "approvalrequest": Kind(_("Asked of a second person"), _approvals),
    "apikey": Kind(_("API key"), _keys, "settings:keys"),
    "webhookendpoint": Kind(_("Webhook endpoint"), _endpoints, "settings:webhook"),
}


def teach() -> None:
    history.learn(KINDS, SENTENCES, FIELDS, TOPICS)

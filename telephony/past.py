"""The rules of a workspace as they were at a moment, from the history of its switches and its dossier."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from dialnexa.countries import country_name
from dialnexa.models import AuditEntry, Workspace
from dialnexa.past import first_changes_after, state_at
from kyc.gate import standing
from kyc.models import KycCase, VerificationNumber
from telephony.destinations import Rules
from telephony.models import NetworkGroup, SipSwitch
from telephony.rules import destination_rules, with_prefixes
from telephony.switches import enabled_groups

SWITCHED = ("network_group_enabled", "network_group_disabled")
SIP_SWITCHED = ("sip_switch_enabled", "sip_switch_disabled")


def rules_at(workspace: Workspace, carrier: str, *, at: datetime) -> Rules:
    """What the workspace could call at ``at`` (past) from a number of ``carrier`` (slug).

    Prefixes have no history: they are today's. So is the verification number, if it was confirmed by then.
    """
    case = KycCase.objects.filter(workspace=workspace, country=workspace.country).first()
    verified = bool(case) and _standing_at(case, at) == KycCase.Status.VERIFIED
    said = _("%(workspace)s was verified for %(country)s then.")
    if not verified:
        said = _("%(workspace)s was not verified for %(country)s then.")
    return replace(
        destination_rules(workspace, carrier, now=at),
        kyc_verified=verified,
        kyc_sentence=said % {"workspace": workspace.name, "country": country_name(workspace.country)},
        verification_number=_verification_number(workspace, at),
        sip_switch=_sip_switch(workspace, at),
        groups=with_prefixes(NetworkGroup.objects.filter(pk__in=_groups(workspace, carrier, at))),
    )


def _standing_at(case: KycCase | None, at: datetime) -> str:
    if case is None or case.created_at > at:
        return ""
    case.status = state_at(case, at)
    return standing(case, now=at)


def _verification_number(workspace: Workspace, at: datetime) -> str:
    numbers = VerificationNumber.objects.filter(workspace=workspace, confirmed_at__lte=at)
    return numbers.values_list("e164", flat=True).first() or ""


def _sip_switch(workspace: Workspace, at: datetime) -> bool:
    """As it is, with its first change since then taken back."""
    switch = SipSwitch.objects.filter(workspace=workspace).first()
    if switch is None or switch.changed_at <= at:
        return switch is not None and switch.enabled
    entries = AuditEntry.objects.filter(workspace=workspace, at__gt=at, event__in=SIP_SWITCHED)
    change = entries.order_by("id").first()
    return bool(change.before["enabled"]) if change else not switch.enabled


def _groups(workspace: Workspace, carrier: str, at: datetime) -> set[str]:
    """The ids of what was on: what is on today, with every change since then taken back."""
    on = set(enabled_groups(workspace, carrier).values_list("pk", flat=True))
    changes = first_changes_after(at, workspace_id=workspace.pk, events=SWITCHED, key="network_group")
    for group, change in changes.items():
        if change.after["carrier"] == carrier:
            (on.add if change.before["enabled"] else on.discard)(group)
    return on

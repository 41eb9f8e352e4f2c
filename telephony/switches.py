"""Telephony Config: where a workspace may call and buy. Everything is off until somebody turns it on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.countries import country_name
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Workspace
from telephony.models import NetworkGroup, SipSwitch, WorkspaceNetworkGroup


def enable_group(
    workspace: Workspace, group: NetworkGroup, *, enabled: bool, by: Actor, now: datetime
) -> None:
    """Turn one network group on or off for the workspace, as ``enable_groups`` does with many."""
    enable_groups(workspace, [group], enabled=enabled, by=by, now=now)


def enable_groups(
    workspace: Workspace, groups: Collection[NetworkGroup], *, enabled: bool, by: Actor, now: datetime
) -> list[NetworkGroup]:
    """Turn network groups on or off for the workspace, all or none. Returns those that were not so before.

    Doing it twice changes and records nothing more. Raises Refusal ``country_not_offered`` (409) when turning
    on a country that is no longer offered.
    """
    if enabled:
        _refuse_not_offered(groups)
    switches = WorkspaceNetworkGroup.objects.filter(workspace=workspace, network_group__in=groups)
    with transaction.atomic():
        if enabled:
            rows = [WorkspaceNetworkGroup(workspace=workspace, network_group=group) for group in groups]
            WorkspaceNetworkGroup.objects.bulk_create(rows, ignore_conflicts=True)
        turning = switches.exclude(enabled=enabled).select_for_update().order_by("pk")
        ids = set(turning.values_list("network_group", flat=True))
        switches.filter(network_group__in=ids).update(enabled=enabled, changed_at=now)
        changed = [group for group in groups if group.pk in ids]
        audit.record_all(_entries(workspace, changed, enabled, by, now))
    return changed


def _refuse_not_offered(groups: Iterable[NetworkGroup]) -> None:
    for group in groups:
        if not group.country.is_offered:
            sentence = _("%(country)s is not offered any more. Ask support if you need it.")
            sentence %= {"country": country_name(group.country.iso)}
            raise Refusal("country_not_offered", sentence, status=409)


def _entries(
    workspace: Workspace, groups: Iterable[NetworkGroup], enabled: bool, by: Actor, now: datetime
) -> list[AuditEntry]:
    return [
        audit.entry_for(
            workspace,
            "network_group_enabled" if enabled else "network_group_disabled",
            before={"enabled": not enabled},
            after=_told(group, enabled),
            by=by,
            now=now,
        )
        for group in groups
    ]


def _told(group: NetworkGroup, enabled: bool) -> dict[str, object]:
    what = {"network_group": group.id, "name": group.name, "country": group.country_id}
    return {**what, "carrier": group.carrier, "enabled": enabled}


def set_sip_switch(workspace: Workspace, enabled: bool, *, by: Actor, now: datetime) -> bool:
    """Turn SIP/BYOC on or off: on, calls leave over the customer's own carrier wherever they go, and network
    groups are not asked. Returns whether that changed anything; doing it twice records nothing more.
    """
    with transaction.atomic():
        if enabled:
            rows = [SipSwitch(workspace_id=workspace.pk, changed_at=now)]
            SipSwitch.objects.bulk_create(rows, ignore_conflicts=True)
        switches = SipSwitch.objects.filter(workspace=workspace).exclude(enabled=enabled)
        changed = bool(switches.update(enabled=enabled, changed_at=now))
        if changed:
            audit.record(
                workspace,
                "sip_switch_enabled" if enabled else "sip_switch_disabled",
                before={"enabled": not enabled},
                after={"enabled": enabled},
                by=by,
                now=now,
            )
    return changed


def sip_switched_on(workspace: Workspace) -> bool:
    """Whether the workspace's calls leave over its own carrier. One query."""
    return SipSwitch.objects.filter(workspace=workspace, enabled=True).exists()


def enabled_groups(workspace: Workspace, carrier: str) -> QuerySet[NetworkGroup]:
    """What the workspace has turned on with this carrier (slug), with its countries."""
    switches = WorkspaceNetworkGroup.objects.filter(workspace=workspace, enabled=True)
    groups = NetworkGroup.objects.filter(carrier=carrier, pk__in=switches.values("network_group"))
    return groups.select_related("country")


def country_enabled(workspace: Workspace, carrier: str, country: str) -> bool:
    """Whether at least one network group of this country (ISO) is on with this carrier."""
    return enabled_groups(workspace, carrier).filter(country=country).exists()

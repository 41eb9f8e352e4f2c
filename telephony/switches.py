"""Telephony Config: where a workspace may call and buy. Everything is off until somebody turns it on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from telephony.models import NetworkGroup, WorkspaceNetworkGroup


def enable_group(
    workspace: Workspace, group: NetworkGroup, *, enabled: bool, by: Actor, now: datetime
) -> None:
    """Turn one network group on or off for the workspace. Doing it twice changes and records nothing more.

    Raises Refusal ``country_not_offered`` (409) when turning on a country that is no longer offered.
    """
    if enabled and not group.country.is_offered:
        sentence = f"{group.country.name} is not offered any more. Ask support if you need it."
        raise Refusal("country_not_offered", sentence, status=409)
    with transaction.atomic():
        switches = WorkspaceNetworkGroup.objects.filter(workspace=workspace, network_group=group)
        if enabled:
            WorkspaceNetworkGroup.objects.get_or_create(workspace=workspace, network_group=group)
        if switches.exclude(enabled=enabled).update(enabled=enabled, changed_at=now):
            _record(workspace, group, enabled, by, now)


def _record(workspace: Workspace, group: NetworkGroup, enabled: bool, by: Actor, now: datetime) -> None:
    what = {"network_group": group.id, "name": group.name, "country": group.country_id}
    audit.record(
        workspace,
        "network_group_enabled" if enabled else "network_group_disabled",
        before={"enabled": not enabled},
        after={**what, "carrier": group.carrier, "enabled": enabled},
        by=by,
        now=now,
    )


def enabled_groups(workspace: Workspace, carrier: str) -> QuerySet[NetworkGroup]:
    """What the workspace has turned on with this carrier (slug), with its countries."""
    switches = WorkspaceNetworkGroup.objects.filter(workspace=workspace, enabled=True)
    groups = NetworkGroup.objects.filter(carrier=carrier, pk__in=switches.values("network_group"))
    return groups.select_related("country")


def country_enabled(workspace: Workspace, carrier: str, country: str) -> bool:
    """Whether at least one network group of this country (ISO) is on with this carrier."""
    return enabled_groups(workspace, carrier).filter(country=country).exists()

"""Which network groups a client asks for."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from rest_framework import serializers

from dialnexa.api.body import OneOf
from dialnexa.models import Workspace
from telephony.config import offered_carriers
from telephony.models import CarrierSlug, NetworkGroup, WorkspaceNetworkGroup


class ProviderQuery(serializers.Serializer):
    provider = OneOf(CarrierSlug.choices, required=False, help_text="All unless said")


class CountryQuery(ProviderQuery):
    country_iso = serializers.RegexField("^[A-Za-z]{2}$", required=False, help_text="ISO 3166-1, in any case")


def offered_groups(workspace: Workspace, query: dict[str, Any]) -> QuerySet[NetworkGroup]:
    """What Telephony Config offers, by country and name, each with ``enabled``; the same as on its page.

    ``query`` is what was read of ``provider``, ``country_iso`` and ``enabled``.
    """
    on = WorkspaceNetworkGroup.objects.filter(workspace=workspace, enabled=True, network_group=OuterRef("pk"))
    groups = NetworkGroup.objects.filter(carrier__in=offered_carriers(), country__is_offered=True)
    if provider := query.get("provider"):
        groups = groups.filter(carrier=provider)
    if country := query.get("country_iso"):
        groups = groups.filter(country=country.upper())
    shown = groups.select_related("country").annotate(enabled=Exists(on))
    if "enabled" in query:
        shown = shown.filter(enabled=query["enabled"])
    return shown.order_by("country__name", "name", "carrier")

"""Country rules: where numbers exist, and where the workspace may call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa.api.body import read
from dialnexa.api.keys import workspace_of
from dialnexa.api.views import ApiView
from dialnexa.models import Workspace
from telephony.api.filters import ProviderQuery, offered_groups
from telephony.config import offered_carriers
from telephony.models import CarrierSlug, Country, NetworkGroup, Prefix

LISTED = "allow_only_listed"


class RuleFields(serializers.Serializer):
    country_iso = serializers.CharField(help_text="ISO 3166-1")
    country_name = serializers.CharField()
    calling_code = serializers.CharField(help_text="Without +")
    prefixes = serializers.ListField(
        child=serializers.CharField(),
        help_text="Leading digits of national numbers, without the calling code; none means every number",
    )


@extend_schema_serializer(component_name="CountryRule")
class RuleShape(RuleFields):
    """A country, or the part of it that a network group is."""


@extend_schema_serializer(component_name="Country")
class CountryShape(RuleFields):
    """A country with numbers. Its ``prefixes`` are those that network groups name, whichever provider's."""

    id = serializers.CharField(help_text="The same as country_iso")
    max_length = serializers.IntegerField(help_text="Digits of the longest national number")
    is_deleted = serializers.BooleanField()


@extend_schema_serializer(component_name="EnabledNetworkGroup")
class EnabledGroupShape(serializers.Serializer):
    """A network group that is on. A destination that none of them covers can't be called."""

    id = serializers.CharField()
    name = serializers.CharField()
    provider = serializers.ChoiceField(CarrierSlug.choices)
    prefix_mode = serializers.ChoiceField([LISTED])
    from_phone_number_country_code = serializers.CharField(
        allow_null=True, help_text="Always null: the country of the number that calls decides nothing"
    )
    countryRule = RuleShape()


class Countries(ApiView):
    tag = "Telephony"
    scopes = {"GET": "telephony:read"}

    @extend_schema(operation_id="list_countries", responses=CountryShape(many=True))
    def get(self, request: Request) -> Response:
        """The countries with numbers, by name."""
        return Response(CountryShape(countries(), many=True).data)


class EnabledGroups(ApiView):
    tag = "Telephony"
    scopes = {"GET": "telephony:read"}

    @extend_schema(
        operation_id="list_enabled_network_groups",
        parameters=[ProviderQuery],
        responses=EnabledGroupShape(many=True),
    )
    def get(self, request: Request) -> Response:
        """The network groups that are on for the workspace, by country and name."""
        query = read(ProviderQuery, request.query_params)
        return Response(EnabledGroupShape(enabled(workspace_of(request), query), many=True).data)


def countries() -> list[dict[str, Any]]:
    """As CountryShape shows them. Two queries."""
    digits: dict[str, list[str]] = defaultdict(list)
    prefixes = Prefix.objects.filter(network_group__carrier__in=offered_carriers())
    for iso, prefix in prefixes.values_list("network_group__country", "digits"):
        digits[iso].append(prefix)
    return [
        rule_of(country, digits[country.iso])
        | {"id": country.iso, "max_length": country.max_length, "is_deleted": not country.is_offered}
        for country in Country.objects.filter(is_offered=True)
    ]


def enabled(workspace: Workspace, query: dict[str, Any]) -> list[dict[str, Any]]:
    """As EnabledGroupShape shows them. Two queries, however many groups are on."""
    groups = offered_groups(workspace, query | {"enabled": True}).prefetch_related("prefixes")
    return [_enabled(group) for group in groups]


def _enabled(group: NetworkGroup) -> dict[str, Any]:
    return {
        "id": group.pk,
        "name": group.name,
        "provider": group.carrier,
        "prefix_mode": LISTED,
        "from_phone_number_country_code": None,
        "countryRule": rule_of(group.country, (prefix.digits for prefix in group.prefixes.all())),
    }


def rule_of(country: Country, digits: Iterable[str]) -> dict[str, Any]:
    """As RuleFields show it; ``digits`` begin with the calling code."""
    return {
        "country_iso": country.iso,
        "country_name": country.name,
        "calling_code": str(country.calling_code),
        "prefixes": national_prefixes(country, digits),
    }


def national_prefixes(country: Country, digits: Iterable[str]) -> list[str]:
    """Each once, in order. The calling code alone is the whole country, which has no prefixes."""
    national = {prefix.removeprefix(str(country.calling_code)) for prefix in digits}
    return [] if "" in national else sorted(national)

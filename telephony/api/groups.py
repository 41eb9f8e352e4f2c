"""Telephony Config: network groups and their switches."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import Flag, read
from dialnexa.api.keys import api_actor, workspace_of
from dialnexa.api.pages import PageQuery, page_of, paged
from dialnexa.api.views import ApiView
from dialnexa.ids import ID_PATTERN
from dialnexa.models import Workspace
from telephony.api.filters import CountryQuery, offered_groups
from telephony.api.rules import national_prefixes
from telephony.models import CarrierSlug, NetworkGroup
from telephony.switches import enable_group


class GroupsQuery(CountryQuery, PageQuery):
    enabled = Flag(required=False, help_text="Only what is on, or only what is off")


class Switch(serializers.Serializer):
    enabled = Flag()


@extend_schema_serializer(component_name="NetworkGroup")
class GroupShape(serializers.ModelSerializer):
    """Destinations in one country that are switched on and priced together."""

    provider = serializers.ChoiceField(CarrierSlug.choices, source="carrier")
    country_iso = serializers.CharField(source="country_id", help_text="ISO 3166-1")
    country_name = serializers.CharField(source="country.name")
    calling_code = serializers.CharField(source="country.calling_code", help_text="Without +")
    prefixes = serializers.SerializerMethodField()
    enabled = serializers.BooleanField()

    class Meta:
        model = NetworkGroup
        fields = (
            "id",
            "name",
            "provider",
            "country_iso",
            "country_name",
            "calling_code",
            "prefixes",
            "enabled",
        )

    def get_prefixes(self, group: NetworkGroup) -> list[str]:
        """Leading digits of national numbers, without the calling code; none means the whole country."""
        return national_prefixes(group.country, (prefix.digits for prefix in group.prefixes.all()))


class Groups(ApiView):
    tag = "Telephony"
    scopes = {"GET": "telephony:read"}

    @extend_schema(operation_id="list_network_groups", parameters=[GroupsQuery], responses=paged(GroupShape))
    def get(self, request: Request) -> Response:
        """What can be switched on, by country and name."""
        query = read(GroupsQuery, request.query_params)
        rows = offered_groups(workspace_of(request), query).prefetch_related("prefixes")
        return Response(page_of(rows, GroupShape, page=query["page"], limit=query["limit"]))


class Group(ApiView):
    tag = "Telephony"
    scopes = {"PUT": "telephony:write"}

    @extend_schema(
        operation_id="switch_network_group",
        request=Switch,
        responses=GroupShape,
        extensions={"x-refuses": ["409"]},
    )
    def put(self, request: Request, group_id: str) -> Response:
        """Switch a network group on or off for the workspace: what it may call, and where it may buy."""
        workspace = workspace_of(request)
        group = get_group(workspace, group_id)
        asked = read(Switch, request.data)
        enable_group(workspace, group, enabled=asked["enabled"], by=api_actor(request), now=clock.now())
        return Response(GroupShape(get_group(workspace, group_id)).data)


def get_group(workspace: Workspace, group_id: str) -> NetworkGroup:
    """With ``enabled``. Network groups are everybody's; what isn't offered is 404."""
    if not ID_PATTERN.match(group_id):
        raise Http404
    return get_object_or_404(offered_groups(workspace, {}), pk=group_id)

"""Numbers: list, one, change, release."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa.api.body import Text, read
from dialnexa.api.keys import workspace_of
from dialnexa.api.pages import PageQuery, page_of, paged
from dialnexa.api.views import ApiView
from dialnexa.models import Workspace
from phone_numbers.api.shapes import NumberShape
from phone_numbers.models import PhoneNumber
from telephony.models import CarrierSlug, NumberKind

SORTS = {
    "created_at": ("created_at", "id"),
    "-created_at": ("-created_at", "-id"),
    "phone_number": ("e164", "id"),
    "-phone_number": ("-e164", "-id"),
}


class NumbersQuery(PageQuery):
    country_code = Text(required=False, min_length=2, max_length=2, help_text="ISO 3166-1")
    type = serializers.ChoiceField(NumberKind.choices, required=False)
    status = serializers.ChoiceField(PhoneNumber.Status.choices, required=False)
    provider = serializers.ChoiceField(CarrierSlug.choices, required=False)
    agent_id = Text(required=False, max_length=40, help_text="In either direction")
    search = Text(required=False, max_length=100, help_text="Any part of number, nickname or label")
    sort = serializers.ChoiceField(sorted(SORTS), default="-created_at")


class Numbers(ApiView):
    scopes = {"GET": "numbers:read"}

    @extend_schema(operation_id="list_numbers", parameters=[NumbersQuery], responses=paged(NumberShape))
    def get(self, request: Request) -> Response:
        """The workspace's numbers, the newest first."""
        query = read(NumbersQuery, request.query_params)
        rows = find_numbers(workspace_of(request), query).order_by(*SORTS[query["sort"]])
        return Response(page_of(rows, NumberShape, page=query["page"], limit=query["limit"]))


class Number(ApiView):
    scopes = {"GET": "numbers:read"}

    @extend_schema(operation_id="get_number", responses=NumberShape)
    def get(self, request: Request, number_id: str) -> Response:
        """One number."""
        return Response(NumberShape(get_number(workspace_of(request), number_id)).data)


def numbers_of(workspace: Workspace) -> QuerySet[PhoneNumber]:
    """With all that NumberShape reads, in one query."""
    rows = PhoneNumber.objects.filter(workspace=workspace)
    return rows.select_related(
        "workspace", "order", "rental", "inbound_version__agent", "outbound_version__agent"
    )


def get_number(workspace: Workspace, number_id: str) -> PhoneNumber:
    """Raises Http404, for foreign and for unknown ones alike."""
    return get_object_or_404(numbers_of(workspace), pk=number_id)


def find_numbers(workspace: Workspace, query: dict[str, Any]) -> QuerySet[PhoneNumber]:
    """The numbers that fit: ``query`` is a read NumbersQuery."""
    names = {"country_code": "country", "type": "type", "status": "status", "provider": "carrier"}
    wanted = Q(**{column: query[name] for name, column in names.items() if name in query})
    if agent := query.get("agent_id"):
        wanted &= Q(inbound_version__agent=agent) | Q(outbound_version__agent=agent)
    if words := query.get("search"):
        wanted &= Q(e164__contains=words) | Q(nickname__icontains=words) | Q(label__icontains=words)
    return numbers_of(workspace).filter(wanted)

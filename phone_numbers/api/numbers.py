"""Numbers: list, one, change, release."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import OneOf, Text, read
from dialnexa.api.keys import api_actor, workspace_of
from dialnexa.api.pages import PageQuery, page_of, paged
from dialnexa.api.shapes import Shown, only
from dialnexa.api.views import ApiView
from dialnexa.doorbell import ring_on_commit
from dialnexa.ids import ID_PATTERN
from dialnexa.models import Workspace
from dialnexa.prepared import Prepared
from phone_numbers.api.changes import NumberChanges, change_number
from phone_numbers.api.examples import DETACH, NUMBER, RENAME, ROUTE
from phone_numbers.api.shapes import NumberShape
from phone_numbers.models import PhoneNumber
from phone_numbers.number_table.filters import Filters, narrow, read_filters
from phone_numbers.number_table.table import visible_numbers
from phone_numbers.releasing import release_number
from phone_numbers.tasks import release_number as tell_carrier
from telephony.models import CarrierSlug, NumberKind

ONE = Prepared(
    lambda workspace, number: NumberShape.columns(
        PhoneNumber.objects.filter(workspace_id=workspace, pk=number)
    ),
    *("workspace", "number"),
)
RENEWS = F("rental__paid_through")
SORTS: dict[str, tuple[Any, ...]] = {
    "created_at": ("created_at", "id"),
    "-created_at": ("-created_at", "-id"),
    "phone_number": ("e164", "id"),
    "-phone_number": ("-e164", "-id"),
    "renews_at": (RENEWS.asc(nulls_last=True), "id"),
    "-renews_at": (RENEWS.desc(nulls_last=True), "-id"),
}
RELEASED = {"message": "Phone number released successfully."}


class NumbersQuery(PageQuery):
    country_code = serializers.RegexField(
        "^[A-Za-z]{2}$", required=False, help_text="ISO 3166-1, in any case"
    )
    type = OneOf(NumberKind.choices, required=False)
    status = OneOf(
        PhoneNumber.Status.choices,
        required=False,
        help_text="Unless said: all but released numbers and failed ones that were put away",
    )
    provider = OneOf(CarrierSlug.choices, required=False)
    agent_id = Text(required=False, max_length=40, help_text="In either direction")
    search = Text(
        required=False,
        max_length=100,
        help_text="Any part of number (however it is spaced), nickname or label; or an id",
    )
    sort = OneOf(sorted(SORTS), default="-created_at")


class Released(serializers.Serializer):
    message = serializers.CharField()


class Numbers(ApiView):
    scopes = {"GET": "numbers:read"}

    @extend_schema(operation_id="list_numbers", parameters=[NumbersQuery], responses=paged(NumberShape))
    def get(self, request: Request) -> Response:
        """The workspace's numbers, the newest first.

        Released numbers stay readable: ask for `status=released`.
        """
        query = read(NumbersQuery, request.query_params)
        rows = find_numbers(workspace_of(request), query).order_by(*SORTS[query["sort"]])
        return Response(page_of(rows, NumberShape, page=query["page"], limit=query["limit"]))


class Number(ApiView):
    scopes = {"GET": "numbers:read", "PATCH": "numbers:write", "DELETE": "numbers:release"}

    @extend_schema(operation_id="get_number", responses=OpenApiResponse(NumberShape, examples=[NUMBER]))
    def get(self, request: Request, number_id: str) -> Response:
        """One number, also a released one."""
        return Response(show_number(workspace_of(request), number_id))

    @extend_schema(
        operation_id="update_number",
        request=NumberChanges,
        responses=OpenApiResponse(NumberShape, examples=[NUMBER]),
        examples=[ROUTE, RENAME, DETACH],
        extensions={"x-refuses": ["409"]},
    )
    def patch(self, request: Request, number_id: str) -> Response:
        """Route, rename or protect a number, make it the default, or say whether its rent renews by itself.

        What is left out stays. Either all of it happens, or nothing.

        - 400 `agent_not_found`, `agent_not_published`, `version_not_found`, `version_not_published`,
          `version_without_agent`
        - 409 `number_not_active`: only an active number can be routed, or be the default
        - 409 `no_rental`: a number that costs no rent can't renew by itself
        """
        workspace = workspace_of(request)
        number = get_number(workspace, number_id)
        wish = read(NumberChanges, request.data)
        change_number(number, wish, by=api_actor(request), now=clock.now())
        return Response(show_number(workspace, number_id))

    @extend_schema(
        operation_id="release_number",
        responses={200: OpenApiResponse(Released, examples=[OpenApiExample("Released", RELEASED)])},
        extensions={"x-refuses": ["409"]},
    )
    def delete(self, request: Request, number_id: str) -> Response:
        """Give the number back: no calls and no rent from now on; the provider is told until it is certain.

        Sent again, also when the number has been released long ago, it gives the same answer.

        - 409 `number_in_use`: `details.uses` lists what still uses it (`release_protected`, `is_default`)
        - 409 `number_not_releasable`: it is still being bought, or was never bought
        """
        number = get_number(workspace_of(request), number_id)
        if number.status != PhoneNumber.Status.RELEASED:
            release_number(number, by=api_actor(request), now=clock.now())
            ring_on_commit(tell_carrier, number_id=number.pk)
        return Response(RELEASED)


def numbers_of(workspace: Workspace) -> QuerySet[PhoneNumber]:
    """With all that goes with them, in one query."""
    return PhoneNumber.objects.filter(workspace=workspace).select_related(
        "workspace", "order", "rental", "inbound_version__agent", "outbound_version__agent"
    )


def get_number(workspace: Workspace, number_id: str) -> PhoneNumber:
    """Raises Http404, for foreign and for unknown ones alike."""
    if not ID_PATTERN.match(number_id):
        raise Http404
    return get_object_or_404(numbers_of(workspace), pk=number_id)


def show_number(workspace: Workspace, number_id: str) -> Shown:
    """As NumberShape has it. Raises Http404, for foreign and for unknown ones alike."""
    if not ID_PATTERN.match(number_id):
        raise Http404
    return only(NumberShape.show(ONE.ask(workspace.pk, number_id)))


def find_numbers(workspace: Workspace, query: dict[str, Any]) -> QuerySet[PhoneNumber]:
    """The numbers that fit: ``query`` is a read NumbersQuery."""
    filters = Filters(
        q=read_filters({"q": query.get("search", "")}).q,
        country=query.get("country_code", "").upper(),
        type=query.get("type", ""),
        provider=query.get("provider", ""),
        agent=query.get("agent_id", ""),
    )
    status = query.get("status")
    rows = PhoneNumber.objects.filter(workspace=workspace, status=status) if status else None
    return narrow(visible_numbers(workspace) if rows is None else rows, filters)

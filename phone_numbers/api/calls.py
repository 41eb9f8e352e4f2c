"""Calls: place, list, look at, hang up."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import read
from dialnexa.api.idempotency import KEPT, idempotent
from dialnexa.api.keys import api_actor, key_of, workspace_of
from dialnexa.api.shapes import only
from dialnexa.api.views import ApiView
from dialnexa.doorbell import ring_on_commit
from dialnexa.errors import Refusal
from dialnexa.ids import ID_PATTERN
from dialnexa.models import Workspace
from phone_numbers.api.call_shapes import CallBody, CallDetailsShape, CallShape, CallsQuery
from phone_numbers.api.examples import CALLED, PLACED
from phone_numbers.calls.dialling import hang_up
from phone_numbers.calls.placing import Asked, place_call
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.questions import owned_number
from phone_numbers.routes.versions import named_version
from phone_numbers.tasks import advance_call
from telephony.e164 import E164, read_destination
from telephony.models import AgentVersion, Call

TOTALS = {
    "X-Total-Count": "How many calls fit",
    "X-Total-Pages": "How many pages they fill",
    "X-Page": "This page",
    "X-Limit": "How many are on a page",
}
FILTERS = {
    "agent_id": "agent_version__agent",
    "call_id": "pk",
    "batch_call_id": "batch",
    "call_direction": "direction",
    "status": "status",
    "start_date": "created_at__gte",
    "end_date": "created_at__lt",
}


class Calls(ApiView):
    tag = "Calls"
    scopes = {"GET": "calls:read", "POST": "calls:write"}
    limits = {"POST": "call"}

    @extend_schema(
        operation_id="list_calls",
        parameters=[
            CallsQuery,
            *(
                OpenApiParameter(name, int, OpenApiParameter.HEADER, description=said, response=[200])
                for name, said in TOTALS.items()
            ),
        ],
        responses=CallShape(many=True),
    )
    def get(self, request: Request) -> Response:
        """The workspace's calls, the newest first.

        A bare array; how many there are is in the headers.
        """
        query = read(CallsQuery, request.query_params)
        rows, page, limit = find_calls(workspace_of(request), query), query["page"], query["limit"]
        total = rows.count()
        figures = (total, -(-total // limit), page, limit)
        shown = rows.order_by("-created_at", "-id")[(page - 1) * limit : page * limit]
        headers = {name: str(value) for name, value in zip(TOTALS, figures, strict=True)}
        return Response(CallShape.of(shown), headers=headers)

    @extend_schema(
        operation_id="place_call",
        request=CallBody,
        responses={201: OpenApiResponse(CallShape, "The call is being dialled.", [PLACED])},
        parameters=[
            OpenApiParameter(
                "Location", location=OpenApiParameter.HEADER, description="Where the call is", response=[201]
            )
        ],
        examples=[
            OpenApiExample(
                "Call somebody",
                {"phone_number": "+919820012345", "agent_id": "agt_…", "metadata": {"ticket": "4711"}},
                request_only=True,
            )
        ],
        extensions={"x-refuses": ["402", "404", "503"]},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Call somebody with an agent. What it may cost is reserved now and charged when it is over.

        Ask `POST /v1/route-checks` to know beforehand what a call would be refused with.

        - 400 `destination_missing`, `destination_unparseable`, `destination_not_possible`,
          `from_number_missing`, `agent_not_found`, `agent_not_published`, `version_not_found`,
          `version_not_published`
        - 402 `wallet_insufficient`, `spend_cap_reached` (of this key)
        - 402 `monthly_spend_reached`
        - 403 `kyc_not_verified`, `country_not_enabled`, `prefix_not_enabled`, `high_cost_number`
        - 404 `number_not_found`: `from_number` is not the workspace's
        - 409 the number can't call now: it is not active, or its rent is overdue; `price_unknown`;
          `calls_stopped` by an owner or by support
        - 429 `concurrency_reached`, `call_rate_reached`, `daily_spend_reached`, `new_country_reached` (see
          `GET /v1/limits`); with `Retry-After` where it is known
        - 503 `limits_unavailable`: calls can't be counted for the moment, so none is placed
        """
        workspace, now = workspace_of(request), clock.now()
        wish = read(CallBody, request.data)
        version = named_version(workspace, wish["agent_id"], wish.get("agent_version_number"))
        call = place_call(
            workspace,
            caller_of(workspace, wish.get("from_number"), version),
            wish["phone_number"],
            by=api_actor(request),
            now=now,
            asked=Asked(
                version=version,
                idempotency_key=call_key(request, now),
                metadata=wish.get("metadata") or {},
                notes=wish.get("notes") or {},
            ),
        )
        ring_on_commit(advance_call, call_id=call.pk)
        headers = {"Location": reverse("api-call", kwargs={"call_id": call.pk})}
        return Response(CallShape(call).data, status=201, headers=headers)


class OneCall(ApiView):
    tag = "Calls"
    scopes = {"GET": "calls:read"}

    @extend_schema(operation_id="get_call", responses=OpenApiResponse(CallDetailsShape, examples=[CALLED]))
    def get(self, request: Request, call_id: str) -> Response:
        """One call, with every question it had to pass."""
        return Response(only(CallDetailsShape.of(one_call(workspace_of(request), call_id))))


class HangUp(ApiView):
    tag = "Calls"
    scopes = {"POST": "calls:write"}

    @extend_schema(
        operation_id="hang_up_call",
        request=None,
        responses=OpenApiResponse(CallShape, "The carrier was told, or the call is cancelled."),
        extensions={"x-refuses": ["502"]},
    )
    @idempotent
    def post(self, request: Request, call_id: str) -> Response:
        """End a call. One that is not dialled yet is cancelled; another ends when its carrier says so.

        - 409 `call_over`; `call_unconfirmed`: the carrier has not confirmed it yet, try again in a moment
        - 502 the carrier's fault: the call goes on
        """
        workspace = workspace_of(request)
        hang_up(get_call(workspace, call_id), by=api_actor(request), now=clock.now())
        return Response(only(CallShape.of(one_call(workspace, call_id))))


def one_call(workspace: Workspace, call_id: str) -> QuerySet[Call]:
    """That one, or none: foreign and unknown ones alike."""
    if not ID_PATTERN.match(call_id):
        return Call.objects.none()
    return Call.objects.filter(workspace=workspace, pk=call_id)


def get_call(workspace: Workspace, call_id: str) -> Call:
    """Raises Http404."""
    return get_object_or_404(one_call(workspace, call_id))


def find_calls(workspace: Workspace, query: dict[str, Any]) -> QuerySet[Call]:
    """The calls that fit: ``query`` is a read CallsQuery."""
    wanted = {path: query[name] for name, path in FILTERS.items() if name in query}
    ends = {f"{name}_text": _number(query[name]) for name in ("from", "to") if query.get(name)}
    return Call.objects.filter(workspace=workspace, **wanted, **ends)


def _number(text: str) -> str:
    """As calls keep it, however it is written; a ``+`` that the address lost is added."""
    for written in (text, f"+{text.strip()}"):
        if isinstance(found := read_destination(written), E164):
            return found.e164
    return text


def caller_of(workspace: Workspace, named: str | None, version: AgentVersion) -> PhoneNumber:
    """The number to call from: the one named, else the default, else one from which this agent calls.

    Raises Refusal 404 ``number_not_found``, 400 ``from_number_missing``.
    """
    if named:
        if number := owned_number(workspace, named):
            return number
        sentence = "from_number: This workspace has no such number."
        raise Refusal("number_not_found", sentence, status=404, field="from_number")
    active = PhoneNumber.objects.filter(workspace=workspace, status=PhoneNumber.Status.ACTIVE)
    active = active.select_related("workspace", "rental").order_by("-created_at", "-id")
    routed = active.filter(outbound_version__agent=version.agent_id)
    if number := active.filter(is_default=True).first() or routed.first():
        return number
    sentence = "from_number: Name a number, choose a default one, or let this agent call from one."
    raise Refusal("from_number_missing", sentence, field="from_number")


def call_key(request: Request, now: datetime) -> str:
    """The call's own idempotency key: the same for the same Idempotency-Key, address and API key.

    A request that is taken up again after its process died finds its call by it. Keys are kept 24 hours, so
    one that is used again later means another call. Empty without one: a new call each time.
    """
    said: str = getattr(request, "idempotency_key", "")
    if not said:
        return ""
    route = hashlib.sha256(f"{request.path}\n{said}".encode()).hexdigest()[:40]
    first = key = f"{key_of(request).pk}:{route}"
    calls = Call.objects.filter(workspace=workspace_of(request), created_at__lt=now - KEPT)
    while used := calls.filter(idempotency_key=key).values_list("pk", flat=True).first():
        key = f"{first}:{used}"
    return key

"""The customer's addresses that are told what happens, and what they were sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api import webhook_shapes as shapes
from dialnexa.api.body import read
from dialnexa.api.idempotency import idempotent
from dialnexa.api.keys import api_actor, key_of, workspace_of
from dialnexa.api.pages import PageQuery, page_of, paged
from dialnexa.api.views import ApiView
from dialnexa.ids import ID_PATTERN, derived_id
from dialnexa.models import WebhookDelivery, WebhookEndpoint, Workspace
from dialnexa.webhooks import endpoints, redelivering
from dialnexa.webhooks.readable import refuse_unreadable

REMOVED = {"message": "The webhook endpoint is sent nothing any more."}
TESTED = {"message": "A test message is on its way."}
AGAIN = {"message": "The message is on its way again."}


def _shown(shape: Any, example: dict[str, Any], said: str = "") -> OpenApiResponse:
    return OpenApiResponse(shape, said, [OpenApiExample("Answer", example, response_only=True)])


ONE = _shown(shapes.EndpointShape, shapes.ENDPOINT)
WITH_SECRET = shapes.ENDPOINT | {"secret": "whsec_…"}


class Endpoints(ApiView):
    tag = "Webhooks"
    scopes = {"GET": "webhooks:read", "POST": "webhooks:write"}

    @extend_schema(
        operation_id="list_webhook_endpoints", parameters=[PageQuery], responses=paged(shapes.EndpointShape)
    )
    def get(self, request: Request) -> Response:
        """Every address that is told what happens, the oldest first."""
        rows = endpoints_of(workspace_of(request))
        return Response(page_of(rows, shapes.EndpointShape, **read(PageQuery, request.query_params)))

    @extend_schema(
        operation_id="create_webhook_endpoint",
        request=shapes.EndpointBody,
        responses={201: _shown(shapes.SecretShape, WITH_SECRET, "Made. The secret is shown this once.")},
        extensions={"x-refuses": ["409"]},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Name an address, and the events it is sent from now on. The answer has the secret, this once.

        - 400 `webhook_url_…`, `webhook_events_invalid`, `webhook_description_invalid`
        - 403 `webhook_scope_missing`: an event tells what this key may not read (`number.…` and `rental.…`
          need `numbers:read`, `call.…` `calls:read`, `kyc.…` `kyc:read`, `limit.…` `telephony:read`, `*` all)
        - 409 `webhook_endpoints_most`: there are as many as a workspace may have
        - 409 `webhook_endpoint_exists`: made before with this `Idempotency-Key`; rotate to get a secret
        """
        wish, workspace = read(shapes.EndpointBody, request.data), workspace_of(request)
        refuse_unreadable(key_of(request), wish["events"])
        named = {"endpoint_id": _id_for(request)}
        by, now = api_actor(request), clock.now()
        made, secret = endpoints.create_endpoint(workspace, **wish, **named, by=by, now=now)
        return _with_secret(made, secret, status=201)


class Endpoint(ApiView):
    tag = "Webhooks"
    scopes = {"GET": "webhooks:read", "PATCH": "webhooks:write", "DELETE": "webhooks:write"}

    @extend_schema(operation_id="get_webhook_endpoint", responses=ONE)
    def get(self, request: Request, endpoint_id: str) -> Response:
        """One address, and whether it takes what it is sent."""
        return Response(shapes.EndpointShape(get_endpoint(workspace_of(request), endpoint_id)).data)

    @extend_schema(operation_id="change_webhook_endpoint", request=shapes.EndpointChanges, responses=ONE)
    def patch(self, request: Request, endpoint_id: str) -> Response:
        """Send something else, or elsewhere, from now on; switch it off or on.

        - 400 `webhook_url_…`, `webhook_events_invalid`, `webhook_description_invalid`
        - 403 `webhook_scope_missing`: as above, for what it is sent from then on; switching off is for all
        """
        workspace = workspace_of(request)
        endpoint = get_endpoint(workspace, endpoint_id)
        wish = read(shapes.EndpointChanges, request.data)
        with transaction.atomic():
            _change(endpoint, wish, request)
        return Response(shapes.EndpointShape(get_endpoint(workspace, endpoint_id)).data)

    @extend_schema(
        operation_id="remove_webhook_endpoint", responses={200: _shown(shapes.Said, REMOVED, "Removed.")}
    )
    def delete(self, request: Request, endpoint_id: str) -> Response:
        """Send nothing there any more, and forget it."""
        endpoint = get_endpoint(workspace_of(request), endpoint_id)
        endpoints.remove_endpoint(endpoint, by=api_actor(request), now=clock.now())
        return Response(REMOVED)


class RotateSecret(ApiView):
    tag = "Webhooks"
    scopes = {"POST": "webhooks:write"}

    @extend_schema(
        operation_id="rotate_webhook_secret",
        request=shapes.RotationBody,
        responses={200: _shown(shapes.SecretShape, WITH_SECRET, "Rotated. The secret is shown this once.")},
    )
    @idempotent
    def post(self, request: Request, endpoint_id: str) -> Response:
        """A new secret. The one before signs beside it for `overlap_hours`, so that nothing is missed."""
        workspace = workspace_of(request)
        endpoint = get_endpoint(workspace, endpoint_id)
        overlap = timedelta(hours=read(shapes.RotationBody, request.data)["overlap_hours"])
        secret = endpoints.rotate_secret(endpoint, overlap=overlap, by=api_actor(request), now=clock.now())
        return _with_secret(get_endpoint(workspace, endpoint_id), secret, status=200)


class Test(ApiView):
    tag = "Webhooks"
    scopes = {"POST": "webhooks:write"}

    @extend_schema(
        operation_id="test_webhook_endpoint",
        request=None,
        responses={202: _shown(shapes.Said, TESTED, "It is sent soon.")},
        extensions={"x-refuses": ["409"]},
    )
    @idempotent
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Have a `webhook.test` sent there, whatever events it asked for.

        - 409 `webhook_endpoint_disabled`
        """
        endpoint = get_endpoint(workspace_of(request), endpoint_id)
        endpoints.send_test(endpoint, by=api_actor(request), now=clock.now())
        return Response(TESTED, status=202)


class Deliveries(ApiView):
    tag = "Webhooks"
    scopes = {"GET": "webhooks:read"}

    @extend_schema(
        operation_id="list_webhook_deliveries",
        parameters=[shapes.DeliveriesQuery],
        responses=paged(shapes.DeliveryShape),
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        """What it was sent in the last 30 days and what became of it, the newest first."""
        endpoint = get_endpoint(workspace_of(request), endpoint_id)
        query = read(shapes.DeliveriesQuery, request.query_params)
        wanted = {"state": query.get("state"), "message__type": query.get("type")}
        rows = WebhookDelivery.objects.filter(endpoint=endpoint).order_by("-created_at", "-pk")
        rows = rows.filter(**{name: value for name, value in wanted.items() if value})
        return Response(page_of(rows, shapes.DeliveryShape, page=query["page"], limit=query["limit"]))


class Redeliver(ApiView):
    tag = "Webhooks"
    scopes = {"POST": "webhooks:write"}

    @extend_schema(
        operation_id="redeliver_webhook",
        request=None,
        responses={202: _shown(shapes.Said, AGAIN, "It is sent soon.")},
        extensions={"x-refuses": ["409"]},
    )
    @idempotent
    def post(self, request: Request, endpoint_id: str, delivery_id: str) -> Response:
        """Send a message again, with the id it had; one that waits is sent now.

        - 409 `webhook_endpoint_disabled`
        """
        endpoint = get_endpoint(workspace_of(request), endpoint_id)
        delivery = get_delivery(endpoint, delivery_id)
        redelivering.redeliver(delivery, by=api_actor(request), now=clock.now())
        return Response(AGAIN, status=202)


def endpoints_of(workspace: Workspace) -> QuerySet[WebhookEndpoint]:
    """Those that were not removed."""
    rows = WebhookEndpoint.objects.filter(workspace=workspace, removed_at=None)
    return rows.order_by("created_at", "pk")


def get_endpoint(workspace: Workspace, endpoint_id: str) -> WebhookEndpoint:
    """Raises Http404, for foreign, removed and unknown ones alike."""
    if not ID_PATTERN.match(endpoint_id):
        raise Http404
    return get_object_or_404(endpoints_of(workspace).select_related("workspace"), pk=endpoint_id)


def get_delivery(endpoint: WebhookEndpoint, delivery_id: str) -> WebhookDelivery:
    """Raises Http404, as ``get_endpoint`` does."""
    if not ID_PATTERN.match(delivery_id):
        raise Http404
    rows = WebhookDelivery.objects.filter(endpoint=endpoint).select_related("endpoint")
    return get_object_or_404(rows, pk=delivery_id)


def _id_for(request: Request) -> str:
    """Made from the Idempotency-Key, if there is one: an endpoint is made once, though an answer got lost."""
    key: str = request.idempotency_key  # type: ignore[attr-defined]
    return derived_id("whe", f"{key_of(request).pk}:{key}") if key else ""


def _change(endpoint: WebhookEndpoint, wish: dict[str, Any], request: Request) -> None:
    by, now = api_actor(request), clock.now()
    if wish.keys() & {"url", "events"} or wish.get("enabled"):  # else it would lead elsewhere what is told
        refuse_unreadable(key_of(request), wish.get("events", endpoint.events))
    names = ("url", "events", "description")
    if wish.keys() & set(names):
        facts = {name: wish.get(name, getattr(endpoint, name)) for name in names}
        endpoints.change_endpoint(endpoint, **facts, by=by, now=now)
    if "enabled" in wish:
        switch = endpoints.enable_endpoint if wish["enabled"] else endpoints.disable_endpoint
        switch(endpoint, by=by, now=now)


def _with_secret(endpoint: WebhookEndpoint, secret: str, *, status: int) -> Response:
    """What is kept for an Idempotency-Key lacks the secret: nothing of ours writes it down."""
    shown = dict(shapes.EndpointShape(endpoint).data)
    response = Response(shown | {"secret": secret}, status=status)
    response.kept = shown | {"secret": None}  # type: ignore[attr-defined]
    return response

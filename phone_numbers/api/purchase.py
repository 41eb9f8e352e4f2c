"""Buying a number: order it, wait a little for the carrier, answer with what there is by then."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import Text, read
from dialnexa.api.idempotency import KEPT, idempotent
from dialnexa.api.keys import api_actor, key_of, workspace_of
from dialnexa.api.views import ApiView
from dialnexa.doorbell import ring_on_commit
from dialnexa.ids import new_id
from dialnexa.models import Workspace
from phone_numbers.api.examples import NUMBER, PENDING
from phone_numbers.api.fields import either
from phone_numbers.api.numbers import get_number
from phone_numbers.api.shapes import NumberShape
from phone_numbers.buying.ordering import default_carrier, order_number, refuse_rejected, wait_for_order
from phone_numbers.models import NumberOrder, PhoneNumber
from phone_numbers.naming import LIMIT
from phone_numbers.routes.versions import named_version
from phone_numbers.tasks import fulfil_order

E164_HELP = "E.164, as the search shows it"
PREFER = OpenApiParameter(
    "Prefer",
    location=OpenApiParameter.HEADER,
    description="`wait=N`: wait at most N seconds (0 to 30, by default 10) for the carrier; `respond-async`: "
    "don't wait.",
    examples=[OpenApiExample("wait", value="wait=20"), OpenApiExample("don't", value="respond-async")],
)
ANSWERED = [
    OpenApiParameter(
        "Location",
        location=OpenApiParameter.HEADER,
        description="Where the number is",
        response=[201, 202],
    ),
    OpenApiParameter(
        "Preference-Applied",
        location=OpenApiParameter.HEADER,
        description="What of `Prefer` was followed",
        response=[201, 202],
    ),
]


@extend_schema_serializer(component_name="Purchase")
class PurchaseBody(serializers.Serializer):
    """What to buy. ``phone_number`` is needed, under one of its two names."""

    phone_number = Text(required=False, max_length=64, help_text=E164_HELP)
    phoneNumber = Text(required=False, max_length=64, help_text="The same as phone_number")
    provider = Text(
        required=False, allow_null=True, max_length=40, help_text="The first one configured unless said"
    )
    telephonyProviderId = Text(
        required=False, allow_null=True, max_length=40, help_text="The same as provider"
    )
    nickname = Text(required=False, allow_null=True, allow_blank=True, max_length=LIMIT)
    label = Text(  # type: ignore[assignment]
        required=False, allow_null=True, allow_blank=True, max_length=LIMIT
    )
    agent_id = Text(
        required=False,
        allow_null=True,
        max_length=40,
        help_text="Its latest published version answers from the moment the number is active",
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        number = either(given, "phone_number", "phoneNumber")
        if number is None:
            raise serializers.ValidationError({"phone_number": "This field is required."})
        return given | {
            "phone_number": number,
            "provider": either(given, "provider", "telephonyProviderId"),
        }


class Purchase(ApiView):
    scopes = {"POST": "numbers:purchase"}
    limits = {"POST": "purchase"}

    @extend_schema(
        operation_id="purchase_number",
        parameters=[PREFER, *ANSWERED],
        request=PurchaseBody,
        responses={
            201: OpenApiResponse(NumberShape, "The number is yours and active.", [NUMBER]),
            202: OpenApiResponse(
                NumberShape,
                "The purchase is going on; the number is yours when its status is active, and nothing was "
                "charged when it is failed. Location says where to look.",
                [PENDING],
            ),
        },
        examples=[
            OpenApiExample(
                "One number",
                {"phone_number": "+12125550123", "nickname": "Front desk", "agent_id": "agt_…"},
                request_only=True,
            )
        ],
        extensions={"x-refuses": ["402", "502", "503"]},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Buy exactly this number. Setup and the first month are charged when the carrier has sold it.

        - 400 `number_invalid`, `number_unavailable` (not for sale any more), `country_unknown`,
          `country_not_enabled` (Telephony Config), `price_unknown`, `carrier_unknown`, `agent_not_found`,
          `agent_not_published`
        - 402 `wallet_insufficient`, `spend_cap_reached` (of this key)
        - 403 `kyc_required`, `carrier_compliance_required`
        - 409 `number_taken`: by another buyer, here or at the carrier; `details.number_id` if it is yours
        - 502 the carrier's fault, or it did not answer; nothing was charged
        - 503 `carrier_busy`, `no_carrier`: nothing was ordered

        An order that was refused stays refused: use a new `Idempotency-Key` to try again.
        """
        wish = read(PurchaseBody, request.data)
        preference = read_preference(request.headers.get("Prefer", ""))
        order = wait_for_order(_order(request, wish, clock.now()), preference.wait)
        refuse_rejected(order)
        return _answer(workspace_of(request), order, preference)


def _order(request: Request, wish: dict[str, Any], now: datetime) -> NumberOrder:
    workspace = workspace_of(request)
    agent = wish.get("agent_id")
    order = order_number(
        workspace,
        wish["phone_number"],
        carrier=wish["provider"] or default_carrier(),
        idempotency_key=order_key(request, now),
        nickname=wish.get("nickname") or "",
        label=wish.get("label") or "",
        inbound=named_version(workspace, agent) if agent else None,
        by=api_actor(request),
        now=now,
    )
    if order.is_open:
        ring_on_commit(fulfil_order, order_id=order.id)
    return order


def _answer(workspace: Workspace, order: NumberOrder, preference: Preference) -> Response:
    number = get_number(workspace, order.number_id)
    headers = {"Location": reverse("api-number", kwargs={"number_id": number.pk})}
    if preference.applied:
        headers["Preference-Applied"] = preference.applied
    status = 202 if number.status == PhoneNumber.Status.PENDING else 201
    return Response(NumberShape(number).data, status=status, headers=headers)


def order_key(request: Request, now: datetime) -> str:
    """The order's own idempotency key: the same for the same Idempotency-Key, address and API key.

    A request that is taken up again after its process died finds its order by it. Keys are kept 24 hours, so
    one that is used again later means another order.
    """
    said: str = getattr(request, "idempotency_key", "")
    if not said:
        return new_id("idk")
    route = hashlib.sha256(f"{request.path}\n{said}".encode()).hexdigest()[:40]
    first = key = f"{key_of(request).pk}:{route}"
    orders = NumberOrder.objects.filter(workspace=workspace_of(request), created_at__lt=now - KEPT)
    while used := orders.filter(idempotency_key=key).values_list("pk", flat=True).first():
        key = f"{first}:{used}"
    return key


@dataclass(frozen=True, slots=True)
class Preference:
    """``wait``: seconds; ``applied``: what to say in Preference-Applied, empty when nothing was asked."""

    wait: float
    applied: str


def read_preference(header: str) -> Preference:
    """What ``Prefer`` (RFC 7240) asks for. What we don't know is ignored, as the RFC wants it."""
    asked: dict[str, str] = {}
    for part in header.split(","):
        name, _, value = part.partition(";")[0].partition("=")
        asked.setdefault(name.strip().lower(), value.strip().strip('"'))
    wait, applied = settings.API_WAIT, []
    if "respond-async" in asked:
        wait, applied = 0.0, ["respond-async"]
    if re.fullmatch("[0-9]{1,9}", asked.get("wait", "")):
        wait = min(float(asked["wait"]), settings.API_WAIT_LONGEST)
        applied.append(f"wait={wait:.0f}")
    return Preference(wait, ", ".join(applied))

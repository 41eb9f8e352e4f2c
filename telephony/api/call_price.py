"""What a call would cost, and which rate decides."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import Amount, Moment, Text, Whole, read
from dialnexa.api.keys import workspace_of
from dialnexa.api.views import ApiView
from dialnexa.errors import Refusal
from telephony.config import offered_carriers
from telephony.e164 import E164, Unreadable, read_destination
from telephony.models import CallRate, CarrierSlug
from telephony.rating import CallPrice, rate_call

LONGEST = 24 * 60 * 60  # seconds


class CallPriceQuery(serializers.Serializer):
    to_number = Text(help_text="The number that is called, E.164")
    provider = serializers.ChoiceField(
        CarrierSlug.choices, required=False, help_text="Whose number calls, or is called. The first there is"
    )
    direction = serializers.ChoiceField(CallRate.Direction.choices, default=CallRate.Direction.OUTBOUND)
    at = Moment(required=False, help_text="Now, unless said")
    duration_seconds = Whole(
        default=60, min_value=0, max_value=LONGEST, help_text="How long a call to price; begun pulses count"
    )


@extend_schema_serializer(component_name="CallPrice")
class CallPriceShape(serializers.Serializer):
    """The rate that decides, and what a call of ``duration_seconds`` costs by it."""

    to_number = serializers.CharField()
    country_iso = serializers.CharField(help_text="The called number's; ISO 3166-1")
    provider = serializers.ChoiceField(CarrierSlug.choices)
    direction = serializers.ChoiceField(CallRate.Direction.choices)
    currency = serializers.CharField(help_text="ISO 4217; the workspace's")
    per_minute = Amount()
    pulse_seconds = serializers.IntegerField(help_text="A begun pulse counts whole")
    connection_fee = Amount(help_text="Once per call that was answered")
    rate_id = serializers.CharField(help_text="The rate that decides")
    prefix = serializers.CharField(help_text="The digits that matched, without +; empty: every number there")
    network_group_id = serializers.CharField(
        allow_null=True, help_text="Null over the customer's own carrier"
    )
    network_group_name = serializers.CharField()
    valid_from = Moment(help_text="When the rate began")
    duration_seconds = serializers.IntegerField()
    cost = Amount(help_text="Of a call of duration_seconds; rounded once, half up, to six places")


class CallPriceView(ApiView):
    tag = "Telephony"
    scopes = {"GET": "telephony:read"}

    @extend_schema(
        operation_id="price_call",
        parameters=[CallPriceQuery],
        responses=CallPriceShape,
        extensions={"x-refuses": ["404"]},
    )
    def get(self, request: Request) -> Response:
        """What a call would cost, and which rate decides. 404 (`call_not_priced`) where nothing is priced."""
        query = read(CallPriceQuery, request.query_params)
        number = read_destination(query["to_number"])
        if isinstance(number, Unreadable):
            raise Refusal(f"destination_{number.problem}", number.sentence, status=400)
        query.setdefault("provider", offered_carriers()[0])
        price = _price(number, query, workspace_of(request).currency)
        return Response(CallPriceShape(_answer(number, query, price)).data)


def _price(number: E164, query: dict[str, Any], currency: str) -> CallPrice:
    carrier, at = query["provider"], query.get("at") or clock.now()
    if carrier in {*offered_carriers(), CarrierSlug.SIP_TRUNK}:
        price = rate_call(number, carrier=carrier, currency=currency, direction=query["direction"], at=at)
        if price:
            return price
    sentence = f"{CarrierSlug(carrier).label} has no {currency} price for {number.e164} at that moment."
    raise Refusal("call_not_priced", sentence, status=404)


def _answer(number: E164, query: dict[str, Any], price: CallPrice) -> dict[str, Any]:
    return price._asdict() | {
        "to_number": number.e164,
        "country_iso": number.country,
        "provider": query["provider"],
        "direction": query["direction"],
        "network_group_id": price.network_group or None,
        "network_group_name": price.group_name,
        "duration_seconds": query["duration_seconds"],
        "cost": price.price_of(query["duration_seconds"]),
    }

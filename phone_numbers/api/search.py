"""What there is to buy, in the shape number searches have at carriers, with our prices."""

from __future__ import annotations

import unicodedata
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import Amount, OneOf, Text, Whole
from dialnexa.api.keys import workspace_of
from dialnexa.api.views import ApiView
from phone_numbers.buying.ordering import default_carrier
from phone_numbers.buying.quoting import QuotedOffer, search_offers
from phone_numbers.forms import SEPARATORS
from telephony.carriers.base import NumberQuery, NumberType
from telephony.e164 import format_international
from telephony.models import NumberKind

FOUND = {
    "api_id": "req_01kaj0v4d6k5r4w1c9n7t3x8zq",
    "objects": [
        {
            "number": "+12125550123",
            "number_format": "+1 212-555-0123",
            "country_iso": "US",
            "type": "local",
            "region": "New York, New York",
            "voice_enabled": True,
            "sms_enabled": True,
            "mms_enabled": False,
            "setup_rate": "0.00",
            "monthly_rental_rate": "92.00",
            "monthly_price": "92.00",
            "currency": "INR",
            "requirements": [],
            "blockers": [],
        }
    ],
    "meta": {"total_count": 1},
}


class Digits(Text):
    """Digits however they are spaced; 15 are the longest number there is."""

    default_error_messages = {"digits": "Digits only, at most 15, for example 4567."}

    def to_internal_value(self, data: Any) -> str:
        digits = SEPARATORS.sub("", unicodedata.normalize("NFKC", super().to_internal_value(data)))
        if digits and not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
            self.fail("digits")
        return digits


class SearchQuery(serializers.Serializer):
    country_iso = serializers.RegexField("^[A-Za-z]{2}$", help_text="ISO 3166-1, in any case")
    type = OneOf(NumberKind.choices, required=False)
    region = Text(required=False, allow_blank=True, max_length=60, help_text="A city or state")
    contains = Digits(
        required=False, allow_blank=True, max_length=30, help_text="Digits anywhere in the number"
    )
    provider = Text(required=False, max_length=40, help_text="The first one configured unless said")
    limit = Whole(min_value=1, max_value=50, default=20)

    def query(self) -> NumberQuery:
        """After ``is_valid()``."""
        asked = self.validated_data
        return NumberQuery(
            country=asked["country_iso"].upper(),
            type=NumberType(asked["type"]) if "type" in asked else None,
            region=asked.get("region", ""),
            contains=asked.get("contains", ""),
        )


class BlockerShape(serializers.Serializer):
    """One reason why this workspace can't buy it now; a purchase would be refused with it."""

    code = serializers.CharField()
    message = serializers.CharField(source="sentence")
    status = serializers.IntegerField()


@extend_schema_serializer(component_name="AvailableNumber")
class OfferShape(serializers.Serializer):
    """A number for sale. Prices are ours, in the wallet's currency; null where we have none yet."""

    number = serializers.CharField(source="offer.e164", help_text="E.164: pass it to the purchase")
    number_format = serializers.SerializerMethodField()
    country_iso = serializers.CharField(source="offer.country")
    type = serializers.ChoiceField(NumberKind.choices, source="offer.type")
    region = serializers.CharField(source="offer.region")
    voice_enabled = serializers.SerializerMethodField()
    sms_enabled = serializers.SerializerMethodField()
    mms_enabled = serializers.SerializerMethodField()
    setup_rate = Amount(source="setup_price", allow_null=True)
    monthly_rental_rate = Amount(source="monthly_price", allow_null=True)
    monthly_price = Amount(allow_null=True)
    currency = serializers.CharField()
    requirements = serializers.ListField(
        child=serializers.CharField(), help_text="What must be proven for it, in words"
    )
    blockers = BlockerShape(many=True)

    def get_number_format(self, quote: QuotedOffer) -> str:
        return format_international(quote.offer.e164)

    def get_voice_enabled(self, quote: QuotedOffer) -> bool:
        return "voice" in quote.offer.capabilities

    def get_sms_enabled(self, quote: QuotedOffer) -> bool:
        return "sms" in quote.offer.capabilities

    def get_mms_enabled(self, quote: QuotedOffer) -> bool:
        return "mms" in quote.offer.capabilities


class FoundMeta(serializers.Serializer):
    total_count = serializers.IntegerField(help_text="How many are in objects")


class Found(serializers.Serializer):
    api_id = serializers.CharField(help_text="The request's id")
    objects = OfferShape(many=True)
    meta = FoundMeta()


class Search(ApiView):
    scopes = {"GET": "numbers:read"}
    limits = {"GET": "search"}

    @extend_schema(
        operation_id="search_numbers",
        parameters=[SearchQuery],
        responses=OpenApiResponse(Found, examples=[OpenApiExample("One number", FOUND)]),
        extensions={"x-refuses": ["502", "503"]},
    )
    def get(self, request: Request) -> Response:
        """Numbers for sale now, each with its price and with what keeps this workspace from buying it.

        - 400 `country_unknown`, `carrier_unknown`
        - 502 the provider did not answer, or not as it should
        - 503 `carrier_busy`: too many searches wait for it; `no_carrier`
        """
        asked = SearchQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        quotes = search_offers(
            workspace_of(request),
            asked.query(),
            carrier=asked.validated_data.get("provider") or default_carrier(),
            now=clock.now(),
            limit=asked.validated_data["limit"],
        )
        objects = OfferShape(quotes, many=True).data
        meta = {"total_count": len(objects)}
        return Response({"api_id": request.id, "objects": objects, "meta": meta})  # type: ignore[attr-defined]


class SearchAtPlivo(Search):
    """The same under the name it had first."""

    @extend_schema(
        operation_id="search_plivo_numbers",
        parameters=[SearchQuery],
        responses=OpenApiResponse(Found, examples=[OpenApiExample("One number", FOUND)]),
        extensions={"x-refuses": ["502", "503"]},
    )
    def get(self, request: Request) -> Response:
        """The search under its first name."""
        return super().get(request)

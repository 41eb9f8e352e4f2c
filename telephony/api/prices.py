"""What numbers cost."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import Amount, OneOf, read
from dialnexa.api.keys import workspace_of
from dialnexa.api.views import ApiView
from telephony.api.filters import CountryQuery
from telephony.config import offered_carriers
from telephony.models import CarrierSlug, NumberKind, RentalRate
from telephony.rates import price_list


class PricesQuery(CountryQuery):
    type = OneOf(NumberKind.choices, required=False)


@extend_schema_serializer(component_name="NumberPrice")
class PriceShape(serializers.ModelSerializer):
    """What the wallet is charged for one kind of number now."""

    telephony_provider_id = serializers.ChoiceField(CarrierSlug.choices, source="carrier")
    country_iso = serializers.CharField(source="country_id", help_text="ISO 3166-1")
    country_name = serializers.CharField(source="country.name")
    type = serializers.ChoiceField(NumberKind.choices)
    credit_cost = Amount(source="monthly", help_text="Every month")
    setup_cost = Amount(source="setup", help_text="Once, with the first month")
    currency = serializers.CharField(help_text="ISO 4217; the workspace's")

    class Meta:
        model = RentalRate
        fields = (
            "telephony_provider_id",
            "country_iso",
            "country_name",
            "type",
            "credit_cost",
            "setup_cost",
            "currency",
        )


class Prices(ApiView):
    tag = "Telephony"
    scopes = {"GET": "telephony:read"}

    @extend_schema(
        operation_id="list_number_prices", parameters=[PricesQuery], responses=PriceShape(many=True)
    )
    def get(self, request: Request) -> Response:
        """The prices that count now, by country, provider and type. What has no price can't be bought."""
        query = read(PricesQuery, request.query_params)
        rates = price_list(workspace_of(request).currency, now=clock.now())
        rates = rates.filter(carrier__in=offered_carriers(), **_wanted(query))
        shown = sorted(rates, key=lambda rate: (rate.country.name, rate.carrier, rate.type))
        return Response(PriceShape(shown, many=True).data)


def _wanted(query: dict[str, str]) -> dict[str, str]:
    columns = {"provider": "carrier", "type": "type"}
    wanted = {column: query[name] for name, column in columns.items() if name in query}
    return wanted | ({"country": query["country_iso"].upper()} if "country_iso" in query else {})

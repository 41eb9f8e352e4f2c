"""What there is to buy in America and Canada."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import Text, Whole, read
from dialnexa.api.keys import workspace_of
from phone_numbers.api.compatible.shapes import city_of, offer_shape
from phone_numbers.api.compatible.views import CompatibleView
from phone_numbers.buying.ordering import default_carrier
from phone_numbers.buying.quoting import search_offers
from telephony.carriers.base import NumberQuery, NumberType, Offer
from telephony.carriers.regions import region_of
from telephony.e164 import country_of, national_digits

TYPES = {"local": NumberType.LOCAL, "toll-free": NumberType.TOLL_FREE}
PATTERNS = ("starts_with", "contains", "ends_with")
COUNTRIES = ("US", "CA")
MOST = 100
WHOLE_ENDING = 7  # digits: with the area code they are a whole number


def _digits(least: int, most: int) -> serializers.RegexField:
    said = f"{least} digits only." if least == most else f"{least} to {most} digits only."
    return serializers.RegexField(
        rf"^[0-9]{{{least},{most}}}\Z", required=False, error_messages={"invalid": said}
    )


class SearchQuery(serializers.Serializer):
    areacode = _digits(3, 3)
    number_type = serializers.ChoiceField(sorted(TYPES), default="local")
    starts_with = _digits(3, 7)
    contains = _digits(3, 7)
    ends_with = _digits(3, 7)
    max_results = Whole(min_value=1, default=50)
    region = Text(required=False, max_length=2)
    city = Text(required=False, max_length=60)

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        patterns = [name for name in PATTERNS if name in asked]
        if len(patterns) > 1:
            raise serializers.ValidationError({patterns[1]: f"Can't be combined with {patterns[0]}."})
        if "city" in asked and "region" not in asked:
            raise serializers.ValidationError({"city": "Needs a region."})
        if "region" in asked and asked["number_type"] == "toll-free":
            raise serializers.ValidationError({"region": "Toll-free numbers are in no region."})
        if "region" in asked and not any(region_of(asked["region"])):
            raise serializers.ValidationError({"region": "Two letters of a state or province, such as TX."})
        return asked


class Search(CompatibleView):
    scopes = {"GET": "numbers:read"}
    limits = {"GET": "search"}

    def get(self, request: Request) -> Response:
        asked = read(SearchQuery, request.query_params)
        quotes = search_offers(
            workspace_of(request),
            query_of(asked),
            carrier=default_carrier(),
            now=clock.now(),
            limit=MOST if _is_narrow(asked) else min(asked["max_results"], MOST),
        )
        found = [quote.offer for quote in quotes if fits(quote.offer, asked)]
        path = request.get_full_path()
        data = [offer_shape(offer) for offer in found[: min(asked["max_results"], MOST)]]
        return Response({"links": {"self": path, "first": path}, "data": data})


def query_of(asked: dict[str, Any]) -> NumberQuery:
    """What carriers can be asked; ``fits`` does the rest."""
    area, ending = asked.get("areacode", ""), asked.get("ends_with", "")
    country, region = region_of(asked.get("region", ""))
    country = country or _country_of_area(area or asked.get("starts_with", "")[:3])
    if area and len(ending) == WHOLE_ENDING:
        return NumberQuery(country, exact=f"+1{area}{ending}")
    digits = area or next((asked[name] for name in PATTERNS if name in asked), "")
    return NumberQuery(country, type=TYPES[asked["number_type"]], region=region, contains=digits)


def _country_of_area(area: str) -> str:
    """The metadata knows where an area code is; any number in it will do."""
    country = country_of(f"+1{area}5550123") if area else ""
    return country if country in COUNTRIES else "US"


def _is_narrow(asked: dict[str, Any]) -> bool:
    return any(name in asked for name in ("areacode", *PATTERNS, "city"))


def fits(offer: Offer, asked: dict[str, Any]) -> bool:
    """Carriers match loosely, and not everything can be asked of them."""
    national = national_digits(offer.e164)
    return (
        offer.type == TYPES[asked["number_type"]]
        and national.startswith(asked.get("areacode", ""))
        and national.startswith(asked.get("starts_with", ""))
        and national.endswith(asked.get("ends_with", ""))
        and asked.get("contains", "") in national
        and asked.get("city", "").casefold() in ("", city_of(offer).casefold())
    )

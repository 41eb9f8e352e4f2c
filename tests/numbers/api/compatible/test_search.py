"""The search of the compatible endpoints …"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings

from dialnexa.models import Workspace
from phone_numbers.api.compatible.search import SearchQuery, fits, query_of
from phone_numbers.api.compatible.shapes import offer_shape
from phone_numbers.buying import quoting
from telephony.carriers.base import Money, NumberQuery, NumberType, Offer
from telephony.models import Country
from tests.numbers.conftest import Carrier

from .relay import Relay, refused

pytestmark = pytest.mark.usefixtures("workspace", "sandbox")
LOCAL, TOLL_FREE = NumberType.LOCAL, NumberType.TOLL_FREE


def numbers(response: Any) -> list[str]:
    return [item["number"] for item in response.json()["data"]]


# --- what is found ------------------------------------------------------------------------------------


def test_finds_american_local_numbers_unless_told(relay: Relay) -> None:
    found = relay.get("/search")
    assert found.status_code == 200
    assert len(numbers(found)) == 50
    assert {item["country_code"] for item in found.json()["data"]} == {"US"}


def test_spells_a_result_both_ways(relay: Relay) -> None:
    (item,) = relay.get("/search", areacode="415", max_results=1).json()["data"]
    assert item["number"] == item["e164"]
    assert item["number"].startswith("+1415")
    assert item["international_number_formatted"].startswith("+1 415-")
    assert (item["city"], item["region"], item["country_code"]) == ("San Francisco", "CA", "US")
    assert set(item["capabilities"].values()) == {True}
    assert "voice" in item["capabilities"]


def test_finds_toll_free_numbers(relay: Relay) -> None:
    found = relay.get("/search", number_type="toll-free", max_results=3)
    assert len(numbers(found)) == 3
    assert all(number[2:5] in ("800", "833", "844", "855", "866", "877", "888") for number in numbers(found))
    assert all("city" not in item for item in found.json()["data"])


def test_finds_numbers_by_their_digits(relay: Relay) -> None:
    chosen = numbers(relay.get("/search", areacode="212", max_results=1))[0]
    national = chosen.removeprefix("+1")
    for query in (
        {"areacode": national[:3], "ends_with": national[3:]},
        {"starts_with": national[:7]},
        {"contains": national[2:8]},
        {"ends_with": national[-5:]},
        {"areacode": national[:3], "contains": national[5:9]},
    ):
        assert chosen in numbers(relay.get("/search", **query))


def test_keeps_to_what_was_asked(relay: Relay) -> None:
    for digits in numbers(relay.get("/search", ends_with="555")):
        assert digits.endswith("555")
    assert all(number.startswith("+1312") for number in numbers(relay.get("/search", areacode="312")))


@pytest.mark.parametrize(
    "query, place",
    [
        ({"region": "TX"}, ("US", "Austin", "TX")),
        ({"region": "tx"}, ("US", "Austin", "TX")),
        ({"region": "ON", "city": "toronto"}, ("CA", "Toronto", "ON")),
        ({"areacode": "604"}, ("CA", "Vancouver", "BC")),
    ],
)
def test_finds_numbers_by_place(relay: Relay, query: dict[str, str], place: tuple[str, str, str]) -> None:
    Country.objects.create(iso="CA", name="Canada", calling_code=1, max_length=10)
    found = relay.get("/search", **query, max_results=5).json()["data"]
    assert found
    assert {(item["country_code"], item["city"], item["region"]) for item in found} == {place}


def test_finds_no_more_than_wanted(relay: Relay) -> None:
    assert len(numbers(relay.get("/search", max_results=3))) == 3
    assert len(numbers(relay.get("/search", max_results=5000))) <= 100


def test_finds_nothing_where_there_is_nothing(relay: Relay) -> None:
    assert numbers(relay.get("/search", areacode="999")) == []


# --- how it is asked ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query, asked",
    [
        ({}, NumberQuery("US", LOCAL)),
        ({"number_type": "toll-free"}, NumberQuery("US", TOLL_FREE)),
        ({"areacode": "415"}, NumberQuery("US", LOCAL, contains="415")),
        ({"areacode": "416"}, NumberQuery("CA", LOCAL, contains="416")),
        ({"areacode": "876"}, NumberQuery("US", LOCAL, contains="876")),  # Jamaica, which they don't sell
        ({"starts_with": "41655"}, NumberQuery("CA", LOCAL, contains="41655")),
        ({"region": "QC"}, NumberQuery("CA", LOCAL, region="Quebec")),
        ({"region": "CA", "areacode": "415"}, NumberQuery("US", LOCAL, "California", "415")),
        ({"areacode": "415", "ends_with": "5550100"}, NumberQuery("US", exact="+14155550100")),
        ({"areacode": "415", "ends_with": "0100"}, NumberQuery("US", LOCAL, contains="415")),
        ({"ends_with": "0100"}, NumberQuery("US", LOCAL, contains="0100")),
        ({"region": "TX", "number_type": "local", "city": "Austin"}, NumberQuery("US", LOCAL, "Texas")),
    ],
)
def test_asks_carriers_for_as_much_as_they_understand(query: dict[str, str], asked: NumberQuery) -> None:
    assert query_of(read(query)) == asked


def read(query: dict[str, str]) -> dict[str, Any]:
    serializer = SearchQuery(data=query)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def offer(e164: str, region: str = "", kind: NumberType = LOCAL) -> Offer:
    free = Money(Decimal(0), "USD")
    return Offer(e164, "US", kind, region, ("voice", "mms"), free, free)


@pytest.mark.parametrize(
    "query, fitting",
    [
        ({"areacode": "212"}, True),
        ({"areacode": "125"}, False),
        ({"starts_with": "2125"}, True),
        ({"contains": "5550"}, True),
        ({"ends_with": "0123"}, True),
        ({"ends_with": "5550"}, False),
        ({"region": "NY", "city": "NEW YORK"}, True),
        ({"region": "NY", "city": "York"}, False),
        ({"number_type": "toll-free"}, False),
    ],
)
def test_leaves_out_what_carriers_match_loosely(query: dict[str, str], fitting: bool) -> None:
    assert fits(offer("+12125550123", "New York, New York"), read(query)) is fitting


@pytest.mark.parametrize(
    "region, place",
    [
        ("New York, New York", {"city": "New York", "region": "NY"}),
        ("California", {"region": "CA"}),
        ("TX", {"region": "TX"}),
        ("Greater London", {"city": "Greater London"}),
        ("", {}),
    ],
)
def test_tells_city_and_state_apart(region: str, place: dict[str, str]) -> None:
    shown = offer_shape(offer("+12125550123", region))
    assert {name: shown[name] for name in ("city", "region") if name in shown} == place
    assert shown["capabilities"] == {"voice": True, "mms": True}


# --- what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query, field",
    [
        ({"areacode": "41"}, "areacode"),
        ({"areacode": "41\u0665"}, "areacode"),
        ({"contains": "12"}, "contains"),
        ({"contains": "12345678"}, "contains"),
        ({"starts_with": "abc"}, "starts_with"),
        ({"starts_with": "415", "ends_with": "100"}, "ends_with"),
        ({"starts_with": "415", "contains": "100"}, "contains"),
        ({"number_type": "mobile"}, "number_type"),
        ({"region": "XX"}, "region"),
        ({"region": "Texas"}, "region"),
        ({"region": "TX", "number_type": "toll-free"}, "region"),
        ({"city": "Austin"}, "city"),
        ({"max_results": "0"}, "max_results"),
        ({"max_results": "1.5"}, "max_results"),
    ],
)
def test_refuses_what_means_nothing(
    relay: Relay, carrier: Carrier, query: dict[str, str], field: str
) -> None:
    response = relay.get("/search", **query)
    assert refused(response) == (422, "invalid_request")
    assert response.json()["errors"][0]["detail"].startswith(f"{field}: ")
    assert not carrier.requests("GET")


def test_says_that_the_carrier_does_not_answer(relay: Relay, settings: LazySettings) -> None:
    settings.CARRIERS = {"plivo": {**settings.CARRIERS["plivo"], "base_url": "http://127.0.0.1:9"}}
    assert refused(relay.get("/search")) == (502, "carrier_unreachable")


def test_says_that_too_many_ask(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quoting._lines, "_value", 0)
    assert refused(relay.get("/search")) == (503, "carrier_busy")


def test_says_that_nothing_is_connected(relay: Relay, settings: LazySettings) -> None:
    settings.CARRIERS = {}
    assert refused(relay.get("/search")) == (503, "no_carrier")


def test_says_that_a_country_is_not_offered(relay: Relay, workspace: Workspace) -> None:
    Country.objects.filter(iso="US").update(is_offered=False)
    assert refused(relay.get("/search")) == (422, "country_unknown")

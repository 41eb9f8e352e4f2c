"""SignalWire's OpenAPI document describes …"""

from __future__ import annotations

from typing import Any

import pytest
from openapi_core.exceptions import OpenAPIError

from telephony.carriers.base import CarrierError, InboundRoute, NumberConfig, NumberQuery, NumberType

from .contracts import Contract, contract, needs
from .scripted import response
from .standins import PROJECT_ID, Heard, SignalWireStandIn, adapter, scripted_as, served

pytestmark = needs("signalwire")

QUERY = NumberQuery("US", NumberType.LOCAL)


@pytest.fixture(scope="module")
def numbers() -> Contract:
    return contract("signalwire/relay-rest-numbers.subset.json")


def a_whole_life() -> list[Heard]:
    """Every request the adapter knows, from search to release, and what is refused."""
    stand_in = SignalWireStandIn(PROJECT_ID)
    with served(stand_in) as url:
        carrier = adapter("signalwire", url)
        route = carrier.ensure_route(InboundRoute("r", "https://v.example/a", "https://v.example/h"))
        carrier.search(NumberQuery("US", region="CA", contains="555"), limit=3)
        carrier.search(NumberQuery("US", exact="+14155550100"), limit=3)
        bought = [
            carrier.buy(offer.e164, intent_id="ord_1", config=NumberConfig(route=route.id))
            for offer in carrier.search(QUERY, limit=3)
        ]
        list(carrier.list_owned())
        carrier.find_owned(bought[0].e164)
        carrier.configure(bought[0].number_id, NumberConfig(route=route.id, tag="t"))
        for call in (
            lambda: carrier.buy(bought[0].e164, intent_id="o", config=NumberConfig()),
            lambda: adapter("signalwire", url, "wrong").find_owned("+14155550100"),
        ):
            with pytest.raises(CarrierError):
                call()
        for _ in range(2):
            carrier.release(bought[0].number_id)
    return stand_in.heard


def test_every_request_and_the_answers_of_the_stand_in(numbers: Contract) -> None:
    life = a_whole_life()
    assert {(seen.method, seen.status) for seen in life} == {
        ("GET", 200),
        ("GET", 401),
        ("POST", 200),
        ("POST", 422),
        ("PUT", 200),
        ("DELETE", 204),
        ("DELETE", 404),
    }
    for seen in life:
        numbers.check(seen)


@pytest.mark.parametrize(
    "change", [{"path": "/api/relay/rest/numbers"}, {"headers": {}}, {"body": b"{}"}, {"status": 201}]
)
def test_no_other_path_body_status_or_missing_credentials(numbers: Contract, change: dict[str, Any]) -> None:
    sale = next(seen for seen in a_whole_life() if (seen.method, seen.status) == ("POST", 200))
    with pytest.raises(OpenAPIError):
        numbers.check(Heard(**{**{name: getattr(sale, name) for name in Heard.__slots__}, **change}))


def test_only_arguments_and_fields_that_exist(numbers: Contract) -> None:
    paths = numbers.document["paths"]
    search = {item["name"] for item in paths["/api/relay/rest/phone_numbers/search"]["get"]["parameters"]}
    for seen in a_whole_life():
        if seen.path.endswith("/search"):
            assert dict(seen.query).keys() <= search
        if seen.method == "PUT":
            assert seen.json.keys() <= numbers.fields("UpdatePhoneNumberRequest").keys()


def test_a_number_whose_every_field_is_read(numbers: Contract) -> None:
    """The document has examples of fields only, so a number is put together from them."""
    fields = numbers.fields("PhoneNumber")
    item = {name: field["examples"][0] for name, field in fields.items() if field.get("examples")}
    item |= {"number": "+14155550100", "created_at": "2026-11-21T04:00:00Z"}
    carrier, _ = scripted_as("signalwire", response(200, {"data": [item], "links": {}}))
    [owned] = carrier.list_owned()
    assert (owned.number_id, owned.type) == (item["id"], NumberType.TOLL_FREE)
    assert owned.tag == item["name"]
    assert owned.acquired_at is not None


def test_an_offer_that_is_read(numbers: Contract) -> None:
    fields = numbers.fields("AvailablePhoneNumber")
    item = {name: field["examples"][0] for name, field in fields.items() if field.get("examples")}
    item |= {"number": "+14155550100", "capabilities": {"voice": True, "sms": False}}
    carrier, _ = scripted_as("signalwire", response(200, {"data": [item]}))
    [offer] = carrier.search(QUERY, limit=5)
    assert (offer.e164, offer.capabilities) == ("+14155550100", ("voice",))
    assert offer.region == f"{item['city']}, {item['region']}"

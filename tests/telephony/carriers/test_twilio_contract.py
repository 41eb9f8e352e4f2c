"""Twilio's OpenAPI documents describe …"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from openapi_core.exceptions import OpenAPIError

from telephony.carriers.base import BuyStatus, InboundRoute, NumberConfig, NumberQuery, NumberType
from telephony.carriers.sandbox.carrier_api import TOKEN
from telephony.carriers.voice import CallEvent, CallState, OutboundCall

from .accounts import Ear, Heard, adapter, scripted_as
from .conftest import Sandbox
from .contracts import Contract, contract, needs
from .scripted import response

pytestmark = needs("twilio")

ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
QUERY = NumberQuery("US", NumberType.LOCAL)
CALL = OutboundCall("+919820012345", "+14155550100", "http://127.0.0.1:1/a", "http://127.0.0.1:1/s")


@pytest.fixture(scope="module")
def numbers() -> Contract:
    return contract("twilio/api_v2010-numbers-calls-sip.subset.json")


@pytest.fixture(scope="module")
def pricing() -> Contract:
    return contract("twilio/twilio_pricing_v1.json")


@pytest.fixture
def life(sandbox: Sandbox) -> list[Heard]:
    """Every request the adapter knows, from search to release, and what the sandbox answers."""
    sandbox.control("PUT", "mode", longest_page=2)
    carrier = adapter("twilio", sandbox.url, TOKEN, transport=(ear := Ear()))
    route = carrier.ensure_route(InboundRoute("r", "https://v.example/a", "https://v.example/h"))
    carrier.ensure_route(InboundRoute("r", "https://v.example/b", "https://v.example/h"))
    assert carrier.search(NumberQuery("US", region="CA", contains="41"), limit=3)
    assert carrier.search(NumberQuery("IN"), limit=700)
    for offer in carrier.search(QUERY, limit=3):
        carrier.buy(offer.e164, intent_id="ord_1", config=NumberConfig(route=route.id))
    [first, *_] = carrier.list_owned()
    carrier.find_owned(first.e164)
    carrier.configure(first.number_id, NumberConfig(route="TK" + "0" * 32, tag="t"))
    carrier.release(first.number_id)
    carrier.balance()
    placed = carrier.place_call(CALL)
    carrier.find_call(placed.id)
    carrier.hang_up(placed.id)
    return ear.heard


def test_every_request_and_the_answers_of_the_sandbox(
    life: list[Heard], numbers: Contract, pricing: Contract
) -> None:
    assert {(seen.method, seen.status) for seen in life} == {
        ("GET", 200),
        ("POST", 200),
        ("POST", 201),
        ("DELETE", 204),
    }
    for seen in life:
        (pricing if seen.path.startswith("/v1/") else numbers).check(seen)


@pytest.mark.parametrize("change", [{"path": "/2010-04-01/Numbers.json"}, {"headers": {}}, {"status": 202}])
def test_no_other_path_status_or_missing_credentials(
    life: list[Heard], numbers: Contract, change: dict[str, Any]
) -> None:
    sale = next(
        seen for seen in life if (seen.method, seen.status) == ("POST", 201) and "Incoming" in seen.path
    )
    with pytest.raises(OpenAPIError):
        numbers.check(Heard(**{**{name: getattr(sale, name) for name in Heard.__slots__}, **change}))


def test_only_fields_that_exist(life: list[Heard], numbers: Contract) -> None:
    for resource in ("IncomingPhoneNumbers.json", "Calls.json", "Calls/{Sid}.json"):
        path = numbers.document["paths"][f"{ACCOUNT}/{resource}"]["post"]
        known = path["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]
        sent = [seen.form for seen in life if seen.method == "POST" and is_at(seen, resource)]
        assert sent
        assert all(form.keys() <= known.keys() for form in sent)
        assert not any("AreaCode" in form for form in sent)


def is_at(seen: Heard, resource: str) -> bool:
    return bool(re.search("/" + re.escape(resource).replace(r"\{Sid\}", "CA[^/]*") + "$", seen.path))


def test_offers_that_are_read(numbers: Contract, pricing: Contract) -> None:
    found = numbers.example(f"{ACCOUNT}/AvailablePhoneNumbers/{{CountryCode}}/Local.json", "get", "200")
    prices = pricing.example("/v1/PhoneNumbers/Countries/{IsoCountry}", "get", "200")
    carrier, _ = scripted_as("twilio", response(200, found), response(200, prices))
    [offer] = carrier.search(QUERY, limit=5)
    assert (offer.e164, offer.region, offer.capabilities) == ("+18089251571", "Hilo, HI", ("voice", "mms"))
    assert (offer.monthly_cost.amount, offer.monthly_cost.currency) == (Decimal("1.00"), "USD")


def test_a_country_whose_types_are_read(numbers: Contract) -> None:
    country = numbers.example(f"{ACCOUNT}/AvailablePhoneNumbers/{{CountryCode}}.json", "get", "200")
    carrier, script = scripted_as(
        "twilio", response(200, country), response(200, {"available_phone_numbers": []})
    )
    carrier.search(NumberQuery("US"), limit=5)
    assert [request.url.path.split("/")[-1] for request in script.requests[1:]] == [
        "Local.json",
        "TollFree.json",
    ]


def test_a_sale_that_is_read(numbers: Contract) -> None:
    sale = numbers.example(f"{ACCOUNT}/IncomingPhoneNumbers.json", "post", "201")
    carrier, _ = scripted_as("twilio", response(201, sale))
    bought = carrier.buy("+18089255327", intent_id="o", config=NumberConfig())
    assert (bought.number_id, bought.status) == ("PN" + "a" * 32, BuyStatus.ACTIVE)


def test_owned_numbers_that_are_read(numbers: Contract) -> None:
    listed = numbers.example(f"{ACCOUNT}/IncomingPhoneNumbers.json", "get", "200")
    carrier, _ = scripted_as("twilio", response(200, {**listed, "next_page_uri": None}))
    [owned] = carrier.list_owned()
    assert (owned.e164, owned.country, owned.type) == ("+18089255327", "US", NumberType.LOCAL)
    assert owned.acquired_at is not None
    assert owned.acquired_at.isoformat() == "2015-07-30T23:19:04+00:00"


def test_a_call_that_is_placed_and_read(numbers: Contract) -> None:
    placed = numbers.example(f"{ACCOUNT}/Calls.json", "post", "201")
    carrier, _ = scripted_as("twilio", response(201, placed))
    sid = carrier.place_call(CALL).id
    assert sid == "CA" + "a" * 32
    found = numbers.example(f"{ACCOUNT}/Calls/{{Sid}}.json", "get", "200")
    carrier, _ = scripted_as("twilio", response(200, found))
    assert carrier.find_call(sid) == CallEvent(
        sid,
        CallState.COMPLETED,
        "outbound",
        "+13051416799",
        "+13051913581",
        duration=4,
        cost=Decimal("0.200"),
        began=datetime(2019, 10, 18, 17, 0, tzinfo=UTC),
    )


def test_every_status_of_a_call_that_is_known(numbers: Contract) -> None:
    found = numbers.example(f"{ACCOUNT}/Calls/{{Sid}}.json", "get", "200")
    for status in numbers.document["components"]["schemas"]["call_enum_status"]["enum"]:
        carrier, _ = scripted_as("twilio", response(200, {**found, "status": status}))
        assert carrier.find_call(found["sid"]) is not None


def test_a_balance_that_is_read(numbers: Contract) -> None:
    carrier, _ = scripted_as(
        "twilio", response(200, numbers.example(f"{ACCOUNT}/Balance.json", "get", "200"))
    )
    balance = carrier.balance()
    assert balance is not None
    assert str(balance.amount) == "0.05"

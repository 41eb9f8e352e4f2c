"""SignalWire's OpenAPI document describes …"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from openapi_core.exceptions import OpenAPIError

from telephony.carriers.base import CarrierError, InboundRoute, NumberConfig, NumberQuery, NumberType
from telephony.carriers.sandbox.carrier_api import TOKEN
from telephony.carriers.voice import OutboundCall, SignedRequest

from .accounts import Ear, Heard, adapter, scripted_as
from .conftest import Sandbox
from .contracts import Contract, contract, needs
from .scripted import response
from .signing import URL, posted

pytestmark = needs("signalwire")

QUERY = NumberQuery("US", NumberType.LOCAL)
CALL = OutboundCall("+919820012345", "+14155550100", "http://127.0.0.1:1/a", "http://127.0.0.1:1/s")


@pytest.fixture(scope="module")
def numbers() -> Contract:
    return contract("signalwire/relay-rest-numbers.subset.json")


@pytest.fixture(scope="module")
def calls() -> Contract:
    return contract("signalwire/compatibility-numbers-calls.subset.json")


@pytest.fixture
def talk(sandbox: Sandbox) -> list[Heard]:
    """Every request about calls, and what the sandbox answers."""
    carrier = adapter("signalwire", sandbox.url, TOKEN, transport=(ear := Ear()))
    placed = carrier.place_call(CALL)
    carrier.find_call(placed.id)
    carrier.hang_up(placed.id)
    return [as_described(seen) for seen in ear.heard]


def as_described(seen: Heard) -> Heard:
    """The document's paths begin where its server's address ends."""
    return replace(seen, path=seen.path.removeprefix("/api/laml/2010-04-01"))


@pytest.fixture
def life(sandbox: Sandbox) -> list[Heard]:
    """Every request the adapter knows, from search to release, and what the sandbox answers and refuses."""
    sandbox.control("PUT", "mode", longest_page=2)
    carrier = adapter("signalwire", sandbox.url, TOKEN, transport=(ear := Ear()))
    route = carrier.ensure_route(InboundRoute("r", "https://v.example/a", "https://v.example/h"))
    assert carrier.search(NumberQuery("US", region="CA", contains="415"), limit=3)
    assert carrier.search(NumberQuery("CA"), limit=300)
    bought = [
        carrier.buy(offer.e164, intent_id="ord_1", config=NumberConfig(route=route.id))
        for offer in carrier.search(QUERY, limit=3)
    ]
    assert len(list(carrier.list_owned())) == 3
    carrier.find_owned(bought[0].e164)
    carrier.search(NumberQuery("US", exact=bought[0].e164), limit=3)
    carrier.configure(bought[0].number_id, NumberConfig(route=route.id, tag="t"))
    for call in (
        lambda: carrier.buy(bought[0].e164, intent_id="o", config=NumberConfig()),
        lambda: carrier.release(bought[0].number_id),
        lambda: adapter("signalwire", sandbox.url, "wrong", transport=ear).find_owned("+14155550100"),
    ):
        with pytest.raises(CarrierError):
            call()
    sandbox.control("PUT", "clock", advance_seconds=15 * 86400)
    for _ in range(2):
        carrier.release(bought[0].number_id)
    return ear.heard


def test_every_request_and_the_answers_of_the_sandbox(life: list[Heard], numbers: Contract) -> None:
    assert {(seen.method, seen.status) for seen in life} == {
        ("GET", 200),
        ("GET", 401),
        ("POST", 200),
        ("POST", 422),
        ("PUT", 200),
        ("DELETE", 204),
        ("DELETE", 404),
        ("DELETE", 422),
    }
    for seen in life:
        numbers.check(seen)


def test_every_request_about_calls_and_the_answers_of_the_sandbox(talk: list[Heard], calls: Contract) -> None:
    assert [(seen.method, seen.status) for seen in talk] == [("POST", 200), ("GET", 200), ("POST", 200)]
    for seen in talk:
        calls.check(seen)
    assert talk[0].form.keys() <= calls.fields("CreateCallRequest").keys()
    assert talk[2].form.keys() <= calls.fields("UpdateCallRequest").keys()


def test_no_call_without_credentials_or_at_another_path(talk: list[Heard], calls: Contract) -> None:
    changes: list[dict[str, Any]] = [
        {"path": talk[0].path + ".json"},
        {"headers": {}},
        {"status": 201},
        {"body": b"To=1"},
    ]
    for change in changes:
        with pytest.raises(OpenAPIError):
            calls.check(replace(talk[0], **change))


def test_a_call_whose_every_field_is_read(calls: Contract) -> None:
    fields = calls.fields("CallResponse")
    item = {name: field["examples"][0] for name, field in fields.items() if field.get("examples")}
    item |= {"sid": "b3877c40-da60-4998-90ad-b792e98472ca", "direction": "outbound"}
    for status in calls.document["components"]["schemas"]["CallStatus"]["enum"]:
        carrier, _ = scripted_as("signalwire", response(200, {**item, "status": status}))
        found = carrier.find_call(item["sid"])
        assert found is not None
        assert (found.from_, found.duration, str(found.cost)) == ("+13103384645", 20, "0.003")


@pytest.mark.parametrize("payload", ["VoiceStatusCallbackPayload", "InboundCallStatusCallbackPayload"])
def test_webhooks_that_are_read(calls: Contract, payload: str) -> None:
    """… as the JSON that the document shows, and as the form that cXML's own pages describe."""
    fields = calls.fields(payload)
    item = {name: field["examples"][0] for name, field in fields.items() if field.get("examples")}
    item |= {"CallSid": "b3877c40-da60-4998-90ad-b792e98472ca"}
    carrier, _ = scripted_as("signalwire", response(500))
    for status in fields["CallStatus"]["enum"]:
        said = {**item, "CallStatus": status}
        headers = {"content-type": "application/json"}
        as_json = SignedRequest("POST", URL, headers, json.dumps(said).encode())
        as_form = posted({name: str(value) for name, value in said.items()})
        assert carrier.parse_event(as_json) == carrier.parse_event(as_form)
        assert carrier.parse_event(as_form).duration == int(item["CallDuration"])


def test_what_the_sandbox_finds_in_either_spelling(sandbox: Sandbox, numbers: Contract) -> None:
    """The live API's spelling is in no document: put into the documented one, it must be the same."""
    answers, offers = [], []
    for spelling in ("documented", "live"):
        sandbox.control("PUT", "mode", signalwire_search=spelling)
        carrier = adapter("signalwire", sandbox.url, TOKEN, transport=(ear := Ear()))
        offers.append(carrier.search(NumberQuery("US", NumberType.LOCAL, contains="9001"), limit=9))
        answers.append(ear.heard[0])
    documented, live = answers
    numbers.check(documented)
    assert {"e164", "country_code"} <= json.loads(live.answer)["data"][0].keys()
    rewritten = json.dumps({"data": [as_documented(item) for item in json.loads(live.answer)["data"]]})
    numbers.check(replace(live, answer=rewritten.encode()))
    assert [offer.e164 for offer in offers[0]] == [offer.e164 for offer in offers[1]]
    assert offers[0]
    assert {offer.capabilities for found in offers for offer in found} == {("voice", "sms", "mms")}


def as_documented(item: dict[str, Any]) -> dict[str, Any]:
    can = {name: name in item["capabilities"] for name in ("voice", "sms", "mms", "fax")}
    place = {name: item[name] for name in ("region", "rate_center")}
    return {"number": item["e164"], "capabilities": can, **place}


@pytest.mark.parametrize(
    "change", [{"path": "/api/relay/rest/numbers"}, {"headers": {}}, {"body": b"{}"}, {"status": 201}]
)
def test_no_other_path_body_status_or_missing_credentials(
    life: list[Heard], numbers: Contract, change: dict[str, Any]
) -> None:
    sale = next(seen for seen in life if (seen.method, seen.status) == ("POST", 200))
    with pytest.raises(OpenAPIError):
        numbers.check(Heard(**{**{name: getattr(sale, name) for name in Heard.__slots__}, **change}))


def test_only_arguments_and_fields_that_exist(life: list[Heard], numbers: Contract) -> None:
    paths = numbers.document["paths"]
    search = {item["name"] for item in paths["/api/relay/rest/phone_numbers/search"]["get"]["parameters"]}
    for seen in life:
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

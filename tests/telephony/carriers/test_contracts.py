"""Plivo's published examples. The adapter reads them, and the sandbox answers in their shape.

They lie beside the repository in ``../shared/contracts/plivo`` and are not part of it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from telephony.carriers.base import (
    BuyStatus,
    CarrierError,
    ComplianceRequired,
    InboundRoute,
    NumberConfig,
    NumberQuery,
    NumberType,
    NumberUnavailable,
)
from telephony.carriers.plivo import PlivoCarrier

from .conftest import OURS, Sandbox
from .scripted import scripted

CONTRACTS = Path(__file__).resolve().parents[3].parent / "shared" / "contracts" / "plivo"

pytestmark = pytest.mark.skipif(
    not CONTRACTS.is_dir(),
    reason="Plivo's examples are not beside the repository, in ../shared/contracts/plivo: nothing compared",
)


def example(path: str) -> Any:
    return json.loads((CONTRACTS / path).read_text())


def python(name: str) -> Any:
    return example(f"fixtures-plivo-python/{name}Response.json")


def go(name: str) -> Any:
    return example(f"fixtures-plivo-go/{name}Response.json")


# --- the adapter reads them


@pytest.mark.parametrize("source", [python, go])
def test_offers_are_read(source: Any) -> None:
    body = source("phoneNumberList")
    body["meta"]["total_count"] = len(body["objects"])
    offers = scripted(200, body).carrier().search(NumberQuery("US"), limit=20)
    assert [offer.e164 for offer in offers] == ["+14154009186", "+14154009187"]
    assert {str(offer.monthly_cost.amount) for offer in offers} == {"0.80000"}
    assert {offer.type for offer in offers} == {NumberType.LOCAL}


def test_an_offer_of_the_documentation_is_read() -> None:
    item = example("docs-examples/phone_number.json")["search_object"]
    body = {"meta": {"total_count": 1}, "objects": [item]}
    [offer] = scripted(200, body).carrier().search(NumberQuery("US"), limit=20)
    assert (offer.e164, offer.region) == ("+14155559186", "San Francisco")
    assert offer.capabilities == ("voice", "sms")


@pytest.mark.parametrize("source", [python, go])
def test_a_purchase_is_read_whatever_fallback_it_names(source: Any) -> None:
    carrier = scripted(201, source("phoneNumberCreate")).carrier()
    result = carrier.buy("+14154009186", intent_id="o", config=NumberConfig())
    assert (result.e164, result.status) == ("+14154009186", BuyStatus.ACTIVE)


@pytest.mark.parametrize(
    ("key", "number", "status"),
    [
        ("buy_response_201", "+14154009186", BuyStatus.ACTIVE),
        ("buy_response_201_needs_documents", "+4969365065273", BuyStatus.PENDING_COMPLIANCE),
    ],
)
def test_a_purchase_of_the_documentation_is_read(key: str, number: str, status: BuyStatus) -> None:
    carrier = scripted(201, example("docs-examples/phone_number.json")[key]).carrier()
    assert carrier.buy(number, intent_id="o", config=NumberConfig()).status is status


@pytest.mark.parametrize(
    "body",
    [
        lambda: python("numberGet"),
        lambda: go("numberGet"),
        lambda: example("docs-examples/phone_number.json")["account_number"],
    ],
)
def test_an_owned_number_is_read(body: Any) -> None:
    owned = scripted(200, body()).carrier().find_owned("+17609915566")
    assert owned is not None
    assert (owned.country, owned.type, owned.status) == ("US", NumberType.LOCAL, BuyStatus.ACTIVE)
    assert owned.route == "29986316244302815"
    assert owned.next_billing is not None


@pytest.mark.parametrize("source", [python, go])
def test_a_list_of_owned_numbers_is_read(source: Any) -> None:
    body = source("numberList")
    body["meta"]["total_count"] = len(body["objects"])
    owned = list(scripted(200, body).carrier().list_owned())
    assert [number.e164 for number in owned] == ["+18135401302", "+14153661106", "+14152753408"]


def test_a_list_that_is_shorter_than_it_says_is_refused() -> None:
    with pytest.raises(CarrierError):
        list(scripted(200, python("numberList")).carrier().list_owned())


def test_an_account_is_read() -> None:
    balance = scripted(200, python("accountGet")).carrier().balance()
    assert balance is not None
    assert str(balance.amount) == "4.88860"


def test_an_application_is_found_by_name() -> None:
    body = python("applicationList")
    body["meta"]["total_count"] = len(body["objects"])
    script = scripted(200, body)
    url = "http://www.google.com/"
    assert script.carrier().ensure_route(InboundRoute("Test", url, url)).id == "64529074997228907"
    assert [request.method for request in script.requests] == ["GET"]


@pytest.mark.parametrize(("index", "error"), [(0, NumberUnavailable), (2, ComplianceRequired)])
def test_an_error_is_understood(index: int, error: type[CarrierError]) -> None:
    seen = example("docs-examples/errors.json")["errors"][index]
    carrier = scripted(seen["status"], seen["body"]).carrier()
    with pytest.raises(error):
        carrier.buy("+14154009186", intent_id="o", config=NumberConfig())


# --- the sandbox answers in their shape


def assert_same_shape(ours: Any, theirs: Any, path: str = "") -> None:
    """Every key of theirs is there with a value of the same type, unless one of the two is null."""
    if theirs is None or ours is None:
        return
    assert type(ours) is type(theirs), f"{path}: {ours!r} instead of {theirs!r}"
    if isinstance(theirs, dict):
        missing = theirs.keys() - ours.keys()
        assert not missing, f"{path} has no {missing}"
        for key, value in theirs.items():
            assert_same_shape(ours[key], value, f"{path}/{key}")
    if isinstance(theirs, list) and theirs and ours:
        for number, item in enumerate(theirs):
            assert_same_shape(ours[0], item, f"{path}[{number}]")


@pytest.fixture
def bought(carrier: PlivoCarrier, number: str) -> str:
    route = carrier.ensure_route(InboundRoute("r", "https://a.example/", "https://h.example/"))
    carrier.buy(number, intent_id="o", config=NumberConfig(route=route.id, tag="t"))
    return number[1:]


@pytest.mark.parametrize("source", [python, go])
def test_the_sandbox_searches_like_plivo(sandbox: Sandbox, source: Any) -> None:
    found = sandbox.get("PhoneNumber/", country_iso="US", limit=20).json()
    theirs = source("phoneNumberList")
    for item in theirs["objects"]:
        item.pop("prerequisites", None)  # American numbers of the sandbox need none
    assert_same_shape(found, theirs)
    german = sandbox.get("PhoneNumber/", country_iso="DE", limit=1).json()["objects"][0]
    assert_same_shape(german["prerequisites"], python("phoneNumberList")["objects"][0]["prerequisites"])


def test_the_sandbox_sells_like_plivo(sandbox: Sandbox, number: str) -> None:
    url = f"{sandbox.url}/v1/Account/{OURS}/PhoneNumber/{number[1:]}/"
    answer = sandbox.http.post(url, auth=(OURS, "sandbox-token"))
    assert answer.status_code == 201
    assert_same_shape(answer.json(), go("phoneNumberCreate"))
    assert answer.json()["message"] == go("phoneNumberCreate")["message"]
    assert answer.json()["status"] == go("phoneNumberCreate")["status"]


@pytest.mark.parametrize("source", [python, go])
def test_the_sandbox_shows_numbers_like_plivo(sandbox: Sandbox, bought: str, source: Any) -> None:
    assert_same_shape(sandbox.get(f"Number/{bought}/").json(), source("numberGet"))
    assert_same_shape(sandbox.get("Number/", limit=3).json(), source("numberList"))
    documented = example("docs-examples/phone_number.json")["account_number"]
    assert_same_shape(sandbox.get(f"Number/{bought}/").json(), documented)


def test_the_sandbox_changes_numbers_like_plivo(sandbox: Sandbox, bought: str) -> None:
    url = f"{sandbox.url}/v1/Account/{OURS}/Number/{bought}/"
    answer = sandbox.http.post(url, json={"alias": "x"}, auth=(OURS, "sandbox-token"))
    assert answer.status_code == 202
    assert_same_shape(answer.json(), python("numberUpdate"))
    assert answer.json()["message"] == python("numberUpdate")["message"]


def test_the_sandbox_shows_applications_and_accounts_like_plivo(sandbox: Sandbox, bought: str) -> None:
    listed = sandbox.get("Application/").json()
    assert_same_shape(listed, python("applicationList"))
    app_id = listed["objects"][0]["app_id"]
    assert_same_shape(sandbox.get(f"Application/{app_id}/").json(), python("applicationGet"))
    assert_same_shape(sandbox.get("").json(), python("accountGet"))


def test_the_sandbox_refuses_like_plivo(sandbox: Sandbox) -> None:
    seen = example("docs-examples/errors.json")["errors"][0]
    answer = sandbox.get("Number/14155550100/")
    assert answer.status_code == seen["status"]
    assert answer.json()["error"] == seen["body"]["error"]
    assert_same_shape(answer.json(), seen["body"])

"""The SignalWire adapter …"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from telephony.carriers import base
from telephony.carriers.base import (
    BuyResult,
    Carrier,
    CarrierError,
    InboundRoute,
    NumberConfig,
    NumberQuery,
    NumberType,
    Outcome,
)

from .accounts import scripted_as, signalwire_error
from .scripted import response

NUMBER = "+14155550100"
ID = "01234567-89ab-cdef-0123-456789abcdef"
PATH = "/api/relay/rest/phone_numbers"
OWNED: dict[str, Any] = {"id": ID, "number": NUMBER, "number_type": "longcode", "capabilities": ["voice"]}
QUERY = NumberQuery("US", NumberType.LOCAL)

DOCUMENTED = {
    "number": NUMBER,
    "region": "CA",
    "city": "San Francisco",
    "rate_center": "SNFC CNTRL",
    "capabilities": {"voice": True, "sms": True, "mms": False, "fax": True},
}
LIVE = {
    "e164": NUMBER,
    "national_number_formatted": "(415) 555-0100",
    "rate_center": "SAN FRANCISCO",
    "region": "CA",
    "country_code": "US",
    "capabilities": ["voice", "sms", "fax"],
}


def found(*items: Any) -> Any:
    return response(200, {"data": list(items)})


def listed(*items: Any, link: str = "") -> Any:
    return response(200, {"data": list(items), "links": {"next": link} if link else {}})


def buy(carrier: Carrier) -> BuyResult:
    return carrier.buy(NUMBER, intent_id="ord_1", config=NumberConfig())


# --- search


@pytest.mark.parametrize("item", [DOCUMENTED, LIVE])
def test_reads_both_spellings_of_an_offer_alike(item: dict[str, Any]) -> None:
    carrier, _ = scripted_as("signalwire", found(item))
    [offer] = carrier.search(QUERY, limit=5)
    assert (offer.e164, offer.country, offer.type) == (NUMBER, "US", NumberType.LOCAL)
    assert (offer.region, offer.capabilities) == ("San Francisco, CA", ("voice", "sms"))


@pytest.mark.parametrize(
    "spoiled",
    [{"number": None}, {"number": "4155550100"}, {"e164": "+14155550101"}, {"number": 14155550100}],
)
def test_leaves_out_an_offer_it_cannot_read(spoiled: dict[str, Any]) -> None:
    carrier, _ = scripted_as("signalwire", found(DOCUMENTED | spoiled, LIVE))
    assert [offer.e164 for offer in carrier.search(QUERY, limit=5)] == [NUMBER]


def test_costs_what_the_installation_was_told() -> None:
    carrier, _ = scripted_as("signalwire", found(DOCUMENTED))
    local = carrier.search(QUERY, limit=5)[0]
    toll_free = carrier.search(NumberQuery("US", NumberType.TOLL_FREE), limit=5)[0]
    assert (local.monthly_cost.amount, toll_free.monthly_cost.amount) == (Decimal("0.50"), Decimal("1.80"))
    assert local.setup_cost == base.Money(Decimal(0), "USD")


@pytest.mark.parametrize(
    "query",
    [
        NumberQuery("GB", NumberType.LOCAL),
        NumberQuery("IN"),
        NumberQuery("US", NumberType.MOBILE),
        NumberQuery("US", NumberType.NATIONAL),
        NumberQuery("CA", NumberType.TOLL_FREE),
        NumberQuery("US", NumberType.TOLL_FREE, region="TX"),
    ],
)
def test_does_not_even_ask_for_what_signalwire_cannot_have(query: NumberQuery) -> None:
    carrier, script = scripted_as("signalwire", found(DOCUMENTED))
    assert carrier.search(query, limit=5) == []
    assert script.requests == []


def test_never_offers_a_number_of_another_country() -> None:
    canadian = DOCUMENTED | {"number": "+14165550100", "region": "ON", "city": "Toronto"}
    for country, number in (("US", NUMBER), ("CA", "+14165550100")):
        carrier, _ = scripted_as("signalwire", found(DOCUMENTED, canadian))
        offers = carrier.search(NumberQuery(country, NumberType.LOCAL), limit=5)
        assert [offer.e164 for offer in offers] == [number]


def test_looks_for_canadian_numbers_province_by_province() -> None:
    carrier, script = scripted_as("signalwire", found())
    carrier.search(NumberQuery("CA"), limit=5)
    assert [request.url.params["region"] for request in script.requests][:2] == ["ON", "QC"]
    assert {request.url.params["number_type"] for request in script.requests} == {"local"}


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        (NumberQuery("US", NumberType.LOCAL, region="tx"), {"number_type": "local", "region": "TX"}),
        (NumberQuery("US", NumberType.TOLL_FREE), {"number_type": "toll-free"}),
        (NumberQuery("US", NumberType.LOCAL, contains="42"), {"number_type": "local"}),
        (
            NumberQuery("US", NumberType.LOCAL, contains="41555501"),
            {"number_type": "local", "contains": "4155550"},
        ),
        (
            NumberQuery("US", exact=NUMBER),
            {"number_type": "local", "areacode": "415", "ends_with": "5550100"},
        ),
    ],
)
def test_asks_in_signalwires_terms(query: NumberQuery, asked: dict[str, str]) -> None:
    carrier, script = scripted_as("signalwire", found())
    carrier.search(query, limit=5)
    [request] = script.requests
    assert dict(request.url.params) == {**asked, "max_results": "100"}


def test_compares_digits_that_the_search_cannot_be_asked_for() -> None:
    other = DOCUMENTED | {"number": "+14155550199"}
    for digits in ("99", "5555019900"[:8]):
        carrier, _ = scripted_as("signalwire", found(DOCUMENTED, other))
        offers = carrier.search(NumberQuery("US", NumberType.LOCAL, contains=digits), limit=5)
        assert [offer.e164 for offer in offers] == ["+14155550199"]


@pytest.mark.parametrize("region", ["ca", "CA", "California", " california "])
def test_asks_for_a_state_by_its_letters(region: str) -> None:
    carrier, script = scripted_as("signalwire", found(DOCUMENTED))
    assert carrier.search(NumberQuery("US", NumberType.LOCAL, region=region), limit=5)
    assert script.requests[0].url.params["region"] == "CA"


def test_compares_cities_that_the_search_cannot_be_asked_for() -> None:
    other = DOCUMENTED | {"number": "+14155550199", "city": "Oakland"}
    carrier, script = scripted_as("signalwire", found(other, DOCUMENTED))
    offers = carrier.search(NumberQuery("US", NumberType.LOCAL, region="san fran"), limit=5)
    assert [offer.e164 for offer in offers] == [NUMBER]
    assert "region" not in script.requests[0].url.params


# --- buy


def test_sends_the_number_and_nothing_else() -> None:
    carrier, script = scripted_as("signalwire", response(200, OWNED))
    assert buy(carrier).number_id == ID
    [request] = script.requests
    assert (request.method, request.url.path) == ("POST", PATH)
    assert json.loads(request.content) == {"number": NUMBER}


@pytest.mark.parametrize(
    "answer",
    [OWNED | {"number": "+14155550101"}, OWNED | {"id": "1"}, {"id": ID}, {}, [], b"", b"<html>"],
)
def test_holds_a_success_it_cannot_read_for_a_possible_sale(answer: Any) -> None:
    carrier, _ = scripted_as("signalwire", response(200, answer))
    with pytest.raises(base.UnexpectedReply) as caught:
        buy(carrier)
    assert caught.value.outcome is Outcome.UNKNOWN


REFUSALS: list[tuple[int, Any, type[CarrierError], Outcome]] = [
    (422, signalwire_error("could_not_purchase"), base.NumberUnavailable, Outcome.NOT_DONE),
    (422, signalwire_error("422", None), base.NumberUnavailable, Outcome.NOT_DONE),
    (422, signalwire_error("422", "Number is odd"), base.BadRequest, Outcome.NOT_DONE),
    (422, signalwire_error("number_not_supported"), base.NumberUnavailable, Outcome.NOT_DONE),
    (422, signalwire_error("insufficient_balance"), base.InsufficientCredit, Outcome.NOT_DONE),
    (422, signalwire_error("account_limit_exceeded"), base.LimitReached, Outcome.NOT_DONE),
    (422, signalwire_error("rate_limit_exceeded"), base.RateLimited, Outcome.NOT_DONE),
    (422, signalwire_error("something_new"), base.BadRequest, Outcome.NOT_DONE),
    (422, {"errors": []}, base.BadRequest, Outcome.NOT_DONE),
    (
        422,
        {"errors": [{"code": "could_not_purchase", "message": "x"}]},
        base.NumberUnavailable,
        Outcome.NOT_DONE,
    ),
    (401, {"error": "Unauthorized"}, base.AuthFailed, Outcome.NOT_DONE),
    (403, {"error": "Forbidden"}, base.NotPermitted, Outcome.NOT_DONE),
    (429, b"", base.RateLimited, Outcome.NOT_DONE),
    (404, {"error": "Not Found"}, base.NotFound, Outcome.NOT_DONE),
    (404, b"<html>", base.UnexpectedReply, Outcome.UNKNOWN),
    (408, signalwire_error("could_not_purchase"), base.TransportError, Outcome.UNKNOWN),
    (500, signalwire_error("could_not_purchase"), base.ServerError, Outcome.UNKNOWN),
    (500, signalwire_error("422", None), base.ServerError, Outcome.UNKNOWN),
    (302, b"", base.UnexpectedReply, Outcome.UNKNOWN),
]


@pytest.mark.parametrize(("status", "body", "error", "outcome"), REFUSALS)
def test_reads_the_status_before_the_code(
    status: int, body: Any, error: type[CarrierError], outcome: Outcome
) -> None:
    carrier, script = scripted_as("signalwire", response(status, body))
    with pytest.raises(CarrierError) as caught:
        buy(carrier)
    assert (type(caught.value), caught.value.outcome) == (error, outcome)
    assert len(script.requests) == 1


def test_takes_a_bare_422_for_a_number_that_is_gone_only_when_buying() -> None:
    carrier, _ = scripted_as("signalwire", response(422, signalwire_error("422", None)))
    with pytest.raises(base.BadRequest):
        carrier.configure(ID, NumberConfig(tag="t"))


# --- owned


def test_compares_every_number_the_filter_lets_through() -> None:
    longer = OWNED | {"number": NUMBER + "1", "id": ID.replace("0", "1")}
    link = f"https://carrier.invalid{PATH}?page_number=1&page_token=x"
    carrier, script = scripted_as("signalwire", listed(longer, link=link), listed(OWNED))
    owned = carrier.find_owned(NUMBER)
    assert owned is not None
    assert owned.number_id == ID
    assert script.requests[0].url.params["filter_number"] == NUMBER[1:]
    assert dict(script.requests[1].url.params) == {"page_number": "1", "page_token": "x"}


@pytest.mark.parametrize("link", [f"https://elsewhere.invalid{PATH}", "/api/relay/rest/other", "https://["])
def test_follows_no_link_that_leads_elsewhere(link: str) -> None:
    carrier, script = scripted_as("signalwire", listed(OWNED, link=link))
    with pytest.raises(base.UnexpectedReply):
        list(carrier.list_owned())
    assert len(script.requests) == 1


def test_reads_when_a_number_was_bought_and_is_billed() -> None:
    dates = {"created_at": "2026-11-21T04:00:00Z", "next_billed_at": "2026-12-21T05:00:00+01:00"}
    carrier, _ = scripted_as("signalwire", listed(OWNED | dates))
    owned = carrier.find_owned(NUMBER)
    assert owned is not None
    assert owned.acquired_at is not None
    assert owned.next_billing is not None
    assert owned.acquired_at.isoformat() == "2026-11-21T04:00:00+00:00"
    assert owned.next_billing.isoformat() == "2026-12-21T04:00:00+00:00"


def test_knows_a_number_whose_details_make_no_sense() -> None:
    odd = {"created_at": "soon", "next_billed_at": 7, "number_type": [], "name": {}, "capabilities": 1}
    carrier, _ = scripted_as("signalwire", listed(OWNED | odd))
    owned = carrier.find_owned(NUMBER)
    assert owned is not None
    assert (owned.acquired_at, owned.next_billing, owned.type, owned.tag) == (None, None, None, "")


def test_sends_calls_to_both_urls_of_a_route() -> None:
    carrier, script = scripted_as("signalwire", response(200, OWNED))
    route = carrier.ensure_route(InboundRoute("r", "https://v.example/a", "https://v.example/h"))
    carrier.configure(ID, NumberConfig(route=route.id))
    [request] = script.requests
    assert (request.method, request.url.path) == ("PUT", f"{PATH}/{ID}")
    assert json.loads(request.content) == {
        "call_handler": "laml_webhooks",
        "call_request_url": "https://v.example/a",
        "call_request_method": "POST",
        "call_status_callback_url": "https://v.example/h",
        "call_status_callback_method": "POST",
    }


def test_reads_no_route_from_another_handler() -> None:
    item = OWNED | {"call_handler": "relay_context", "call_request_url": "https://v.example/a"}
    carrier, _ = scripted_as("signalwire", listed(item))
    owned = carrier.find_owned(NUMBER)
    assert owned is not None
    assert owned.route == ""


def test_says_when_a_number_cannot_be_given_back_yet() -> None:
    body = signalwire_error("purchased_too_recently", "wait 14 days")
    carrier, _ = scripted_as("signalwire", response(422, body))
    with pytest.raises(base.ReleaseTooEarly) as caught:
        carrier.release(ID)
    assert caught.value.outcome is Outcome.NOT_DONE
    assert caught.value.text == "wait 14 days"

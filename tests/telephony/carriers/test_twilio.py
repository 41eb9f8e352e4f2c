"""The Twilio adapter …"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from telephony.carriers import base
from telephony.carriers.base import (
    BuyResult,
    BuyStatus,
    Carrier,
    CarrierError,
    InboundRoute,
    NumberConfig,
    NumberQuery,
    NumberType,
    Outcome,
)

from .accounts import ACCOUNT_SID, scripted_as
from .scripted import response

NUMBER = "+14155550100"
SID = "PN" + "0" * 32
APPLICATION = "AP" + "0" * 32
PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/IncomingPhoneNumbers.json"
ITEM: dict[str, Any] = {
    "phone_number": NUMBER,
    "iso_country": "US",
    "locality": "San Francisco",
    "region": "CA",
    "capabilities": {"voice": True, "SMS": True, "MMS": True},
    "address_requirements": "none",
}
OWNED: dict[str, Any] = {"sid": SID, "phone_number": NUMBER, "status": "in-use"}
PRICES: dict[str, Any] = {
    "price_unit": "usd",
    "phone_number_prices": [
        {"number_type": "local", "base_price": "9.99", "current_price": "1.15"},
        {"number_type": "toll free", "current_price": 2.15},
    ],
}


def found(*items: Any) -> Any:
    return response(200, {"available_phone_numbers": list(items)})


def listed(*items: Any, link: str | None = None) -> Any:
    return response(200, {"incoming_phone_numbers": list(items), "next_page_uri": link})


def buy(carrier: Carrier) -> BuyResult:
    return carrier.buy(NUMBER, intent_id="ord_1", config=NumberConfig(route=APPLICATION))


# --- search


def test_prices_an_offer_from_the_price_list_of_the_other_host() -> None:
    carrier, script = scripted_as("twilio", found(ITEM), response(200, PRICES))
    [offer] = carrier.search(NumberQuery("US", NumberType.LOCAL), limit=5)
    assert offer.monthly_cost == base.Money(Decimal("1.15"), "USD")
    assert offer.setup_cost == base.Money(Decimal(0), "USD")
    assert script.requests[1].url.path == "/v1/PhoneNumbers/Countries/US"


def test_keeps_a_price_exact_that_comes_as_a_json_number() -> None:
    carrier, _ = scripted_as("twilio", found(ITEM), response(200, PRICES))
    [offer] = carrier.search(NumberQuery("US", NumberType.TOLL_FREE), limit=5)
    assert str(offer.monthly_cost.amount) == "2.15"


def test_asks_for_voice_numbers_of_the_type_and_place() -> None:
    carrier, script = scripted_as("twilio", found())
    carrier.search(NumberQuery("US", NumberType.TOLL_FREE, region="TX", contains="42"), limit=5)
    carrier.search(NumberQuery("GB", NumberType.MOBILE, region="Leeds"), limit=5)
    carrier.search(NumberQuery("CA", NumberType.LOCAL, region="british columbia"), limit=5)
    carrier.search(NumberQuery("US", NumberType.LOCAL, region="Austin"), limit=5)
    american, british, canadian, texan = script.requests
    assert american.url.path.endswith("/AvailablePhoneNumbers/US/TollFree.json")
    asked = {"VoiceEnabled": "true", "Contains": "42", "InRegion": "TX", "PageSize": "5"}
    assert dict(american.url.params) == asked
    assert british.url.path.endswith("/AvailablePhoneNumbers/GB/Mobile.json")
    assert british.url.params["InLocality"] == "Leeds"
    assert canadian.url.params["InRegion"] == "BC"
    assert texan.url.params["InLocality"] == "Austin"


def test_has_nothing_where_twilio_sells_nothing() -> None:
    carrier, _ = scripted_as("twilio", response(404, {"code": 20404, "message": "not found"}))
    assert carrier.search(NumberQuery("ZZ"), limit=5) == []
    assert carrier.search(NumberQuery("US", NumberType.NATIONAL), limit=5) == []


@pytest.mark.parametrize("country", ["us", "", "USA", "..", "U/", "ÄÖ"])
def test_never_puts_into_a_path_what_is_no_country(country: str) -> None:
    carrier, script = scripted_as("twilio", found())
    with pytest.raises(base.BadRequest):
        carrier.search(NumberQuery(country), limit=5)
    assert script.requests == []


@pytest.mark.parametrize(
    "spoiled",
    [{"phone_number": None}, {"phone_number": "14155550100"}, {"iso_country": "CA"}, {"iso_country": None}],
)
def test_leaves_out_an_offer_it_cannot_read(spoiled: dict[str, Any]) -> None:
    carrier, _ = scripted_as("twilio", found(ITEM | spoiled, ITEM), response(200, PRICES))
    offers = carrier.search(NumberQuery("US", NumberType.LOCAL), limit=5)
    assert [offer.e164 for offer in offers] == [NUMBER]


def test_offers_nothing_without_a_price(caplog: pytest.LogCaptureFixture) -> None:
    carrier, _ = scripted_as("twilio", found(ITEM), response(200, PRICES | {"phone_number_prices": []}))
    assert carrier.search(NumberQuery("US", NumberType.LOCAL), limit=5) == []
    assert "no price is listed" in caplog.text


@pytest.mark.parametrize("amount", ["NaN", "-1", "1e3", None, True, "1,00"])
def test_believes_no_price_it_cannot_read(amount: Any) -> None:
    prices = PRICES | {"phone_number_prices": [{"number_type": "local", "current_price": amount}]}
    carrier, _ = scripted_as("twilio", found(ITEM), response(200, prices))
    with pytest.raises(base.UnexpectedReply):
        carrier.search(NumberQuery("US", NumberType.LOCAL), limit=5)


@pytest.mark.parametrize(
    ("needed", "sentences"),
    [("none", ()), ("local", ("An address in the number's country.",)), ("any", ("An address.",))],
)
def test_says_in_sentences_what_is_needed_besides_money(needed: str, sentences: tuple[str, ...]) -> None:
    item = ITEM | {"address_requirements": needed}
    carrier, _ = scripted_as("twilio", found(item), response(200, PRICES))
    [offer] = carrier.search(NumberQuery("US", NumberType.LOCAL), limit=5)
    assert offer.requirements == sentences


# --- buy


def test_buys_one_named_number_and_names_it_after_the_order() -> None:
    carrier, script = scripted_as("twilio", response(201, OWNED))
    assert buy(carrier).number_id == SID
    [request] = script.requests
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    sent = dict(part.split("=") for part in request.content.decode().split("&"))
    assert sent == {
        "PhoneNumber": "%2B14155550100",
        "FriendlyName": "ord_1",
        "VoiceApplicationSid": APPLICATION,
    }


def test_waits_for_a_number_that_is_not_in_use_yet() -> None:
    carrier, _ = scripted_as("twilio", response(201, OWNED | {"status": "pending"}))
    assert buy(carrier).status is BuyStatus.PENDING_CARRIER


@pytest.mark.parametrize(
    "answer",
    [
        OWNED | {"phone_number": "+14155550101"},
        OWNED | {"phone_number": None},
        OWNED | {"sid": "PN1"},
        OWNED | {"sid": None},
        {},
        [],
        b"",
        b"<html>",
    ],
)
def test_holds_a_success_it_cannot_read_for_a_possible_sale(answer: Any) -> None:
    carrier, _ = scripted_as("twilio", response(201, answer))
    with pytest.raises(base.UnexpectedReply) as caught:
        buy(carrier)
    assert caught.value.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "code", "error", "outcome"),
    [
        (400, 21422, base.NumberUnavailable, Outcome.NOT_DONE),
        (400, 21421, base.NumberUnavailable, Outcome.NOT_DONE),
        (400, 21452, base.NumberUnavailable, Outcome.NOT_DONE),
        (400, 21631, base.ComplianceRequired, Outcome.NOT_DONE),
        (400, 21613, base.ComplianceRequired, Outcome.NOT_DONE),
        (400, 21649, base.ComplianceRequired, Outcome.NOT_DONE),
        (400, 21404, base.LimitReached, Outcome.NOT_DONE),
        (400, 10001, base.NotPermitted, Outcome.NOT_DONE),
        (400, 99999, base.BadRequest, Outcome.NOT_DONE),
        (400, "21422", base.BadRequest, Outcome.NOT_DONE),
        (401, 20003, base.AuthFailed, Outcome.NOT_DONE),
        (403, 20003, base.NotPermitted, Outcome.NOT_DONE),
        (429, 20429, base.RateLimited, Outcome.NOT_DONE),
        (404, 20404, base.NotFound, Outcome.NOT_DONE),
        (404, None, base.UnexpectedReply, Outcome.UNKNOWN),
        (408, 21422, base.TransportError, Outcome.UNKNOWN),
        (500, 21422, base.ServerError, Outcome.UNKNOWN),
        (503, 20429, base.ServerError, Outcome.UNKNOWN),
        (301, 21422, base.UnexpectedReply, Outcome.UNKNOWN),
    ],
)
def test_reads_the_status_before_the_code(
    status: int, code: Any, error: type[CarrierError], outcome: Outcome
) -> None:
    said = response(status, {"code": code, "message": "words"}, twilio_request_id="RQ1")
    carrier, script = scripted_as("twilio", said)
    with pytest.raises(CarrierError) as caught:
        buy(carrier)
    assert (type(caught.value), caught.value.outcome) == (error, outcome)
    assert (caught.value.text, caught.value.carrier_code) == ("words", str(code or ""))
    assert caught.value.request_id == "RQ1"
    assert len(script.requests) == 1


# --- owned


def test_compares_every_number_the_filter_lets_through() -> None:
    alike = OWNED | {"phone_number": "+141555501001", "sid": "PN" + "1" * 32}
    carrier, script = scripted_as("twilio", listed(alike, link=f"{PATH}?Page=1&PageToken=x"), listed(OWNED))
    owned = carrier.find_owned(NUMBER)
    assert owned is not None
    assert owned.number_id == SID
    assert script.requests[0].url.params["PhoneNumber"] == NUMBER
    assert dict(script.requests[1].url.params) == {"Page": "1", "PageToken": "x"}


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.invalid" + PATH,
        "//elsewhere.invalid" + PATH,
        "https://carrier.invalid:444" + PATH,
        "https://carrier.invalid@elsewhere.invalid" + PATH,
        "/2010-04-01/Accounts.json?Page=1",
        "../../other",
        "https://[",
    ],
)
def test_follows_no_link_that_leads_elsewhere(link: str) -> None:
    carrier, script = scripted_as("twilio", listed(OWNED, link=link))
    with pytest.raises(base.UnexpectedReply):
        list(carrier.list_owned())
    assert len(script.requests) == 1


def test_gives_up_a_list_that_never_ends() -> None:
    carrier, _ = scripted_as("twilio", listed(link=f"{PATH}?Page=1"))
    with pytest.raises(base.UnexpectedReply, match="does not end"):
        list(carrier.list_owned())


def test_refuses_a_list_that_names_a_number_twice() -> None:
    carrier, _ = scripted_as("twilio", listed(OWNED, OWNED))
    with pytest.raises(base.UnexpectedReply):
        list(carrier.list_owned())


def test_knows_a_number_whose_details_make_no_sense() -> None:
    odd = {"date_created": "soon", "type": 7, "capabilities": [], "friendly_name": {}, "trunk_sid": 1}
    carrier, _ = scripted_as("twilio", listed(OWNED | odd))
    owned = carrier.find_owned(NUMBER)
    assert owned is not None
    assert (owned.acquired_at, owned.tag, owned.route, owned.capabilities) == (None, "", "", ())
    assert owned.type is NumberType.LOCAL


def test_points_a_number_at_a_trunk_or_an_application() -> None:
    for route, field in (("TK" + "0" * 32, "TrunkSid"), (APPLICATION, "VoiceApplicationSid")):
        carrier, script = scripted_as("twilio", response(200, OWNED))
        carrier.configure(SID, NumberConfig(route=route))
        assert script.requests[0].content.decode() == f"{field}={route}"


def test_does_not_believe_a_change_of_another_number() -> None:
    carrier, _ = scripted_as("twilio", response(200, OWNED | {"sid": "PN" + "1" * 32}))
    with pytest.raises(base.UnexpectedReply):
        carrier.configure(SID, NumberConfig(tag="t"))


def test_brings_the_urls_of_a_route_up_to_date() -> None:
    route = InboundRoute("r", "https://new.example/a", "https://h.example/")
    old = {"sid": APPLICATION, "friendly_name": "r", "voice_url": "https://old.example/a"}
    apps = response(200, {"applications": [old | {"friendly_name": "r2"}, old], "next_page_uri": None})
    carrier, script = scripted_as("twilio", apps, response(200, old))
    assert carrier.ensure_route(route).id == APPLICATION
    assert [request.method for request in script.requests] == ["GET", "POST"]
    assert script.requests[1].url.path.endswith(f"/Applications/{APPLICATION}.json")


@pytest.mark.parametrize("balance", ["NaN", "1e3", "", None, "4,88"])
def test_reports_no_balance_it_cannot_read(balance: Any) -> None:
    carrier, _ = scripted_as("twilio", response(200, {"balance": balance, "currency": "USD"}))
    with pytest.raises(base.UnexpectedReply):
        carrier.balance()

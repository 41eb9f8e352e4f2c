"""A search for numbers over the API …"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.buying import quoting
from telephony.models import Country, RentalRate
from tests.conftest import Program, make_program
from tests.numbers.api.conftest import NUMBERS, code
from tests.numbers.conftest import Carrier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("workspace", "sandbox")]
SEARCH = f"{NUMBERS}/search"


def objects(program: Program, **query: Any) -> list[dict[str, Any]]:
    response = program.get(SEARCH, **{"country_iso": "US", "type": "local"} | query)
    assert response.status_code == 200
    return list(response.json()["objects"])


def test_lists_offers_with_our_prices_in_the_wallets_currency(program: Program) -> None:
    response = program.get(SEARCH, country_iso="US", type="local", limit=3)
    body = response.json()
    assert body["api_id"] == response["X-Request-ID"]
    assert body["meta"] == {"total_count": 3}
    first = body["objects"][0]
    digits = first["number"].removeprefix("+1")
    assert first == {
        "number": f"+1{digits}",
        "number_format": f"+1 {digits[:3]}-{digits[3:6]}-{digits[6:]}",
        "country_iso": "US",
        "type": "local",
        "region": first["region"],
        "voice_enabled": True,
        "sms_enabled": True,
        "mms_enabled": first["mms_enabled"],
        "setup_rate": "0.00",
        "monthly_rental_rate": "92.00",
        "monthly_price": "92.00",
        "currency": "INR",
        "requirements": [],
        "blockers": [],
    }
    assert first["region"]


def test_is_the_same_under_its_first_name(program: Program) -> None:
    query = {"country_iso": "US", "type": "local", "limit": 5}
    answers = [program.get(f"{NUMBERS}/{name}", **query).json() for name in ("search", "plivo-numbers")]
    assert answers[0]["objects"] == answers[1]["objects"]
    assert len(answers[0]["objects"]) == 5


def test_finds_by_type_region_and_digits(program: Program) -> None:
    assert {offer["type"] for offer in objects(program, type="toll_free")} == {"toll_free"}
    assert {offer["type"] for offer in objects(program, country_iso="GB", type="mobile")} == {"mobile"}
    assert all("Seattle" in offer["region"] for offer in objects(program, region="Seattle"))
    wanted = objects(program)[3]["number"]
    spaced = f"{wanted[-4:-2]}-{wanted[-2:]}"
    found = [offer["number"] for offer in objects(program, contains=spaced)]
    assert wanted in found
    assert all(wanted[-4:] in number for number in found)
    assert objects(program, contains="000000000") == []


@pytest.mark.parametrize("country", ["us", "Us", "US"])
def test_takes_a_country_in_any_case(program: Program, country: str) -> None:
    assert len(objects(program, country_iso=country)) == 20


def test_says_what_is_asked_for_and_what_keeps_the_workspace_from_buying(program: Program) -> None:
    offer = objects(program, country_iso="DE", type="local")[0]
    blockers = {blocker["code"]: blocker["status"] for blocker in offer["blockers"]}
    assert blockers == {"country_not_enabled": 400, "kyc_required": 403}
    assert "Telephony Config" in offer["blockers"][0]["message"]
    assert "An address in the area of the number" in offer["requirements"]
    assert (offer["setup_rate"], offer["monthly_price"]) == ("100.00", "150.00")


def test_says_that_the_wallet_is_short_and_where_there_is_no_price(
    program: Program, workspace: Workspace, now: datetime
) -> None:
    wallet.hold(workspace, Decimal(9_950), subject="x", memo="x", by=SYSTEM, now=now)
    short = objects(program)[0]["blockers"]
    assert [(blocker["code"], blocker["status"]) for blocker in short] == [("wallet_insufficient", 402)]
    RentalRate.objects.filter(country="US").delete()
    offer = objects(program)[0]
    assert [blocker["code"] for blocker in offer["blockers"]] == ["price_unknown"]
    assert (offer["setup_rate"], offer["monthly_rental_rate"], offer["monthly_price"]) == (None,) * 3


@pytest.mark.parametrize(
    "query, field",
    [
        ({}, "country_iso"),
        ({"country_iso": "USA"}, "country_iso"),
        ({"country_iso": "ÉÉ"}, "country_iso"),
        ({"country_iso": "US", "type": "satellite"}, "type"),
        ({"country_iso": "US", "contains": "abc"}, "contains"),
        ({"country_iso": "US", "contains": "1" * 16}, "contains"),
        ({"country_iso": "US", "contains": "٣٣"}, "contains"),
        ({"country_iso": "US", "contains": "1" * 31}, "contains"),
        ({"country_iso": "US", "region": "x" * 61}, "region"),
        ({"country_iso": "US", "region": "\x00"}, "region"),
        ({"country_iso": "US", "limit": "0"}, "limit"),
        ({"country_iso": "US", "limit": "51"}, "limit"),
        ({"country_iso": "US", "limit": "many"}, "limit"),
    ],
)
def test_is_refused_with_400_and_names_the_field(
    program: Program, carrier: Carrier, query: dict[str, str], field: str
) -> None:
    response = program.get(SEARCH, **query)
    assert code(response) == (400, "invalid_request")
    assert response.json()["message"].startswith(f"{field}: ")
    assert carrier.requests("GET") == 0


@pytest.mark.parametrize(
    "query, expected",
    [
        ({"country_iso": "XX"}, "country_unknown"),
        ({"country_iso": "FR"}, "country_unknown"),
        ({"country_iso": "US", "provider": "twilio"}, "carrier_unknown"),
        ({"country_iso": "US", "provider": "no\x00body"}, "invalid_request"),
    ],
)
def test_is_refused_with_400_for_places_and_providers_we_do_not_have(
    program: Program, query: dict[str, str], expected: str
) -> None:
    assert code(program.get(SEARCH, **query)) == (400, expected)


def test_is_refused_with_400_where_the_carrier_sells_nothing_at_all(
    program: Program, carrier: Carrier
) -> None:
    Country.objects.create(iso="AF", name="Afghanistan", calling_code=93, max_length=9)
    response = program.get(SEARCH, country_iso="AF")
    assert code(response) == (400, "carrier_does_not_sell")
    assert response.json()["message"].startswith("Plivo does not sell numbers like these.")
    assert carrier.requests("GET") == 1


@pytest.mark.parametrize("kind", ["down", "slow", "garbage"])
def test_is_refused_with_502_when_the_carrier_does_not_answer_as_it_should(
    program: Program, carrier: Carrier, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind == "down":
        settings.CARRIERS["plivo"]["base_url"] = "http://127.0.0.1:9"
    else:
        monkeypatch.setattr(quoting, "SEARCH_DEADLINE", 0.3)
        carrier.breaks(kind, seconds=2, on="search")
    response = program.get(SEARCH, country_iso="US")
    status, said = code(response)
    assert status == 502
    assert said in {"carrier_unreachable", "carrier_unexpected_reply"}
    assert response.json()["message"].startswith("Plivo: ")


def test_is_refused_with_503_when_too_many_wait_for_the_carrier(program: Program) -> None:
    with quoting._line("plivo"), quoting._line("plivo"):
        assert code(program.get(SEARCH, country_iso="US")) == (503, "carrier_busy")


def test_is_refused_with_503_where_no_provider_is_connected(program: Program, settings: LazySettings) -> None:
    settings.CARRIERS = {}
    assert code(program.get(SEARCH, country_iso="US")) == (503, "no_carrier")


def test_is_refused_with_401_and_403(program: Program, workspace: Workspace, now: datetime) -> None:
    assert code(program.http.get(SEARCH, headers={"authorization": ""})) == (401, "key_missing")
    buyer = make_program(workspace, now, "numbers:purchase")
    assert code(buyer.get(SEARCH, country_iso="US")) == (403, "key_scope_missing")


def test_has_a_limit_of_its_own(program: Program, settings: LazySettings) -> None:
    settings.API_LIMITS = {**settings.API_LIMITS, "search": "1/minute"}
    assert program.get(SEARCH, country_iso="US")["X-RateLimit-Limit"] == "1"
    assert code(program.get(f"{NUMBERS}/plivo-numbers", country_iso="US")) == (429, "rate_limited")
    assert program.get(NUMBERS).status_code == 200


def test_offers_what_can_be_bought(program: Program, offers: Iterator[Any]) -> None:
    number = objects(program, contains=next(offers).e164[-6:])[0]["number"]
    bought = program.post(f"{NUMBERS}/purchase", {"phone_number": number}, prefer="respond-async")
    assert bought.status_code == 202

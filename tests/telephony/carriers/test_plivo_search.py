"""The Plivo adapter's search …"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import phonenumbers
import pytest

from telephony.carriers.base import BadRequest, Money, NumberQuery, NumberType, Outcome, TransportError
from telephony.carriers.plivo import PlivoCarrier

from .conftest import Sandbox
from .scripted import scripted

OFFER: dict[str, Any] = {
    "number": "14155550100",
    "country": "UNITED STATES",
    "city": "SAN FRANCISCO",
    "region": "California",
    "type": "fixed",
    "sub_type": "local",
    "setup_rate": "0.50000",
    "monthly_rental_rate": "0.80000",
    "voice_enabled": True,
    "sms_enabled": False,
}


def listing(*objects: Any, total: int | None = None) -> dict[str, Any]:
    return {"meta": {"total_count": len(objects) if total is None else total}, "objects": list(objects)}


@pytest.mark.parametrize(
    ("country", "kind"),
    [("IN", NumberType.MOBILE), ("GB", NumberType.NATIONAL), ("AU", NumberType.TOLL_FREE), ("KZ", None)],
)
def test_finds_numbers_of_the_country_and_type(
    carrier: PlivoCarrier, country: str, kind: NumberType | None
) -> None:
    offers = carrier.search(NumberQuery(country, kind), limit=5)
    assert len(offers) == 5
    for offer in offers:
        parsed = phonenumbers.parse(offer.e164)
        assert phonenumbers.is_valid_number_for_region(parsed, country)
        assert offer.country == country
        assert kind in (None, offer.type)


def test_pages_until_it_has_as_many_as_wanted(carrier: PlivoCarrier) -> None:
    offers = carrier.search(NumberQuery("US", NumberType.LOCAL), limit=55)
    assert len({offer.e164 for offer in offers}) == 55


def test_finds_a_pattern_at_the_beginning_first(carrier: PlivoCarrier) -> None:
    offers = carrier.search(NumberQuery("US", NumberType.LOCAL, contains="415"), limit=20)
    assert all(offer.e164.startswith("+1415") for offer in offers)


def test_finds_a_region(carrier: PlivoCarrier) -> None:
    offers = carrier.search(NumberQuery("IN", NumberType.LOCAL, region="Karnataka"), limit=10)
    assert {offer.region for offer in offers} == {"Bengaluru, Karnataka"}


def test_finds_exactly_one_number(carrier: PlivoCarrier, number: str) -> None:
    offers = carrier.search(NumberQuery("US", exact=number), limit=10)
    assert [offer.e164 for offer in offers] == [number]


def test_finds_nothing_when_the_exact_number_is_not_for_sale(carrier: PlivoCarrier) -> None:
    assert carrier.search(NumberQuery("US", exact="+14155550100"), limit=10) == []


def test_takes_no_other_number_for_the_exact_one() -> None:
    script = scripted(200, listing(OFFER, OFFER | {"number": "14155550101"}))
    offers = script.carrier().search(NumberQuery("US", exact="+14155550101"), limit=10)
    assert [offer.e164 for offer in offers] == ["+14155550101"]
    assert script.requests[0].url.params["pattern"] == "4155550101"


def test_keeps_prices_exact() -> None:
    offer = scripted(200, listing(OFFER)).carrier().search(NumberQuery("US"), limit=1)[0]
    assert offer.setup_cost == Money(Decimal("0.50000"), "USD")
    assert offer.monthly_cost == Money(Decimal("0.80000"), "USD")
    assert str(offer.monthly_cost.amount) == "0.80000"


def test_keeps_a_price_exact_that_comes_as_a_json_number() -> None:
    cents = {"setup_rate": 0, "monthly_rental_rate": 0.1}
    offer = scripted(200, listing(OFFER | cents)).carrier().search(NumberQuery("US"), limit=1)[0]
    assert offer.monthly_cost.amount == Decimal("0.1")


def test_names_the_place_and_the_capabilities() -> None:
    offer = scripted(200, listing(OFFER)).carrier().search(NumberQuery("US"), limit=1)[0]
    assert offer.region == "San Francisco, California"
    assert offer.capabilities == ("voice",)


def test_says_in_sentences_what_is_needed_besides_money() -> None:
    needs = {
        "restriction": "city-address",
        "prerequisites": [{"type": "address", "scope": "country", "proof_required": True}],
    }
    offer = scripted(200, listing(OFFER | needs)).carrier().search(NumberQuery("US"), limit=1)[0]
    assert offer.requirements == (
        "An address in the number's city.",
        "An address in the number's country, with proof.",
    )


@pytest.mark.parametrize(
    "spoiled",
    [
        {"type": "satellite"},
        {"sub_type": "quantum"},
        {"number": "not a number"},
        {"number": None},
        {"monthly_rental_rate": "free"},
        {"monthly_rental_rate": "-1"},
        {"monthly_rental_rate": "NaN"},
        {"monthly_rental_rate": "1e5"},
        {"monthly_rental_rate": None},
        {"monthly_rental_rate": "1000000"},
        {"setup_rate": "999999999999.9999"},
        {"setup_rate": True},
        {"setup_rate": "٣"},
    ],
)
def test_leaves_out_an_offer_it_cannot_read(
    spoiled: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    carrier = scripted(200, listing(OFFER | spoiled, OFFER)).carrier()
    assert [offer.e164 for offer in carrier.search(NumberQuery("US"), limit=5)] == ["+14155550100"]
    assert "left out" in caplog.text


def test_stops_when_the_list_never_ends() -> None:
    endless = scripted(200, listing(OFFER | {"type": "satellite"}, total=10**9))
    assert endless.carrier().search(NumberQuery("US"), limit=5) == []
    assert len(endless.requests) <= 400


def test_asks_for_voice_numbers_in_pages_of_twenty() -> None:
    script = scripted(200, listing())
    script.carrier().search(NumberQuery("IN", NumberType.TOLL_FREE, region="x y", contains="42"), limit=5)
    asked = dict(script.requests[0].url.params)
    assert asked == {
        "country_iso": "IN",
        "type": "tollfree",
        "pattern": "42",
        "region": "x y",
        "services": "voice",
        "limit": "20",
        "offset": "0",
    }


def test_refuses_a_country_the_carrier_does_not_serve(carrier: PlivoCarrier) -> None:
    with pytest.raises(BadRequest, match="country_iso is invalid"):
        carrier.search(NumberQuery("ZZ"), limit=1)


def test_repeats_a_search_once_after_a_429(sandbox: Sandbox, carrier: PlivoCarrier) -> None:
    sandbox.break_next("search", "rate_limited", seconds=0.05)
    assert carrier.search(NumberQuery("US"), limit=1)


def test_repeats_a_search_once_after_a_broken_connection(sandbox: Sandbox, carrier: PlivoCarrier) -> None:
    sandbox.break_next("search", "reset_after")
    assert carrier.search(NumberQuery("US"), limit=1)


def test_changed_nothing_when_it_gets_no_answer(sandbox: Sandbox, impatient: PlivoCarrier) -> None:
    sandbox.break_next("search", "silent")
    with pytest.raises(TransportError) as caught:
        impatient.search(NumberQuery("US"), limit=1)
    assert caught.value.outcome is Outcome.NOT_DONE

"""The sandbox as Twilio and as SignalWire …"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from telephony.carriers import base
from telephony.carriers.base import (
    BuyStatus,
    Carrier,
    InboundRoute,
    NumberConfig,
    NumberQuery,
    NumberType,
    Outcome,
)
from telephony.carriers.http import Timeouts
from telephony.carriers.sandbox.carrier_api import TOKEN
from telephony.carriers.sandbox.faults import MAGIC, Kind
from tests.telephony.carriers.accounts import ACCOUNT_SID, PROJECT_ID, adapter
from tests.telephony.carriers.conftest import OURS, Sandbox

OTHERS = ("twilio", "signalwire")
TWILIO, SIGNALWIRE = f"/2010-04-01/Accounts/{ACCOUNT_SID}", "/api/relay/rest"
LOCAL = NumberQuery("US", NumberType.LOCAL)


def carrier_of(sandbox: Sandbox, slug: str, deadline: float = 5.0) -> Carrier:
    return adapter(slug, sandbox.url, TOKEN, timeouts=Timeouts(deadline=deadline))


def ask(
    sandbox: Sandbox, path: str, user: str = ACCOUNT_SID, token: str = TOKEN, **params: Any
) -> httpx.Response:
    return sandbox.http.get(sandbox.url + path, params=params, auth=(user, token))


def buy(carrier: Carrier, e164: str) -> base.BuyResult:
    return carrier.buy(e164, intent_id="ord_1", config=NumberConfig())


# --- one stock


@pytest.mark.parametrize("slug", OTHERS)
def test_sells_what_no_other_carrier_has_sold(sandbox: Sandbox, slug: str) -> None:
    other = carrier_of(sandbox, slug)
    number = sandbox.carrier().search(LOCAL, limit=1)[0].e164
    buy(sandbox.carrier(), number)
    assert other.search(NumberQuery("US", exact=number), limit=1) == []
    with pytest.raises(base.NumberUnavailable):
        buy(other, number)
    assert other.find_owned(number) is None
    assert list(other.list_owned()) == []


@pytest.mark.parametrize("slug", OTHERS)
def test_gives_a_number_another_id_each_time_it_is_sold(sandbox: Sandbox, slug: str) -> None:
    sandbox.control("PUT", "mode", signalwire_hold=0)
    carrier = carrier_of(sandbox, slug)
    number = carrier.search(LOCAL, limit=1)[0].e164
    first = buy(carrier, number).number_id
    carrier.release(first)
    second = buy(carrier, number).number_id
    assert first != second
    carrier.release(first)  # gone already, and says nothing about the second
    owned = carrier.find_owned(number)
    assert owned is not None
    assert owned.number_id == second


def test_shows_on_its_page_which_account_owns_what(sandbox: Sandbox) -> None:
    bought = {}
    for slug in OTHERS:
        carrier = carrier_of(sandbox, slug)
        bought[slug] = buy(carrier, carrier.search(LOCAL, limit=1)[0].e164).e164
    page = sandbox.http.get(sandbox.url).text
    for words in ("Plivo, Twilio, SignalWire", ACCOUNT_SID, PROJECT_ID, *bought.values()):
        assert words in page
    accounts = sandbox.control("GET", "state")["accounts"]
    assert {name: list(held["numbers"]) for name, held in accounts.items()} == {
        ACCOUNT_SID: [bought["twilio"][1:]],
        PROJECT_ID: [bought["signalwire"][1:]],
    }


# --- numbers that break by themselves

SAID = {  # what a purchase of the magic number raises, and whether it is sold all the same
    "9001": (base.TransportError, True),
    "9003": (base.ServerError, False),
    "9004": (base.ServerError, True),
    "9005": (base.RateLimited, False),
    "9006": (base.NumberUnavailable, False),
    "9011": (base.TransportError, True),
    "9012": (base.UnexpectedReply, True),
    "9013": (base.TransportError, True),
    "9015": (base.TransportError, False),
    "9016": (base.UnexpectedReply, False),
}
REFUSED = {
    ("twilio", "9009"): base.NotPermitted,
    ("twilio", "9014"): base.ComplianceRequired,
    ("signalwire", "9009"): base.InsufficientCredit,
    ("signalwire", "9014"): base.NumberUnavailable,
}


def magic(carrier: Carrier, ending: str) -> str:
    offers = carrier.search(NumberQuery("US", NumberType.LOCAL, contains=ending), limit=50)
    return next(offer.e164 for offer in offers if offer.e164.endswith(ending))


@pytest.mark.parametrize("slug", OTHERS)
@pytest.mark.parametrize("ending", SAID)
def test_breaks_magic_numbers_as_plivo_does(sandbox: Sandbox, slug: str, ending: str) -> None:
    error, sold = SAID[ending]
    number = magic(carrier_of(sandbox, slug), ending)
    with pytest.raises(error) as caught:
        buy(carrier_of(sandbox, slug, deadline=0.3), number)
    refused = issubclass(error, base.RateLimited | base.NumberUnavailable)
    assert caught.value.outcome is (Outcome.NOT_DONE if refused else Outcome.UNKNOWN)
    assert (carrier_of(sandbox, slug).find_owned(number) is not None) is sold


@pytest.mark.parametrize(("slug", "ending"), REFUSED)
def test_refuses_in_the_carriers_own_words(sandbox: Sandbox, slug: str, ending: str) -> None:
    carrier = carrier_of(sandbox, slug)
    with pytest.raises(REFUSED[slug, ending]) as caught:
        buy(carrier, magic(carrier, ending))
    assert caught.value.outcome is Outcome.NOT_DONE


@pytest.mark.parametrize("slug", OTHERS)
def test_sells_late(sandbox: Sandbox, slug: str) -> None:
    number = magic(carrier_of(sandbox, slug), "9010")
    with pytest.raises(base.TransportError):
        buy(carrier_of(sandbox, slug, deadline=0.3), number)
    assert carrier_of(sandbox, slug).find_owned(number) is None
    sandbox.control("PUT", "clock", advance_seconds=60)
    owned = carrier_of(sandbox, slug).find_owned(number)
    assert owned is not None
    assert owned.tag == ("ord_1" if slug == "twilio" else "")


@pytest.mark.parametrize("slug", OTHERS)
def test_knows_every_magic_ending(sandbox: Sandbox, slug: str) -> None:
    carrier = carrier_of(sandbox, slug)
    assert all(magic(carrier, number.ending) for number in MAGIC)


def test_switches_a_twilio_number_on_when_its_papers_are_accepted(sandbox: Sandbox) -> None:
    carrier = carrier_of(sandbox, "twilio")
    number = magic(carrier, "9007")
    assert buy(carrier, number).status is BuyStatus.PENDING_CARRIER
    sandbox.control("PUT", "clock", advance_seconds=61)
    owned = carrier.find_owned(number)
    assert owned is not None
    assert owned.status is BuyStatus.ACTIVE


@pytest.mark.parametrize(
    ("slug", "kind"),
    [("signalwire", Kind.PENDING), ("signalwire", Kind.REJECTED), ("twilio", Kind.REJECTED)],
)
def test_rejects_no_papers_that_the_carrier_does_not_tell_of(sandbox: Sandbox, slug: str, kind: Kind) -> None:
    carrier = carrier_of(sandbox, slug)
    sandbox.break_next("buy", kind)
    assert buy(carrier, carrier.search(LOCAL, limit=1)[0].e164).status is BuyStatus.ACTIVE


# --- who asks, and what for


@pytest.mark.parametrize("path", [f"{TWILIO}/Balance.json", "/v1/PhoneNumbers/Countries/US"])
@pytest.mark.parametrize(
    ("user", "token"), [(ACCOUNT_SID, "wrong"), ("AC" + "9" * 31, TOKEN), (OURS, TOKEN), ("", "")]
)
def test_demands_twilios_credentials(sandbox: Sandbox, path: str, user: str, token: str) -> None:
    answer = ask(sandbox, path, user, token)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_shows_no_account_to_another(sandbox: Sandbox) -> None:
    assert ask(sandbox, f"{TWILIO}/Balance.json", "AC" + "9" * 32).status_code == 401


@pytest.mark.parametrize(("user", "token"), [(PROJECT_ID, "wrong"), (ACCOUNT_SID, TOKEN)])
def test_demands_signalwires_credentials(sandbox: Sandbox, user: str, token: str) -> None:
    answer = ask(sandbox, f"{SIGNALWIRE}/phone_numbers", user, token)
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("AvailablePhoneNumbers/ZZ.json", {}, 404, 20404),
        ("AvailablePhoneNumbers/ZZ/Local.json", {}, 404, 20404),
        ("AvailablePhoneNumbers/US/Mobile.json", {}, 404, 20404),
        ("AvailablePhoneNumbers/US/Local.json", {"Contains": "4"}, 400, 20001),
        ("AvailablePhoneNumbers/US/Local.json", {"Contains": "(415"}, 400, 20001),
        ("IncomingPhoneNumbers.json", {"PageSize": "1001"}, 400, 20001),
        ("IncomingPhoneNumbers.json", {"PageSize": "0"}, 400, 20001),
        ("IncomingPhoneNumbers.json", {"Page": "-1"}, 400, 20001),
        ("IncomingPhoneNumbers.json", {"Page": "x"}, 400, 20001),
        (f"IncomingPhoneNumbers/PN{'0' * 32}.json", {}, 404, 20404),
        (f"Applications/AP{'0' * 32}.json", {}, 404, 20404),
        ("Nothing.json", {}, 404, 20404),
    ],
)
def test_refuses_what_twilio_refuses(
    sandbox: Sandbox, path: str, params: dict[str, str], status: int, code: int
) -> None:
    answer = ask(sandbox, f"{TWILIO}/{path}", **params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "params",
    [
        {"number_type": "mobile"},
        {"contains": "12"},
        {"contains": "12345678"},
        {"starts_with": "415", "ends_with": "900"},
        {"max_results": "many"},
    ],
)
def test_refuses_searches_that_signalwire_refuses(sandbox: Sandbox, params: dict[str, str]) -> None:
    answer = ask(sandbox, f"{SIGNALWIRE}/phone_numbers/search", PROJECT_ID, **params)
    assert (answer.status_code, answer.json()) == (400, {"error": "Bad Request"})


def test_wants_the_token_of_a_later_page(sandbox: Sandbox) -> None:
    answer = ask(sandbox, f"{SIGNALWIRE}/phone_numbers", PROJECT_ID, page_number=1)
    assert answer.status_code == 400


def test_sells_at_signalwire_only_what_signalwire_has(sandbox: Sandbox) -> None:
    plivo = sandbox.carrier()
    indian = plivo.search(NumberQuery("IN", NumberType.LOCAL), limit=1)[0].e164
    with pytest.raises(base.NumberUnavailable):
        buy(carrier_of(sandbox, "signalwire"), indian)


def test_keeps_signalwires_numbers_for_two_weeks(sandbox: Sandbox) -> None:
    carrier = carrier_of(sandbox, "signalwire")
    number_id = buy(carrier, carrier.search(LOCAL, limit=1)[0].e164).number_id
    with pytest.raises(base.ReleaseTooEarly) as caught:
        carrier.release(number_id)
    assert caught.value.outcome is Outcome.NOT_DONE
    sandbox.control("PUT", "clock", advance_seconds=14 * 86400)
    carrier.release(number_id)
    assert list(carrier.list_owned()) == []


def test_lets_a_trunk_take_the_place_of_an_application(sandbox: Sandbox) -> None:
    carrier = carrier_of(sandbox, "twilio")
    number_id = buy(carrier, carrier.search(LOCAL, limit=1)[0].e164).number_id
    route = carrier.ensure_route(InboundRoute("r", "https://v.example/a", "https://v.example/h"))
    for wanted in (route.id, "TK" + "0" * 32, route.id):
        assert carrier.configure(number_id, NumberConfig(route=wanted)).route == wanted


def test_knows_no_application_of_another_account(sandbox: Sandbox) -> None:
    carrier = carrier_of(sandbox, "twilio")
    number_id = buy(carrier, carrier.search(LOCAL, limit=1)[0].e164).number_id
    with pytest.raises(base.BadRequest):
        carrier.configure(number_id, NumberConfig(route="AP" + "0" * 32))


@pytest.mark.parametrize(
    ("slug", "error"), [("twilio", base.NotPermitted), ("signalwire", base.InsufficientCredit)]
)
def test_refuses_a_purchase_the_account_cannot_pay(
    sandbox: Sandbox, slug: str, error: type[base.CarrierError]
) -> None:
    carrier = carrier_of(sandbox, slug)
    number = carrier.search(LOCAL, limit=1)[0].e164
    sandbox.control("PUT", "mode", charge_purchases=True, credit="0.49")
    with pytest.raises(error):
        buy(carrier, number)
    sandbox.control("PUT", "mode", charge_purchases=True, credit="1.00")
    buy(carrier, number)

"""Every carrier's adapter, over real HTTP against a carrier that remembers …"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from telephony.carriers import base, get_carrier
from telephony.carriers.base import (
    BuyStatus,
    Carrier,
    CarrierError,
    Exchange,
    InboundRoute,
    NumberConfig,
    NumberQuery,
    NumberType,
    Outcome,
)
from telephony.carriers.http import Timeouts
from telephony.carriers.sandbox.carrier_api import TOKEN as SANDBOX_TOKEN

from .accounts import ACCOUNT_SID, ACCOUNTS, PROJECT_ID, SIGNALWIRES, SLUGS, WRITES, adapter, scripted_as
from .conftest import Sandbox
from .scripted import AUTH_ID, TOKEN, response

ROUTE = InboundRoute("dialnexa-inbound", "https://voice.example/answer", "https://voice.example/hangup")
QUERY = NumberQuery("US", NumberType.LOCAL)
NOBODYS = {  # the id of a number that nobody has
    "plivo": "14155550100",
    "twilio": "PN" + "0" * 32,
    "signalwire": "00000000-0000-0000-0000-000000000000",
}


@dataclass
class Bench:
    """One carrier with something to sell, its adapter, and a hand on its faults."""

    slug: str
    sandbox: Sandbox

    def carrier(self, **options: Any) -> Carrier:
        return adapter(self.slug, self.sandbox.url, options.pop("token", SANDBOX_TOKEN), **options)

    def break_next(self, operation: str, kind: str) -> None:
        self.sandbox.break_next(operation, kind, seconds=0.05)

    @property
    def writes(self) -> int:
        return sum(seen.method in WRITES for seen in self.sandbox.state.requests)


@pytest.fixture(params=SLUGS)
def bench(request: pytest.FixtureRequest, sandbox: Sandbox) -> Bench:
    """Lists come in pages of two; SignalWire takes numbers back at once."""
    sandbox.control("PUT", "mode", longest_page=2, signalwire_hold=0)
    return Bench(request.param, sandbox)


@pytest.fixture
def carrier(bench: Bench) -> Carrier:
    return bench.carrier()


@pytest.fixture
def number(carrier: Carrier) -> str:
    return carrier.search(QUERY, limit=1)[0].e164


def buy(carrier: Carrier, e164: str) -> base.BuyResult:
    return carrier.buy(e164, intent_id="ord_1", config=NumberConfig())


# --- search


def test_offers_numbers_with_what_they_cost(carrier: Carrier) -> None:
    offers = carrier.search(QUERY, limit=3)
    assert len({offer.e164 for offer in offers}) == 3
    for offer in offers:
        assert offer.e164.startswith("+1")
        assert (offer.country, offer.type) == ("US", NumberType.LOCAL)
        assert "voice" in offer.capabilities
        assert offer.region
        assert offer.monthly_cost.amount > 0
        assert offer.monthly_cost.currency == offer.setup_cost.currency == "USD"


def test_offers_exactly_the_number_asked_for(carrier: Carrier, number: str) -> None:
    for kind in (NumberType.LOCAL, None):
        offers = carrier.search(NumberQuery("US", kind, exact=number), limit=5)
        assert [offer.e164 for offer in offers] == [number]


def test_offers_numbers_with_the_digits_asked_for(carrier: Carrier, number: str) -> None:
    offers = carrier.search(NumberQuery("US", NumberType.LOCAL, contains=number[2:6]), limit=5)
    assert offers
    assert all(number[2:6] in offer.e164 for offer in offers)


def test_offers_no_number_that_was_sold(carrier: Carrier, number: str) -> None:
    buy(carrier, number)
    assert carrier.search(NumberQuery("US", NumberType.LOCAL, exact=number), limit=5) == []


def test_repeats_a_search_once_after_a_429(bench: Bench, carrier: Carrier) -> None:
    bench.break_next("search", "rate_limited")
    assert carrier.search(QUERY, limit=1)


# --- buy


def test_owns_what_it_bought(carrier: Carrier, number: str) -> None:
    assert carrier.find_owned(number) is None
    bought = buy(carrier, number)
    owned = carrier.find_owned(number)
    assert owned is not None
    assert (bought.e164, bought.status) == (number, BuyStatus.ACTIVE)
    assert (owned.e164, owned.number_id, owned.country) == (number, bought.number_id, "US")
    assert (owned.status, owned.type) == (BuyStatus.ACTIVE, NumberType.LOCAL)
    assert "voice" in owned.capabilities
    assert owned.acquired_at is not None
    assert owned.acquired_at.utcoffset() is not None


def test_tells_a_number_it_owns_from_one_that_is_alike(bench: Bench, carrier: Carrier, number: str) -> None:
    alike = f"{number[:-1]}{(int(number[-1]) + 1) % 10}"
    bench.sandbox.control("POST", "own", number=alike, account=ACCOUNTS[bench.slug])
    assert carrier.find_owned(number) is None
    owned = carrier.find_owned(alike)
    assert owned is not None
    assert owned.e164 == alike


def test_cannot_buy_a_number_that_is_gone(carrier: Carrier, number: str) -> None:
    buy(carrier, number)
    with pytest.raises(base.NumberUnavailable) as caught:
        buy(carrier, number)
    assert caught.value.outcome is Outcome.NOT_DONE


@pytest.mark.parametrize(
    ("kind", "error", "outcome", "sold"),
    [
        ("error_before", base.ServerError, Outcome.UNKNOWN, False),
        ("error_after", base.ServerError, Outcome.UNKNOWN, True),
        ("reset_before", base.TransportError, Outcome.UNKNOWN, False),
        ("reset_after", base.TransportError, Outcome.UNKNOWN, True),
        ("rate_limited", base.RateLimited, Outcome.NOT_DONE, False),
    ],
)
def test_says_what_is_known_of_a_purchase_that_failed_and_sends_it_once(
    bench: Bench,
    carrier: Carrier,
    number: str,
    kind: str,
    error: type[CarrierError],
    outcome: Outcome,
    sold: bool,
) -> None:
    bench.break_next("buy", kind)
    with pytest.raises(error) as caught:
        buy(carrier, number)
    assert caught.value.outcome is outcome
    assert bench.writes == 1
    assert (carrier.find_owned(number) is not None) is sold


@pytest.mark.parametrize("slug", SLUGS)
def test_knows_that_nothing_was_done_when_nobody_listens(slug: str) -> None:
    with pytest.raises(base.TransportError) as caught:
        buy(adapter(slug, "http://127.0.0.1:1"), "+14155550100")
    assert caught.value.outcome is Outcome.NOT_DONE


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize(
    "text", ["14155550100", "+1", "+1415555010\n0", "+14155550100/../x", "", "+٣٣٣٣٣٣٣٣"]
)
def test_never_sends_what_is_no_number(slug: str, text: str) -> None:
    carrier, script = scripted_as(slug, response(200, {}))
    for call in (buy, lambda carrier, text: carrier.find_owned(text)):
        with pytest.raises(base.BadRequest):
            call(carrier, text)
    assert script.requests == []


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("text", ["", "..", "a/b", "PN" + "0" * 31 + "\n", "1415555 0100", "x?y=1"])
def test_never_sends_what_is_no_id(slug: str, text: str) -> None:
    carrier, script = scripted_as(slug, response(200, {}))
    for call in (carrier.release, lambda text: carrier.configure(text, NumberConfig(tag="t"))):
        with pytest.raises(base.BadRequest):
            call(text)
    assert script.requests == []


# --- owned


DENIALS: list[tuple[int, Any]] = [
    (404, b"<html>the proxy knows no such page</html>"),
    (404, b""),
    (401, {"error": "Not Found", "code": 20404}),
    (403, {"error": "Not Found"}),
    (500, {"error": "Not Found", "code": 20404}),
    (200, {}),
    (200, []),
    (200, {"error": "Not Found", "code": 20404}),
    (200, {"data": {}, "links": {}, "incoming_phone_numbers": {}}),
    (200, {"data": [{}], "links": {}, "incoming_phone_numbers": [{}]}),
    (200, {"data": ["x"], "links": {}, "incoming_phone_numbers": ["x"]}),
    (204, b""),
    (302, b""),
]


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize(("status", "body"), DENIALS)
def test_never_says_no_without_the_carriers_own_no(slug: str, status: int, body: Any) -> None:
    carrier, _ = scripted_as(slug, response(status, body))
    with pytest.raises(CarrierError):
        carrier.find_owned("+14155550100")


def test_lists_every_page(carrier: Carrier) -> None:
    assert list(carrier.list_owned()) == []
    bought = [buy(carrier, offer.e164).e164 for offer in carrier.search(QUERY, limit=5)]
    assert sorted(number.e164 for number in carrier.list_owned()) == sorted(bought)


def test_reads_its_list_on_from_where_a_page_ended(carrier: Carrier) -> None:
    bought = [buy(carrier, offer.e164).e164 for offer in carrier.search(QUERY, limit=5)]
    first = carrier.list_page("")
    second = carrier.list_page(first.cursor)
    third = carrier.list_page(second.cursor)
    pages = [[number.e164 for number in page.numbers] for page in (first, second, third)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(sum(pages, [])) == sorted(bought)
    assert (bool(first.cursor), bool(second.cursor), third.cursor) == (True, True, "")
    assert first.total in (None, 5)


# --- configure, release, balance


def test_routes_and_names_a_number(carrier: Carrier, number: str) -> None:
    number_id = buy(carrier, number).number_id
    route = carrier.ensure_route(ROUTE)
    now = carrier.configure(number_id, NumberConfig(route=route.id, tag="ord_1"))
    assert (now.e164, now.route, now.tag) == (number, route.id, "ord_1")
    again = carrier.find_owned(number)
    assert again is not None
    assert (again.number_id, again.route, again.tag) == (number_id, route.id, "ord_1")


def test_leaves_alone_what_is_not_configured(carrier: Carrier, number: str) -> None:
    number_id = buy(carrier, number).number_id
    route = carrier.ensure_route(ROUTE)
    carrier.configure(number_id, NumberConfig(route=route.id, tag="t"))
    assert carrier.configure(number_id, NumberConfig(tag="u")).route == route.id
    assert carrier.configure(number_id, NumberConfig(route=route.id)).tag == "u"


def test_finds_a_route_it_made_before(carrier: Carrier) -> None:
    other = InboundRoute("another", "https://other.example/a", "https://other.example/h")
    assert carrier.ensure_route(ROUTE) == carrier.ensure_route(ROUTE)
    assert carrier.ensure_route(ROUTE) != carrier.ensure_route(other)


def test_does_not_know_a_number_it_cannot_configure(bench: Bench, carrier: Carrier) -> None:
    with pytest.raises(base.NotFound) as caught:
        carrier.configure(NOBODYS[bench.slug], NumberConfig(tag="t"))
    assert caught.value.outcome is Outcome.NOT_DONE


def test_releases_a_number_once_and_again(carrier: Carrier, number: str) -> None:
    number_id = buy(carrier, number).number_id
    for _ in range(2):
        carrier.release(number_id)
        assert carrier.find_owned(number) is None
    assert carrier.search(NumberQuery("US", exact=number), limit=1)


@pytest.mark.parametrize(
    ("kind", "error", "released"),
    [
        ("error_before", base.ServerError, False),
        ("error_after", base.ServerError, True),
        ("reset_before", base.TransportError, False),
        ("reset_after", base.TransportError, True),
    ],
)
def test_doubts_a_release_without_an_answer(
    bench: Bench, carrier: Carrier, number: str, kind: str, error: type[CarrierError], released: bool
) -> None:
    number_id = buy(carrier, number).number_id
    bench.break_next("release", kind)
    with pytest.raises(error) as caught:
        carrier.release(number_id)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert (carrier.find_owned(number) is None) is released


@pytest.mark.parametrize("slug", SLUGS)
def test_does_not_take_a_proxys_404_for_a_release(slug: str) -> None:
    carrier, _ = scripted_as(slug, response(404, b"<html>"))
    with pytest.raises(base.UnexpectedReply):
        carrier.release(NOBODYS[slug])


def test_reports_the_balance_where_there_is_one(bench: Bench, carrier: Carrier) -> None:
    balance = carrier.balance()
    assert (balance is None) is (bench.slug == "signalwire")
    assert balance is None or balance.currency == "USD"


def test_fails_with_wrong_credentials(bench: Bench) -> None:
    with pytest.raises(base.AuthFailed):
        bench.carrier(token="wrong").find_owned("+14155550100")


# --- the record


def test_records_every_exchange_without_secrets(bench: Bench, number: str) -> None:
    exchanges: list[Exchange] = []
    carrier = bench.carrier(recorder=exchanges.append)
    buy(carrier, number)
    carrier.find_owned(number)
    assert [(seen.carrier, seen.method) for seen in exchanges] == [(bench.slug, "POST"), (bench.slug, "GET")]
    account = ACCOUNTS[bench.slug]
    basic = base64.b64encode(f"{account}:{SANDBOX_TOKEN}".encode()).decode()
    for secret in (SANDBOX_TOKEN, account, basic):
        assert secret not in repr(exchanges)


@pytest.mark.parametrize("slug", SLUGS)
def test_keeps_secrets_out_of_errors_and_logs(slug: str, caplog: pytest.LogCaptureFixture) -> None:
    said = f"{TOKEN} of {ACCOUNTS[slug]} is odd"
    body = {"error": said, "message": said, "errors": [{"detail": said, "code": TOKEN[:8]}]}
    carrier, _ = scripted_as(slug, response(400, body))
    with pytest.raises(CarrierError) as caught:
        buy(carrier, "+14155550100")
    for secret in (TOKEN, ACCOUNTS[slug]):
        assert secret not in f"{caught.value!r} {caught.value.text} {caplog.text}"


# --- the registry


OPTIONS: dict[str, dict[str, Any]] = {
    "plivo": {
        "class": "telephony.carriers.plivo.PlivoCarrier",
        "base_url": "https://carrier.invalid",
        "auth_id": AUTH_ID,
        "auth_token": TOKEN,
    },
    "twilio": {
        "class": "telephony.carriers.twilio.TwilioCarrier",
        "account_sid": ACCOUNT_SID,
        "auth_token": TOKEN,
    },
    "signalwire": {
        "class": "telephony.carriers.signalwire.SignalWireCarrier",
        "base_url": "https://space.signalwire.invalid",
        "project_id": PROJECT_ID,
        "api_token": TOKEN,
        **SIGNALWIRES,
    },
}


@pytest.mark.parametrize("slug", SLUGS)
def test_is_built_from_the_settings(settings: LazySettings, slug: str) -> None:
    settings.CARRIERS = OPTIONS
    assert get_carrier(slug).slug == slug


@pytest.mark.parametrize(
    ("slug", "option", "value", "says"),
    [
        ("plivo", "auth_id", "", "is not set."),
        ("plivo", "auth_id", "MA123", "is not MA or SA and 18 capital letters or digits."),
        ("plivo", "base_url", "http://api.plivo.com", "begins with http: it must be https."),
        ("twilio", "account_sid", "AC123", "is not AC and 32 hexadecimal digits."),
        ("twilio", "account_sid", "SK" + "0" * 32, "is not AC and 32 hexadecimal digits."),
        ("twilio", "auth_token", "", "is not set."),
        ("twilio", "auth_token", TOKEN + "\r\n", "has characters that no token has."),
        ("twilio", "base_url", "ftp://api.twilio.com", "is not an address like https://api.twilio.com."),
        ("twilio", "pricing_url", "https://a:b@host", "is not an address like https://pricing.twilio.com."),
        (
            "signalwire",
            "base_url",
            "",
            "is not set: it is an address like https://your-space.signalwire.com.",
        ),
        ("signalwire", "base_url", "space.signalwire.invalid", "is not an address like"),
        ("signalwire", "base_url", "https://space.invalid/api", "is not an address like"),
        ("signalwire", "base_url", "https://[", "is not an address like"),
        ("signalwire", "base_url", "http://space.invalid", "begins with http: it must be https."),
        ("signalwire", "project_id", "../" + PROJECT_ID, "is not a UUID in small letters."),
        ("signalwire", "project_id", PROJECT_ID.upper(), "is not a UUID in small letters."),
        ("signalwire", "api_token", " ", "is not set."),
        ("signalwire", "signing_key", "", "is not set."),
        ("signalwire", "signing_key", "PSK\n", "has characters that no token has."),
        ("signalwire", "local_rate", "", "is not set: it is what the account pays a month, like 0.50."),
        ("signalwire", "toll_free_rate", "-1", "is not an amount like 0.50."),
        ("signalwire", "toll_free_rate", "NaN", "is not an amount like 0.50."),
    ],
)
def test_names_the_variable_that_cannot_be_right(
    settings: LazySettings, slug: str, option: str, value: str, says: str
) -> None:
    settings.CARRIERS = {slug: OPTIONS[slug] | {option: value}}
    with pytest.raises(ImproperlyConfigured) as caught:
        get_carrier(slug)
    assert str(caught.value).startswith(f"DIALNEXA_{slug}_{option}".upper() + " " + says)
    assert TOKEN not in str(caught.value)


def test_names_every_variable_that_cannot_be_right(settings: LazySettings) -> None:
    settings.CARRIERS = {"twilio": OPTIONS["twilio"] | {"account_sid": "AC1", "auth_token": ""}}
    with pytest.raises(
        ImproperlyConfigured, match="ACCOUNT_SID is not .* DIALNEXA_TWILIO_AUTH_TOKEN is not set"
    ):
        get_carrier("twilio")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8001", "http://localhost:1", "http://[::1]:9/"])
def test_speaks_without_tls_to_this_machine_only(settings: LazySettings, url: str) -> None:
    settings.CARRIERS = {"signalwire": OPTIONS["signalwire"] | {"base_url": url}}
    assert get_carrier("signalwire").slug == "signalwire"


# --- whatever a carrier answers


NAMES = """
number e164 phone_number sid id data links next errors code detail error message status capabilities
country_code iso_country incoming_phone_numbers available_phone_numbers next_page_uri phone_number_prices
price_unit current_price number_type subresource_uris local balance currency friendly_name created_at region
"""
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["+14155550100", *NOBODYS.values(), "US", "local", "USD", "could_not_purchase", "1.00"]),
    st.sampled_from([20404, 21422, 10001]),
)
JSON = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=6)
    ),
    max_leaves=20,
)
BODIES = st.binary(max_size=64) | JSON.map(lambda value: json.dumps(value).encode())
STATUSES = st.sampled_from([200, 201, 202, 204, 301, 400, 401, 404, 418, 422, 429, 500, 503])


@effort(max_examples=150, deadline=None)
@given(st.sampled_from(SLUGS), STATUSES, BODIES)
def test_raises_nothing_but_carrier_errors(slug: str, status: int, body: bytes) -> None:
    carrier, _ = scripted_as(slug, response(status, body), timeouts=Timeouts(deadline=0.1))
    calls: list[Any] = [
        lambda: carrier.search(NumberQuery("US"), limit=3),
        lambda: carrier.find_owned("+14155550100"),
        lambda: list(carrier.list_owned()),
        lambda: carrier.configure(NOBODYS[slug], NumberConfig(tag="t")),
        lambda: carrier.release(NOBODYS[slug]),
        lambda: carrier.ensure_route(ROUTE),
        carrier.balance,
    ]
    for call in calls:
        try:
            call()
        except CarrierError as error:
            assert error.text.isprintable()  # noqa: PT017  # most answers raise, some do not


@effort(max_examples=150, deadline=None)
@given(st.sampled_from(SLUGS), STATUSES, BODIES)
def test_calls_a_purchase_not_done_only_after_a_refusal(slug: str, status: int, body: bytes) -> None:
    carrier, _ = scripted_as(slug, response(status, body))
    try:
        result = buy(carrier, "+14155550100")
    except CarrierError as error:
        assert (error.outcome is Outcome.UNKNOWN) or 400 <= status < 500  # noqa: PT017
    else:
        assert result.e164 == "+14155550100"

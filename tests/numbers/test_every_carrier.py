"""Buying and releasing, whichever carrier sells …"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from dialnexa import wallet
from dialnexa.actors import Actor
from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.models import LedgerEntry, Workspace
from phone_numbers.buying.fulfilment import claim
from phone_numbers.buying.papers import confirm_number
from phone_numbers.models import NumberOrder, PhoneNumber, Rental
from phone_numbers.releasing import release_number, tell_carrier
from telephony.carriers import get_carrier
from telephony.carriers.base import NumberConfig, NumberQuery, NumberType
from telephony.models import CarrierExchange
from tests.conftest import ACCOUNTS
from tests.numbers.conftest import Carrier, Turned, place

pytestmark = pytest.mark.django_db

Advance = Callable[[NumberOrder], NumberOrder]
IDS = {  # what each carrier calls a number of ours
    "plivo": r"1[0-9]{10}",
    "twilio": r"PN[0-9a-f]{32}",
    "signalwire": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
LABELS = {"plivo": "Plivo", "twilio": "Twilio", "signalwire": "SignalWire"}


@pytest.fixture(params=IDS)
def slug(request: pytest.FixtureRequest, every_carrier: Any, settings: Any) -> str:
    settings.CARRIERS[request.param]["deadline"] = 0.6
    return str(request.param)


@pytest.fixture
def carrier(every_carrier: Any, slug: str) -> Carrier:
    return Carrier(every_carrier, ACCOUNTS[slug])


@pytest.fixture
def balance(workspace: Workspace, slug: str) -> Decimal:
    """What the wallet held before the order."""
    return wallet.balance(workspace)


@pytest.fixture
def order(workspace: Workspace, slug: str, balance: Decimal, by: Actor, clock: Turned) -> NumberOrder:
    """A placed order for an American number that the carrier sells."""
    query = NumberQuery(country="US", type=NumberType.LOCAL)
    return place(workspace, get_carrier(slug).search(query, limit=1)[0], by, clock.now, slug)


def assert_bought(order: NumberOrder, slug: str, carrier: Carrier, balance: Decimal) -> None:
    """Fulfilled, active, charged once, sold once at this carrier and at no other."""
    order.refresh_from_db()
    number = PhoneNumber.objects.get(pk=order.number_id)
    assert (order.status, number.status, number.carrier) == ("fulfilled", "active", slug)
    assert re.fullmatch(IDS[slug], number.carrier_number_id)
    assert LedgerEntry.objects.get(reference=f"resolve:{order.id}").kind == "capture"
    assert (wallet.balance(order.workspace), wallet.held(order.workspace)) == (
        balance - order.total,
        Decimal(0),
    )
    assert Rental.objects.get(number=number).monthly_price == order.monthly_price
    assert carrier.sales(order.e164) == 1
    assert len(carrier.server.state.sales()) == 1
    assert carrier.owns(order.e164)


def assert_not_bought(order: NumberOrder, carrier: Carrier, balance: Decimal) -> None:
    order.refresh_from_db()
    number = PhoneNumber.objects.get(pk=order.number_id)
    assert (order.status, number.status) == ("rejected", "failed")
    assert order.failure_reason.endswith("Nothing was charged.")
    assert (wallet.balance(order.workspace), wallet.held(order.workspace)) == (balance, Decimal(0))
    assert not carrier.owns(order.e164)


# --- buying


def test_makes_the_number_active_and_charges_once(
    order: NumberOrder, slug: str, advance: Advance, carrier: Carrier, balance: Decimal
) -> None:
    for _ in range(2):
        advance(order)
    assert_bought(order, slug, carrier, balance)
    assert carrier.requests("POST") == 1
    exchange = CarrierExchange.objects.get(about=order.id)
    assert (exchange.carrier, exchange.method) == (slug, "POST")
    assert ACCOUNTS[slug] not in f"{exchange.url} {exchange.request_body} {exchange.response_body}"


@pytest.mark.parametrize("fault", ["sold_then_silent", "error_after", "reset_after", "garbage", "drip"])
def test_finds_out_that_it_was_sold_all_the_same(
    order: NumberOrder, slug: str, advance: Advance, carrier: Carrier, balance: Decimal, fault: str
) -> None:
    carrier.breaks(fault, 1 if fault == "drip" else 5)
    doubted = advance(order)
    assert doubted.status == "uncertain"
    assert doubted.attempts.get().outcome == "unknown"
    assert wallet.held(order.workspace) == order.total
    advance(order)
    assert_bought(order, slug, carrier, balance)
    assert carrier.requests("POST") == 1
    adopted = entries_about([order.id]).filter(event="fulfil").get()
    assert adopted.reason == f"{LABELS[slug]} confirms that it sold us the number."


@pytest.mark.parametrize("fault", ["silent", "error_before", "wrong_number"])
def test_asks_for_the_same_number_again_once_it_is_certain_that_it_was_not_sold(
    order: NumberOrder,
    slug: str,
    advance: Advance,
    advance_until_settled: Any,
    carrier: Carrier,
    balance: Decimal,
    fault: str,
) -> None:
    carrier.breaks(fault, 5)
    assert advance(order).status == "uncertain"
    advance_until_settled(order)
    if fault == "wrong_number":  # the neighbour that nobody asked for is a second sale
        assert carrier.sales(order.e164) == 1
    else:
        assert_bought(order, slug, carrier, balance)
    assert [attempt.outcome for attempt in order.attempts.order_by("n")] == ["absent", "sold"]


def test_adopts_a_sale_that_comes_late(
    order: NumberOrder,
    slug: str,
    advance: Advance,
    advance_until_settled: Any,
    carrier: Carrier,
    balance: Decimal,
) -> None:
    carrier.breaks("sold_late", 30)
    for _ in range(2):
        assert advance(order).status == "uncertain"
    carrier.server.state.move_clock(31)
    advance_until_settled(order)
    assert_bought(order, slug, carrier, balance)
    assert carrier.requests("POST") == 1


def test_adopts_what_a_worker_bought_before_it_died(
    order: NumberOrder,
    slug: str,
    advance_until_settled: Any,
    carrier: Carrier,
    balance: Decimal,
    clock: Turned,
    settings: Any,
) -> None:
    claim(order, now=clock.now)
    get_carrier(slug).buy(order.e164, intent_id=order.id, config=NumberConfig())  # … and then it died
    clock.turn(seconds=settings.PURCHASE_LEASE + 1)
    advance_until_settled(order)
    assert_bought(order, slug, carrier, balance)
    assert carrier.requests("POST") == 1


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ("unavailable", dict.fromkeys(IDS, "number_unavailable")),
        (
            "out_of_credit",
            dict.fromkeys(IDS, "carrier_out_of_credit") | {"twilio": "carrier_not_permitted"},
        ),
        (
            "compliance_required",
            dict.fromkeys(IDS, "carrier_compliance_required") | {"signalwire": "number_unavailable"},
        ),
    ],
)
def test_returns_the_money_when_the_carrier_refuses(
    order: NumberOrder,
    slug: str,
    advance: Advance,
    carrier: Carrier,
    balance: Decimal,
    fault: str,
    codes: dict[str, str],
) -> None:
    carrier.breaks(fault)
    order = advance(order)
    assert order.failure_code == codes[slug]
    assert_not_bought(order, carrier, balance)


@pytest.mark.parametrize("trouble", ["rate_limited", "nobody listens"])
def test_tries_again_when_nothing_was_sent(
    order: NumberOrder,
    slug: str,
    advance: Advance,
    advance_until_settled: Any,
    carrier: Carrier,
    balance: Decimal,
    settings: Any,
    trouble: str,
) -> None:
    url = settings.CARRIERS[slug]["base_url"]
    if trouble == "rate_limited":
        carrier.breaks(trouble, 1)
    else:
        settings.CARRIERS[slug]["base_url"] = "http://127.0.0.1:9"
    assert advance(order).status == "placed"
    assert order.attempts.get().outcome == "not_sent"
    settings.CARRIERS[slug]["base_url"] = url
    advance_until_settled(order)
    assert_bought(order, slug, carrier, balance)


def test_keeps_a_number_one_provider_sold_from_being_bought_at_another(
    order: NumberOrder, slug: str, workspace: Workspace, advance: Advance, by: Actor, clock: Turned
) -> None:
    query = NumberQuery(country="US", type=NumberType.LOCAL, exact=order.e164)
    other = next(name for name in IDS if name != slug)
    [offer] = get_carrier(other).search(query, limit=1)
    advance(order)
    with pytest.raises(Refusal, match="number_taken"):
        place(workspace, offer, by, clock.now, other)


def test_waits_until_twilio_switches_a_number_on(
    workspace: Workspace, every_carrier: Any, advance: Advance, by: Actor, clock: Turned
) -> None:
    query = NumberQuery(country="US", type=NumberType.LOCAL)
    offer = get_carrier("twilio").search(query, limit=1)[0]
    order = place(workspace, offer, by, clock.now, "twilio")
    Carrier(every_carrier).breaks("pending", 60)
    number = advance(order).number
    assert number.status == "pending"
    assert number.status_reason.startswith("Bought. Twilio is checking the papers")
    every_carrier.state.move_clock(61)
    confirm_number(number.id, tell=clock)
    number.refresh_from_db()
    assert number.status == "active"


# --- releasing


@pytest.fixture
def number(order: NumberOrder, advance: Advance) -> PhoneNumber:
    advance(order)
    return PhoneNumber.objects.get(pk=order.number_id)


def test_gives_a_number_back_by_the_carriers_own_id(
    number: PhoneNumber, slug: str, by: Actor, clock: Turned, carrier: Carrier
) -> None:
    release_number(number, by=by, now=clock.now)
    tell_carrier(number.id, tell=clock)
    number.refresh_from_db()
    assert number.status == "released"
    assert not carrier.owns(number.e164)
    asked = CarrierExchange.objects.get(about=number.id)
    assert (asked.carrier, asked.method) == (slug, "DELETE")
    assert number.carrier_number_id in asked.url
    assert entries_about([number.id]).last().reason == f"{LABELS[slug]} has taken it back."  # type: ignore[union-attr]


@pytest.mark.parametrize("fault", ["error_after", "reset_after", "sold_then_silent", "error_before"])
def test_tells_the_carrier_again_until_it_is_certain(
    number: PhoneNumber, slug: str, by: Actor, clock: Turned, carrier: Carrier, settings: Any, fault: str
) -> None:
    release_number(number, by=by, now=clock.now)
    carrier.breaks(fault, 3, on="release")
    tell_carrier(number.id, tell=clock)
    number.refresh_from_db()
    assert number.status == "releasing"
    clock.turn(seconds=settings.RELEASE_SOONEST)
    tell_carrier(number.id, tell=clock)
    number.refresh_from_db()
    assert number.status == "released"
    assert not carrier.owns(number.e164)


def test_gives_back_to_signalwire_when_its_two_weeks_are_over(
    workspace: Workspace, every_carrier: Any, advance: Advance, by: Actor, clock: Turned
) -> None:
    every_carrier.state.set_mode(signalwire_hold=14)
    query = NumberQuery(country="US", type=NumberType.LOCAL)
    offer = get_carrier("signalwire").search(query, limit=1)[0]
    number = advance(place(workspace, offer, by, clock.now, "signalwire")).number
    release_number(number, by=by, now=clock.now)
    tell_carrier(number.id, tell=clock)
    number.refresh_from_db()
    assert number.status == "releasing"
    assert "does not take this number back yet" in number.status_reason
    assert number.next_release_at
    assert number.next_release_at > clock.now + timedelta(hours=1)
    every_carrier.state.move_clock(14 * 86400)
    clock.now = number.next_release_at
    tell_carrier(number.id, tell=clock)
    number.refresh_from_db()
    assert number.status == "released"

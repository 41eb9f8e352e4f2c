"""Fulfilling an order …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from dialnexa import wallet
from dialnexa.audit import entries_about
from dialnexa.errors import IllegalTransition, Refusal
from dialnexa.models import LedgerEntry
from phone_numbers.buying.fulfilment import claim
from phone_numbers.buying.outcomes import WORKER, put_back, record_sale
from phone_numbers.buying.papers import confirm_number
from phone_numbers.models import NumberOrder, PhoneNumber, PurchaseAttempt, Rental, RentalCharge, StrayNumber
from phone_numbers.number_table.rows import read_row
from phone_numbers.number_table.table import row_of
from phone_numbers.support import ask_now, reject_by_staff
from telephony.carriers import get_carrier
from telephony.carriers.base import NumberConfig
from telephony.models import CarrierExchange
from tests.numbers.conftest import Carrier, Turned

pytestmark = pytest.mark.django_db

Advance = Callable[[NumberOrder], NumberOrder]


@pytest.fixture(autouse=True)
def _quick(sandbox: Any, settings: Any) -> None:
    settings.CARRIERS["plivo"]["deadline"] = 0.6


def assert_bought(order: NumberOrder, carrier: Carrier, balance: Decimal) -> None:
    """Fulfilled, active, charged once, first month paid, sold once at the carrier."""
    order.refresh_from_db()
    number = PhoneNumber.objects.get(pk=order.number_id)
    rental = Rental.objects.get(number=number)
    charge = RentalCharge.objects.get(rental=rental)
    assert (order.status, number.status) == ("fulfilled", "active")
    assert number.carrier_number_id == number.e164[1:]
    assert LedgerEntry.objects.get(reference=f"resolve:{order.id}").kind == "capture"
    assert wallet.balance(order.workspace) == balance - order.total
    assert wallet.held(order.workspace) == 0
    assert (charge.k, charge.amount, charge.ends_at) == (0, order.monthly_price, rental.paid_through)
    assert rental.paid_through - rental.anchor > timedelta(days=27)
    assert carrier.sales(order.e164) == 1
    assert carrier.owns(order.e164)


def assert_not_bought(order: NumberOrder, carrier: Carrier, balance: Decimal) -> None:
    """Rejected with a reason, failed row, money back, nothing at the carrier."""
    order.refresh_from_db()
    number = PhoneNumber.objects.get(pk=order.number_id)
    assert (order.status, number.status) == ("rejected", "failed")
    assert order.failure_reason.endswith("Nothing was charged.")
    assert number.status_reason == order.failure_reason
    assert LedgerEntry.objects.get(reference=f"resolve:{order.id}").kind == "void"
    assert wallet.balance(order.workspace) == balance
    assert wallet.held(order.workspace) == 0
    assert not Rental.objects.filter(number=number).exists()
    assert not carrier.owns(order.e164)


@pytest.fixture
def balance(workspace: Any) -> Decimal:
    """What the wallet held before the order."""
    return wallet.balance(workspace)


def test_makes_the_number_active_and_charges_once(
    balance: Decimal, order: NumberOrder, advance: Advance, carrier: Carrier
) -> None:
    order = advance(order)
    assert_bought(order, carrier, balance)
    events = [entry.event for entry in entries_about([order.id, order.number_id])]
    assert sorted(events) == ["activate", "claim", "create", "fulfil", "place"]
    attempt = order.attempts.get()
    assert (attempt.n, attempt.outcome) == (1, "sold")


def test_keeps_what_was_said_to_the_carrier_without_secrets(
    order: NumberOrder, advance: Advance, settings: Any
) -> None:
    advance(order)
    exchange = CarrierExchange.objects.get(about=order.id)
    assert (exchange.method, exchange.status) == ("POST", 201)
    everything = f"{exchange.url} {exchange.request_body} {exchange.response_body}"
    assert settings.CARRIERS["plivo"]["auth_token"] not in everything
    assert settings.CARRIERS["plivo"]["auth_id"] not in everything


def test_changes_nothing_the_second_time(
    balance: Decimal, order: NumberOrder, advance: Advance, carrier: Carrier
) -> None:
    for _ in range(3):
        advance(order)
    assert_bought(order, carrier, balance)
    assert carrier.requests("POST") == 1


def test_waits_until_the_order_is_due(
    order: NumberOrder, advance: Advance, clock: Turned, carrier: Carrier
) -> None:
    NumberOrder.objects.filter(pk=order.pk).update(next_run_at=clock.now + timedelta(seconds=5))
    assert advance(order).status == "placed"
    assert carrier.requests("POST") == 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("unavailable", "number_unavailable"),
        ("out_of_credit", "carrier_out_of_credit"),
        ("compliance_required", "carrier_compliance_required"),
    ],
)
def test_returns_the_money_when_the_carrier_refuses(
    balance: Decimal, order: NumberOrder, advance: Advance, carrier: Carrier, fault: str, code: str
) -> None:
    carrier.breaks(fault)
    order = advance(order)
    assert order.failure_code == code
    assert_not_bought(order, carrier, balance)


@pytest.mark.parametrize(
    "fault",
    ["sold_then_silent", "error_after", "reset_after", "garbage", "truncated", "drip"],
)
def test_finds_out_that_the_carrier_sold_it_all_the_same(
    balance: Decimal, order: NumberOrder, advance: Advance, carrier: Carrier, fault: str
) -> None:
    carrier.breaks(fault, 1 if fault == "drip" else 5)
    doubted = advance(order)
    assert doubted.status == "uncertain"
    assert wallet.held(order.workspace) == order.total
    assert doubted.attempts.get().outcome == "unknown"
    advance(order)
    assert_bought(order, carrier, balance)
    assert carrier.requests("POST") == 1
    adopted = entries_about([order.id]).filter(event="fulfil").get()
    assert adopted.reason == "Plivo confirms that it sold us the number."


@pytest.mark.parametrize("fault", ["silent", "error_before", "reset_before", "wrong_number"])
def test_asks_for_the_same_number_again_once_it_is_certain_that_nothing_was_sold(
    balance: Decimal,
    order: NumberOrder,
    advance: Advance,
    advance_until_settled: Any,
    carrier: Carrier,
    clock: Turned,
    settings: Any,
    fault: str,
) -> None:
    carrier.breaks(fault, 5)
    doubted_at = clock.now
    advance(order)
    order = advance_until_settled(order)
    assert_bought(order, carrier, balance)
    assert [a.outcome for a in order.attempts.order_by("n")] == ["absent", "sold"]
    waited = clock.now - doubted_at
    assert waited >= timedelta(seconds=settings.SETTLE_WINDOW + settings.SETTLE_SPACING)


def test_adopts_a_sale_that_comes_late(
    balance: Decimal, order: NumberOrder, advance: Advance, advance_until_settled: Any, carrier: Carrier
) -> None:
    carrier.breaks("sold_late", 30)
    assert advance(order).status == "uncertain"
    assert advance(order).status == "uncertain"
    carrier.server.state.move_clock(31)
    advance_until_settled(order)
    assert_bought(order, carrier, balance)
    assert carrier.requests("POST") == 1


def test_does_not_believe_one_missing_look_even_after_the_window(
    order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, settings: Any
) -> None:
    carrier.breaks("silent", 5)
    advance(order)
    clock.turn(seconds=settings.SETTLE_WINDOW + 1)
    order = advance(order)
    assert (order.status, order.missed_at) == ("uncertain", clock.now)
    ask_now(order, by=WORKER, now=clock.now, reason="A nervous finger")
    assert advance(order).status == "uncertain"
    clock.turn(seconds=settings.SETTLE_SPACING)
    assert advance(order).status == "placed"


def test_gives_up_after_its_attempts_and_returns_the_money(
    balance: Decimal,
    order: NumberOrder,
    advance_until_settled: Any,
    carrier: Carrier,
    settings: Any,
) -> None:
    carrier.breaks("error_before", times=settings.PURCHASE_MAX_ATTEMPTS)
    order = advance_until_settled(order)
    assert order.failure_code == "carrier_no_answer"
    assert order.attempts.count() == settings.PURCHASE_MAX_ATTEMPTS
    assert_not_bought(order, carrier, balance)


def test_takes_a_refusal_after_a_doubt_for_a_doubt(
    balance: Decimal, order: NumberOrder, advance: Advance, advance_until_settled: Any, carrier: Carrier
) -> None:
    """Refused because it is ours already: what the first request did was seen too late."""
    carrier.breaks("silent", 5)
    advance(order)
    order = advance_until_proven_absent(order, advance)
    get_carrier("plivo").buy(order.e164, intent_id="late", config=NumberConfig())
    order = advance(order)
    assert order.status == "uncertain"
    assert order.attempts.get(n=2).outcome == "refused"
    advance_until_settled(order)
    assert_bought_despite_refusal(order, balance)


def advance_until_proven_absent(order: NumberOrder, advance: Advance) -> NumberOrder:
    order.refresh_from_db()
    assert order.doubted_at is not None
    NumberOrder.objects.filter(pk=order.pk).update(
        doubted_at=order.doubted_at - timedelta(hours=1),
        missed_at=order.doubted_at - timedelta(minutes=30),
        next_run_at=order.doubted_at,
    )
    order = advance(order)
    assert order.status == "placed"
    return order


def assert_bought_despite_refusal(order: NumberOrder, balance: Decimal) -> None:
    order.refresh_from_db()
    assert (order.status, order.number.status) == ("fulfilled", "active")
    assert wallet.balance(order.workspace) == balance - order.total


def test_ends_a_refusal_after_a_doubt_once_the_carrier_has_it_not(
    balance: Decimal, order: NumberOrder, advance: Advance, advance_until_settled: Any, carrier: Carrier
) -> None:
    carrier.breaks("silent", 5)
    advance(order)
    order = advance_until_proven_absent(order, advance)
    carrier.breaks("unavailable")
    order = advance_until_settled(order)
    assert order.failure_code == "number_unavailable"
    assert_not_bought(order, carrier, balance)


def test_tries_again_soon_when_the_carrier_asks_to_slow_down(
    balance: Decimal,
    order: NumberOrder,
    advance: Advance,
    advance_until_settled: Any,
    carrier: Carrier,
    clock: Turned,
) -> None:
    carrier.breaks("rate_limited", 1)
    began = clock.now
    assert advance(order).status == "placed"
    advance_until_settled(order)
    assert_bought(order, carrier, balance)
    assert clock.now - began < timedelta(seconds=10)


def test_tries_again_when_the_carrier_can_not_be_reached_and_gives_up_in_the_end(
    balance: Decimal,
    order: NumberOrder,
    advance_until_settled: Any,
    carrier: Carrier,
    clock: Turned,
    settings: Any,
) -> None:
    settings.CARRIERS["plivo"]["base_url"] = "http://127.0.0.1:9"
    began = clock.now
    order = advance_until_settled(order)
    assert order.failure_code == "carrier_unreachable"
    assert {attempt.outcome for attempt in order.attempts.all()} == {"not_sent"}
    assert order.attempts.count() > 3
    assert clock.now - began >= timedelta(seconds=settings.PURCHASE_GIVE_UP)
    assert_not_bought(order, carrier, balance)


def test_counts_unsent_requests_not_as_attempts_to_buy(
    balance: Decimal, order: NumberOrder, advance_until_settled: Any, carrier: Carrier, settings: Any
) -> None:
    carrier.breaks("rate_limited", 1, times=settings.PURCHASE_MAX_ATTEMPTS + 1)
    carrier.breaks("silent", 5)
    order = advance_until_settled(order)
    assert_bought(order, carrier, balance)


def test_looks_before_anything_else_when_a_worker_did_not_report_back(
    balance: Decimal, order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, settings: Any
) -> None:
    claim(order, now=clock.now)
    get_carrier("plivo").buy(order.e164, intent_id=order.id, config=NumberConfig())  # … and then it died
    assert advance(order).status == "buying"
    clock.turn(seconds=settings.PURCHASE_LEASE)
    assert advance(order).status == "uncertain"
    advance(order)
    assert_bought(order, carrier, balance)
    assert carrier.requests("POST") == 1


def test_keeps_asking_while_the_carrier_gives_no_clear_answer(
    balance: Decimal, order: NumberOrder, advance: Advance, advance_until_settled: Any, carrier: Carrier
) -> None:
    carrier.breaks("error_after")
    carrier.breaks("error_before", on="get", times=20)
    advance(order)
    advance_until_settled(order)
    assert_bought(order, carrier, balance)


def test_calls_for_a_person_when_the_doubt_lasts(
    order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, settings: Any
) -> None:
    carrier.breaks("error_after")
    advance(order)
    settings.CARRIERS["plivo"]["base_url"] = "http://127.0.0.1:9"
    clock.turn(seconds=settings.REVIEW_AFTER + 1)
    order = advance(order)
    assert (order.status, order.review_since) == ("uncertain", clock.now)
    assert wallet.held(order.workspace) == order.total


def test_does_not_take_a_number_we_had_before_for_this_purchase(
    order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned
) -> None:
    carrier.server.state.move_clock(-3 * 24 * 3600)
    carrier.server.state.place("MATESTS0000000000000", order.e164[1:])
    carrier.server.state.move_clock(3 * 24 * 3600)
    carrier.breaks("error_before")
    advance(order)
    order = advance(order)
    assert order.status == "uncertain"
    assert order.review_reason == "The carrier says we owned this number before this order."


def test_lets_a_worker_that_slept_decide_nothing(
    balance: Decimal, order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, settings: Any
) -> None:
    sleeper = NumberOrder.objects.get(pk=order.pk)
    attempt = claim(sleeper, now=clock.now)
    clock.turn(seconds=settings.PURCHASE_LEASE)
    advance(order)
    with pytest.raises(IllegalTransition):
        put_back(sleeper, attempt, "Woke up", now=clock.now)
    order.refresh_from_db()
    assert order.status == "uncertain"


def test_does_not_send_when_it_was_held_up_for_too_long(
    order: NumberOrder, advance: Advance, carrier: Carrier, settings: Any
) -> None:
    settings.PURCHASE_LEASE = 1.0  # shorter than one call may take
    order = advance(order)
    assert order.status == "placed"
    assert carrier.requests("POST") == 0
    assert order.attempts.get().outcome == "not_sent"


def test_notes_a_stray_when_the_sale_comes_after_the_refusal(
    balance: Decimal, order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, by: Any
) -> None:
    sleeper = NumberOrder.objects.get(pk=order.pk)
    reject_by_staff(order, by=by, now=clock.now, reason="The customer asked")
    sale = get_carrier("plivo").buy(order.e164, intent_id=order.id, config=NumberConfig())
    for _ in range(2):
        record_sale(sleeper, sale, by=WORKER, now=clock.now, exchanges=[])
    stray = StrayNumber.objects.get()
    assert (stray.e164, stray.order_id) == (order.e164, order.id)
    assert wallet.balance(order.workspace) == balance
    order.refresh_from_db()
    assert order.status == "rejected"


def test_keeps_a_number_pending_until_its_papers_are_accepted(
    balance: Decimal, order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, settings: Any
) -> None:
    carrier.breaks("pending", 60)
    order = advance(order)
    number = order.number
    assert (order.status, number.status) == ("fulfilled", "pending")
    assert "papers" in number.status_reason
    assert wallet.balance(order.workspace) == balance - order.total
    confirm_number(number.id, tell=clock)
    number.refresh_from_db()
    assert number.status == "pending"
    assert number.next_check_at == clock.now + timedelta(seconds=settings.PAPERS_CHECK_EVERY)
    carrier.server.state.move_clock(61)
    confirm_number(number.id, tell=clock)
    assert_bought(order, carrier, balance)


def test_says_so_when_the_carrier_refuses_the_papers(
    order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned
) -> None:
    carrier.breaks("rejected", 60)
    number = advance(order).number
    carrier.server.state.move_clock(61)
    for _ in range(2):
        confirm_number(number.id, tell=clock)
    number.refresh_from_db()
    order.refresh_from_db()
    assert number.status == "pending"
    assert number.status_reason.startswith("Plivo refused the papers")
    assert (order.review_since, order.status) == (clock.now, "fulfilled")
    assert entries_about([number.id]).filter(event="papers_refused").count() == 1
    assert number.next_check_at is not None
    assert number.next_check_at > clock.now
    row = read_row(row_of(order.workspace, number.id) or number, clock.now)
    assert (row.status, row.tone, row.reason) == ("Unavailable", "trouble", number.status_reason)
    assert not row.is_open


def test_lets_staff_end_a_doubt_with_a_reason(
    balance: Decimal, order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, by: Any
) -> None:
    carrier.breaks("silent", 5)
    order = advance(order)
    reject_by_staff(order, by=by, now=clock.now, reason="Plivo support says no")
    assert_not_bought(order, carrier, balance)
    assert entries_about([order.id]).get(event="reject").reason == "Plivo support says no"


def test_refuses_staff_to_end_what_is_being_bought_or_over(
    order: NumberOrder, advance: Advance, clock: Turned, by: Any
) -> None:
    claim(order, now=clock.now)
    with pytest.raises(Refusal, match="order_not_waiting"):
        reject_by_staff(order, by=by, now=clock.now, reason="Now")
    with pytest.raises(Refusal, match="order_not_waiting"):
        ask_now(order, by=by, now=clock.now, reason="Now")


def test_never_forgets_an_attempt(order: NumberOrder, advance_until_settled: Any, carrier: Carrier) -> None:
    carrier.breaks("error_before")
    carrier.breaks("rate_limited", 1)
    order = advance_until_settled(order)
    assert [(a.n, a.outcome) for a in PurchaseAttempt.objects.filter(order=order).order_by("n")] == [
        (1, "absent"),
        (2, "not_sent"),
        (3, "sold"),
    ]

"""In the corners, a purchase …"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from dialnexa import wallet
from dialnexa.audit import entries_about
from dialnexa.models import Workspace
from phone_numbers.buying.fulfilment import advance_order, claim
from phone_numbers.buying.outcomes import WORKER, record_sale
from phone_numbers.buying.papers import confirm_number
from phone_numbers.buying.settling import look_up
from phone_numbers.models import NumberOrder, PhoneNumber, Rental, RentalCharge, StrayNumber
from phone_numbers.support import reject_by_staff
from telephony.carriers import get_carrier
from telephony.carriers.base import NumberConfig, Offer
from telephony.models import CarrierExchange
from tests.numbers.conftest import Carrier, Turned, place
from tests.numbers.test_fulfilment import Advance, assert_bought, assert_not_bought

pytestmark = pytest.mark.django_db


@pytest.fixture
def balance(workspace: Workspace) -> Decimal:
    return wallet.balance(workspace)


def buy(order: NumberOrder) -> Any:
    return get_carrier("plivo").buy(order.e164, intent_id=order.id, config=NumberConfig())


def test_is_recorded_once_though_the_sale_is_told_twice(
    balance: Decimal, order: NumberOrder, carrier: Carrier, clock: Turned, now: Any
) -> None:
    from tests.numbers.test_sleepers import SAID

    claim(order, now=now)
    sale = buy(order)
    for _ in range(2):
        record_sale(order, sale, by=WORKER, now=now, exchanges=[SAID])
    assert_bought(order, carrier, balance)
    assert Rental.objects.count() == RentalCharge.objects.count() == 1
    assert CarrierExchange.objects.filter(about=order.id).count() == 1


def test_of_a_number_another_order_may_have_bought_is_looked_up_and_not_refused(
    balance: Decimal, order: NumberOrder, by: Any, clock: Turned, advance: Advance, carrier: Carrier
) -> None:
    """In doubt, rejected by staff too early, sold late: the next order for the number finds it."""
    carrier.breaks("sold_late", 30)
    first = advance(order)
    reject_by_staff(first, by=by, now=clock.now, reason="Too early")
    carrier.server.state.move_clock(31)
    assert carrier.owns(order.e164)
    offer = Offer(**offer_of(order))
    second = place(order.workspace, offer, by, clock.turn(seconds=60))
    assert advance(second).status == "uncertain"
    advance(second)
    assert_bought(second, carrier, balance)


def offer_of(order: NumberOrder) -> dict[str, Any]:
    from tests.numbers.test_place_order import offer_of as made_up

    made = made_up(order.e164, order.number.country)
    return {name: getattr(made, name) for name in made.__dataclass_fields__}


def test_that_can_not_be_recorded_is_asked_about_again_and_shown_to_a_person(
    order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, settings: Any
) -> None:
    carrier.breaks("error_after")
    advance(order)
    Workspace.objects.update(time_zone="Mars/Olympus")  # recording the sale fails on it
    clock.turn(seconds=settings.REVIEW_AFTER + 1)
    with pytest.raises(Exception, match="Mars"):
        advance_order(order.pk, tell=clock)
    order.refresh_from_db()
    assert order.status == "uncertain"
    assert order.next_run_at > clock.now
    assert order.review_since == clock.now


def test_is_rung_for_once_while_the_carrier_is_asked(
    order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, settings: Any
) -> None:
    carrier.breaks("error_after")
    carrier.breaks("error_before", on="get", times=2)
    advance(order)
    look_up(NumberOrder.objects.get(pk=order.pk), now=clock.now)
    order.refresh_from_db()
    assert order.next_run_at == clock.now + timedelta(seconds=settings.LOOK_UP_SOONEST)


def test_is_looked_up_no_later_than_at_the_end_of_the_window(
    order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, settings: Any
) -> None:
    carrier.breaks("silent", 5)
    doubted_at = clock.now
    advance(order)
    clock.turn(seconds=settings.SETTLE_WINDOW - 10)
    assert advance(order).next_run_at == doubted_at + timedelta(seconds=settings.SETTLE_WINDOW)


def test_waits_no_longer_than_we_promise_whatever_the_carrier_asks(
    order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, settings: Any
) -> None:
    carrier.breaks("rate_limited", 3600)
    order = advance(order)
    assert order.status == "placed"
    assert order.next_run_at <= clock.now + timedelta(seconds=settings.RETRY_LATEST)


def test_is_given_up_when_no_worker_ever_gets_to_send_it(
    balance: Decimal, order: NumberOrder, advance_until_settled: Any, carrier: Carrier, settings: Any
) -> None:
    settings.PURCHASE_LEASE = 1.0  # shorter than one call may take
    order = advance_until_settled(order)
    assert order.failure_code == "worker_held_up"
    assert carrier.requests("POST") == 0
    assert_not_bought(order, carrier, balance)


def test_from_a_carrier_that_is_disconnected_is_refused(
    balance: Decimal, order: NumberOrder, carrier: Carrier, advance: Advance, settings: Any
) -> None:
    settings.CARRIERS = {}
    order = advance(order)
    assert order.failure_code == "carrier_not_configured"
    assert_not_bought(order, carrier, balance)


def test_that_adopts_a_stray_closes_the_case(
    order: NumberOrder, by: Any, clock: Turned, advance: Advance, carrier: Carrier
) -> None:
    sleeper = NumberOrder.objects.get(pk=order.pk)
    claim(sleeper, now=clock.now)
    sleeper.transition("put_back", by=WORKER, now=clock.now)
    reject_by_staff(NumberOrder.objects.get(pk=order.pk), by=by, now=clock.now, reason="Early")
    sale = buy(order)
    record_sale(sleeper, sale, by=WORKER, now=clock.now, exchanges=[])
    assert StrayNumber.objects.filter(resolved_at=None).count() == 1
    second = place(order.workspace, Offer(**offer_of(order)), by, clock.now)
    record_sale(second, sale, by=WORKER, now=clock.turn(seconds=1), exchanges=[])
    assert StrayNumber.objects.get().resolved_at == clock.now
    record_sale(sleeper, replace(sale), by=WORKER, now=clock.now, exchanges=[])
    assert StrayNumber.objects.count() == 1


def test_whose_number_never_gets_switched_on_is_shown_to_a_person(
    order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, settings: Any
) -> None:
    carrier.breaks("pending", 60)
    order = advance(order)
    carrier.server.state.place(None, order.e164[1:])  # gone at the carrier
    clock.turn(seconds=settings.REVIEW_AFTER + 1)
    for _ in range(2):
        confirm_number(order.number_id, tell=clock)
    order.refresh_from_db()
    assert order.review_since == clock.now
    assert entries_about([order.number_id]).filter(event="papers_overdue").count() == 1


def test_whose_number_is_active_is_not_asked_about(
    order: NumberOrder, advance: Advance, carrier: Carrier
) -> None:
    order = advance(order)
    asked = carrier.requests("GET")
    confirm_number(order.number_id)
    assert carrier.requests("GET") == asked


@pytest.mark.django_db(transaction=True)
def test_sold_while_staff_refuses_it_becomes_a_stray(
    balance: Decimal, order: NumberOrder, by: Any, now: Any, carrier: Carrier
) -> None:
    sale = buy(order)
    failed: list[Exception] = []

    def learn() -> None:
        try:
            record_sale(NumberOrder.objects.get(pk=order.pk), sale, by=WORKER, now=now, exchanges=[])
        except Exception as error:  # noqa: BLE001  shown by the assertion below
            failed.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        reject_by_staff(order, by=by, now=now, reason="A second too early")
        thread = threading.Thread(target=learn)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()  # it waits for the order's row
    thread.join()
    assert failed == []
    assert StrayNumber.objects.get().e164 == order.e164
    assert wallet.balance(order.workspace) == balance


@pytest.mark.django_db(transaction=True)
def test_is_recorded_though_the_database_goes_away_while_the_carrier_answers(
    balance: Decimal, order: NumberOrder, carrier: Carrier, settings: Any
) -> None:
    settings.CARRIERS["plivo"]["deadline"] = 3.0
    carrier.breaks("slow", 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone() or (0,)

    def cut() -> None:
        while not carrier.sales(order.e164):
            pass
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        connection.close()

    cutter = threading.Thread(target=cut)
    cutter.start()
    advance_order(order.pk)
    cutter.join()
    assert_bought(NumberOrder.objects.select_related("workspace").get(pk=order.pk), carrier, balance)
    assert carrier.requests("POST") == 1
    assert PhoneNumber.objects.get(pk=order.number_id).status == "active"


def test_whose_number_waits_for_papers_is_asked_about_ever_more_calmly(
    order: NumberOrder, advance: Advance, carrier: Carrier, clock: Turned, settings: Any
) -> None:
    carrier.breaks("pending", 3600)
    number = advance(order).number
    waits = []
    for _ in range(12):
        confirm_number(number.id, tell=clock)
        number.refresh_from_db()
        assert number.next_check_at is not None
        waits.append((number.next_check_at - clock.now).total_seconds())
        clock.now = number.next_check_at
    assert waits == sorted(waits)
    assert waits[0] == settings.PAPERS_CHECK_EVERY
    assert waits[-1] > 10 * waits[0]

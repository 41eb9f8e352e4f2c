"""The sweeper …"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection

from dialnexa import doorbell
from dialnexa.heartbeats import silent
from phone_numbers.buying.fulfilment import claim
from phone_numbers.management.commands.sweep import sweep
from phone_numbers.models import NumberOrder, PhoneNumber
from phone_numbers.sweeping import take_due_numbers, take_due_orders
from telephony.carriers.base import Offer
from tests.numbers.conftest import Turned, place

pytestmark = pytest.mark.django_db


def test_rings_for_an_order_that_is_due(order: NumberOrder, clock: Turned) -> None:
    assert take_due_orders(now=clock.now) == [order.id]


def test_rings_again_only_after_a_while(order: NumberOrder, clock: Turned, settings: Any) -> None:
    take_due_orders(now=clock.now)
    assert take_due_orders(now=clock.now) == []
    assert take_due_orders(now=clock.turn(seconds=settings.RING_AGAIN)) == [order.id]


def test_leaves_an_order_alone_while_a_worker_has_it(
    order: NumberOrder, clock: Turned, settings: Any
) -> None:
    claim(order, now=clock.now)
    assert take_due_orders(now=clock.turn(seconds=settings.PURCHASE_LEASE - 1)) == []
    assert take_due_orders(now=clock.turn(seconds=1)) == [order.id]


def test_leaves_finished_orders_alone(order: NumberOrder, clock: Turned, advance: Any) -> None:
    advance(order)
    assert take_due_orders(now=clock.turn(days=1)) == []


def test_asks_about_papers_when_it_is_time(order: NumberOrder, clock: Turned, settings: Any) -> None:
    PhoneNumber.objects.filter(pk=order.number_id).update(next_check_at=clock.now + timedelta(seconds=10))
    assert take_due_numbers(now=clock.now) == []
    assert take_due_numbers(now=clock.turn(seconds=10)) == [order.number_id]
    assert take_due_numbers(now=clock.now) == []
    assert take_due_numbers(now=clock.turn(seconds=settings.PAPERS_CHECK_EVERY)) == [order.number_id]


def test_survives_a_broker_that_is_away_and_says_it_is_alive(
    order: NumberOrder, monkeypatch: pytest.MonkeyPatch, now: Any
) -> None:
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:9/0")
    doorbell._line.cache_clear()
    sweep()
    doorbell._line.cache_clear()
    assert silent(("sweeper",), now=now, within=timedelta(seconds=30)) == []


@pytest.mark.django_db(transaction=True)
def test_shares_the_work_with_a_second_one(
    workspace: Any, offers: Iterator[Offer], by: Any, clock: Turned
) -> None:
    placed = {place(workspace, next(offers), by, clock.now).id for _ in range(6)}
    taken: list[str] = []
    barrier = threading.Barrier(4)

    def take() -> None:
        barrier.wait()
        taken.extend(take_due_orders(now=clock.now))
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(placed)

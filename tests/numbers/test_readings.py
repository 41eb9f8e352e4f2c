"""The figures about numbers …"""

from __future__ import annotations

from datetime import datetime, timedelta

from phone_numbers.models import NumberOrder
from phone_numbers.readings import read


def figures(now: datetime) -> dict[tuple[str, ...], float]:
    return {(reading.name, *reading.labels.values()): reading.value for reading in read(now)}


def test_tell_how_old_the_oldest_order_in_a_state_is(order: NumberOrder) -> None:
    told = figures(order.created_at + timedelta(minutes=10))
    assert told["orders_open", "placed"] == 1
    assert told["orders_oldest_seconds", "placed"] == 600
    assert told["orders_late_seconds",] > 0
    assert (told["orders_open", "uncertain"], told["orders_oldest_seconds", "uncertain"]) == (0, 0)


def test_tell_that_a_number_waits_to_be_given_back(order: NumberOrder, now: datetime) -> None:
    number = order.number
    type(number).objects.filter(pk=number.pk).update(
        status="releasing", next_release_at=now - timedelta(seconds=30)
    )
    told = figures(now)
    assert (told["releases_open",], told["releases_late_seconds",]) == (1, 30)

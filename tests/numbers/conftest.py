"""Orders to fulfil, a clock that can be turned, and what the carrier holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from dialnexa.actors import Actor, Channel
from dialnexa.models import User, Workspace
from phone_numbers.buying.fulfilment import advance_order
from phone_numbers.buying.purchasing import place_order
from phone_numbers.models import NumberOrder
from telephony.carriers import get_carrier
from telephony.carriers.base import NumberQuery, NumberType, Offer
from telephony.carriers.sandbox.faults import Fault
from tests.conftest import AUTH_ID


@dataclass
class Turned:
    """A clock that stands still until it is turned. Called, it tells the time."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock(now: datetime) -> Turned:
    return Turned(now)


@pytest.fixture
def by(alice: User) -> Actor:
    return Actor(Channel.BROWSER, "Alice", alice, "req_test0001")


@dataclass
class Carrier:
    """The sandbox, seen from outside: what our account there bought and has."""

    server: Any
    account: str = AUTH_ID

    def breaks(self, kind: str, seconds: float | None = None, on: str = "buy", times: int = 1) -> None:
        with self.server.state.locked() as contents:
            for _ in range(times):
                contents.plan.force(on, Fault.of(kind, seconds))

    def sales(self, e164: str) -> int:
        self.server.state.settle()
        sales = self.server.state.sales()
        return sum(sale.account == self.account and sale.number == e164[1:] for sale in sales)

    def owns(self, e164: str) -> bool:
        self.server.state.settle()
        return any(owned.number == e164[1:] for owned in self.server.state.owned_by(self.account))

    def requests(self, verb: str) -> int:
        return sum(seen.method == verb for seen in self.server.state.requests)


@pytest.fixture
def carrier(sandbox: Any) -> Carrier:
    return Carrier(sandbox)


@pytest.fixture
def offers(carrier: Carrier) -> Iterator[Offer]:
    """American local numbers the sandbox sells, none of them magic."""
    query = NumberQuery(country="US", type=NumberType.LOCAL)
    return (offer for offer in get_carrier("plivo").search(query, limit=20) if offer.e164[-4:-2] != "90")


@pytest.fixture
def order(workspace: Workspace, offers: Iterator[Offer], by: Actor, now: datetime) -> NumberOrder:
    """A placed order for a number the sandbox sells."""
    return place(workspace, next(offers), by, now)


KEYS = count()


def place(
    workspace: Workspace, offer: Offer, by: Actor, now: datetime, carrier: str = "plivo"
) -> NumberOrder:
    return place_order(
        workspace,
        offer,
        carrier=carrier,
        idempotency_key=f"key-{next(KEYS)}",
        expected_total=None,
        by=by,
        now=now,
    )


@pytest.fixture
def advance(clock: Turned) -> Callable[[NumberOrder], NumberOrder]:
    """Move the order one step at the clock's time and read it again."""

    def advance(order: NumberOrder) -> NumberOrder:
        advance_order(order.pk, tell=clock)
        return NumberOrder.objects.select_related("number", "workspace").get(pk=order.pk)

    return advance


@pytest.fixture
def advance_until_settled(clock: Turned, advance: Callable[[NumberOrder], NumberOrder]) -> Any:
    """Do what sweeper and worker do, without waiting: turn the clock to when the order is due."""

    def advance_until_settled(order: NumberOrder, steps: int = 60) -> NumberOrder:
        for _ in range(steps):
            order.refresh_from_db()
            if not order.is_open:
                return order
            clock.now = max(clock.now, order.next_run_at)
            order = advance(order)
        raise AssertionError(f"{order} is still {order.status} after {steps} steps")

    return advance_until_settled

"""A worker that slept through its lease …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dialnexa import wallet
from dialnexa.errors import IllegalTransition
from phone_numbers.fulfilment import claim, settle_failure
from phone_numbers.models import NumberOrder, PurchaseAttempt
from phone_numbers.outcomes import WORKER, doubt, put_back, reject
from phone_numbers.settling import doubt_lost_worker, note_absence
from telephony.carriers.base import Exchange, NumberUnavailable, RateLimited, ServerError
from telephony.models import CarrierExchange
from tests.numbers.conftest import Carrier, Turned

pytestmark = pytest.mark.django_db

Sleeper = tuple[NumberOrder, PurchaseAttempt]
SAID = Exchange("plivo", "POST", "https://carrier.example/", "", 404, "not found", "", 12)


@pytest.fixture
def sleeper(order: NumberOrder, clock: Turned, carrier: Carrier, settings: Any) -> Sleeper:
    """It claimed the order and slept; by now the order was settled and is being bought by somebody else."""
    mine = NumberOrder.objects.select_related("workspace", "number").get(pk=order.pk)
    attempt = claim(mine, now=clock.now)
    clock.turn(seconds=settings.PURCHASE_LEASE)
    other = NumberOrder.objects.get(pk=order.pk)
    doubt_lost_worker(other, now=clock.now)
    other.transition("retry", by=WORKER, now=clock.now, next_run_at=clock.now)
    claim(other, now=clock.now)
    return mine, attempt


def picture(order: NumberOrder) -> dict[str, Any]:
    return dict(NumberOrder.objects.filter(pk=order.pk).values().get())


DECISIONS: dict[str, Callable[[NumberOrder, PurchaseAttempt, Any], None]] = {
    "put it back": lambda order, attempt, now: put_back(order, attempt, "Woke up", now=now),
    "doubt it": lambda order, attempt, now: doubt(order, "Woke up", now=now),
    "reject it": lambda order, attempt, now: reject(
        order, "number_unavailable", "Gone.", by=WORKER, now=now, expect={"fence": attempt.n}
    ),
}


@pytest.mark.parametrize("decision", DECISIONS)
def test_can_not(decision: str, sleeper: Sleeper, clock: Turned) -> None:
    order, attempt = sleeper
    before = picture(order)
    with pytest.raises(IllegalTransition):
        DECISIONS[decision](order, attempt, clock.now)
    assert picture(order) == before
    assert wallet.held(order.workspace) == order.total


@pytest.mark.parametrize("error", [NumberUnavailable("not found"), ServerError("oops"), RateLimited("slow")])
def test_changes_nothing_by_a_late_answer_but_keeps_what_was_said(
    error: Any, sleeper: Sleeper, clock: Turned
) -> None:
    order, attempt = sleeper
    before = picture(order)
    settle_failure(order, attempt, error, [SAID], now=clock.now)
    assert picture(order) == before
    assert wallet.held(order.workspace) == order.total
    assert CarrierExchange.objects.get(about=order.id).response_body == "not found"


@pytest.mark.parametrize("missed_before", [False, True])
def test_proves_no_absence_for_a_later_doubt(
    missed_before: bool, sleeper: Sleeper, clock: Turned, settings: Any
) -> None:
    """It looked after the first doubt, slept, and the order is in doubt again, about another request."""
    order, _ = sleeper
    order.status = NumberOrder.Status.UNCERTAIN
    order.doubted_at = clock.now - timedelta(seconds=settings.SETTLE_WINDOW + settings.SETTLE_SPACING)
    order.missed_at = clock.now - timedelta(seconds=settings.SETTLE_SPACING) if missed_before else None
    doubt(NumberOrder.objects.get(pk=order.pk), "Again", now=clock.now)
    before = picture(order)
    note_absence(order, now=clock.now)
    after = picture(order)
    assert after == before


def test_can_not_claim_what_another_has_claimed_and_put_back(order: NumberOrder, clock: Turned) -> None:
    mine = NumberOrder.objects.get(pk=order.pk)
    other = NumberOrder.objects.get(pk=order.pk)
    put_back(other, claim(other, now=clock.now), "Held up", now=clock.now)
    with pytest.raises(IllegalTransition):
        claim(mine, now=clock.now)
    assert order.attempts.count() == 1

"""A worker that slept through its lease …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from dialnexa import wallet
from dialnexa.audit import entries_about
from dialnexa.errors import IllegalTransition
from phone_numbers.buying import fulfilment
from phone_numbers.buying.fulfilment import advance_order, claim, settle_failure
from phone_numbers.buying.outcomes import WORKER, doubt, put_back, reject
from phone_numbers.buying.settling import doubt_lost_worker, flag_for_review, look_up, note_absence
from phone_numbers.models import NumberOrder, PhoneNumber, PurchaseAttempt
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


def test_gives_up_no_purchase_that_another_has_taken_over(
    sleeper: Sleeper, clock: Turned, settings: Any
) -> None:
    """It could not send for as long as we try, and says so late."""
    settings.PURCHASE_GIVE_UP = 0
    order, attempt = sleeper
    before = picture(order)
    settle_failure(order, attempt, RateLimited("slow"), [SAID], now=clock.now)
    assert picture(order) == before
    assert wallet.held(order.workspace) == order.total


def test_rejects_no_purchase_that_another_takes_over_while_it_decides(
    order: NumberOrder, clock: Turned, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer came late. The order waits to be bought again, and is taken just before it says no."""
    mine = NumberOrder.objects.select_related("workspace", "number").get(pk=order.pk)
    attempt = claim(mine, now=clock.now)
    clock.turn(seconds=settings.PURCHASE_LEASE)
    other = NumberOrder.objects.get(pk=order.pk)
    doubt_lost_worker(other, now=clock.now)
    other.transition("retry", by=WORKER, now=clock.now, next_run_at=clock.now)
    look = fulfilment._may_be_ours

    def taken_over(*args: Any) -> bool:
        seen = look(*args)
        claim(other, now=clock.now)
        return seen

    monkeypatch.setattr(fulfilment, "_may_be_ours", taken_over)
    with transaction.atomic():
        settle_failure(mine, attempt, NumberUnavailable("not found"), [SAID], now=clock.now)
        other.refresh_from_db()
    assert wallet.held(order.workspace) == order.total
    assert PhoneNumber.objects.get(pk=order.number_id).status == "pending"
    assert NumberOrder.objects.get(pk=order.pk).failure_code == ""


@pytest.mark.parametrize("attempts", [1, 3])
def test_ends_no_later_doubt(attempts: int, sleeper: Sleeper, clock: Turned, settings: Any) -> None:
    """Missing twice, it thinks; but the doubt is about another request by now."""
    settings.PURCHASE_MAX_ATTEMPTS = attempts
    order, _ = sleeper
    order.status = NumberOrder.Status.UNCERTAIN
    order.doubted_at = clock.now - timedelta(seconds=settings.SETTLE_WINDOW + settings.SETTLE_SPACING)
    order.missed_at = clock.now - timedelta(seconds=settings.SETTLE_SPACING)
    doubt(NumberOrder.objects.get(pk=order.pk), "Again", now=clock.now)
    before, asked = picture(order), list(order.attempts.order_by("n").values_list("outcome", flat=True))
    note_absence(order, now=clock.now)
    assert picture(order) == before
    assert list(order.attempts.order_by("n").values_list("outcome", flat=True)) == asked
    assert wallet.held(order.workspace) == order.total


# --- that slept while it looked -----------------------------------------------------------------------


@pytest.fixture
def settled_meanwhile(order: NumberOrder, clock: Turned, carrier: Carrier) -> NumberOrder:
    """The order in doubt as the sleeper has it in mind; by now somebody else has learned of the sale."""
    carrier.breaks("error_after")
    advance_order(order.pk, tell=clock)
    mine = NumberOrder.objects.select_related("workspace", "number").get(pk=order.pk)
    assert mine.status == NumberOrder.Status.UNCERTAIN
    look_up(NumberOrder.objects.select_related("workspace", "number").get(pk=order.pk), now=clock.now)
    assert NumberOrder.objects.get(pk=order.pk).status == NumberOrder.Status.FULFILLED
    return mine


def test_asks_nobody_to_look_at_what_was_settled_meanwhile(
    settled_meanwhile: NumberOrder, clock: Turned, settings: Any
) -> None:
    before = picture(settled_meanwhile)
    settings.CARRIERS["plivo"]["base_url"] = "http://127.0.0.1:9"
    look_up(settled_meanwhile, now=clock.turn(seconds=settings.REVIEW_AFTER + 1))
    assert picture(settled_meanwhile) == before
    flag_for_review(settled_meanwhile, "No clear answer", now=clock.now)
    assert picture(settled_meanwhile) == before
    assert not entries_about([settled_meanwhile.id]).filter(event="flag_for_review").exists()


@pytest.mark.parametrize("missed_before", [False, True])
def test_notes_no_absence_of_what_was_settled_meanwhile(
    missed_before: bool, settled_meanwhile: NumberOrder, clock: Turned, settings: Any
) -> None:
    before = picture(settled_meanwhile)
    clock.turn(seconds=settings.SETTLE_WINDOW + settings.SETTLE_SPACING)
    settled_meanwhile.missed_at = clock.now if missed_before else None
    note_absence(settled_meanwhile, now=clock.now)
    assert picture(settled_meanwhile) == before


def test_can_not_claim_what_another_has_claimed_and_put_back(order: NumberOrder, clock: Turned) -> None:
    mine = NumberOrder.objects.get(pk=order.pk)
    other = NumberOrder.objects.get(pk=order.pk)
    put_back(other, claim(other, now=clock.now), "Held up", now=clock.now)
    with pytest.raises(IllegalTransition):
        claim(mine, now=clock.now)
    assert order.attempts.count() == 1

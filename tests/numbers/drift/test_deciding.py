"""Staff, about a difference from a carrier's list …"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest

from dialnexa import wallet
from dialnexa.actors import SYSTEM, Actor
from dialnexa.clock import now as clock_now
from dialnexa.errors import IllegalTransition, Refusal
from dialnexa.models import LedgerEntry, Notice, Workspace
from dialnexa.money import CENT
from phone_numbers.buying import strays
from phone_numbers.drift import deciding
from phone_numbers.drift.adopting import adopt_into_pool, adopt_orphan
from phone_numbers.drift.ghosts import confirm_ghost
from phone_numbers.drift.giving_back import release_ghost, release_orphan
from phone_numbers.drift.recent import ask_about_recent
from phone_numbers.inbound.pointing import point_number
from phone_numbers.models import (
    CarrierSweep,
    Drift,
    NumberOrder,
    PhoneNumber,
    Rental,
    RentalCharge,
    StrayNumber,
)
from phone_numbers.renting.assigning import assign
from phone_numbers.support import reject_by_staff
from telephony.carriers import get_carrier
from telephony.carriers.base import NumberConfig, Offer
from tests.conftest import AUTH_ID
from tests.numbers.conftest import Carrier, Turned, place
from tests.numbers.drift.conftest import Change, Own, Sweep, drifts
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
ORPHAN = "14155550001"
WHY = "Looked at it"
Decide = Callable[..., Any]


@pytest.fixture
def decide(by: Actor, clock: Turned) -> Decide:
    def decide(verb: Callable[..., Any], drift: Drift) -> Any:
        return verb(again(drift), by=by, now=clock.now, reason=WHY)

    return decide


def again(drift: Drift) -> Drift:
    return Drift.objects.get(pk=drift.pk)


@pytest.fixture
def orphan(own: Own, change: Change, sweep: Sweep) -> Drift:
    """Plivo has it, nobody ever ordered it, and two sweeps agree."""
    own()
    change("own", number=ORPHAN, account=AUTH_ID)
    sweep()
    sweep()
    return Drift.objects.get()


@pytest.fixture
def ordered(
    workspace: Workspace, offers: Iterator[Offer], by: Actor, clock: Turned, own: Own, sweep: Sweep
) -> Drift:
    """Plivo sold it after its order had been rejected."""
    own()
    order = place(workspace, next(offers), by, clock.now)
    reject_by_staff(order, by=by, now=clock.now, reason="Too early")
    get_carrier("plivo").buy(order.e164, intent_id=order.id, config=NumberConfig())
    sweep()
    sweep()
    return Drift.objects.get()


def altered(own: Own, change: Change, sweep: Sweep, **told: Any) -> Drift:
    """One that Plivo describes otherwise, in two sweeps."""
    number = own()
    change("alter", number=number.e164[1:], **told)
    sweep()
    sweep()
    return Drift.objects.get()


# --- adopting ---------------------------------------------------------------------------------------


def test_give_an_orphan_to_who_ordered_it(ordered: Drift, decide: Decide, workspace: Workspace) -> None:
    had = wallet.balance(workspace)
    order = decide(adopt_orphan, ordered)
    assert (order.status, order.number.status, order.workspace) == ("fulfilled", "active", workspace)
    assert order.number.carrier_number_id == ordered.carrier_number_id
    assert had - wallet.balance(workspace) == order.total == order.monthly_price
    assert Rental.objects.get().number == order.number
    assert drifts() == [("orphan", "adopted", True)]
    assert again(ordered).reason == WHY
    assert "is yours after all" in Notice.objects.latest("created_at").title


def test_give_it_once(ordered: Drift, decide: Decide, workspace: Workspace) -> None:
    decide(adopt_orphan, ordered)
    left = wallet.balance(workspace)
    with pytest.raises(Refusal, match="drift_decided"):
        decide(adopt_orphan, ordered)
    assert wallet.balance(workspace) == left


def test_can_not_give_it_to_who_can_not_pay(ordered: Drift, decide: Decide, workspace: Workspace) -> None:
    place_all_money_on_hold(workspace)
    with pytest.raises(Refusal, match="wallet_insufficient"):
        decide(adopt_orphan, ordered)
    assert drifts() == [("orphan", "open", True)]
    assert not PhoneNumber.objects.filter(e164=ordered.e164, status="active").exists()


def place_all_money_on_hold(workspace: Workspace) -> None:
    everything = wallet.balance(workspace)
    wallet.hold(workspace, everything, subject="ord_x", memo="All", by=SYSTEM, now=clock_now())


def test_can_not_give_away_what_nobody_ordered(orphan: Drift, decide: Decide) -> None:
    with pytest.raises(Refusal, match="no_order_to_adopt"):
        decide(adopt_orphan, orphan)


def test_keep_an_orphan_for_whoever_wants_it(orphan: Drift, decide: Decide, carrier: Carrier) -> None:
    pooled = decide(adopt_into_pool, orphan)
    number = pooled.number
    assert (number.workspace.is_pool, number.status, number.e164) == (True, "active", orphan.e164)
    assert number.carrier_number_id == orphan.carrier_number_id
    assert (pooled.came_from, pooled.release_at, pooled.closed_at) == (None, None, None)
    assert drifts() == [("orphan", "adopted", True)]
    assert carrier.owns(orphan.e164)


def test_give_a_kept_orphan_to_a_workspace_at_once(
    orphan: Drift, decide: Decide, workspace: Workspace, by: Actor, clock: Turned
) -> None:
    pooled = decide(adopt_into_pool, orphan)
    number = assign(pooled, workspace, by=by, now=clock.now)
    assert (number.workspace, number.carrier_number_id) == (workspace, orphan.carrier_number_id)
    assert Rental.objects.get(number=number).carrier_anchor == pooled.carrier_anchor


# --- giving back ------------------------------------------------------------------------------------


def test_give_an_orphan_back_by_its_own_id(
    orphan: Drift, decide: Decide, carrier: Carrier, clock: Turned, sweep: Sweep
) -> None:
    stray = decide(release_orphan, orphan)
    assert strays.take_due_strays(now=clock.now) == [stray.pk]
    strays.tell_carrier(stray.pk, tell=clock)
    assert not carrier.owns(f"+{ORPHAN}")
    assert drifts() == [("orphan", "released", True)]
    assert StrayNumber.objects.get().resolved_at == clock.now
    sweep()
    assert drifts() == [("orphan", "released", True)]


def test_see_a_stray_and_its_orphan_as_one(
    orphan: Drift, decide: Decide, sweep: Sweep, clock: Turned
) -> None:
    stray = StrayNumber.objects.create(
        carrier="plivo", e164=f"+{ORPHAN}", carrier_number_id=ORPHAN, evidence="Late", found_at=clock.now
    )
    sweep()
    assert (drifts(), again(orphan).stray) == ([("orphan", "open", True)], stray)
    assert decide(release_orphan, orphan) == stray
    sweep()
    assert drifts() == [("orphan", "released", True)]


@pytest.mark.parametrize("verb", [release_orphan, adopt_orphan])
def test_can_not_act_on_one_sighting(
    verb: Callable[..., Any], own: Own, change: Change, sweep: Sweep, decide: Decide, carrier: Carrier
) -> None:
    own()
    change("own", number=ORPHAN, account=AUTH_ID)
    sweep()
    with pytest.raises(Refusal, match="drift_seen_once"):
        decide(verb, Drift.objects.get())
    assert carrier.owns(f"+{ORPHAN}")


def test_can_not_give_back_what_is_otherwise_by_now(
    orphan: Drift, decide: Decide, change: Change, carrier: Carrier
) -> None:
    change("disown", number=ORPHAN)
    change("take", number=ORPHAN)
    with pytest.raises(Refusal, match="drift_changed"):
        decide(release_orphan, orphan)
    assert (drifts(), StrayNumber.objects.count()) == ([("orphan", "open", True)], 0)


def test_can_not_give_back_what_somebody_has_meanwhile(
    orphan: Drift, decide: Decide, workspace: Workspace
) -> None:
    make_number(workspace, f"+{ORPHAN}")
    with pytest.raises(Refusal, match="stray_in_use"):
        decide(release_orphan, orphan)
    assert (drifts(), StrayNumber.objects.count()) == ([("orphan", "open", True)], 0)


def test_can_not_give_back_many_in_an_hour(
    own: Own, change: Change, sweep: Sweep, decide: Decide, settings: Any, clock: Turned
) -> None:
    settings.DRIFT_RELEASES_AN_HOUR = 2
    own()
    for n in range(3):
        change("own", number=f"1415555000{n}", account=AUTH_ID)
    sweep()
    sweep()
    first, second, third = Drift.objects.all()
    decide(release_orphan, first)
    decide(release_orphan, second)
    with pytest.raises(Refusal, match="too_many_releases"):
        decide(release_orphan, third)
    clock.turn(minutes=61)
    decide(release_orphan, third)
    assert drifts() == [("orphan", "released", True)] * 3


def test_can_not_give_back_while_a_list_is_not_believed(
    orphan: Drift, own: Own, change: Change, sweep: Sweep, decide: Decide
) -> None:
    for number in PhoneNumber.objects.all():
        change("disown", number=number.e164[1:])
    assert CarrierSweep.objects.get(pk=sweep().pk).alarm
    with pytest.raises(Refusal, match="sweep_not_believed"):
        decide(release_orphan, orphan)


def test_give_up_a_ghost(own: Own, change: Change, sweep: Sweep, decide: Decide, clock: Turned) -> None:
    lost, _ = own(), own()
    make_rental(lost, clock.now)
    change("disown", number=lost.e164[1:])
    sweep()
    sweep()
    drift = Drift.objects.get()
    with pytest.raises(Refusal, match="ghost_not_confirmed"):
        decide(release_ghost, drift)
    confirm_ghost(drift.pk, tell=clock)
    decide(release_ghost, drift)
    lost.refresh_from_db()
    assert (lost.status, lost.rental.ended_at, drifts()) == (
        "releasing",
        clock.now,
        [("ghost", "released", True)],
    )


def test_return_the_rent_a_ghost_did_not_use(
    own: Own, change: Change, sweep: Sweep, decide: Decide, clock: Turned, by: Actor, workspace: Workspace
) -> None:
    lost, _ = own(), own()
    rental = make_rental(lost, clock.now + timedelta(days=20))
    paid = paid_for(rental, by, clock.now)
    change("disown", number=lost.e164[1:])
    sweep()
    sweep()
    confirm_ghost(Drift.objects.get().pk, tell=clock)
    left = paid.ends_at - clock.now
    clock.turn(days=3)  # counts from the loss, however late somebody decides
    had = wallet.balance(workspace)
    decide(release_ghost, Drift.objects.get())
    back = (paid.amount * Decimal(left / (paid.ends_at - paid.starts_at))).quantize(CENT, ROUND_DOWN)
    assert Decimal("61.00") < back < Decimal("61.40")
    assert wallet.balance(workspace) == had + back
    assert LedgerEntry.objects.get(kind="refund").reference == f"refund_rent:{lost.pk}:0"


def paid_for(rental: Rental, by: Actor, now: datetime) -> RentalCharge:
    """Its month, charged as purchases are: held first."""
    told: dict[str, Any] = {"subject": rental.pk, "memo": "Rent", "by": by, "now": now}
    wallet.hold(rental.workspace, rental.monthly_price, **told)
    entry = wallet.capture(rental.workspace, **told)
    return RentalCharge.objects.create(
        rental=rental,
        workspace=rental.workspace,
        k=0,
        starts_at=rental.anchor,
        ends_at=rental.paid_through,
        amount=rental.monthly_price,
        currency=rental.currency,
        entry=entry,
    )


# --- repairing --------------------------------------------------------------------------------------


def test_reckon_with_the_carriers_price(own: Own, change: Change, sweep: Sweep, decide: Decide) -> None:
    drift = altered(own, change, sweep, monthly="1.20")
    decide(deciding.repair, drift)
    number = PhoneNumber.objects.get()
    assert (number.carrier_monthly_cost, number.carrier_currency) == (Decimal("1.2"), "USD")
    sweep()
    assert drifts() == [("price", "repaired", True)]


def test_point_calls_at_us_again(
    own: Own, change: Change, sweep: Sweep, decide: Decide, clock: Turned
) -> None:
    number = own(next_route_at=clock.now)
    point_number(number.pk, tell=clock)
    change("alter", number=number.e164[1:], app_id="")
    sweep()
    sweep()
    drift = Drift.objects.get(kind="route")
    decide(deciding.repair, drift)
    point_number(number.pk, tell=clock)
    number.refresh_from_db()
    assert number.carrier_route
    sweep()
    assert drifts() == [("route", "repaired", True)]


def test_take_over_the_carriers_id(own: Own, sweep: Sweep, decide: Decide) -> None:
    number = own()
    PhoneNumber.objects.filter(pk=number.pk).update(carrier_number_id="14155559999")
    sweep()
    sweep()
    decide(deciding.repair, Drift.objects.get())
    number.refresh_from_db()
    assert (number.carrier_number_id, drifts()) == (number.e164[1:], [("swapped", "repaired", True)])


def test_can_not_repair_papers_but_ask_again(
    own: Own, change: Change, sweep: Sweep, decide: Decide, clock: Turned
) -> None:
    drift = altered(own, change, sweep, papers="rejected")
    with pytest.raises(Refusal, match="drift_other_kind"):
        decide(deciding.repair, drift)
    assert decide(deciding.recheck, drift).status == "open"
    change("alter", number=drift.e164[1:], papers="accepted")
    clock.turn(minutes=1)
    assert decide(deciding.recheck, drift).status == "gone"


# --- ignoring, asking again -------------------------------------------------------------------------


def test_ignore_it_until_it_is_another(own: Own, change: Change, sweep: Sweep, decide: Decide) -> None:
    drift = altered(own, change, sweep, monthly="1.20")
    decide(deciding.ignore, drift)
    sweep()
    assert drifts() == [("price", "ignored", True)]
    with pytest.raises(IllegalTransition):
        decide(deciding.ignore, drift)
    change("alter", number=drift.e164[1:], monthly="1.30")
    sweep()
    assert drifts() == [("price", "open", False)]


def test_are_told_when_the_carrier_does_not_answer(
    own: Own, change: Change, sweep: Sweep, decide: Decide, carrier: Carrier
) -> None:
    drift = altered(own, change, sweep, monthly="1.20")
    carrier.breaks("error_before", on="get")
    with pytest.raises(Refusal, match="carrier_no_answer"):
        decide(deciding.recheck, drift)
    assert drifts() == [("price", "open", True)]


# --- recent numbers ---------------------------------------------------------------------------------


def test_need_not_wait_for_the_night_to_be_sure(
    own: Own, change: Change, sweep: Sweep, clock: Turned
) -> None:
    number = own()
    change("own", number=ORPHAN, account=AUTH_ID)
    change("alter", number=number.e164[1:], monthly="1.20")
    sweep()
    clock.turn(minutes=16)
    done = ask_about_recent("plivo", tell=clock)
    assert done is not None
    assert (done.scope, done.complete, done.counted) == ("recent", True, 2)
    assert drifts() == [("orphan", "open", True), ("price", "open", True)]


def test_hear_at_once_of_a_new_number_that_is_lost(own: Own, change: Change, clock: Turned) -> None:
    own(), own()
    lost = own(created_at=clock.now, activated_at=clock.now)
    change("disown", number=lost.e164[1:])
    clock.turn(minutes=31)
    done = ask_about_recent("plivo", tell=clock)
    assert done is not None
    assert done.counted == 1
    assert drifts() == [("ghost", "open", False)]
    clock.turn(minutes=16)
    ask_about_recent("plivo", tell=clock)
    assert drifts() == [("ghost", "open", True)]


def test_leave_open_orders_to_their_own_look_up(
    workspace: Workspace, offers: Iterator[Offer], by: Actor, clock: Turned, sweep: Sweep
) -> None:
    order = place(workspace, next(offers), by, clock.now)
    get_carrier("plivo").buy(order.e164, intent_id=order.id, config=NumberConfig())
    NumberOrder.objects.update(created_at=clock.now)
    sweep()
    sweep()
    assert drifts() == []

"""What staff decide about differences from carriers' lists: the one verb behind each."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from dialnexa.actors import Actor
from dialnexa.admin_actions import StaffAction
from dialnexa.admin_looks import exact_money
from phone_numbers.drift import deciding
from phone_numbers.drift.adopting import adopt_into_pool, adopt_orphan
from phone_numbers.drift.giving_back import release_ghost, release_orphan
from phone_numbers.drift.refunds import unused_rent
from phone_numbers.drift.sweeps import ask_for_sweep
from phone_numbers.models import CarrierSweep, Drift, NumberOrder
from telephony.carriers import carrier_slugs

Kind, Status = Drift.Kind, Drift.Status
CHANGE = "numbers.change_drift"


def _recheck(drift: Drift, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    after = deciding.recheck(drift, by=by, now=now, reason=data["reason"])
    if after.status == Status.GONE:
        return "gone: the carrier and we agree again."
    agreed = "two sweeps agree." if after.agreed_at else "seen, but too soon after the first time to count."
    return f"still so, and {agreed}"


def _adopt(drift: Drift, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    order = adopt_orphan(drift, by=by, now=now, reason=data["reason"])
    paid = exact_money(order.total, order.currency)
    return f"is {order.workspace}’s now, which paid {paid}."


def _pool(drift: Drift, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    pooled = adopt_into_pool(drift, by=by, now=now, reason=data["reason"])
    return f"kept without an owner ({pooled.number_id}): give it to a workspace there."


def _repair(drift: Drift, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    deciding.repair(drift, by=by, now=now, reason=data["reason"])
    return {
        Kind.ROUTE: "its calls are pointed at us again within seconds.",
        Kind.PRICE: "we reckon with the carrier’s price from now on.",
        Kind.SWAPPED: "the carrier’s id for it is ours now; its calls are pointed at us again.",
    }[Kind(drift.kind)]


def _release(drift: Drift, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    if drift.kind == Kind.GHOST:
        release_ghost(drift, by=by, now=now, reason=data["reason"])
        return "given up: it has left its workspace, and unused rent is back in the wallet."
    stray = release_orphan(drift, by=by, now=now, reason=data["reason"])
    return f"being given back ({stray.pk}): the carrier is told until it is certain."


def _ignore(drift: Drift, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    deciding.ignore(drift, by=by, now=now, reason=data["reason"])
    return "ignored, until it is another difference."


def _sweep(sweep: CarrierSweep, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    begun = ask_for_sweep(sweep.carrier, by=by, now=now, reason=data["reason"])
    return (
        f"a worker reads {begun.get_carrier_display()}’s list now ({begun.pk}); reload to see how far it is."
    )


def _says(drift: Drift) -> str:
    cost = (
        f" It costs {exact_money(drift.monthly_cost, drift.currency)} a month." if drift.monthly_cost else ""
    )
    return " ".join(drift.evidence) + cost


def _says_what_goes_back(drift: Drift) -> str:
    unused = unused_rent(drift.number) if drift.kind == Kind.GHOST and drift.number else []
    if not unused:
        return _says(drift)
    total = exact_money(sum((amount for _, amount in unused), Decimal(0)), unused[0][0].currency)
    return f"{_says(drift)} {total} of unused rent goes back to the wallet."


def _says_whose(drift: Drift) -> str:
    return f"Ordered by {drift.order.workspace}. {_says(drift)}" if drift.order else _says(drift)


def _is_adoptable(drift: Drift) -> bool:
    refused = drift.order is not None and drift.order.status == NumberOrder.Status.REJECTED
    return _is_agreed(drift, Kind.ORPHAN) and refused


def _is_agreed(drift: Drift, *kinds: str) -> bool:
    return drift.agreed_at is not None and drift.kind in kinds


def _is_releasable(drift: Drift) -> bool:
    lost = drift.number is not None and drift.number.missing_since is not None
    return _is_agreed(drift, Kind.ORPHAN) or (_is_agreed(drift, Kind.GHOST) and lost)


RECHECK = StaffAction(
    name="recheck",
    label="Ask the carrier now",
    explains="The carrier is asked here and now (up to 20 seconds) for exactly this number. The answer "
    "counts as a sweep: it may agree with an earlier one, or show that the difference is gone.",
    run=_recheck,
    permission=CHANGE,
    states=Drift.SEEN,
    says=_says,
    single=True,
)
ADOPT = StaffAction(
    name="adopt",
    label="Give it to who ordered it",
    explains="The workspace whose order was refused gets the number and pays its first month at today’s "
    "price, as if it had bought it now; the setup is not charged. Ask its people first. The carrier is asked "
    "once more before.",
    run=_adopt,
    permission=CHANGE,
    states=(Status.OPEN,),
    fits=_is_adoptable,
    says=_says_whose,
    single=True,
    final=True,
)
POOL = StaffAction(
    name="pool",
    label="Keep it for a workspace",
    explains="It becomes a number without an owner, which costs us the carrier’s rent until support gives it "
    "to a workspace or back. The carrier is asked once more before.",
    run=_pool,
    permission=CHANGE,
    states=(Status.OPEN,),
    fits=lambda drift: _is_agreed(drift, Kind.ORPHAN),
    says=_says,
    single=True,
    final=True,
)
REPAIR = StaffAction(
    name="repair",
    label="Repair",
    explains="Calls are pointed at us again; of a price, the carrier’s is the one we reckon with; of an id, "
    "the carrier’s is taken over after it was asked once more.",
    run=_repair,
    permission=CHANGE,
    states=(Status.OPEN,),
    fits=lambda drift: _is_agreed(drift, Kind.ROUTE, Kind.PRICE, Kind.SWAPPED),
    says=_says,
)
RELEASE = StaffAction(
    name="release",
    label="Release",
    explains="An orphan goes back to the carrier by the carrier’s own id, after it was asked once more. A "
    "ghost leaves its workspace for good, and the rent paid for the time since it was lost is returned.",
    run=_release,
    permission=CHANGE,
    states=(Status.OPEN,),
    fits=_is_releasable,
    says=_says_what_goes_back,
    single=True,
    final=True,
    danger=True,
)
IGNORE = StaffAction(
    name="ignore",
    label="Ignore",
    explains="It stays as it is and leaves the desk, until it is another difference than now.",
    run=_ignore,
    permission=CHANGE,
    states=(Status.OPEN,),
    says=_says,
)
SWEEP = StaffAction(
    name="sweep",
    label="Read the list now",
    explains="The carrier’s whole list of our numbers is read from its beginning by a worker, page by page, "
    "and compared with ours once it is complete.",
    run=_sweep,
    permission="numbers.change_carriersweep",
    fits=lambda sweep: sweep.carrier in carrier_slugs(),
    says=lambda sweep: f"The list of {sweep.get_carrier_display()}.",
    single=True,
)

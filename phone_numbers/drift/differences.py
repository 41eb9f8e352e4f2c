"""What differs between a sweep and our numbers, told in sentences.

Whatever was bought, changed or given back since shortly before the sweep began is left alone: the list may
show it as it was before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from dialnexa.money import format_exactly
from phone_numbers.buying.quoting import label_of
from phone_numbers.models import CarrierListing, CarrierSweep, Drift, NumberOrder, PhoneNumber, StrayNumber
from telephony.carriers.base import BuyStatus

Kind = Drift.Kind
Row = dict[str, Any]
Listed = dict[str, Row]
TOLD = ("e164", "carrier_number_id", "monthly_cost", "currency", "route", "papers", "acquired_at")
SHOWN = (
    *("id", "e164", "status", "carrier_number_id", "carrier_monthly_cost", "carrier_currency"),
    *("carrier_route", "route_set_at", "next_route_at"),
)
OURS = ("active", "pending")  # releasing ones are on their way out
UNUSABLE = {
    BuyStatus.PENDING_COMPLIANCE.value: "its papers are being looked at",
    BuyStatus.PAPERS_REFUSED.value: "its papers are refused",
    BuyStatus.PENDING_CARRIER.value: "it is not switched on yet",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One difference. ``fact`` is the same as long as the difference is."""

    kind: str
    e164: str
    fact: str
    evidence: list[str]
    told_id: str = ""
    cost: Decimal | None = None  # what the difference costs a month
    price: Decimal | None = None  # what the carrier charges a month
    currency: str = ""
    links: dict[str, Any] = field(default_factory=dict)  # number_id, order_id, stray_id


def find_differences(sweep: CarrierSweep) -> Iterator[Found]:
    """All of them, of a complete sweep. A handful of queries, joined here: however many numbers there are."""
    rows = CarrierListing.objects.filter(sweep=sweep, owned=True).order_by("e164").values(*TOLD)
    listed = {row["e164"]: row for row in rows}
    yield from _orphans(sweep, listed)
    yield from (_ghost(sweep, row) for row in ghosts_of(sweep).values(*SHOWN))
    for row in settled_numbers(sweep).order_by("e164").values(*SHOWN).iterator():
        if told := listed.get(row["e164"]):
            yield from _compared(sweep, row, told)


def edge_of(sweep: CarrierSweep) -> datetime:
    """What has changed since is left alone."""
    return sweep.started_at - timedelta(seconds=settings.DRIFT_MARGIN)


def settled_numbers(sweep: CarrierSweep) -> QuerySet[PhoneNumber]:
    """Our numbers at the carrier that have been what they are since before the sweep."""
    edge = edge_of(sweep)
    ours = PhoneNumber.objects.filter(carrier=sweep.carrier, status__in=OURS, created_at__lt=edge)
    bought = Q(order__isnull=True) | Q(order__finished_at__lt=edge)
    active = Q(activated_at__isnull=True) | Q(activated_at__lt=edge)
    return ours.filter(bought & active).exclude(carrier_number_id="")


def ghosts_of(sweep: CarrierSweep) -> QuerySet[PhoneNumber]:
    """Numbers we show that the sweep does not have: not on the whole list, or denied when asked for."""
    told = CarrierListing.objects.filter(sweep=sweep, e164=OuterRef("e164"))
    if sweep.scope == CarrierSweep.Scope.FULL:
        return settled_numbers(sweep).filter(~Exists(told))
    return settled_numbers(sweep).filter(Exists(told.filter(owned=False)))


def _ghost(sweep: CarrierSweep, row: Row) -> Found:
    carrier, whose = label_of(sweep.carrier), row["id"]
    asked = (
        f"{carrier}’s list of {sweep.counted} numbers, read completely, does not have it."
        if sweep.scope == CarrierSweep.Scope.FULL
        else f"{carrier} was asked for exactly this number and says that it is not ours."
    )
    evidence = [asked, f"We show it as {row['status']} ({whose}), as {row['carrier_number_id']} there."]
    return Found(
        kind=Kind.GHOST,
        e164=row["e164"],
        fact=row["carrier_number_id"],
        evidence=evidence,
        told_id=row["carrier_number_id"],
        cost=row["carrier_monthly_cost"],
        currency=row["carrier_currency"],
        links={"number_id": row["id"]},
    )


# --- orphans ----------------------------------------------------------------------------------------


def _orphans(sweep: CarrierSweep, listed: Listed) -> Iterator[Found]:
    """Listed, and nobody's here. An open order looks its number up itself."""
    unclaimed = listed.keys() - _claimed(sweep)
    there = {"carrier": sweep.carrier, "e164__in": unclaimed}
    numbers = dict(PhoneNumber.objects.filter(**there).order_by("created_at").values_list("e164", "id"))
    strays = dict(StrayNumber.objects.filter(**there, resolved_at=None).values_list("e164", "id"))
    placed = NumberOrder.objects.filter(**there).order_by("created_at")
    orders = {e164: (pk, status) for e164, pk, status in placed.values_list("e164", "id", "status")}
    for e164 in sorted(unclaimed):
        order_id, status = orders.get(e164, (None, ""))
        links = {
            "number_id": numbers.get(e164),
            "order_id": order_id,
            "stray_id": strays.get(e164),
        }
        yield _orphan(sweep, listed[e164], links, status)


def _claimed(sweep: CarrierSweep) -> set[str]:
    """Numbers that somebody here has, had a moment ago, or is about to have or to give back."""
    edge, there = edge_of(sweep), {"carrier": sweep.carrier}
    live = PhoneNumber.objects.filter(Q(status__in=PhoneNumber.LIVE) | Q(released_at__gte=edge), **there)
    moving = Q(status__in=NumberOrder.OPEN) | Q(created_at__gte=edge) | Q(finished_at__gte=edge)
    orders = NumberOrder.objects.filter(moving, **there)
    leaving = Q(resolved_at=None, releasing_since__isnull=False) | Q(resolved_at__gte=edge)
    strays = StrayNumber.objects.filter(leaving, **there)
    return {e164 for rows in (live, orders, strays) for e164 in rows.values_list("e164", flat=True)}


def _orphan(sweep: CarrierSweep, told: Row, links: Row, order_status: str) -> Found:
    since = f", since {told['acquired_at']:%d %b %Y}" if told["acquired_at"] else ""
    evidence = [f"{label_of(sweep.carrier)} lists it as ours ({told['carrier_number_id']}{since})."]
    evidence.append(
        f"The last order for it ({links['order_id']}) was {order_status}."
        if order_status
        else "No order for it is known here."
    )
    if links["stray_id"]:
        evidence.append(f"It is known as a stray number ({links['stray_id']}).")
    evidence.append("No live number of ours stands for it.")
    return Found(
        kind=Kind.ORPHAN,
        e164=told["e164"],
        fact=told["carrier_number_id"],
        evidence=evidence,
        told_id=told["carrier_number_id"],
        cost=told["monthly_cost"],
        price=told["monthly_cost"],
        currency=told["currency"],
        links=links,
    )


# --- numbers both sides have ------------------------------------------------------------------------


def _is_pointed(sweep: CarrierSweep, row: Row) -> bool:
    """Its calls were pointed at us before the sweep, and nobody is at it now."""
    since = row["route_set_at"]
    done = row["status"] == "active" and row["carrier_route"] and not row["next_route_at"]
    return bool(done and since and since < edge_of(sweep))


def _compared(sweep: CarrierSweep, row: Row, told: Row) -> Iterator[Found]:
    """Under another id it is another rental: then nothing else can be compared."""
    carrier = label_of(sweep.carrier)
    if told["carrier_number_id"] != row["carrier_number_id"]:
        says = f"{carrier} has it as {told['carrier_number_id']}; we have it as {row['carrier_number_id']}."
        yield _difference(Kind.SWAPPED, row, told, says)
        return
    yield from _dearer(carrier, row, told)
    if _is_pointed(sweep, row) and told["route"] != row["carrier_route"]:
        goes = told["route"] or "nowhere"
        says = f"Its calls go to {goes} at {carrier}; we had pointed them at {row['carrier_route']}."
        yield _difference(Kind.ROUTE, row, told, says)
    if row["status"] == "active" and (why := UNUSABLE.get(told["papers"])):
        yield _difference(Kind.COMPLIANCE, row, told, f"We show it as active; {carrier} says that {why}.")


def _dearer(carrier: str, row: Row, told: Row) -> Iterator[Found]:
    """Or cheaper. In another currency nobody can say by how much."""
    ours, theirs = row["carrier_monthly_cost"], told["monthly_cost"]
    same_money = ours is None or row["carrier_currency"] == told["currency"]
    if theirs is None or (same_money and ours == theirs):
        return
    reckoned = "nothing" if ours is None else format_exactly(ours, row["carrier_currency"])
    says = f"{carrier} charges {format_exactly(theirs, told['currency'])} a month; we reckon with {reckoned}."
    found = _difference(Kind.PRICE, row, told, says)
    yield replace(found, cost=theirs - (ours or 0) if same_money else None)


def _difference(kind: str, row: Row, told: Row, says: str) -> Found:
    return Found(
        kind=kind,
        e164=row["e164"],
        fact=says[:400],
        evidence=[says],
        told_id=told["carrier_number_id"],
        cost=told["monthly_cost"],
        price=told["monthly_cost"],
        currency=told["currency"],
        links={"number_id": row["id"]},
    )

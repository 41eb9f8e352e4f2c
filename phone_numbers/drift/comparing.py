"""What follows from a complete sweep: differences written down, agreed upon, or gone.

A difference is agreed upon when a second sweep, begun at least DRIFT_APART seconds after the first sighting,
finds the same. A sweep that calls too many of our numbers lost is not believed at all: a wrong account looks
like that, and all that it lists would look like ours to give back.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from dialnexa.actors import system
from phone_numbers.buying.quoting import label_of
from phone_numbers.drift.differences import Found, edge_of, find_differences, ghosts_of, settled_numbers
from phone_numbers.drift.ghosts import note_return
from phone_numbers.models import CarrierListing, CarrierSweep, Drift, PhoneNumber
from phone_numbers.releasing import note_released

log = logging.getLogger(__name__)
SWEEPER = system("Reconciliation")
Scope = CarrierSweep.Scope
KEPT = 2  # complete sweeps of a carrier whose listings are kept
FEW = 3  # lost numbers that are believed whatever their share is, while others are still there
FORGET = timedelta(days=30)  # sweeps no difference refers to


def compare(sweep: CarrierSweep, *, now: datetime) -> None:
    """Draw all conclusions from a complete sweep. Call it in the transaction that completes it."""
    assert sweep.complete
    if alarm := _alarm(sweep):
        CarrierSweep.objects.filter(pk=sweep.pk).update(alarm=alarm)
        CarrierListing.objects.filter(sweep=sweep).delete()
        log.critical("%s: %s", sweep, alarm)
        return
    found = {(each.kind, each.e164): each for each in find_differences(sweep)}
    _write_new(sweep, found, now)
    _note_returned(sweep, now)
    _note_released(sweep, now)
    _forget(sweep, now)


def _alarm(sweep: CarrierSweep) -> str:
    """Why a complete list is not believed; empty when it is."""
    if sweep.scope != Scope.FULL:
        return ""
    ours, lost = settled_numbers(sweep).count(), ghosts_of(sweep).count()
    if lost <= FEW and lost < ours or lost <= ours * settings.DRIFT_GHOST_SHARE:
        return ""
    return (
        f"{label_of(sweep.carrier)}’s list lacks {lost} of our {ours} numbers. Nothing was marked: look "
        "whether it is the right account, then sweep again."
    )


# --- writing differences ----------------------------------------------------------------------------


def _write_new(sweep: CarrierSweep, found: dict[tuple[str, str], Found], now: datetime) -> None:
    known = {(drift.kind, drift.e164): drift for drift in _known(sweep)}
    fresh = [_row(sweep, each, now) for key, each in found.items() if key not in known]
    Drift.objects.bulk_create(fresh, batch_size=1000)
    for key, drift in known.items():
        if key not in found:
            _vanish(drift, now)
        else:
            _see_again(drift, found[key], sweep, now)
    changed = [drift for key, drift in known.items() if key in found]
    Drift.objects.bulk_update(changed, SEEN_FIELDS, batch_size=1000)


SEEN_FIELDS = (
    *("carrier_number_id", "number", "order", "stray", "fact", "evidence"),
    *("monthly_cost", "carrier_price", "currency"),
    *("first_sweep", "last_sweep", "first_seen_at", "last_seen_at", "agreed_at", "next_run_at"),
)


def _known(sweep: CarrierSweep) -> QuerySet[Drift]:
    """The differences this sweep could have seen."""
    rows = Drift.objects.select_for_update(no_key=True).filter(carrier=sweep.carrier, status__in=Drift.SEEN)
    if sweep.scope == Scope.FULL:
        return rows
    return rows.filter(e164__in=CarrierListing.objects.filter(sweep=sweep).values("e164"))


def _row(sweep: CarrierSweep, each: Found, now: datetime) -> Drift:
    row = Drift(kind=each.kind, carrier=sweep.carrier, e164=each.e164)
    _begin(row, each, sweep, now)
    return row


def _begin(drift: Drift, each: Found, sweep: CarrierSweep, now: datetime) -> None:
    drift.fact, drift.first_sweep, drift.first_seen_at, drift.agreed_at = each.fact, sweep, now, None
    drift.next_run_at = None
    _describe(drift, each, sweep, now)


def _describe(drift: Drift, each: Found, sweep: CarrierSweep, now: datetime) -> None:
    drift.last_sweep, drift.last_seen_at, drift.evidence = sweep, now, each.evidence
    drift.carrier_number_id, drift.currency = each.told_id, each.currency
    drift.monthly_cost, drift.carrier_price = each.cost, each.price
    for name, value in each.links.items():
        setattr(drift, name, value)


def _see_again(drift: Drift, each: Found, sweep: CarrierSweep, now: datetime) -> None:
    if drift.fact != each.fact:
        if drift.status == Drift.Status.IGNORED:
            drift.transition("reopen", by=SWEEPER, now=now, reason="It is another difference now.")
        _begin(drift, each, sweep, now)
        return
    _describe(drift, each, sweep, now)
    apart = timedelta(seconds=settings.DRIFT_APART)
    if drift.agreed_at is None and sweep.started_at >= drift.first_seen_at + apart:
        drift.agreed_at = now
        drift.next_run_at = now if drift.kind == Drift.Kind.GHOST else None


def _vanish(drift: Drift, now: datetime) -> None:
    reason = "A later sweep does not see it any more."
    drift.transition("vanish", by=SWEEPER, now=now, reason=reason, decided_at=now, next_run_at=None)


# --- what else a list says --------------------------------------------------------------------------


def _note_returned(sweep: CarrierSweep, now: datetime) -> None:
    """Lost numbers that the list has again, under the same id."""
    told = {"sweep": sweep, "owned": True, "e164": OuterRef("e164")}
    listed = CarrierListing.objects.filter(**told, carrier_number_id=OuterRef("carrier_number_id"))
    lost = PhoneNumber.objects.filter(carrier=sweep.carrier, missing_since__isnull=False)
    for number in lost.filter(Exists(listed)).select_related("workspace"):
        note_return(number, now=now)


def _note_released(sweep: CarrierSweep, now: datetime) -> None:
    """Two whole lists without a number that is being given back: the carrier has taken it."""
    before = believed_sweeps(sweep.carrier).exclude(pk=sweep.pk).first()
    if sweep.scope != Scope.FULL or before is None:
        return
    both = CarrierListing.objects.filter(sweep__in=(before, sweep), e164=OuterRef("e164"))
    leaving = PhoneNumber.objects.filter(carrier=sweep.carrier, status=PhoneNumber.Status.RELEASING)
    for number in leaving.filter(~Exists(both), releasing_since__lt=edge_of(before)):
        note_released(number, now)


def believed_sweeps(carrier: str) -> QuerySet[CarrierSweep]:
    """Complete sweeps of the carrier's whole list that nothing spoke against; the latest first."""
    full = CarrierSweep.objects.filter(carrier=carrier, scope=Scope.FULL, complete=True, alarm="")
    return full.order_by("-started_at")


def _forget(sweep: CarrierSweep, now: datetime) -> None:
    """Drop listings that no later sweep is compared with, and old sweeps."""
    kept = list(believed_sweeps(sweep.carrier).values_list("pk", flat=True)[:KEPT])
    running = CarrierSweep.objects.filter(carrier=sweep.carrier, finished_at=None)
    listings = CarrierListing.objects.filter(sweep__carrier=sweep.carrier).exclude(sweep__in=kept)
    listings.exclude(sweep__in=running).delete()
    seen = Drift.objects.filter(first_sweep=OuterRef("pk")), Drift.objects.filter(last_sweep=OuterRef("pk"))
    old = CarrierSweep.objects.filter(carrier=sweep.carrier, finished_at__lt=now - FORGET)
    old.filter(*(~Exists(rows) for rows in seen)).exclude(pk__in=kept).delete()

"""Giving back what the sweeps found: orphans to the carrier, ghosts out of their workspaces. Never many."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from phone_numbers.buying.quoting import label_of
from phone_numbers.buying.strays import release_stray
from phone_numbers.drift.deciding import changed, conclude, refuse_undecidable, seen_now
from phone_numbers.drift.refunds import return_rent
from phone_numbers.models import CarrierSweep, Drift, StrayNumber
from phone_numbers.releasing import release_number

HOUR = timedelta(hours=1)


def release_orphan(drift: Drift, *, by: Actor, now: datetime, reason: str) -> StrayNumber:
    """Give an orphan back: as a stray number, by the carrier's own id, told until it is certain.

    Speaks to the carrier first. Raises Refusal 409 as the others do, ``too_many_releases`` past
    DRIFT_RELEASES_AN_HOUR, and as ``release_stray`` does.
    """
    refuse_undecidable(drift, Drift.Kind.ORPHAN)
    _refuse_disbelieved(drift)
    seen_now(drift, now)
    with transaction.atomic():
        _refuse_many(now)
        found = {"carrier_number_id": drift.carrier_number_id, "evidence": " ".join(drift.evidence)[:500]}
        stray, _ = StrayNumber.objects.get_or_create(
            carrier=drift.carrier,
            e164=drift.e164,
            resolved_at=None,
            defaults={**found, "order": drift.order, "found_at": now},
        )
        if stray.carrier_number_id != drift.carrier_number_id:
            raise changed(drift)
        release_stray(stray, by=by, now=now, reason=reason)
        conclude(drift, "release", by=by, now=now, reason=reason, stray=stray)
    return stray


def release_ghost(drift: Drift, *, by: Actor, now: datetime, reason: str) -> None:
    """Give up a number the carrier does not have: it leaves its workspace, and unused rent is returned.

    Raises Refusal 409 as the others do, ``ghost_not_confirmed`` before the carrier was asked for exactly this
    number, and as ``release_number`` does.
    """
    refuse_undecidable(drift, Drift.Kind.GHOST)
    _refuse_disbelieved(drift)
    if drift.number is None or drift.number.missing_since is None:
        sentence = f"{label_of(drift.carrier)} has not been asked for exactly this number yet."
        raise Refusal("ghost_not_confirmed", sentence, status=409)
    with transaction.atomic():
        _refuse_many(now)
        release_number(drift.number, by=by, now=now, reason=reason)
        return_rent(drift.number, by=by, now=now)
        conclude(drift, "release", by=by, now=now, reason=reason)


def _refuse_many(now: datetime) -> None:
    """A wrong account, or a mistake in us, looks like many numbers to give back."""
    # One after the other: two people at once could not both be the last one allowed.
    list(CarrierSweep.objects.select_for_update(no_key=True).order_by("pk").values_list("pk")[:1])
    done = Drift.objects.filter(status=Drift.Status.RELEASED, decided_at__gt=now - HOUR).count()
    if done >= settings.DRIFT_RELEASES_AN_HOUR:
        sentence = (
            f"{done} numbers were given back from here within an hour. Before there are more, let somebody "
            "else look whether they are really ours to give back; it goes on in an hour."
        )
        raise Refusal("too_many_releases", sentence, status=409)


def _refuse_disbelieved(drift: Drift) -> None:
    full = CarrierSweep.objects.filter(carrier=drift.carrier, scope=CarrierSweep.Scope.FULL)
    last = full.filter(finished_at__isnull=False).order_by("-started_at").first()
    if last and last.alarm:
        raise Refusal("sweep_not_believed", f"Nothing is given back now. {last.alarm}", status=409)

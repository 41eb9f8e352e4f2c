"""Numbers the carrier does not have as ours any more: marked once it said so about exactly that number.

``PhoneNumber.missing_since`` is the mark. While it is set, no rent is charged; the number's page and its
readiness say why. It is taken away when the carrier lists the number again.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from dialnexa import audit, clock
from dialnexa.actors import system
from phone_numbers.buying.fulfilment import Clock
from phone_numbers.buying.quoting import label_of
from phone_numbers.models import Drift, PhoneNumber
from phone_numbers.telling import tell_lost, tell_returned
from telephony.carriers import get_carrier
from telephony.carriers.base import CarrierError, Exchange, OwnedNumber
from telephony.exchanges import save_exchanges

log = logging.getLogger(__name__)
SWEEPER = system("Reconciliation")
AGAIN = timedelta(minutes=5)  # after a carrier that did not answer
BATCH = 100
FEW = 3  # numbers that may be lost at a carrier, however few we have there


def take_due_ghosts(*, now: datetime) -> list[str]:
    """The ids of agreed ghosts to ask about now, and again a little later if nothing comes of it."""
    due = Drift.objects.filter(status=Drift.Status.OPEN, kind=Drift.Kind.GHOST, next_run_at__lte=now)
    unrung = due.filter(Q(rung_until__isnull=True) | Q(rung_until__lte=now)).order_by("next_run_at")
    with transaction.atomic():
        ids = list(unrung.select_for_update(skip_locked=True).values_list("id", flat=True)[:BATCH])
        Drift.objects.filter(pk__in=ids).update(rung_until=now + timedelta(seconds=settings.RING_AGAIN))
    return ids


def confirm_ghost(drift_id: str, *, tell: Clock = clock.now) -> None:
    """Ask the carrier for exactly this number: a list may have a hole. Marks the number if it is not ours."""
    drift = Drift.objects.select_related("number").get(pk=drift_id)
    if drift.status != Drift.Status.OPEN or drift.next_run_at is None or drift.next_run_at > tell():
        return
    try:
        owned = look(drift, tell=tell)
    except CarrierError as error:
        log.warning("%s: %s", drift.pk, error.sentence)
        Drift.objects.filter(pk=drift.pk).update(next_run_at=tell() + AGAIN)
        return
    if owned is None and _are_many_lost(drift.carrier):
        log.critical("%s: %s is not marked: too many are lost there already", drift.pk, drift.e164)
        Drift.objects.filter(pk=drift.pk).update(next_run_at=tell() + AGAIN)
        return
    if owned is None:
        mark_lost(drift, now=tell())
        return
    reason = f"{label_of(drift.carrier)} has it, asked for exactly this number: the list had a hole."
    now = tell()
    drift.transition("vanish", by=SWEEPER, now=now, reason=reason, decided_at=now, next_run_at=None)


def _are_many_lost(carrier: str) -> bool:
    """Whether one more is not to be believed: credentials of another account deny every number, too."""
    ours = PhoneNumber.objects.filter(carrier=carrier, status__in=("active", "pending"))
    lost = ours.filter(missing_since__isnull=False).count()
    return lost >= max(FEW, ours.count() * settings.DRIFT_GHOST_SHARE)


def look(drift: Drift, *, tell: Clock) -> OwnedNumber | None:
    """What the carrier says now of exactly this number, kept as an exchange. Raises CarrierError."""
    exchanges: list[Exchange] = []
    try:
        return get_carrier(drift.carrier, recorder=exchanges.append).find_owned(drift.e164)
    finally:
        save_exchanges(exchanges, about=drift.pk, workspace_id=None, now=tell())


def mark_lost(drift: Drift, *, now: datetime) -> None:
    """The carrier does not have it: no rent from now on, and its workspace is told. Twice is once."""
    with transaction.atomic():
        Drift.objects.filter(pk=drift.pk).update(next_run_at=None)
        shown = PhoneNumber.objects.filter(pk=drift.number_id, status__in=("active", "pending"))
        if shown.filter(missing_since=None).update(missing_since=now):
            number = PhoneNumber.objects.select_related("workspace").get(pk=drift.number_id)
            why = f"{label_of(number.carrier)} does not have it as ours any more."
            audit.record(number, "missing", by=SWEEPER, now=now, reason=why)
            tell_lost(number, now=now)
            log.error("%s: %s is lost at %s", drift.pk, number.e164, number.carrier)


def note_return(number: PhoneNumber, *, now: datetime) -> None:
    """The carrier has it again: rent goes on, and its workspace is told."""
    with transaction.atomic():
        lost = PhoneNumber.objects.filter(pk=number.pk, missing_since__isnull=False)
        if lost.update(missing_since=None):
            why = f"{label_of(number.carrier)} has it as ours again."
            audit.record(number, "found_again", by=SWEEPER, now=now, reason=why)
            tell_returned(number, now=now)

"""Giving back a number the carrier sold us and nobody here has: told by its own id, until it is certain.

It may not be released while a live number of ours stands for it: a customer's number would go. So a release
and an order for the same number wait for each other at the stray's row, and whoever comes second is refused.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from dialnexa import audit, clock
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.isolation.scope import everywhere
from dialnexa.translations.marking import gettext_noop
from phone_numbers.buying.fulfilment import Clock
from phone_numbers.buying.outcomes import WORKER
from phone_numbers.buying.quoting import label_of
from phone_numbers.models import PhoneNumber, StrayNumber
from telephony.carriers import carrier_slugs, get_carrier
from telephony.carriers.base import CarrierError, Exchange, ReleaseTooEarly
from telephony.exchanges import save_exchanges

log = logging.getLogger(__name__)
BATCH = 100
TOO_EARLY = timedelta(days=1)  # a carrier that does not take it back yet is asked again after this


def release_stray(stray: StrayNumber, *, by: Actor, now: datetime, reason: str) -> None:
    """Give the number back to the carrier, which is told soon and until it is certain.

    Raises Refusal 409: ``stray_resolved``, ``stray_in_use`` when a live number of ours stands for it,
    ``carrier_not_configured``. Doing it twice changes nothing more.
    """
    if stray.carrier not in carrier_slugs():
        sentence = f"{label_of(stray.carrier)} is not connected here, so it can't be told."
        raise Refusal("carrier_not_configured", sentence, status=409)
    with transaction.atomic():
        stray = StrayNumber.objects.select_for_update(no_key=True).get(pk=stray.pk)
        if stray.resolved_at:
            raise Refusal("stray_resolved", f"{stray} was resolved before.", status=409)
        if stray.releasing_since:
            return
        if number := live_number(stray):
            raise Refusal("stray_in_use", f"{stray.e164} is a live number ({number.pk}).", status=409)
        marked = StrayNumber.objects.filter(pk=stray.pk)
        marked.update(releasing_since=now, next_release_at=now, release_note="")
        audit.record(stray, "release", by=by, now=now, reason=reason)


def live_number(stray: StrayNumber) -> PhoneNumber | None:
    """The number of a customer's, or one being bought, that a release of the stray would take away."""
    return PhoneNumber.objects.filter(e164=stray.e164, status__in=PhoneNumber.LIVE).first()


def refuse_leaving(e164: str) -> None:
    """Call it in the transaction that orders the number, before the order is written.

    Raises Refusal 409 ``number_taken`` while the number is being given back. Until the order is written,
    nobody can begin to give it back.
    """
    strays = StrayNumber.objects.filter(e164=e164, resolved_at=None)
    with everywhere("A stray is no workspace's."):
        locked = list(strays.select_for_update(no_key=True))
    if any(stray.releasing_since for stray in locked):
        sentence = f"{e164} is just going back to the carrier. Nothing was charged. Pick another number."
        raise Refusal("number_taken", sentence, status=409)


# --- telling the carrier ----------------------------------------------------------------------------


def take_due_strays(*, now: datetime) -> list[str]:
    """The ids of strays to give back at the carrier now, and again a little later if nothing comes of it."""
    rows = StrayNumber.objects.filter(resolved_at=None, next_release_at__lte=now)
    with transaction.atomic():
        unrung = rows.filter(Q(rung_until__isnull=True) | Q(rung_until__lte=now)).order_by("next_release_at")
        ids = list(unrung.select_for_update(skip_locked=True).values_list("id", flat=True)[:BATCH])
        again = now + timedelta(seconds=settings.RING_AGAIN)
        StrayNumber.objects.filter(pk__in=ids).update(rung_until=again)
    return ids


def tell_carrier(stray_id: str, *, tell: Clock = clock.now) -> None:
    """Ask the carrier to take the number back, if that is due. Safe to repeat: already gone is released."""
    stray = _claim(stray_id, now=tell())
    if stray is None:
        return
    exchanges: list[Exchange] = []
    carrier = get_carrier(stray.carrier, recorder=exchanges.append)
    error: CarrierError | None = None
    try:
        carrier.release(stray.carrier_number_id)
    except CarrierError as refused:
        log.warning("%s: %s", stray.pk, refused.sentence)
        error = refused
    now = tell()
    save_exchanges(exchanges, about=stray.pk, workspace_id=None, now=now)
    _note_refusal(stray, error, now) if error else _note_released(stray, now)


def _claim(stray_id: str, *, now: datetime) -> StrayNumber | None:
    """The stray, if its turn has come and nobody else has it; its next turn is set, whatever happens now."""
    with transaction.atomic():
        stray = StrayNumber.objects.select_for_update(no_key=True).get(pk=stray_id)
        due = stray.next_release_at
        if stray.resolved_at or stray.releasing_since is None or due is None or due > now:
            return None
        mine = StrayNumber.objects.filter(pk=stray.pk)
        if number := live_number(stray):
            told = f"Not given back: {number.pk} is live."
            mine.update(releasing_since=None, next_release_at=None, release_note=told)
            audit.record(stray, "release_stopped", by=WORKER, now=now, reason=told)
            return None
        waited = (now - stray.releasing_since).total_seconds()
        wait = max(settings.RELEASE_SOONEST, min(waited, settings.RELEASE_LATEST))
        mine.update(next_release_at=now + timedelta(seconds=wait))
    return stray


def _note_released(stray: StrayNumber, now: datetime) -> None:
    done = {"resolved_at": now, "next_release_at": None, "release_note": ""}
    with transaction.atomic():
        if StrayNumber.objects.filter(pk=stray.pk, resolved_at=None).update(**done):
            taken = gettext_noop("%(carrier)s has taken it back.")
            reason = taken % {"carrier": label_of(stray.carrier)}
            audit.record(stray, "released", by=WORKER, now=now, reason=reason)


def _note_refusal(stray: StrayNumber, error: CarrierError, now: datetime) -> None:
    """Support reads what the carrier said; we go on asking."""
    changes: dict[str, object] = {"release_note": f"{error.sentence} {error.text}".replace("\x00", "")[:300]}
    if isinstance(error, ReleaseTooEarly):
        changes["next_release_at"] = now + TOO_EARLY
    StrayNumber.objects.filter(pk=stray.pk, resolved_at=None).update(**changes)

"""Giving a number back: routing off and rent stopped at once, the carrier told until it is certain.

The number row is the job, as the order row is for buying. While it is ``releasing`` it stays under the index
of live numbers, so nobody can buy it before the carrier has taken it back: a late or repeated DELETE can't
hit a new rental. The carrier is told by its own resource id.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from dialnexa import audit, clock
from dialnexa.actors import Actor
from dialnexa.errors import IllegalTransition, Refusal
from dialnexa.translations.marking import gettext_noop
from phone_numbers.buying.fulfilment import Clock
from phone_numbers.buying.outcomes import WORKER
from phone_numbers.buying.quoting import label_of
from phone_numbers.buying.refunding import refund_unusable, return_unused_rent
from phone_numbers.emitting import emit_released
from phone_numbers.linking.trunks import unlink
from phone_numbers.models import PhoneNumber, Rental
from phone_numbers.telling import tell_released
from telephony.carriers import get_carrier
from telephony.carriers.base import Carrier, CarrierError, Exchange, ReleaseTooEarly
from telephony.exchanges import save_exchanges
from telephony.models import BatchCall, CarrierSlug

log = logging.getLogger(__name__)
OVER = ("draft", "completed", "cancelled")  # batches that need no number
TOO_EARLY = timedelta(days=1)  # a carrier that does not take it back yet is asked again after this


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that still needs the number, and how to end that."""

    code: str
    sentence: str


def uses_of(number: PhoneNumber) -> list[Use]:
    """What keeps the number from being released; empty when nothing does."""
    uses = []
    if number.release_protection:
        uses.append(
            Use("release_protected", _("It is protected from release. Switch the protection off first."))
        )
    if number.is_default:
        sentence = _("It is the default number. Make another number the default first.")
        uses.append(Use("is_default", sentence))
    batches = BatchCall.objects.filter(from_number_id=number.pk).exclude(status__in=OVER)
    if title := batches.values_list("title", flat=True).first():
        sentence = _("The batch “%(title)s” calls from it. Cancel the batch first, or let it end.")
        uses.append(Use("in_batch", sentence % {"title": title}))
    return uses


def release_number(number: PhoneNumber, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Give the number back: it stops answering and costing rent now, and the carrier is told soon.

    A linked number belongs to its owner's carrier, which is told nothing: it is released at once.

    What it cost is returned when its papers had been refused (see ``refunding``), and only then.
    Raises Refusal 409: ``number_in_use`` with what still uses it, ``number_not_releasable`` in any state but
    active (or sold and waiting for papers). Doing it twice changes nothing more.
    """
    with transaction.atomic():
        number = PhoneNumber.objects.select_for_update(no_key=True).get(pk=number.pk)
        if number.status == PhoneNumber.Status.RELEASING:
            return
        _refuse_unreleasable(number)
        before = {
            "inbound_version": number.inbound_version_id,
            "outbound_version": number.outbound_version_id,
        }
        if any(before.values()):
            after = dict.fromkeys(before)
            why = gettext_noop("Released.")
            audit.record(number, "route", before=before, after=after, by=by, now=now, reason=why)
        detached: dict[str, Any] = {"inbound_version": None, "outbound_version": None, "next_check_at": None}
        number.transition(
            "release",
            by=by,
            now=now,
            reason=reason,
            releasing_since=now,
            next_release_at=now,
            status_reason="",
            **detached,
        )
        Rental.objects.filter(number=number, ended_at=None).update(ended_at=now, next_run_at=None)
        return_unused_rent(number, by=by, now=now)
        if number.carrier == CarrierSlug.SIP_TRUNK:
            unlink(number, by=by, now=now)
        refund_unusable(number, by=by, now=now)
        emit_released(number, now=now)


def _refuse_unreleasable(number: PhoneNumber) -> None:
    if number.status == PhoneNumber.Status.PENDING and not number.carrier_number_id:
        linking, buying = _("%(number)s is still being linked."), _("%(number)s is still being bought.")
        doing = linking if number.carrier == CarrierSlug.SIP_TRUNK else buying
        raise Refusal("number_not_releasable", doing % {"number": number.e164}, status=409)
    if number.status not in (PhoneNumber.Status.ACTIVE, PhoneNumber.Status.PENDING):
        state = number.get_status_display().lower()
        sentence = _("%(number)s is %(state)s already.") % {"number": number.e164, "state": state}
        raise Refusal("number_not_releasable", sentence, status=409)
    if uses := uses_of(number):
        sentence = " ".join(use.sentence for use in uses)
        raise Refusal("number_in_use", sentence, status=409, uses=[use.code for use in uses])


def protect_number(number: PhoneNumber, *, protected: bool, by: Actor, now: datetime) -> None:
    """Switch the protection from release on or off. Doing it twice changes and records nothing more."""
    with transaction.atomic():
        rows = PhoneNumber.objects.filter(pk=number.pk).exclude(release_protection=protected)
        if rows.update(release_protection=protected):
            event = "protect" if protected else "unprotect"
            audit.record(number, event, by=by, now=now)
    number.release_protection = protected


# --- telling the carrier ----------------------------------------------------------------------------


def tell_carrier(number_id: str, *, tell: Clock = clock.now) -> None:
    """Ask the carrier to take the number back, if that is due. Safe to repeat: already gone is released."""
    begun = time.monotonic()
    number = _claim(number_id, now=tell())
    if number is None or _woke_too_late(begun):
        return
    exchanges: list[Exchange] = []
    carrier = get_carrier(number.carrier, recorder=exchanges.append)
    error = _release_at(carrier, number)
    now = tell()
    save_exchanges(exchanges, about=number.id, workspace_id=number.workspace_id, now=now)
    if error is None:
        note_released(number, now)
    else:
        _note_refusal(number, error, now)


def _woke_too_late(begun: float) -> bool:
    """A worker that was stopped meanwhile asks for nothing: another may have given the number back by now,
    and it may be sold again, at some carriers under the same id. Its next turn is set.
    """
    late = time.monotonic() - begun > settings.RELEASE_SOONEST / 2
    if late:
        log.warning("Woke too late to give a number back; its next turn will.")
    return late


def _claim(number_id: str, *, now: datetime) -> PhoneNumber | None:
    """The number, if its turn has come and nobody else has it; its next turn is set, whatever happens now.

    Who comes second must not ask at once: the number may be sold again by then, to a customer of ours.
    """
    with transaction.atomic():
        number = PhoneNumber.objects.select_for_update(no_key=True).get(pk=number_id)
        due = number.next_release_at
        if number.status != PhoneNumber.Status.RELEASING or due is None or due > now:
            return None
        waited = (now - (number.releasing_since or now)).total_seconds()
        wait = max(settings.RELEASE_SOONEST, min(waited, settings.RELEASE_LATEST))
        mine = PhoneNumber.objects.filter(pk=number.pk)
        mine.update(next_release_at=now + timedelta(seconds=wait))
    return number


def _release_at(carrier: Carrier, number: PhoneNumber) -> CarrierError | None:
    try:
        carrier.release(number.carrier_number_id)
    except CarrierError as error:
        log.warning("%s: %s", number.id, error.sentence)
        return error
    return None


def note_released(number: PhoneNumber, now: datetime) -> None:
    """The carrier has taken it back, as it said itself or as its lists show."""
    reason = gettext_noop("%(carrier)s has taken it back.") % {"carrier": label_of(number.carrier)}
    fields: dict[str, Any] = {"released_at": now, "next_release_at": None, "status_reason": ""}
    try:
        with transaction.atomic():
            number.transition("released", by=WORKER, now=now, reason=reason, **fields)
            tell_released(number, now=now)
    except IllegalTransition as error:
        log.info("%s: noted already", error)


def _note_refusal(number: PhoneNumber, error: CarrierError, now: datetime) -> None:
    """It still counts as released for the customer; we go on asking."""
    told = gettext_noop("%(carrier)s: %(answer)s We go on asking; it costs you nothing more.")
    told %= {"carrier": label_of(number.carrier), "answer": error.sentence}
    changes: dict[str, Any] = {"status_reason": told}
    if isinstance(error, ReleaseTooEarly):
        changes["next_release_at"] = now + TOO_EARLY
    still = PhoneNumber.objects.filter(pk=number.pk, status=PhoneNumber.Status.RELEASING)
    still.update(**changes)

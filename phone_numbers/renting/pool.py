"""Numbers nobody pays for any more: they leave their workspace, wait a while, get another owner or go back.

The pool is a workspace without members. A number in it is a row of its own there, active and not routed, so
that nobody can buy it meanwhile, and it is given back by the usual protocol. Its former owner's row says
released.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from dialnexa import audit
from dialnexa.actors import Actor, system
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from dialnexa.translations.marking import gettext_noop
from phone_numbers.models import PhoneNumber, ReassignableNumber, Rental
from phone_numbers.releasing import release_number
from phone_numbers.renting import telling
from phone_numbers.renting.schedule import carrier_renewal, hold_end
from telephony.carriers.base import NumberType, OwnedNumber
from telephony.e164 import number_type, parse_e164

POOL = system("Renewals")
SLUG = "numbers-without-an-owner"
COPIED = (
    "e164",
    "country",
    "calling_code",
    "national_number",
    "type",
    "region",
    "capabilities",
    "carrier",
    "carrier_number_id",
    "carrier_monthly_cost",
    "carrier_currency",
)


def get_pool() -> Workspace:
    """The workspace that holds numbers without an owner; made if missing."""
    found = Workspace.objects.filter(is_pool=True).first()
    if found:
        return found
    try:
        with transaction.atomic():
            return Workspace.objects.create(slug=SLUG, name="Numbers without an owner", is_pool=True)
    except IntegrityError:
        return Workspace.objects.get(is_pool=True)


def give_up(rental_id: str, *, by: Actor = POOL, now: datetime) -> ReassignableNumber | None:
    """Take an expired number from its workspace once its hold is over; None when it is not, or was paid.

    Safe to repeat.
    """
    with transaction.atomic():
        number_id = Rental.objects.values_list("number_id", flat=True).get(pk=rental_id)
        number = PhoneNumber.objects.select_for_update(no_key=True).get(pk=number_id)
        rental = Rental.objects.select_for_update(of=("self",), no_key=True).get(pk=rental_id)
        if not _is_over(rental, number, now):
            return None
        rental.number = number
        rental.transition("give_up", by=by, now=now, ended_at=now, next_run_at=None)
        reason = gettext_noop("Its rent was not paid.")
        pooled = hand_over(number, get_pool(), by=by, now=now, reason=reason)
        anchor = rental.carrier_anchor or rental.anchor
        kept = ReassignableNumber.objects.create(
            number=pooled,
            came_from=number,
            carrier_anchor=anchor,
            available_at=now,
            assignable_at=now + timedelta(days=settings.REASSIGN_AFTER_DAYS),
            release_at=_give_back_at(anchor, rental.time_zone, now),
        )
        telling.tell_lost(rental, now=now)
    return kept


def _is_over(rental: Rental, number: PhoneNumber, now: datetime) -> bool:
    if rental.rental_status != Rental.Status.EXPIRED or rental.ended_at or rental.expired_at is None:
        return False
    return number.status == PhoneNumber.Status.ACTIVE and hold_end(rental.expired_at) <= now


def _give_back_at(anchor: datetime, time_zone: str, now: datetime) -> datetime:
    """A margin before the carrier charges next; where that is too soon, before it charges after that."""
    margin = timedelta(hours=settings.GIVE_BACK_MARGIN_HOURS)
    return carrier_renewal(anchor, time_zone, after=now + margin) - margin


def hand_over(
    number: PhoneNumber, to: Workspace, *, by: Actor, now: datetime, reason: str, **fields: Any
) -> PhoneNumber:
    """End the number's row and begin one in ``to``, in one transaction; the carrier is told nothing.

    The new row is active and not routed. Call it with the row locked. Raises IllegalTransition for a number
    that is not active.
    """
    with transaction.atomic():
        ends: dict[str, Any] = {"inbound_version": None, "outbound_version": None, "is_default": False}
        number.transition(
            "hand_over", by=by, now=now, reason=reason, released_at=now, release_protection=False, **ends
        )
        copied = {name: getattr(number, name) for name in COPIED}
        new = PhoneNumber.objects.create(
            workspace=to,
            status=PhoneNumber.Status.ACTIVE,
            created_at=now,
            activated_at=now,
            next_route_at=now,
            **copied,
            **fields,
        )
        audit.record(new, "take_over", after={"status": "active"}, by=by, now=now, reason=reason)
    return new


def take_in(owned: OwnedNumber, carrier: str, *, by: Actor, now: datetime, reason: str) -> ReassignableNumber:
    """Put a number into the pool that a carrier lists as ours and nobody ordered.

    It is kept until somebody decides. Any workspace may have it at once: nobody had it before. Raises Refusal
    409 ``number_taken`` when it is a live number here already.
    """
    parsed = parse_e164(owned.e164)
    kind = owned.type or number_type(parsed.e164) or NumberType.LOCAL
    cost = owned.monthly_cost
    try:
        with transaction.atomic():
            number = PhoneNumber.objects.create(
                workspace=get_pool(),
                e164=parsed.e164,
                country=parsed.country,
                calling_code=str(parsed.calling_code),
                national_number=parsed.national_number,
                type=kind.value,
                capabilities=list(owned.capabilities),
                status=PhoneNumber.Status.ACTIVE,
                carrier=carrier,
                carrier_number_id=owned.number_id,
                carrier_monthly_cost=cost.amount if cost else None,
                carrier_currency=cost.currency if cost else "",
                created_at=now,
                activated_at=now,
                next_route_at=now,
            )
            audit.record(number, "take_over", after={"status": "active"}, by=by, now=now, reason=reason)
            return ReassignableNumber.objects.create(
                number=number,
                carrier_anchor=owned.acquired_at or now,
                available_at=now,
                assignable_at=now,
            )
    except IntegrityError as error:
        raise Refusal("number_taken", f"{parsed.e164} is somebody's number here.", status=409) from error


def keep(pooled: ReassignableNumber, *, by: Actor, now: datetime, reason: str) -> None:
    """Do not give it back by itself: it costs the carrier's rent from here on, until somebody decides."""
    with transaction.atomic():
        refuse_closed(pooled)
        if ReassignableNumber.objects.filter(pk=pooled.pk, release_at__isnull=False).update(release_at=None):
            audit.record(pooled.number, "keep", by=by, now=now, reason=reason)


def give_back(pooled: ReassignableNumber, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Give it back at its carrier. Raises Refusal 409 ``pool_closed``."""
    with transaction.atomic():
        pooled = ReassignableNumber.objects.select_for_update(of=("self",)).get(pk=pooled.pk)
        refuse_closed(pooled)
        release_number(pooled.number, by=by, now=now, reason=reason or "Nobody rents it.")
        ReassignableNumber.objects.filter(pk=pooled.pk).update(closed_at=now, release_at=None)


def give_back_due(*, now: datetime, most: int = 100) -> int:
    """Give back what the carrier would charge for soon; how many that were."""
    with transaction.atomic():
        due = Q(release_at__lte=now, closed_at=None)
        rows = ReassignableNumber.objects.filter(due).order_by("release_at").select_related("number")
        found = list(rows.select_for_update(of=("self",), skip_locked=True)[:most])
        for pooled in found:
            give_back(pooled, by=POOL, now=now)
    return len(found)


def refuse_closed(pooled: ReassignableNumber) -> None:
    """Raises Refusal 409 ``pool_closed`` for a number that is not in the pool any more."""
    if pooled.closed_at:
        raise Refusal("pool_closed", f"{pooled.number} has an owner again, or went back.", status=409)

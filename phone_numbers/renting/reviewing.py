"""What a person decides about rent: months that were missed at once, and more time to pay."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from phone_numbers.models import Rental
from phone_numbers.renting import telling
from phone_numbers.renting.charging import Payment, charge_rent, refuse_short
from phone_numbers.renting.restoring import restore
from phone_numbers.renting.schedule import due_periods, grace_end, hold_end

EXTENDED_MOST = 90  # days


def charge_missed(rental: Rental, *, by: Actor, now: datetime, reason: str) -> Payment:
    """Charge every month that is due, though there are more than are charged without a person.

    Raises Refusal: 409 ``not_in_review``, 402 ``wallet_insufficient``.
    """
    with transaction.atomic():
        payment = _in_review(rental, now)
        refuse_short(payment.rental.workspace, payment.rental.currency, payment.total)
        audit.record(payment.rental, "charge_missed", by=by, now=now, reason=reason)
        charge_rent([payment], by=by, now=now)
        restore(payment, by=by, now=now)
        telling.emit_renewed([payment], now=now)
    return payment


def waive_missed(rental: Rental, *, by: Actor, now: datetime, reason: str) -> int:
    """Let the months that are over cost nothing; how many that were.

    The month that runs is due as ever: it is charged at the next look, or the grace period begins. Raises
    Refusal 409 ``not_in_review``.
    """
    with transaction.atomic():
        payment = _in_review(rental, now)
        free = [replace(period, amount=Decimal(0)) for period in payment.periods[:-1]]
        audit.record(payment.rental, "waive_missed", by=by, now=now, reason=reason)
        charge_rent([Payment(payment.rental, free)], by=by, now=now)
    return len(free)


def _in_review(rental: Rental, now: datetime) -> Payment:
    """What it owes, with the rental locked."""
    locked = _lock(rental)
    if locked.review_since is None:
        raise Refusal("not_in_review", "Nobody waits for a decision about this rent any more.", status=409)
    return Payment(locked, due_periods(locked, list(locked.prices.all()), now=now))


def _lock(rental: Rental) -> Rental:
    rows = Rental.objects.select_related("number", "workspace").filter(pk=rental.pk, ended_at=None)
    locked = rows.select_for_update(of=("self",), no_key=True).first()
    if locked is None:
        raise Refusal("rental_ended", "This number is not rented any more.", status=409)
    return locked


def extend(rental: Rental, *, days: int, by: Actor, now: datetime, reason: str) -> datetime:
    """Give so many days more before an unpaid number stops, or leaves its workspace; until when that is.

    The period's own beginning is moved, so that everything counted from it moves along. The workspace is
    told. Raises Refusal: 400 ``days_wrong`` (1 to EXTENDED_MOST), 409 ``rent_not_overdue``, ``rental_ended``.
    """
    if not 1 <= days <= EXTENDED_MOST:
        raise Refusal("days_wrong", f"Give between 1 and {EXTENDED_MOST} days.")
    with transaction.atomic():
        locked = _lock(rental)
        before, until = _moved(locked, timedelta(days=days))
        told = {"before": {"until": before.isoformat()}, "after": {"until": until.isoformat()}}
        audit.record(locked, "extend", **told, by=by, now=now, reason=reason)
        telling.tell_extended(locked, until, now=now)
    return until


def _moved(rental: Rental, by: timedelta) -> tuple[datetime, datetime]:
    """Move the end of grace or hold; when it was, and when it is."""
    if rental.rental_status == Rental.Status.EXPIRED and rental.expired_at:
        end = hold_end(rental.expired_at)
        changes = {"expired_at": rental.expired_at + by, "next_run_at": end + by}
    elif rental.short_since:
        end = grace_end(rental.short_since)
        changes = {"short_since": rental.short_since + by}
    else:
        raise Refusal("rent_not_overdue", "Its rent is paid: there is nothing to extend.", status=409)
    Rental.objects.filter(pk=rental.pk).update(**changes)
    return end, end + by

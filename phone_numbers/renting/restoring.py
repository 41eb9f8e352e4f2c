"""What payment brings back."""

from __future__ import annotations

from datetime import datetime

from dialnexa.actors import Actor
from phone_numbers.models import Rental
from phone_numbers.renting import telling
from phone_numbers.renting.charging import Payment


def restore(payment: Payment, *, by: Actor, now: datetime) -> None:
    """A rental that was short, or had expired, has been paid: its number works, as it was routed before.

    Call it with the rental locked, in the transaction that charged it.
    """
    rental = payment.rental
    had_expired = rental.rental_status == Rental.Status.EXPIRED
    if had_expired:
        rental.transition("restore", by=by, now=now, expired_at=None)
    telling.tell_paid(payment, had_expired=had_expired, now=now)

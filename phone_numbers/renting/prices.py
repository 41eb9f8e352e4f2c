"""Rent that changes: a price from a day on, for the periods that begin then or later."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from phone_numbers.models import Rental, RentalPrice
from phone_numbers.renting import telling


def change_price(
    rental: Rental, monthly_price: Decimal, *, starts_at: datetime, reason: str, by: Actor, now: datetime
) -> RentalPrice:
    """Periods that begin at ``starts_at`` or later cost this; what is paid stays paid.

    The workspace is told. Raises Refusal 400: ``price_starts_in_past``, ``amount_negative``; 409
    ``rental_ended``, ``price_set_already`` for the same moment.
    """
    if starts_at < now:
        raise Refusal("price_starts_in_past", "A price can't change in the past.")
    if monthly_price < 0:
        raise Refusal("amount_negative", "A price can't be below zero.")
    with transaction.atomic():
        rental = Rental.objects.select_for_update(no_key=True).get(pk=rental.pk)
        if rental.ended_at:
            raise Refusal("rental_ended", "This number is not rented any more.", status=409)
        if rental.prices.filter(starts_at=starts_at).exists():
            raise Refusal("price_set_already", "A price from that moment on is set already.", status=409)
        price = RentalPrice.objects.create(
            rental=rental,
            monthly_price=monthly_price,
            starts_at=starts_at,
            reason=reason[:200],
            created_at=now,
        )
        after = {"monthly_price": str(monthly_price), "starts_at": starts_at.isoformat()}
        audit.record(rental, "change_price", after=after, by=by, now=now, reason=reason)
        telling.tell_price(rental, price, now=now)
    return price

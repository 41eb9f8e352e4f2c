"""What the number page says of its rent: what is paid, what comes next, and what happens without money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from phone_numbers.models import Rental, RentalCharge, RentalPrice
from phone_numbers.renting.charging import Payment
from phone_numbers.renting.paying import months_payable, quote_rent
from phone_numbers.renting.schedule import (
    coming_periods,
    due_periods,
    grace_end,
    hold_end,
    price_at,
)

CHARGES_SHOWN = 24


@dataclass(frozen=True, slots=True)
class RentCard:
    """``state`` is active, due, review, missing (at its carrier), expired or ended. ``to_pay`` is what the
    next renewal charges, or what is due; ``until`` is how long the number works, or is kept, without it.
    ``changes`` are prices to come.
    """

    rental: Rental
    state: str
    price: Decimal
    to_pay: Decimal
    months_due: int
    until: datetime | None
    changes: list[RentalPrice]

    @property
    def is_prominent(self) -> bool:
        """Whether paying is what the page should ask for."""
        return self.state in ("due", "expired")

    @property
    def is_running(self) -> bool:
        return self.state != "ended"

    @property
    def charges(self) -> list[RentalCharge]:
        """The months that were paid last, the newest first."""
        return list(self.rental.charges.select_related("entry")[:CHARGES_SHOWN])


def read_rent(rental: Rental, *, now: datetime) -> RentCard:
    """One query, for the prices."""
    prices = list(rental.prices.all())
    due = due_periods(rental, prices, now=now)
    coming = due or [next(coming_periods(rental, prices))]
    return RentCard(
        rental=rental,
        state=_state(rental, len(due)),
        price=price_at(rental, prices, now),
        to_pay=sum((period.amount for period in coming), Decimal(0)),
        months_due=len(due),
        until=works_until(rental) or _kept_until(rental),
        changes=sorted((price for price in prices if price.starts_at > now), key=lambda x: x.starts_at),
    )


def _state(rental: Rental, due: int) -> str:
    if rental.ended_at:
        return "ended"
    if rental.rental_status == Rental.Status.EXPIRED:
        return "expired"
    if rental.number.missing_since:
        return "missing"
    if rental.review_since:
        return "review"
    return "due" if rental.short_since and due else "active"


def works_until(rental: Rental) -> datetime | None:
    """When a number whose rent could not be paid stops; None for all others."""
    is_due = rental.short_since and rental.rental_status == Rental.Status.ACTIVE and not rental.ended_at
    return grace_end(rental.short_since) if is_due and rental.short_since else None


def _kept_until(rental: Rental) -> datetime | None:
    expired = rental.expired_at and not rental.ended_at
    return hold_end(rental.expired_at) if expired and rental.expired_at else None


def month_choices(rental: Rental, *, now: datetime) -> list[Payment]:
    """What can be paid now, from the fewest months to the most.

    Raises Refusal: 400 ``months_wrong`` where it is paid as far ahead as can be, 409 ``rental_ended``.
    """
    least, most = months_payable(rental, now=now)
    whole = quote_rent(rental, max(most, least), now=now)
    return [Payment(rental, whole.periods[:months]) for months in range(least, most + 1)]

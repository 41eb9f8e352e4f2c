"""Which periods of a rental are due, what they cost, and when something happens to it next. No database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from django.conf import settings

from phone_numbers.models import RentalPrice
from phone_numbers.renting.periods import period_start

DAY = timedelta(days=1)


class Terms(Protocol):
    """What of a rental decides about its periods."""

    @property
    def anchor(self) -> datetime: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def paid_periods(self) -> int: ...
    @property
    def paid_through(self) -> datetime: ...
    @property
    def monthly_price(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Period:
    """One month of rent: from ``starts_at`` to ``ends_at``, for ``amount`` in the rental's currency."""

    k: int
    starts_at: datetime
    ends_at: datetime
    amount: Decimal


def coming_periods(rental: Terms, prices: Sequence[RentalPrice] = ()) -> Iterator[Period]:
    """The periods that are not paid yet, without end. ``prices``: the rental's own, in any order."""
    k, starts = rental.paid_periods, rental.paid_through
    while True:
        ends = period_start(rental.anchor, k + 1, rental.time_zone)
        yield Period(k, starts, ends, price_at(rental, prices, starts))
        k, starts = k + 1, ends


def due_periods(rental: Terms, prices: Sequence[RentalPrice] = (), *, now: datetime) -> list[Period]:
    """Those of them that have begun."""
    due: list[Period] = []
    for period in coming_periods(rental, prices):
        if period.starts_at > now:
            return due
        due.append(period)
    raise AssertionError("periods do not end")


def price_at(rental: Terms, prices: Sequence[RentalPrice], starts_at: datetime) -> Decimal:
    """What the period that begins then costs: the price that began last by then, else the rental's own."""
    if not prices:  # as of most rentals
        return rental.monthly_price
    begun = [price for price in prices if price.starts_at <= starts_at]
    if not begun:
        return rental.monthly_price
    return max(begun, key=lambda price: price.starts_at).monthly_price


def is_much(due: Sequence[object]) -> bool:
    """Whether more was missed than is charged without a person looking. The last one is the current month."""
    return len(due) - 1 > settings.RENT_CATCH_UP


def grace_end(short_since: datetime) -> datetime:
    """Until when a number works unpaid."""
    return short_since + timedelta(days=settings.RENT_GRACE_DAYS)


def hold_end(expired_at: datetime) -> datetime:
    """Until when an expired number is kept for its workspace."""
    return expired_at + timedelta(days=settings.RENT_HOLD_DAYS)


def next_try(short_since: datetime, now: datetime) -> datetime:
    """When the wallet is tried again: so many hours after the first time, and when the grace period ends."""
    every = timedelta(hours=settings.RENT_RETRY_HOURS)
    tries = (now - short_since) // every + 1
    return min(short_since + tries * every, grace_end(short_since))


def carrier_renewal(anchor: datetime, time_zone: str, *, after: datetime) -> datetime:
    """When the carrier charges next after that moment, for a number it bills since ``anchor``."""
    k = max(0, (after.year - anchor.year) * 12 + after.month - anchor.month - 1)
    while (at := period_start(anchor, k, time_zone)) <= after:
        k += 1
    return at

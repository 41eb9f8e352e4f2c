"""How carriers' lists and ours stand to each other: what is open, and what it costs a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from phone_numbers.drift.comparing import believed_sweeps, compare
from phone_numbers.drift.sweeps import listing_of
from phone_numbers.models import CarrierListing, CarrierSweep, Drift
from telephony.carriers import get_carrier


@dataclass(frozen=True, slots=True)
class Bill:
    """What the open differences of one kind cost a month at carriers, in one currency; empty: not known."""

    kind: str
    count: int
    amount: Decimal | None
    currency: str


def open_drifts(carrier: str = "") -> QuerySet[Drift]:
    """Differences nobody has decided about, of one carrier or of all."""
    rows = Drift.objects.filter(status=Drift.Status.OPEN, **({"carrier": carrier} if carrier else {}))
    return rows.order_by("kind", "e164")


def monthly_bills(rows: QuerySet[Drift]) -> list[Bill]:
    """The sums of these, by kind and currency: amounts in different currencies are never added."""
    sums = rows.order_by("kind", "currency").values("kind", "currency")
    return [
        Bill(row["kind"], row["count"], row["amount"], row["currency"])
        for row in sums.annotate(count=Count("id"), amount=Sum("monthly_cost"))
    ]


def last_sweep(carrier: str) -> CarrierSweep | None:
    """The carrier's latest sweep of the whole list, running or not."""
    return CarrierSweep.objects.filter(carrier=carrier, scope=CarrierSweep.Scope.FULL).first()


def names_prices(carrier: str) -> bool | None:
    """Whether the carrier's list says what numbers cost, by the latest that is believed; None: no telling."""
    sweep = believed_sweeps(carrier).first()
    listed = CarrierListing.objects.filter(sweep=sweep)
    if sweep is None or not listed.exists():
        return None
    return listed.filter(monthly_cost__isnull=False).exists()


def try_sweep(carrier: str, *, now: datetime) -> tuple[CarrierSweep, list[Drift]]:
    """Read the carrier's whole list and say what would differ, changing nothing.

    Speaks to the carrier, so call it outside any transaction. Raises CarrierError (a list that is not whole
    among them), LookupError and ImproperlyConfigured as ``get_carrier`` does.
    """
    numbers = list(get_carrier(carrier).list_owned())
    with transaction.atomic():
        sweep = CarrierSweep.objects.create(
            carrier=carrier, started_at=now, finished_at=now, complete=True, counted=len(numbers), pages=1
        )
        CarrierListing.objects.bulk_create([listing_of(sweep, number) for number in numbers])
        compare(sweep, now=now)
        sweep.refresh_from_db()
        rows = list(open_drifts(carrier))
        transaction.set_rollback(True)
    return sweep, rows

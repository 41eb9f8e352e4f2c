"""Everything about rent that happens by itself on its day: renewal, another try, expiry, restoring.

One batch is one transaction. It locks wallets first and skips those another process has, so that a
workspace's numbers are renewed by one process at a time, in the order the workspace ranks them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from dialnexa.actors import system
from dialnexa.bulk import update_rows
from dialnexa.models import LedgerAccount
from phone_numbers.models import PhoneNumber, Rental, RentalPrice
from phone_numbers.renting import telling
from phone_numbers.renting.charging import Payment, charge_rent
from phone_numbers.renting.restoring import restore
from phone_numbers.renting.schedule import (
    DAY,
    Period,
    due_periods,
    grace_end,
    hold_end,
    is_much,
    next_try,
)

RENEWALS = system("Renewals")
ONCE_MORE = timedelta(hours=1)  # until somebody tries again to take a number away, should that fail
Status = Rental.Status
LATER = ("id", "next_run_at", "short_since", "review_since")
COLUMNS = (
    *("number__e164", "number__status", "number__missing_since", "workspace_id", "rental_status"),
    *("monthly_price", "currency", "anchor", "time_zone", "paid_periods", "paid_through", "auto_renew"),
    *("renewal_rank", "next_run_at", "short_since", "expired_at", "review_since"),
)
Purses = dict[tuple[str, str], Decimal]  # what is left, by workspace and currency


@dataclass(slots=True)
class Batch:
    """What one batch found: how many rentals it looked at, and those whose workspace loses them now.

    ``later``: those that are not paid now, with when they are looked at next; ``past_due`` and ``expired``:
    of whom that is to be told.
    """

    seen: int = 0
    renewed: int = 0
    overdue: list[str] = field(default_factory=list)
    later: list[Rental] = field(default_factory=list)
    past_due: list[telling.Unpaid] = field(default_factory=list)
    expired: list[telling.Unpaid] = field(default_factory=list)


def renew_due(*, now: datetime, most: int | None = None) -> Batch:
    """Look at about ``most`` (RENT_BATCH) rentals that are due. ``seen`` is 0 when nothing is left to do."""
    batch = Batch()
    with transaction.atomic():
        purses = _lock_wallets(now, most or settings.RENT_BATCH)
        rentals = _lock_rentals(purses, now, most or settings.RENT_BATCH)
        prices = _prices(rentals)
        paid = [
            payment
            for rental in rentals
            if (payment := _look_at(rental, prices.get(rental.pk, []), purses, batch, now))
        ]
        batch.seen, batch.renewed = len(rentals), len(paid)
        _put_off(batch, now)
        if paid:
            _pay(paid, now)
    return batch


def _put_off(batch: Batch, now: datetime) -> None:
    update_rows(Rental, [{name: getattr(rental, name) for name in LATER} for rental in batch.later])
    telling.tell_past_due(batch.past_due, by=RENEWALS, now=now)
    telling.tell_expired(batch.expired, now=now)


def _lock_wallets(now: datetime, most: int) -> Purses:
    """The balances of wallets of which rent is due, locked until the end of the transaction."""
    due = Rental.objects.filter(next_run_at__lte=now, ended_at=None).order_by("next_run_at")
    whose = list(due.values_list("workspace_id", "currency")[:most])
    wallets = LedgerAccount.objects.filter(kind="wallet", workspace__in={pk for pk, _ in whose})
    locked = wallets.order_by("pk").select_for_update(no_key=True, skip_locked=True)
    found = {(str(row.workspace_id), row.currency): row.balance for row in locked}
    return {key: found[key] for key in dict.fromkeys(whose) if key in found}


def _lock_rentals(purses: Purses, now: datetime, most: int) -> list[Rental]:
    """What is due from these wallets, and what waits for money; first what their workspaces rank first."""
    if not purses:
        return []
    theirs = Q()
    for currency in {currency for _, currency in purses}:
        theirs |= Q(currency=currency, workspace__in=[pk for pk, of in purses if of == currency])
    rows = Rental.objects.filter(theirs, ended_at=None).select_related("number").only(*COLUMNS)
    rows = rows.prefetch_related("workspace")  # one object for each workspace
    rows = rows.order_by("workspace", F("renewal_rank").asc(nulls_last=True), "anchor", "pk")
    rows = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
    waits = Q(short_since__isnull=False, auto_renew=True, monthly_price__lte=max(purses.values()))
    due, waiting = rows.filter(next_run_at__lte=now), rows.filter(waits, next_run_at__gt=now)
    return sorted([*due[:most], *waiting[:most]], key=_rank)  # each its own share: nothing due is crowded out


def _rank(rental: Rental) -> tuple[str, float, datetime, str]:
    rank = float("inf") if rental.renewal_rank is None else rental.renewal_rank
    return rental.workspace_id, rank, rental.anchor, rental.pk


def _prices(rentals: Sequence[Rental]) -> dict[str, list[RentalPrice]]:
    found: dict[str, list[RentalPrice]] = {}
    for price in RentalPrice.objects.filter(rental__in=rentals):
        found.setdefault(price.rental_id, []).append(price)
    return found


def _look_at(
    rental: Rental, prices: list[RentalPrice], purses: Purses, batch: Batch, now: datetime
) -> Payment | None:
    """Decide about one rental. What it pays is returned, and taken from ``purses``."""
    due = due_periods(rental, prices, now=now)
    if rental.number.status == PhoneNumber.Status.PENDING:
        return _waive(rental, due)
    if _is_put_off(rental, due, batch, now):
        return None
    purse = rental.workspace_id, rental.currency
    payment = Payment(rental, due)
    if rental.auto_renew and payment.total <= purses[purse]:
        purses[purse] -= payment.total
        return payment
    if rental.rental_status == Status.EXPIRED:
        _keep_or_leave(rental, batch, now)
    else:
        _fall_short(rental, due[0], batch, now)
    return None


def _waive(rental: Rental, due: list[Period]) -> Payment | None:
    """Months in which the carrier has not switched the number on yet cost nothing."""
    free = [Period(period.k, period.starts_at, period.ends_at, Decimal(0)) for period in due]
    return Payment(rental, free) if free else None


def _is_put_off(rental: Rental, due: list[Period], batch: Batch, now: datetime) -> bool:
    """Nothing is decided today: nothing is due, the carrier does not know the number, or a person looks."""
    if not due:
        return _look_again(rental, rental.paid_through, batch)
    if rental.number.missing_since:
        return _look_again(rental, now + DAY, batch)
    if rental.review_since is None and rental.rental_status == Status.ACTIVE and is_much(due):
        rental.review_since = now
        telling.note_review(rental, len(due), by=RENEWALS, now=now)
    return rental.review_since is not None and _look_again(rental, None, batch)


def _look_again(rental: Rental, at: datetime | None, batch: Batch) -> bool:
    rental.next_run_at = at
    batch.later.append(rental)
    return True


def _fall_short(rental: Rental, period: Period, batch: Batch, now: datetime) -> None:
    """It can't be paid: the grace period begins, goes on, or is over."""
    since = rental.short_since or now
    if now >= grace_end(since):
        rental.transition(
            "expire",
            by=RENEWALS,
            now=now,
            reason=telling.why_unpaid(rental),
            short_since=since,
            expired_at=now,
            next_run_at=hold_end(now),
        )
        batch.expired.append((rental, period))
        return
    _look_again(rental, next_try(since, now), batch)
    if rental.short_since is None:
        rental.short_since = since
        batch.past_due.append((rental, period))


def _keep_or_leave(rental: Rental, batch: Batch, now: datetime) -> None:
    assert rental.expired_at is not None
    end = hold_end(rental.expired_at)
    if now >= end:
        batch.overdue.append(rental.pk)
        end = now + ONCE_MORE
    _look_again(rental, end, batch)


def _pay(payments: Sequence[Payment], now: datetime) -> None:
    """Charge them; what was short or had expired works on, and its workspace is told."""
    were_short = [payment for payment in payments if payment.rental.short_since]
    charge_rent(payments, by=RENEWALS, now=now)
    for payment in were_short:
        restore(payment, by=RENEWALS, now=now)
    telling.emit_renewed(payments, now=now)

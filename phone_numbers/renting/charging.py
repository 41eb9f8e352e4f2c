"""Rent in the books: for each period one transfer, one charge, and the rental paid further. All at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from dialnexa import audit, wallet
from dialnexa.actors import Actor
from dialnexa.models import AuditEntry, LedgerAccount, LedgerEntry, Workspace
from phone_numbers.models import Rental, RentalCharge
from phone_numbers.renting.schedule import Period

Kind = LedgerAccount.Kind


@dataclass(frozen=True, slots=True)
class Payment:
    """A rental, which came with its number, and the periods that are paid now, in their order."""

    rental: Rental
    periods: Sequence[Period]

    @property
    def total(self) -> Decimal:
        return sum((period.amount for period in self.periods), Decimal(0))


def reference_of(rental: Rental, k: int) -> str:
    """The name of a period's transfer, unique in the books."""
    return f"rent:{rental.number_id}:{k}"


def refuse_short(workspace: Workspace, currency: str, amount: Decimal) -> None:
    """Lock the wallet until the transaction ends, so that nothing else spends the money meanwhile.

    Raises Refusal 402 where it does not cover ``amount``.
    """
    purse = wallet.account(Kind.WALLET, currency, workspace)
    if LedgerAccount.objects.select_for_update(no_key=True).get(pk=purse.pk).balance < amount:
        raise wallet.wallet_short(workspace, amount)


def charge_rent(payments: Sequence[Payment], *, by: Actor, now: datetime) -> None:
    """Charge these periods and set the rentals' ``paid_periods``, ``paid_through`` and ``next_run_at``.

    Rentals and wallets are locked and the wallets cover it: the database refuses what they don't. A period
    whose transfer exists is not charged again. A period that costs nothing has no transfer. Grace and review
    end; ``rental_status`` does not change here.
    """
    booked = _book(payments, by, now)
    RentalCharge.objects.bulk_create(
        RentalCharge(
            rental=payment.rental,
            workspace_id=payment.rental.workspace_id,
            k=period.k,
            starts_at=period.starts_at,
            ends_at=period.ends_at,
            amount=period.amount,
            currency=payment.rental.currency,
            entry_id=booked.get(reference_of(payment.rental, period.k)),
        )
        for payment in payments
        for period in payment.periods
    )
    _move_on(payments)
    audit.record_all(_histories(payments, by, now))


def _book(payments: Iterable[Payment], by: Actor, now: datetime) -> dict[str, str]:
    """Make the transfers that are missing; the ids of all, by reference."""
    wanted = {
        reference_of(payment.rental, period.k): (payment.rental, period)
        for payment in payments
        for period in payment.periods
        if period.amount
    }
    found = LedgerEntry.objects.filter(reference__in=wanted).values_list("reference", "pk")
    booked = dict(found)
    accounts = _Accounts(rental for rental, _ in wanted.values())
    entries = [
        _transfer(reference, rental, period, accounts, by, now)
        for reference, (rental, period) in wanted.items()
        if reference not in booked
    ]
    LedgerEntry.objects.bulk_create(entries)
    return booked | {entry.reference: entry.pk for entry in entries}


class _Accounts:
    """The two accounts of a rental's transfer; all wallets are looked up at once."""

    def __init__(self, rentals: Iterable[Rental]) -> None:
        whose = {rental.workspace_id for rental in rentals}
        wallets = LedgerAccount.objects.filter(kind=Kind.WALLET, workspace__in=whose)
        self.wallets = {(str(purse.workspace_id), purse.currency): purse for purse in wallets}
        self.revenue: dict[str, LedgerAccount] = {}

    def of(self, rental: Rental) -> tuple[LedgerAccount, LedgerAccount]:
        whose = (rental.workspace_id, rental.currency)
        if whose not in self.wallets:
            self.wallets[whose] = wallet.account(Kind.WALLET, rental.currency, rental.workspace)
        if rental.currency not in self.revenue:
            self.revenue[rental.currency] = wallet.account(Kind.REVENUE_NUMBERS, rental.currency)
        return self.wallets[whose], self.revenue[rental.currency]


def _transfer(
    reference: str, rental: Rental, period: Period, accounts: _Accounts, by: Actor, now: datetime
) -> LedgerEntry:
    purse, revenue = accounts.of(rental)
    return LedgerEntry(
        reference=reference,
        kind=LedgerEntry.Kind.CAPTURE,
        debit=purse,
        credit=revenue,
        amount=period.amount,
        currency=rental.currency,
        workspace_id=rental.workspace_id,
        subject_id=rental.number_id,
        memo=f"{rental.number.e164}: rent {span_of(rental, period)}",
        actor_name=by.name,
        api_key=by.api_key,
        created_at=now,
    )


def span_of(rental: Rental, period: Period) -> str:
    """``31 Jan – 28 Feb 2027``: its days, in the zone of the rental."""
    zone = ZoneInfo(rental.time_zone)
    starts, ends = period.starts_at.astimezone(zone), period.ends_at.astimezone(zone)
    year = "" if starts.year == ends.year else f" {starts.year}"
    return f"{starts:%-d %b}{year} – {ends:%-d %b %Y}"


MOVE_ON = """
UPDATE numbers_rental r
SET paid_periods = p.paid, paid_through = p.through, next_run_at = p.through, monthly_price = p.price,
    short_since = NULL, review_since = NULL
FROM unnest(%s::text[], %s::int[], %s::timestamptz[], %s::numeric[]) AS p (id, paid, through, price)
WHERE r.id = p.id
"""


def _move_on(payments: Sequence[Payment]) -> None:
    for payment in payments:
        rental, last = payment.rental, payment.periods[-1]
        rental.paid_periods, rental.paid_through = last.k + 1, last.ends_at
        rental.next_run_at, rental.short_since, rental.review_since = last.ends_at, None, None
        rental.monthly_price = last.amount or rental.monthly_price  # a waived month is no new price
    rows = (
        (rental.pk, rental.paid_periods, rental.paid_through, rental.monthly_price)
        for rental in (payment.rental for payment in payments)
    )
    columns = zip(*rows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(MOVE_ON, [list(column) for column in columns])


def _histories(payments: Iterable[Payment], by: Actor, now: datetime) -> Iterable[AuditEntry]:
    for payment in payments:
        after = {
            "amount": str(payment.total),
            "currency": payment.rental.currency,
            "paid_through": payment.rental.paid_through.isoformat(),
        }
        yield audit.entry_for(payment.rental, "renew", after=after, by=by, now=now)

"""Rent in the books: for each period one transfer, one charge, and the rental paid further. All at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dialnexa import audit, wallet
from dialnexa.actors import Actor
from dialnexa.bulk import insert_rows, update_rows
from dialnexa.models import LedgerAccount, LedgerEntry, Workspace
from dialnexa.translations.marking import gettext_noop
from phone_numbers.models import Rental, RentalCharge
from phone_numbers.renting.schedule import Period

Kind = LedgerAccount.Kind
Row = dict[str, Any]
MOVED = (
    *("id", "paid_periods", "paid_through", "next_run_at", "monthly_price"),
    *("short_since", "review_since"),
)
Accounts = dict[tuple[str, str], tuple[str, str]]  # wallet and revenue, by workspace and currency
RENT = gettext_noop("%(number)s: rent %(starts)s – %(ends)s")


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
    insert_rows(
        RentalCharge,
        [_charge(payment.rental, period, booked) for payment in payments for period in payment.periods],
    )
    _move_on(payments)
    audit.record_same(Rental, "renew", map(_change, payments), by=by, now=now)


def _charge(rental: Rental, period: Period, booked: Mapping[str, str]) -> Row:
    return {
        "rental_id": rental.pk,
        "workspace_id": rental.workspace_id,
        "k": period.k,
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
        "amount": period.amount,
        "currency": rental.currency,
        "entry_id": booked.get(reference_of(rental, period.k)),
    }


def _book(payments: Iterable[Payment], by: Actor, now: datetime) -> dict[str, str]:
    """Make the transfers that are missing; the ids of all, by reference."""
    wanted = {
        reference_of(payment.rental, period.k): (payment.rental, period)
        for payment in payments
        for period in payment.periods
        if period.amount
    }
    booked = dict(LedgerEntry.objects.filter(reference__in=wanted).values_list("reference", "pk"))
    missing = {name: of for name, of in wanted.items() if name not in booked}
    accounts = _accounts(rental for rental, _ in missing.values())
    entries = [_transfer(name, *of, accounts) for name, of in missing.items()]
    insert_rows(
        LedgerEntry,
        entries,
        kind=LedgerEntry.Kind.CAPTURE,
        actor_name=by.name,
        api_key_id=by.api_key.pk if by.api_key else None,
        created_at=now,
    )
    return booked | {entry["reference"]: entry["id"] for entry in entries}


def _accounts(rentals: Iterable[Rental]) -> Accounts:
    """The two accounts of a rental's transfer, by whose it is; all wallets are looked up at once."""
    whose = {(rental.workspace_id, rental.currency): rental for rental in rentals}
    wallets = LedgerAccount.objects.filter(kind=Kind.WALLET, workspace__in={of for of, _ in whose})
    known = {(of, currency): pk for of, currency, pk in wallets.values_list("workspace", "currency", "pk")}
    currencies = {currency for _, currency in whose}
    revenue = {currency: wallet.account(Kind.REVENUE_NUMBERS, currency).pk for currency in currencies}
    return {
        key: (known.get(key) or wallet.account(Kind.WALLET, key[1], rental.workspace).pk, revenue[key[1]])
        for key, rental in whose.items()
    }


def _transfer(reference: str, rental: Rental, period: Period, accounts: Accounts) -> Row:
    purse, revenue = accounts[rental.workspace_id, rental.currency]
    return {
        "id": LedgerEntry._meta.pk.get_default(),
        "reference": reference,
        "debit_id": purse,
        "credit_id": revenue,
        "amount": period.amount,
        "currency": rental.currency,
        "workspace_id": rental.workspace_id,
        "subject_id": rental.number_id,
        "memo": RENT % {"number": rental.number.e164, **_days_of(rental, period)},
    }


def span_of(rental: Rental, period: Period) -> str:
    """``31 Jan – 28 Feb 2027``: its days, in the zone of the rental."""
    return " – ".join(_days_of(rental, period).values())


def _days_of(rental: Rental, period: Period) -> dict[str, str]:
    zone = ZoneInfo(rental.time_zone)
    starts, ends = period.starts_at.astimezone(zone), period.ends_at.astimezone(zone)
    year = "" if starts.year == ends.year else f" {starts.year}"
    return {"starts": f"{starts:%-d %b}{year}", "ends": f"{ends:%-d %b %Y}"}


def _move_on(payments: Sequence[Payment]) -> None:
    for payment in payments:
        rental, last = payment.rental, payment.periods[-1]
        rental.paid_periods, rental.paid_through = last.k + 1, last.ends_at
        rental.next_run_at, rental.short_since, rental.review_since = last.ends_at, None, None
        rental.monthly_price = last.amount or rental.monthly_price  # a waived month is no new price
    rows = [{name: getattr(payment.rental, name) for name in MOVED} for payment in payments]
    update_rows(Rental, rows)


def _change(payment: Payment) -> audit.Change:
    rental = payment.rental
    after = {
        "amount": str(payment.total),
        "currency": rental.currency,
        "paid_through": rental.paid_through.isoformat(),
    }
    return audit.Change(rental.pk, rental.workspace_id, after)

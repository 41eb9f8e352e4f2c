"""What is true of rent in the end: counted again from the days of purchase, and from what carriers hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from dialnexa import wallet
from dialnexa.models import LedgerEntry, Workspace
from phone_numbers.models import PhoneNumber, ReassignableNumber, Rental, RentalCharge
from tests.chaos.rental_timings import LATE
from tests.chaos.tenants import Book
from tests.chaos.verdict import our_accounts
from tests.numbers.renting.twin import HOLD, month_later

WHILE_PRESSED = timedelta(days=8)  # of a clock that runs: somebody paid while somebody else released


@dataclass
class RentalVerdict:
    """Each list holds sentences; an empty one is good."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        return (
            f"renewals: {len(self.lost)} lost, {len(self.doubled)} doubled, {len(self.wrong)} wrong charges, "
            f"{len(self.stuck)} stuck"
        )

    @property
    def findings(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.wrong, *self.stuck]


def judge_rent(carrier: dict[str, Any], book: Book, credit: Decimal, now: datetime) -> RentalVerdict:
    """Compare the sandbox's ``/control/state`` with the database and with what tenants did and were told."""
    verdict = RentalVerdict()
    charges: dict[str, list[RentalCharge]] = {}
    for charge in RentalCharge.objects.select_related("entry").order_by("rental", "k"):
        charges.setdefault(charge.rental_id, []).append(charge)
    rentals = list(Rental.objects.select_related("number", "workspace"))
    for rental in rentals:
        _check_periods(verdict, rental, charges.get(rental.pk, []), now)
        _check_end(verdict, rental, charges.get(rental.pk, []))
        _check_rest(verdict, rental, now)
    _check_books(verdict, charges)
    _check_payments(verdict, charges, book)
    _check_wallets(verdict, rentals, charges, book, credit)
    for pooled in ReassignableNumber.objects.exclude(came_from=None).select_related("number", "came_from"):
        _check_giving_back(verdict, pooled, now)
    _check_carriers(verdict, carrier)
    return verdict


def ended_at(rental: Rental) -> datetime | None:
    """When the number left its workspace, by its own row; nothing for one that is rented."""
    return rental.number.releasing_since or rental.number.released_at


def _check_periods(
    verdict: RentalVerdict, rental: Rental, paid: Sequence[RentalCharge], now: datetime
) -> None:
    """Every month that has begun was charged once, for its price, or somebody knows that it was not paid."""
    zone, name = ZoneInfo(rental.time_zone), f"{rental.number.e164} ({rental.pk})"
    times = Counter(charge.k for charge in paid)
    verdict.doubled += [f"{name}: month {k} was charged {n} times" for k, n in times.items() if n > 1]
    for charge in paid:
        month = month_later(rental.anchor, charge.k, zone), month_later(rental.anchor, charge.k + 1, zone)
        if (charge.starts_at, charge.ends_at) != month or charge.amount != rental.monthly_price:
            verdict.wrong.append(f"{name}: month {charge.k} is {charge.starts_at} for {charge.amount}")
    until, k = ended_at(rental) or now, 0
    while month_later(rental.anchor, k, zone) <= until:
        if not times[k] and not (rental.short_since or rental.ended_at):
            verdict.lost.append(f"{name}: month {k} was never charged, and nobody knows")
        if not times[k] and times[k + 1]:
            verdict.lost.append(f"{name}: month {k} was passed over")
        k += 1


def _check_end(verdict: RentalVerdict, rental: Rental, paid: Sequence[RentalCharge]) -> None:
    end, name = ended_at(rental), f"{rental.number.e164} ({rental.pk})"
    if (end is None) != (rental.ended_at is None):
        verdict.wrong.append(f"{name}: the number left at {end}, its rent ended at {rental.ended_at}")
    late = [
        charge for charge in paid if end and charge.entry and charge.entry.created_at > end + WHILE_PRESSED
    ]
    verdict.wrong += [f"{name}: month {charge.k} was charged after {end}" for charge in late]


def _check_rest(verdict: RentalVerdict, rental: Rental, now: datetime) -> None:
    """Nothing waits that nobody will look at, or that somebody should have looked at."""
    name = f"{rental.number.e164} ({rental.pk})"
    if rental.ended_at is None and (rental.next_run_at is None or rental.next_run_at <= now):
        verdict.stuck.append(f"{name} is to be looked at at {rental.next_run_at}")
    if rental.ended_at is None and rental.expired_at and rental.expired_at + HOLD * 2 < now:
        verdict.stuck.append(f"{name} has been expired since {rental.expired_at}")


def _check_books(verdict: RentalVerdict, charges: dict[str, list[RentalCharge]]) -> None:
    """Each charge is a transfer, and each transfer a charge."""
    booked = Counter(LedgerEntry.objects.filter(reference__startswith="rent:").values_list("pk", flat=True))
    told = Counter(x.entry_id for paid in charges.values() for x in paid if x.entry_id)
    if missing := booked - told:
        verdict.doubled.append(f"{missing.total()} transfers of rent belong to no month")
    if missing := told - booked:
        verdict.wrong.append(f"{missing.total()} paid months have no transfer of their own")


def _check_payments(verdict: RentalVerdict, charges: dict[str, list[RentalCharge]], book: Book) -> None:
    """What a page said was paid is paid, and pressing twice paid once."""
    for (rental_id, at), times in book.paid.items():
        if times > 1:
            verdict.doubled.append(f"{rental_id} was paid {times} times from {at} on")
        if at not in [charge.starts_at for charge in charges.get(rental_id, [])]:
            verdict.lost.append(f"{rental_id}: the month of {at} was paid by hand, and is gone")


def _check_wallets(
    verdict: RentalVerdict,
    rentals: Sequence[Rental],
    charges: dict[str, list[RentalCharge]],
    book: Book,
    credit: Decimal,
) -> None:
    """What came in, less the months, but for those that had not begun when a number left."""
    spent: Counter[str] = Counter()
    for rental in rentals:
        end = ended_at(rental)
        kept = [x.amount for x in charges.get(rental.pk, []) if end is None or x.starts_at <= end]
        spent[rental.workspace.slug] += sum(kept)  # type: ignore[assignment]
    for workspace in Workspace.objects.filter(is_pool=False):
        due = credit + book.paid_in[workspace.slug] - spent[workspace.slug]
        if (has := wallet.balance(workspace)) != due or has < 0 or wallet.held(workspace):
            verdict.wrong.append(f"{workspace.slug} has {has}, {due} is left of what was paid in")


def _check_giving_back(verdict: RentalVerdict, pooled: ReassignableNumber, now: datetime) -> None:
    """What nobody pays for goes back a margin before its carrier charges for another month."""
    assert pooled.came_from is not None
    margin, zone = (
        timedelta(hours=settings.GIVE_BACK_MARGIN_HOURS),
        ZoneInfo(pooled.came_from.rental.time_zone),
    )
    billed, k = _billed_since(pooled.came_from), 0
    while month_later(billed, k, zone) <= pooled.available_at + margin:
        k += 1
    due, went = month_later(billed, k, zone) - margin, pooled.number.releasing_since
    if pooled.closed_at is None and pooled.release_at != due:
        verdict.wrong.append(f"{pooled} is to go back at {pooled.release_at}, not at {due}")
    if pooled.closed_at is None and due <= now:
        verdict.stuck.append(f"{pooled} was to go back at {due}")
    if went and not due <= went <= due + LATE * 2:
        verdict.wrong.append(f"{pooled} went back at {went}, not at {due}")


def _billed_since(number: PhoneNumber) -> datetime:
    """Since when its carrier has had us pay for it, whoever rented it here in turn."""
    before = ReassignableNumber.objects.filter(assigned_to=number).select_related("came_from").first()
    return _billed_since(before.came_from) if before and before.came_from else number.rental.anchor


def _check_carriers(verdict: RentalVerdict, carrier: dict[str, Any]) -> None:
    """The carriers hold what is rented or waits in the pool, and nothing else."""
    accounts = our_accounts().items()
    owned = {
        (slug, f"+{number}")
        for slug, account in accounts
        for number in carrier["accounts"].get(account, {"numbers": ()})["numbers"]
    }
    rows = list(PhoneNumber.objects.filter(status__in=PhoneNumber.LIVE))
    verdict.stuck += [f"{row.e164} is {row.status}" for row in rows if row.status != "active"]
    live = Counter((row.carrier, row.e164) for row in rows)
    verdict.doubled += [f"{e164} has {n} owners" for (_, e164), n in live.items() if n > 1]
    verdict.lost += [
        f"{e164} works for somebody, and {slug} has it not" for slug, e164 in live.keys() - owned
    ]
    verdict.lost += [f"{slug} bills us for {e164}, and nobody has it" for slug, e164 in owned - live.keys()]

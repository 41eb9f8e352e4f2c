"""What the wallet will be asked for: the rent of each number as it falls due, and calls as they were of late.

Three queries, whatever the workspace rents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum

from dialnexa.models import LedgerAccount, LedgerEntry, Workspace
from dialnexa.money import round_money
from phone_numbers.models import Rental, RentalPrice
from phone_numbers.renting.periods import period_start
from phone_numbers.renting.schedule import is_much, price_at

NOTHING = Decimal(0)
RENTALS_MOST = 10_000  # those whose rent is due first; more would make a page slow
CALL_DAYS = 14  # whole days, today not among them
LAST = 2**31  # the rank of what has none
INSTANT = timedelta(microseconds=1)
COLUMNS = (
    *("pk", "number_id", "number__e164", "number__nickname", "number__missing_since"),
    *("paid_periods", "paid_through", "anchor", "time_zone", "monthly_price"),
    *("auto_renew", "renewal_rank", "next_run_at", "short_since", "expired_at", "review_since"),
)


@dataclass(slots=True)
class Rented:
    """A rental without the weight of a model; the fields are COLUMNS."""

    id: str
    number_id: str
    e164: str
    nickname: str
    missing_since: datetime | None
    paid_periods: int
    paid_through: datetime
    anchor: datetime
    time_zone: str
    monthly_price: Decimal
    auto_renew: bool
    renewal_rank: int | None
    next_run_at: datetime | None
    short_since: datetime | None
    expired_at: datetime | None
    review_since: datetime | None

    @property
    def is_held_up(self) -> bool:
        """Nothing is charged, and nothing taken away, until a person or the carrier has spoken."""
        return bool(self.missing_since or self.review_since or self.next_run_at is None)

    @property
    def rank(self) -> tuple[int, datetime, str]:
        return LAST if self.renewal_rank is None else self.renewal_rank, self.anchor, self.id


@dataclass(slots=True)
class Claim:
    """What a rental asks of the wallet at a moment: every month that is due by then and not paid.

    ``overdue``: it has asked before and was not paid, so the days it has left are counted from then.
    """

    at: datetime
    rental: Rented
    amount: Decimal
    overdue: bool = False


@dataclass(slots=True)
class Outlook:
    """``midnights``: when today began, when each day after it does, and when the last one ends, in UTC."""

    now: datetime
    today: date
    midnights: Sequence[datetime]
    rentals: Sequence[Rented]
    calls_per_day: Decimal
    left_out: int
    prices: Mapping[str, Sequence[RentalPrice]] = field(default_factory=dict)

    @property
    def until(self) -> datetime:
        return self.midnights[-1]

    @property
    def retry_at(self) -> datetime:
        """When rent that is overdue is tried next: with the first rental that is looked at."""
        looks = [rental.next_run_at for rental in self.rentals if rental.next_run_at]
        return max(self.now, min([*looks, self.until - INSTANT]))

    def by_day(self) -> Iterator[tuple[date, list[Claim]]]:
        """Each day and its claims, in the order in which they are decided."""
        claims = sorted(self._claims(), key=lambda claim: (claim.at, claim.rental.rank))
        taken = 0
        for n, ends in enumerate(self.midnights[1:]):
            since = taken
            while taken < len(claims) and claims[taken].at < ends:
                taken += 1
            yield self.today + timedelta(days=n), claims[since:taken]

    def lapsing(self) -> Iterator[Claim]:
        """What is not going to renew by itself, when it asks first."""
        for rental in self.rentals:
            if not rental.auto_renew and not rental.is_held_up:
                yield from islice(self._claims_of(rental, max(self.now, rental.paid_through)), 1)

    def _claims(self) -> Iterator[Claim]:
        retry_at = self.retry_at
        for rental in self.rentals:
            if not rental.auto_renew or rental.is_held_up:
                continue
            first = retry_at if rental.short_since else max(self.now, rental.paid_through)
            yield from self._claims_of(rental, first)

    def _claims_of(self, rental: Rented, first: datetime) -> Iterator[Claim]:
        """What is due by ``first`` together, then month by month; none where support is asked before."""
        months, prices = list(self._months(rental)), self.prices.get(rental.id, ())
        due = [at for at in months if at <= first]
        if is_much(due) and rental.expired_at is None:
            return
        if due:
            owed = sum((price_at(rental, prices, at) for at in due), NOTHING)
            yield Claim(first, rental, owed, overdue=rental.short_since is not None)
        for at in months[len(due) :]:
            yield Claim(at, rental, price_at(rental, prices, at))

    def _months(self, rental: Rented) -> Iterator[datetime]:
        """When each month begins that is not paid yet."""
        k, at, until = rental.paid_periods, rental.paid_through, self.until
        while at < until:
            yield at
            k += 1
            at = period_start(rental.anchor, k, rental.time_zone)


def read_outlook(workspace: Workspace, *, now: datetime, days: int, calls: bool) -> Outlook:
    """Today and ``days`` days after it, in the workspace's zone."""
    zone = ZoneInfo(workspace.time_zone)
    today = now.astimezone(zone).date()
    rows = Rental.objects.filter(workspace=workspace, currency=workspace.currency, ended_at=None)
    found = rows.order_by("paid_through", "pk").values_list(*COLUMNS)[:RENTALS_MOST]
    rentals = [Rented(*row) for row in found]
    return Outlook(
        now=now,
        today=today,
        midnights=[midnight(today + timedelta(days=n), zone) for n in range(days + 2)],
        rentals=rentals,
        calls_per_day=spend_per_day(workspace, now=now) if calls else NOTHING,
        left_out=rows.count() - len(rentals) if len(rentals) == RENTALS_MOST else 0,
        prices=_prices(workspace),
    )


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins there, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def spend_per_day(workspace: Workspace, *, now: datetime) -> Decimal:
    """What calls cost a day on average, to the cent: of the last CALL_DAYS whole days, quiet ones among them,
    or of as many as the workspace has existed.
    """
    zone = ZoneInfo(workspace.time_zone)
    today = now.astimezone(zone).date()
    days = min(CALL_DAYS, max((today - workspace.created_at.astimezone(zone).date()).days, 1))
    since, until = midnight(today - timedelta(days=days), zone), midnight(today, zone)
    entries = LedgerEntry.objects.filter(workspace=workspace, created_at__gte=since, created_at__lt=until)
    of_calls = LedgerAccount.Kind.REVENUE_CALLS
    sums = entries.filter(currency=workspace.currency).aggregate(
        charged=Sum("amount", filter=Q(credit__kind=of_calls)),
        returned=Sum("amount", filter=Q(debit__kind=of_calls)),
    )
    spent = (sums["charged"] or NOTHING) - (sums["returned"] or NOTHING)
    return round_money(max(spent, NOTHING) / days)


def _prices(workspace: Workspace) -> dict[str, list[RentalPrice]]:
    prices: dict[str, list[RentalPrice]] = {}
    coming = RentalPrice.objects.filter(rental__workspace=workspace, rental__ended_at=None)
    for price in coming:
        prices.setdefault(price.rental_id, []).append(price)
    return prices

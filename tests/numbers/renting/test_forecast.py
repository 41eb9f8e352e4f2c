"""The forecast …"""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import LedgerEntry, Notice, Workspace
from phone_numbers.models import PhoneNumber, Rental, RentalCharge
from phone_numbers.renting import outlook
from phone_numbers.renting.forecast import Forecast, Risk, forecast
from phone_numbers.renting.prices import change_price
from phone_numbers.renting.sweep import sweep_rent
from tests.numbers.renting.conftest import Fund, Rent, again, balance

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 1, 20, 9, 30, tzinfo=UTC)
CENT = Decimal("0.01")


def live_exactly(shop: Workspace, since: datetime, until: datetime) -> None:
    """A sweeper that is there at the very moment at which something is due."""
    at = since
    sweep_rent(now=at)
    while True:
        due = Rental.objects.filter(workspace=shop, ended_at=None, next_run_at__gt=at).order_by("next_run_at")
        coming = due.values_list("next_run_at", flat=True).first()
        if coming is None or coming >= until:
            return
        at = coming
        sweep_rent(now=at)


def until_of(seen: Forecast) -> datetime:
    """When the last day ends in Kolkata."""
    midnight = datetime.combine(seen.days[-1].on, time(), ZoneInfo("Asia/Kolkata"))
    return (midnight + timedelta(days=1)).astimezone(UTC)


def rents(seed: int, shop: Workspace, rent: Rent, fund: Fund) -> None:
    """A shop in whatever state its numbers have got into by NOW."""
    chance = random.Random(seed)
    for _ in range(chance.randrange(3, 9)):
        at = NOW - timedelta(days=chance.randrange(1, 100), minutes=chance.randrange(1440))
        rank = chance.choice([1, 2, 3, None])
        price = chance.choice(["0", "92", "92.50", "115.123456", "400"])
        rental = rent(shop, at, price, renewal_rank=rank, auto_renew=chance.random() < 0.8)
        if chance.random() < 0.3:
            starts = NOW + timedelta(days=chance.randrange(50))
            change_price(again(rental), Decimal("140"), starts_at=starts, reason="", by=SYSTEM, now=NOW)
        if chance.random() < 0.1:
            PhoneNumber.objects.filter(pk=rental.number_id).update(missing_since=at)
    if chance.random() < 0.7:
        fund(shop, str(chance.randrange(1, 900)), NOW - timedelta(days=70))
    since = Rental.objects.filter(workspace=shop).order_by("anchor").values_list("anchor", flat=True)[0]
    live_exactly(shop, since, NOW)
    if chance.random() < 0.6:
        amount, purse = str(chance.randrange(1, 1500)), wallet.account("wallet", shop.currency, shop)
        entry = LedgerEntry(reference=f"back {seed}", kind="refund", amount=Decimal(amount))
        entry.debit, entry.credit = wallet.account("revenue:calls", shop.currency), purse
        entry.currency, entry.workspace, entry.memo = shop.currency, shop, "Nobody is told of it"
        entry.save(force_insert=True)


def told(rental_of: dict[str, str], word: str) -> set[tuple[str, datetime]]:
    """When the workspace was told so of which numbers, after NOW."""
    rows = Notice.objects.filter(reference__startswith="rent:", created_at__gte=NOW)
    return {
        (rental_of[reference.split(":")[1]], at)
        for reference, at in rows.values_list("reference", "created_at")
        if reference.endswith(f":{word}")
    }


@pytest.mark.parametrize("seed", range(12))
def test_foresees_what_the_sweeper_does(shop: Workspace, rent: Rent, fund: Fund, seed: int) -> None:
    rents(seed, shop, rent, fund)
    seen = forecast(shop, now=NOW, calls=False)
    until, paid_before = until_of(seen), set(RentalCharge.objects.values_list("pk", flat=True))
    rental_of = {rental.pk: rental.number_id for rental in Rental.objects.filter(workspace=shop)}
    live_exactly(shop, NOW, until)
    assert seen.days[-1].balance == balance(shop)
    charged = sum(
        RentalCharge.objects.exclude(pk__in=paid_before).values_list("amount", flat=True), Decimal(0)
    )
    assert seen.opening - seen.days[-1].balance == charged
    new = {(risk.number_id, risk.short_at) for risk in seen.risks if risk.short_at >= NOW}
    assert new == told(rental_of, "short")
    stopped = {(risk.number_id, risk.works_until) for risk in seen.risks if NOW <= risk.works_until < until}
    assert stopped == told(rental_of, "expired")
    lost = {(risk.number_id, risk.kept_until) for risk in seen.risks if NOW <= risk.kept_until < until}
    assert lost == told(rental_of, "lost")


@pytest.mark.parametrize("seed", range(100, 108))
@pytest.mark.parametrize("less", [Decimal(0), CENT])
def test_names_the_least_amount_that_keeps_everything(
    shop: Workspace, rent: Rent, fund: Fund, seed: int, less: Decimal
) -> None:
    rents(seed, shop, rent, fund)
    seen = forecast(shop, now=NOW, calls=False)
    if seen.top_up_needed == 0:
        assert seen.short == []
        return
    if seen.top_up_needed > less:
        fund(shop, str(seen.top_up_needed - less), NOW)
    then = forecast(shop, now=NOW, calls=False)
    assert bool(then.short) == bool(less)
    had = list(Rental.objects.filter(workspace=shop, ended_at=None).values_list("pk", flat=True))
    live_exactly(shop, NOW, until_of(seen))
    waiting = Rental.objects.filter(pk__in=had, auto_renew=True, number__missing_since=None)
    unpaid = waiting.filter(short_since__isnull=False)  # also of those that were lost
    assert unpaid.exists() == bool(less)


def test_pays_in_the_order_of_the_workspace_what_it_can(shop: Workspace, rent: Rent, fund: Fund) -> None:
    bought = NOW - timedelta(days=20)
    last, first, cheap = (
        rent(shop, bought, price, renewal_rank=rank) for price, rank in (("100", 3), ("90", 1), ("20", 4))
    )
    fund(shop, "120", NOW)
    seen = forecast(shop, now=NOW, days=20)
    assert [risk.number_id for risk in seen.risks] == [last.number_id]
    assert seen.days[-1].balance == 10
    assert (seen.top_up_needed, seen.top_up_by) == (Decimal(90), datetime(2027, 1, 31, 9, 30, tzinfo=UTC))
    assert seen.days[-1].missing == 90
    assert {first.number_id, cheap.number_id}.isdisjoint({risk.number_id for risk in seen.risks})


def test_says_what_lapses_because_nobody_renews_it(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rental = rent(shop, NOW - timedelta(days=20), "100", auto_renew=False)
    fund(shop, "5000", NOW)
    seen = forecast(shop, now=NOW)
    due = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
    assert seen.risks == [
        Risk(
            number_id=rental.number_id,
            e164=rental.number.e164,
            nickname="",
            auto_renew=False,
            amount=Decimal(100),
            short_at=due,
            works_until=due + timedelta(days=7),
            kept_until=due + timedelta(days=37),
        )
    ]
    assert seen.top_up_needed == 0
    assert seen.top_up_by is None
    assert seen.short == []


def spend(shop: Workspace, amount: str, at: datetime) -> None:
    made = LedgerEntry.objects.count()
    wallet.charge(shop, Decimal(amount), subject=f"call_{made}", memo="Call", by=SYSTEM, now=at)


def test_counts_calls_as_they_were_in_the_last_fourteen_days(shop: Workspace, fund: Fund, rent: Rent) -> None:
    fund(shop, "1000", NOW - timedelta(days=19))
    for days, amount in ((15, "500"), (14, "70"), (3, "70"), (0, "99")):  # too long ago, twice, today
        spend(shop, amount, NOW - timedelta(days=days))
    rent(shop, NOW - timedelta(days=20), "100")
    seen = forecast(shop, now=NOW)
    assert [seen.opening, seen.calls_per_day] == [261, 10]
    assert [day.balance for day in seen.days[:3]] == [251, 241, 231]
    assert seen.days[11].rent == 100
    assert [seen.days[-1].balance, seen.days[-1].wanted] == [0, 261 - 200 - 610]
    assert seen.top_up_needed == 200 + 39 * 10 - 261  # until the last rent, not until the last day
    assert forecast(shop, now=NOW, calls=False).top_up_needed == 0


def test_spreads_the_calls_of_a_young_workspace_over_its_days(shop: Workspace, fund: Fund) -> None:
    Workspace.objects.filter(pk=shop.pk).update(created_at=NOW - timedelta(days=2))
    shop.refresh_from_db()
    fund(shop, "100", NOW)
    spend(shop, "50", NOW - timedelta(days=1))
    assert forecast(shop, now=NOW).calls_per_day == 25


def test_has_nothing_to_say_of_an_empty_workspace(shop: Workspace) -> None:
    seen = forecast(shop, now=NOW)
    assert seen.risks == []
    assert [len(seen.days), seen.rentals, seen.top_up_needed] == [61, 0, 0]


def test_leaves_out_numbers_beyond_those_that_renew_first(
    shop: Workspace, rent: Rent, monkeypatch: pytest.MonkeyPatch
) -> None:
    later, sooner = (rent(shop, NOW - timedelta(days=days), "100") for days in (5, 20))
    monkeypatch.setattr(outlook, "RENTALS_MOST", 1)
    seen = forecast(shop, now=NOW)
    assert [risk.number_id for risk in seen.risks] == [sooner.number_id]
    assert (seen.rentals, seen.left_out) == (1, 1)
    assert later.number_id


def rent_many(shop: Workspace, count: int) -> None:
    numbers = PhoneNumber.objects.bulk_create(
        PhoneNumber(
            workspace=shop,
            e164=f"+1213{n:07}",
            country="US",
            calling_code="1",
            national_number=f"213{n:07}",
            type="local",
            status="active",
            carrier="plivo",
        )
        for n in range(count)
    )
    anchors = [NOW - timedelta(days=25, minutes=n) for n in range(count)]
    Rental.objects.bulk_create(
        Rental(
            number=number,
            workspace=shop,
            currency="INR",
            time_zone="Asia/Kolkata",
            monthly_price=Decimal(100),
            anchor=at,
            paid_through=at + timedelta(days=31),
            next_run_at=at + timedelta(days=31),
        )
        for number, at in zip(numbers, anchors, strict=True)
    )


def test_asks_as_little_for_many_numbers_as_for_one(shop: Workspace, fund: Fund) -> None:
    rent_many(shop, 300)
    fund(shop, "12000", NOW)
    with CaptureQueriesContext(connection) as asked:
        seen = forecast(shop, now=NOW)
    assert len(asked) <= 5
    assert (seen.rentals, len(seen.risks)) == (300, 300)  # 120 a first time only
    assert seen.top_up_needed == 300 * 2 * 100 - 12000

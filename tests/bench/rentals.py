"""``python -m tests.bench.rentals``: rent of many numbers renewed, one in a transaction or a batch at a time.

Both do the whole of it: wallet and rental locked, transfer, charge, rental moved on, history, and what the
customers' servers are told; afterwards what both have written is compared. They take turns on numbers of
their own, so that a busy machine slows both alike. ``--spare`` adds rentals that are not due.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from statistics import median

from tests.bench.figures import head, say, told
from tests.bench.forecasts import forecast_many
from tests.bench.rating import database
from tests.bench.rental_effects import compare_effects

ANCHOR = datetime(2027, 1, 31, 6, 0, tzinfo=UTC)
NOW = datetime(2027, 2, 28, 6, 0, 1, tzinfo=UTC)
ROUNDS = 8
PRICE = Decimal("92")
LISTENS = 4  # of so many workspaces one has a server that hears of renewals
KEY = {"sealed_secret": b"sealed"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rentals", description=__doc__)
    parser.add_argument("--rentals", type=int, default=10_000)
    parser.add_argument("--spare", type=int, default=0, help="rentals that are not due, for the plans")
    options = parser.parse_args()
    for workspaces in (200, 1):
        with database():
            rent_out(options.rentals, workspaces, NOW, "1")
            if options.spare:
                rent_out(options.spare, workspaces, NOW + timedelta(days=10), "2")
            head(f"rentals: {options.rentals:,} due, of {workspaces} workspaces; {options.spare:,} are not")
            measure(options.rentals, workspaces)
            if options.spare:
                explain()
    with database():
        forecast_many(10_000)
    return 0


def measure(count: int, workspaces: int) -> None:
    """Turns of both; rates are medians."""
    from django.conf import settings

    from phone_numbers.models import Rental
    from phone_numbers.renting.renewing import renew_due

    one, many, plainly = [], [], []
    due = Rental.objects.filter(next_run_at__lte=NOW).order_by("pk")
    settings.DEBUG = False  # which keeps every statement
    # Of tables that were empty, PostgreSQL reads all rows for each foreign key until autovacuum comes by.
    renew_due(now=NOW)
    _analyze()
    for _ in range(ROUNDS):
        ids = list(due.values_list("pk", flat=True)[: count // 100])
        plainly += ids
        begun = time.perf_counter()
        for pk in ids:
            renew_plainly(pk)
        one.append(len(ids) / (time.perf_counter() - begun))
        begun = time.perf_counter()
        renewed = sum(renew_due(now=NOW).renewed for _ in range(count // ROUNDS // settings.RENT_BATCH or 1))
        many.append(renewed / (time.perf_counter() - begun))
    each, batch = median(one), median(many)
    told(
        f"rent: renewals of {workspaces} workspace{'s' * (workspaces > 1)} in batches, times faster",
        batch / each,
        least=15,
        baseline=f"one by one {each:,.0f}/s",
        ours=f"{batch:,.0f}/s",
    )
    compare_effects(plainly)


def renew_plainly(rental_id: str) -> None:
    """What one would write first: correct, and alone in its transaction."""
    from django.db import transaction

    from dialnexa import audit, wallet
    from dialnexa.models import LedgerAccount, LedgerEntry
    from phone_numbers.models import Rental, RentalCharge
    from phone_numbers.renting.charging import Payment, span_of
    from phone_numbers.renting.renewing import RENEWALS
    from phone_numbers.renting.schedule import due_periods
    from phone_numbers.renting.telling import emit_renewed

    with transaction.atomic():
        rows = Rental.objects.select_related("number", "workspace").select_for_update(
            of=("self",), no_key=True
        )
        rental = rows.get(pk=rental_id)
        (period,) = due_periods(rental, list(rental.prices.all()), now=NOW)
        purse = wallet.account("wallet", rental.currency, rental.workspace)
        assert LedgerAccount.objects.select_for_update(no_key=True).get(pk=purse.pk).balance >= period.amount
        entry = LedgerEntry.objects.create(
            reference=f"rent:{rental.number_id}:{period.k}",
            kind="capture",
            debit=purse,
            credit=wallet.account("revenue:numbers", rental.currency),
            amount=period.amount,
            currency=rental.currency,
            workspace=rental.workspace,
            subject_id=rental.number_id,
            memo=f"{rental.number.e164}: rent {span_of(rental, period)}",
            actor_name=RENEWALS.name,
            created_at=NOW,
        )
        RentalCharge.objects.create(
            rental=rental,
            workspace=rental.workspace,
            k=period.k,
            starts_at=period.starts_at,
            ends_at=period.ends_at,
            amount=period.amount,
            currency=rental.currency,
            entry=entry,
        )
        rental.paid_periods, rental.paid_through = period.k + 1, period.ends_at
        rental.next_run_at = period.ends_at
        rental.save(update_fields=["paid_periods", "paid_through", "next_run_at"])
        after = {"amount": str(period.amount), "currency": rental.currency}
        after["paid_through"] = period.ends_at.isoformat()
        audit.record(rental, "renew", after=after, by=RENEWALS, now=NOW)
        emit_renewed([Payment(rental, [period])], now=NOW)


def rent_out(count: int, workspaces: int, due: datetime, serial: str) -> None:
    """So many numbers whose second month begins then, in so many workspaces with enough money."""
    from phone_numbers.models import PhoneNumber, Rental

    shops = _shops(workspaces, count)
    serials = iter(range(count))
    while some := list(islice(serials, 10_000)):
        numbers = [
            PhoneNumber(
                workspace=shops[k % workspaces],
                e164=f"+1{serial}{k:09}",
                country="US",
                calling_code="1",
                national_number=f"{serial}{k:09}",
                type="local",
                status="active",
                carrier="plivo",
                carrier_number_id=f"{serial}{k}",
            )
            for k in some
        ]
        PhoneNumber.objects.bulk_create(numbers, batch_size=2000)
        Rental.objects.bulk_create(
            [
                Rental(
                    number=number,
                    workspace=number.workspace,
                    monthly_price=PRICE,
                    currency="INR",
                    anchor=ANCHOR - timedelta(seconds=k),
                    time_zone="Asia/Kolkata",
                    paid_through=due - timedelta(seconds=k),
                    next_run_at=due - timedelta(seconds=k),
                )
                for k, number in zip(some, numbers, strict=True)
            ],
            batch_size=2000,
        )
    _analyze()


def _shops(workspaces: int, count: int) -> list:
    from dialnexa import wallet
    from dialnexa.actors import SYSTEM
    from dialnexa.models import WebhookEndpoint, Workspace

    shops = []
    for n in range(workspaces):
        shop, new = Workspace.objects.get_or_create(slug=f"shop-{n}", defaults={"name": f"Shop {n}"})
        if new:
            wallet.open_accounts(shop)
            wallet.credit(shop, PRICE * count, reference=shop.slug, memo="Bench", by=SYSTEM, now=ANCHOR)
            if n % LISTENS == 0:
                WebhookEndpoint.objects.create(
                    workspace=shop, url="https://shop.example", events=["*"], **KEY
                )
        shops.append(shop)
    return shops


def _analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def explain() -> None:
    """How the two queries of a batch are planned where few of very many rentals are due."""
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from phone_numbers.models import Rental
    from phone_numbers.renting.renewing import renew_due

    few = list(Rental.objects.filter(ended_at=None).order_by("pk").values_list("pk", flat=True)[:100])
    Rental.objects.filter(pk__in=few).update(next_run_at=NOW, paid_through=NOW)
    _analyze()
    with transaction.atomic():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            renew_due(now=NOW)
        transaction.set_rollback(True)
    for query in asked.captured_queries:
        if query["sql"].startswith("SELECT") and '"numbers_rental"."next_run_at" <=' in query["sql"]:
            with connection.cursor() as cursor, transaction.atomic():
                cursor.execute("EXPLAIN (ANALYZE, COSTS OFF) " + query["sql"])
                for (line,) in cursor.fetchall():
                    say(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())

"""``manage.py reconcile``: read a carrier's whole list now, and say where it differs from what we show."""

import time
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from dialnexa import clock
from dialnexa.admin_looks import exact_money
from phone_numbers.drift.standing import monthly_bills, open_drifts, try_sweep
from phone_numbers.drift.sweeps import begin_sweep, read_on
from phone_numbers.models import CarrierSweep, Drift
from telephony.carriers import carrier_slugs
from telephony.carriers.base import CarrierError

PAUSE = 2.0  # seconds between two looks at a sweep that somebody else reads, or that waits for its carrier


class Command(BaseCommand):
    help = "Compare carriers' lists of our numbers with what we show. Fails when a list is not complete."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--carrier", help="one of the configured carriers; all of them when left out")
        parser.add_argument("--dry-run", action="store_true", help="say what would be found, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        carriers = [options["carrier"]] if options["carrier"] else carrier_slugs()
        doubted = [slug for slug in carriers if not self._reconcile(slug, dry=options["dry_run"])]
        if doubted or not carriers:
            raise CommandError(f"Nothing follows for {', '.join(doubted) or 'no carrier'}: see above.")

    def _reconcile(self, carrier: str, *, dry: bool) -> bool:
        """Whether the list was complete and believed."""
        try:
            sweep, rows = try_sweep(carrier, now=clock.now()) if dry else self._sweep(carrier)
        except (CarrierError, LookupError, ImproperlyConfigured) as error:
            self.stdout.write(f"{carrier}: the list was not read. {error}")
            return False
        problem = sweep.alarm or sweep.problem
        self.stdout.write(f"{carrier}: {sweep.counted} numbers on the list. {problem}".rstrip())
        if problem:
            return False
        self._show(rows)
        if not dry:
            self._sum_up(carrier)
        return True

    def _sweep(self, carrier: str) -> tuple[CarrierSweep, Iterable[Drift]]:
        sweep = read_on(begin_sweep(carrier, now=clock.now()).pk)
        while not sweep.finished_at:
            time.sleep(PAUSE)
            sweep = read_on(sweep.pk)
        return sweep, open_drifts(carrier)

    def _show(self, rows: Iterable[Drift]) -> None:
        for drift in rows:
            seen = "agreed" if drift.agreed_at else "seen once"
            cost = exact_money(drift.monthly_cost, drift.currency)
            told = " ".join(drift.evidence)
            self.stdout.write(f"  {drift.kind:<10} {drift.e164:<16} {seen:<9} {cost:>12}  {told}")

    def _sum_up(self, carrier: str) -> None:
        bills = monthly_bills(open_drifts(carrier))
        for bill in bills:
            cost = exact_money(bill.amount, bill.currency)
            self.stdout.write(f"  {bill.count} × {bill.kind}: {cost} a month")
        if not bills:
            self.stdout.write("  Both sides agree.")

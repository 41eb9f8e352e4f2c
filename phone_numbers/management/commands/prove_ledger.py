"""``manage.py prove_ledger``: prove the books now. Exit status 1 when something is wrong with them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dialnexa import clock
from phone_numbers.proofs.proving import prove_books


class Command(BaseCommand):
    help = "Hold the ledger against itself and against rentals, orders and calls. Fails when they disagree."

    def handle(self, *args: Any, **options: Any) -> None:
        proof = prove_books(now=clock.now())
        for check in proof.checks:
            mark = f"{check['count']} WRONG" if check["count"] else "ok"
            self.stdout.write(f"{mark:>10}  {check['code']:<10} {check['title']} ({check['took_ms']} ms)")
            for about, says in check["found"]:
                self.stdout.write(f"{'':>12}{about}: {says}")
        if not proof.ok:
            raise CommandError(f"The books are not in order. See {proof.pk} in the support desk.")
        self.stdout.write(f"The books are in order: {proof.entries} transfers in {proof.took_ms} ms.")

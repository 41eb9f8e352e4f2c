"""``python -m tests.chaos.rentals``: months of rent in minutes, while everything is killed, and a recount."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from tests.chaos.faults import Nemesis
from tests.chaos.program import Part, Run, settle
from tests.chaos.rental_sabotage import RENTAL_SABOTAGES
from tests.chaos.rental_timings import RENTAL_TIMINGS, STEP, TICK

WORKSPACES = 4
TENANTS = 4
MONTHS = timedelta(days=6 * 30)
LATE = timedelta(days=10)  # time waits for sweepers that are so late: more than a month goes to a person
WAITS_MOST = 90.0  # seconds, all in all; who never comes is found in the end
QUIET_WITHIN = 120.0
CREDIT = Decimal(1000)
RENTAL_FAULTS: tuple[dict[str, object], ...] = (
    {"on": "release", "kind": "error_before", "share": 0.15},
    {"on": "release", "kind": "error_after", "share": 0.2},
    {"on": "release", "kind": "reset_after", "share": 0.1},
    {"on": "release", "kind": "slow", "share": 0.2, "seconds": 1},
    {"on": "release", "kind": "sold_then_silent", "share": 0.05, "seconds": 4},
)


class Time(threading.Thread):
    """Lets half days pass, in every process, and waits for sweepers that are very late."""

    def __init__(self, begins: datetime) -> None:
        super().__init__(daemon=True)
        self.moment, self.ends, self.patience = begins, begins + MONTHS, WAITS_MOST

    def run(self) -> None:
        from dialnexa import clock

        while self.moment < self.ends and self.patience > 0:
            time.sleep(TICK)
            if self._is_late():
                self.patience -= TICK
                continue
            self.moment += STEP
            clock.move_to(self.moment)

    def _is_late(self) -> bool:
        """Whether rent has been due for long. Time does not pass while the database is away."""
        from django.db import Error, connection

        from phone_numbers.models import Rental

        try:
            return Rental.objects.filter(ended_at=None, next_run_at__lt=self.moment - LATE).exists()
        except Error:
            connection.close()
            return False


def play(run: Run) -> int:
    from dialnexa import clock
    from tests.chaos import shop, tenants

    dice, seed, book = random.Random(run.options.seed), run.options.seed, tenants.Book()
    begins = next_february(clock.wall_now())
    clock.move_to(begins)
    time.sleep(0.5)  # everybody looks a few times a second
    shop.open_shop(WORKSPACES, CREDIT)
    tenants.rent_out(run.options.n, run.carriers, run.sandbox_url, book, dice, begins)
    shop.break_carrier(run.sandbox_url, seed, (*run.sabotage.faults, *RENTAL_FAULTS), "sell_again")
    run.world.start()
    nemesis = Nemesis(run.world, seed, run.every, lambda: tell_again(dice))
    passing = Time(clock.now())
    began = time.monotonic()
    people = [tenants.Tenant(run.world.url, run.sandbox_url, book, seed + k) for k in range(TENANTS)]
    for thread in (*people, nemesis, passing):
        thread.start()
    passing.join()
    for person in people:
        person.rest()
    nemesis.rest()
    print(f"  {time.monotonic() - began:6.1f} s  it is {passing.moment:%-d %B %Y}; nothing breaks any more")
    httpx.delete(f"{run.sandbox_url}/control/faults", timeout=10).raise_for_status()
    settle(moving, QUIET_WITHIN)
    return report(run, nemesis, book, clock.now())


def next_february(now: datetime) -> datetime:
    """So that numbers are rented on the last days of January."""
    return datetime(now.year + 1, 2, 1, tzinfo=UTC)


def tell_again(dice: random.Random) -> str:
    """Deliver messages twice: numbers that are being given back."""
    from phone_numbers.models import PhoneNumber
    from phone_numbers.tasks import release_number

    ids = list(PhoneNumber.objects.filter(status="releasing").values_list("pk", flat=True)[:50])
    for number_id in dice.sample(ids, min(8, len(ids))):
        for _ in range(2):
            release_number.apply_async(kwargs={"number_id": number_id})
    return "deliver messages twice"


def moving() -> bool:
    """Whether rent is due, or a number on its way out; time goes on to when its carrier is told again."""
    from dialnexa import clock
    from phone_numbers.models import PhoneNumber, ReassignableNumber, Rental

    now = clock.now()
    due = Rental.objects.filter(ended_at=None, next_run_at__lte=now).exists()
    if due or ReassignableNumber.objects.filter(closed_at=None, release_at__lte=now).exists():
        return True
    leaving = PhoneNumber.objects.filter(status__in=("releasing", "pending")).order_by("next_release_at")
    at = leaving.values_list("next_release_at", flat=True).first()
    if at and at > now:
        clock.move_to(min(at, now + LATE))
    return leaving.exists()


def report(run: Run, nemesis: Nemesis, book: Any, now: datetime) -> int:
    from phone_numbers.models import PhoneNumber, Rental, RentalCharge
    from tests.chaos.rental_verdict import judge_rent

    verdict = judge_rent(run.carrier_state(), book, CREDIT, now)
    strikes = ", ".join(f"{n} × {what}" for what, n in nemesis.done.most_common())
    print(f"\n{sum(nemesis.done.values())} strikes: {strikes}")
    print("people: " + ", ".join(f"{n} × {what}" for what, n in book.done.most_common()))
    states = Counter(Rental.objects.values_list("rental_status", flat=True))
    print("rentals: " + ", ".join(f"{n} {state}" for state, n in states.most_common()))
    released = PhoneNumber.objects.filter(status="released", next_release_at=None).count()
    print(f"{RentalCharge.objects.count()} months charged, {released} rows released")
    print("lives: " + ", ".join(f"{part.name} {part.starts}" for part in run.world.parts.values()))
    for finding in verdict.findings[:20]:
        print(f"  ! {finding}")
    print(verdict.line)
    return 1 if verdict.findings else 0


RENTALS = Part("tests.chaos.rentals", "rentals", "renewals:", RENTAL_SABOTAGES, play, RENTAL_TIMINGS)

if __name__ == "__main__":
    sys.exit(RENTALS.main())

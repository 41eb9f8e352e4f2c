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
from tests.chaos.rental_timings import LATE, RENTAL_TIMINGS, STEP, TICK

WORKSPACES = 4
TENANTS = 4  # and one more for each 200 numbers
MONTHS = timedelta(days=6 * 30)
NEVER = timedelta(days=10_000)
WAITS_MOST = 90.0  # seconds, for one that is late: then it is known that nobody comes
QUIET_WITHIN = 120.0  # seconds for the next one to come to rest once nothing breaks any more
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
        self.moment, self.ends = begins, begins + MONTHS
        self.waited = 0.0  # seconds in all

    @property
    def stands(self) -> bool:
        return self.moment < self.ends

    def run(self) -> None:
        from dialnexa import clock

        since = time.monotonic()
        while self.stands and time.monotonic() - since < WAITS_MOST:
            time.sleep(TICK)
            if self._is_late():
                continue
            self.waited += time.monotonic() - since - TICK
            since = time.monotonic()
            self.moment += STEP
            clock.move_to(self.moment)

    def _is_late(self) -> bool:
        """Whether something has been due for long. Time does not pass while the database is away."""
        from django.db import Error, connection

        from phone_numbers.models import ReassignableNumber, Rental

        long_ago = self.moment - LATE
        try:
            due = Rental.objects.filter(ended_at=None, next_run_at__lt=long_ago).exists()
            return due or ReassignableNumber.objects.filter(closed_at=None, release_at__lt=long_ago).exists()
        except Error:
            connection.close()
            return True


def play(run: Run) -> int:
    from dialnexa import clock
    from dialnexa.heartbeats import take_turn
    from tests.chaos import shop, tenants

    dice, seed, book = random.Random(run.options.seed), run.options.seed, tenants.Book()
    begins = next_february(clock.wall_now())
    clock.move_to(begins)
    take_turn("drift", now=begins + NEVER, every=NEVER)  # carriers' lists are another program's work
    time.sleep(0.5)  # everybody looks a few times a second
    shop.open_shop(WORKSPACES, CREDIT)
    tenants.rent_out(run.options.n, run.carriers, run.sandbox_url, book, dice, begins)
    shop.break_carrier(run.sandbox_url, seed, (*run.sabotage.faults, *RENTAL_FAULTS), "sell_again")
    run.world.start()
    nemesis = Nemesis(run.world, seed, run.every, lambda: tell_again(dice))
    passing = Time(clock.now())
    began = time.monotonic()
    often = TENANTS + run.options.n // 200
    people = [tenants.Tenant(run.world.url, run.sandbox_url, book, seed + k) for k in range(often)]
    for thread in (*people, nemesis, passing):
        thread.start()
    passing.join()
    for person in people:
        person.rest()
    nemesis.rest()
    told = f"it is {passing.moment:%-d %B %Y}, having waited {passing.waited:.0f} s; nothing breaks any more"
    print(f"  {time.monotonic() - began:6.1f} s  {told}", flush=True)
    httpx.delete(f"{run.sandbox_url}/control/faults", timeout=10).raise_for_status()
    settle(moving, QUIET_WITHIN)
    run.world.stop()  # so that all rows are of one moment
    return report(run, nemesis, book, passing, clock.now())


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


def moving() -> int:
    """How much rent is due, and numbers on their way in or out; time goes on to when one is rung for again.

    What was rung for just before its message was lost waits ``RING_AGAIN``: days of the clock that was moved.
    """
    from django.db.models.functions import Greatest

    from dialnexa import clock
    from phone_numbers.models import NumberOrder, PhoneNumber, ReassignableNumber, Rental

    now = clock.now()
    due = Rental.objects.filter(ended_at=None, next_run_at__lte=now).count()
    due += ReassignableNumber.objects.filter(closed_at=None, release_at__lte=now).count()
    leaving = PhoneNumber.objects.filter(status="releasing")
    coming = NumberOrder.objects.filter(status__in=NumberOrder.OPEN)
    waits = [
        *leaving.values_list(Greatest("next_release_at", "rung_until"), flat=True),
        *coming.values_list(Greatest("next_run_at", "rung_until", "lease_until"), flat=True),
    ]
    if waits and not due and min(waits) > now:
        clock.move_to(min(*waits, now + LATE))
    return due + len(waits)


def report(run: Run, nemesis: Nemesis, book: Any, passing: Time, now: datetime) -> int:
    from phone_numbers.models import PhoneNumber, ReassignableNumber, Rental, RentalCharge
    from tests.chaos.rental_verdict import judge_rent

    verdict = judge_rent(run.carrier_state(), book, CREDIT, now)
    if passing.stands:
        what = f"time stood still on {passing.moment:%-d %B %Y}: what was due then was not looked at"
        verdict.stuck.append(f"{what} for {WAITS_MOST:.0f} s")
    strikes = ", ".join(f"{n} × {what}" for what, n in nemesis.done.most_common())
    print(f"\n{sum(nemesis.done.values())} strikes: {strikes}")
    print("people: " + ", ".join(f"{n} × {what}" for what, n in book.done.most_common()))
    states = Counter(Rental.objects.values_list("rental_status", flat=True))
    print("rentals: " + ", ".join(f"{n} {state}" for state, n in states.most_common()))
    released = PhoneNumber.objects.filter(status="released", next_release_at=None).count()
    pooled = ReassignableNumber.objects.count()
    print(f"{RentalCharge.objects.count()} months charged, {released} rows released, {pooled} of them unpaid")
    print("lives: " + ", ".join(f"{part.name} {part.starts}" for part in run.world.parts.values()))
    for finding in verdict.findings[:20]:
        print(f"  ! {finding}")
    print(verdict.line)
    return 1 if verdict.findings else 0


RENTALS = Part("tests.chaos.rentals", "rentals", "renewals:", RENTAL_SABOTAGES, play, RENTAL_TIMINGS)

if __name__ == "__main__":
    sys.exit(RENTALS.main())

"""One look at everything about rent that is due. ``manage.py sweep`` calls it; two at once share the work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dialnexa.heartbeats import take_turn
from phone_numbers.renting.pool import give_back_due, give_up
from phone_numbers.renting.reminding import remind_due
from phone_numbers.renting.renewing import renew_due

ROUNDS = 20  # batches in one look; the rest comes with the next
REMIND_EVERY = timedelta(minutes=30)


@dataclass(slots=True)
class Swept:
    seen: int = 0
    renewed: int = 0
    given_up: int = 0
    given_back: int = 0
    reminded: int = 0


def sweep_rent(*, now: datetime, rounds: int = ROUNDS) -> Swept:
    """Renew, let expire, take away, give back and remind of what is due at ``now``, in batches."""
    swept = Swept()
    for _ in range(rounds):
        batch = renew_due(now=now)
        swept.seen += batch.seen
        swept.renewed += batch.renewed
        swept.given_up += sum(give_up(pk, now=now) is not None for pk in batch.overdue)
        if not batch.seen:
            break
    swept.given_back = give_back_due(now=now)
    if take_turn("rent reminders", now=now, every=REMIND_EVERY):
        swept.reminded = remind_due(now=now)
    return swept

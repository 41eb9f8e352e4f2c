"""One look at everything about rent that is due. ``manage.py sweep`` calls it; two at once share the work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from phone_numbers.renting.pool import give_back_due, give_up
from phone_numbers.renting.renewing import renew_due

ROUNDS = 20  # batches in one look; the rest comes with the next


@dataclass(slots=True)
class Swept:
    seen: int = 0
    renewed: int = 0
    given_up: int = 0
    given_back: int = 0


def sweep_rent(*, now: datetime, rounds: int = ROUNDS) -> Swept:
    """Renew, let expire, take away and give back what is due at ``now``, in batches."""
    swept = Swept()
    for _ in range(rounds):
        batch = renew_due(now=now)
        swept.seen += batch.seen
        swept.renewed += batch.renewed
        swept.given_up += sum(give_up(pk, now=now) is not None for pk in batch.overdue)
        if not batch.seen:
            break
    swept.given_back = give_back_due(now=now)
    return swept

"""What has to be true in the end, beside orders and money: sentences about what is not."""

from __future__ import annotations

from dataclasses import dataclass

from tests.scale.buyers import Storm
from tests.scale.readers import Reading

PHASES = ("before", "during", "after")
WRONG = {
    "broken": "answers of 500 and more",
    "strange": "rows of another workspace",
    "lost": "connections lost",
    "refused": "answers other than 200",
    "late": "answers that took longer than 30 s",
}


@dataclass
class Outcome:
    """``readings`` by phase; ``alone``: all workspaces through one session of PostgreSQL.

    ``sessions``: how many sessions it was in truth; ``missing``: processes that ended although nobody killed
    them; ``books``: what the ledger proof said, empty when the books are in order.
    """

    storm: Storm
    readings: dict[str, Reading]
    alone: Reading
    sessions: int
    missing: list[str]
    books: str


def judge_outcome(outcome: Outcome) -> list[str]:
    """Empty is good."""
    return [
        *_of_readers(outcome),
        *_of_buyers(outcome.storm),
        *[f"{name} ended by itself." for name in outcome.missing],
        *([f"The books are not in order: {outcome.books}"] if outcome.books else []),
    ]


def _of_readers(outcome: Outcome) -> list[str]:
    found = []
    for phase, reading in (outcome.readings | {"one session": outcome.alone}).items():
        counts = [(reading.told[name], what) for name, what in WRONG.items()]
        found += [f"{phase}: {count} {what} (of servers that lived)." for count, what in counts if count]
        if not reading.took:
            found.append(f"{phase}: nothing was answered.")
    rows = outcome.alone.told["marks"]
    if not rows or outcome.sessions != 1:
        found.append(f"one session: {rows} rows were seen through {outcome.sessions} sessions.")
    return found


def _of_buyers(storm: Storm) -> list[str]:
    found = [f"{e164}: one key, two purchases." for e164 in storm.bought_twice]
    found += [f"{count} × {said} to buyers." for said, count in storm.answers.items() if said[0] == "5"]
    found += [f"{key} never got an answer." for key in storm.memory.gave_up]
    return found + [f"{key} was refused with {said}." for key, said in storm.memory.refused.items()]

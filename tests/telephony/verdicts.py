"""What we say about numbers to be called, compared with what the phonenumbers library says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from telephony.e164 import E164, Unreadable, read_destination
from tests.telephony import naive
from tests.telephony.numbers import REGIONS, make_digits, write

Read = Callable[[str], E164 | Unreadable]
SHOWN = 20


@dataclass
class Compared:
    """``verdicts`` counts what was said, ``regions`` those of numbers that may be called."""

    texts: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    regions: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)


def compare(texts: int, *, seed: int, read: Read = read_destination) -> Compared:
    """So many generated texts, region after region, plainly or oddly written."""
    random, found = Random(seed), Compared(texts)
    for n in range(texts):
        text = write(random, make_digits(random, REGIONS[n % len(REGIONS)]))
        ours, theirs = _ours(read(text)), _theirs(text)
        if ours != theirs and len(found.differences) < SHOWN:
            found.differences.append(f"{text!r}: we say {ours}, the library {theirs}")
        found.verdicts[theirs[0]] += 1
        if theirs[0] == "possible":
            found.regions[theirs[2]] += 1
    return found


def _ours(read: E164 | Unreadable) -> tuple[str, str, str]:
    if isinstance(read, Unreadable):
        return f"destination_{read.problem}", "", ""
    return "possible", read.e164, read.country


def _theirs(text: str) -> tuple[str, str, str]:
    problem, number = naive.read(text)
    if number is None:
        return problem, "", ""
    return "possible", naive.e164_of(number), naive.country_of(number)

"""What we say about numbers to be called, compared with what the phonenumbers library says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from telephony.e164 import E164, Unreadable, read_destination
from telephony.fast_e164 import IMPOSSIBLE, read_fast, without_spaces
from tests.telephony import naive
from tests.telephony.numbers import REGIONS, make_digits, write

Read = Callable[[str], E164 | Unreadable]
Fast = Callable[[str], str | None]
Progress = Callable[[int], None]
Said = tuple[str, str, str]  # verdict, number, country
SHOWN = 20
STRETCH = 2_000  # texts of one region, at most: Python keeps few compiled patterns, each region has its own


@dataclass
class Compared:
    """``verdicts`` counts what was said, ``regions`` those of numbers that may be called; ``fast`` how many
    the batches' table answered by itself.
    """

    texts: int = 0
    fast: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    regions: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, text: str, theirs: Said) -> None:
        self.texts += 1
        self.verdicts[theirs[0]] += 1
        if theirs[0] == "possible":
            self.regions[theirs[2]] += 1

    def differs(self, text: str, who: str, ours: Said, theirs: Said) -> None:
        if len(self.differences) < SHOWN:
            self.differences.append(f"{text!r}: {who} says {ours}, the library {theirs}")


def compare(
    texts: int,
    *,
    seed: int,
    read: Read = read_destination,
    fast: Fast = read_fast,
    progress: Progress = lambda done: None,
) -> Compared:
    """So many generated texts, region after region, plainly or oddly written; none is kept.

    ``read`` is asked about each, and so is ``fast`` (None: not known). ``progress`` hears how many are done.
    """
    random, found = Random(seed), Compared()
    stretch = max(1, min(STRETCH, texts // len(REGIONS)))
    for n in range(texts):
        text = write(random, make_digits(random, REGIONS[n // stretch % len(REGIONS)]))
        theirs = _theirs(text)
        found.add(text, theirs)
        if (ours := _ours(read(text))) != theirs:
            found.differs(text, "reading", ours, theirs)
        if (quickly := _quickly(text, fast)) is not None:
            found.fast += 1
            if quickly != theirs:
                found.differs(text, "the table", quickly, theirs)
        if not n % 20_000:
            progress(n)
    return found


def _ours(read: E164 | Unreadable) -> Said:
    if isinstance(read, Unreadable):
        return f"destination_{read.problem}", "", ""
    return "possible", read.e164, read.country


def _quickly(text: str, fast: Fast) -> Said | None:
    """As batches read most rows; None where they ask the library themselves."""
    plain = without_spaces(text)
    country = fast(plain)
    if country is None:
        return None
    return ("destination_not_possible", "", "") if country is IMPOSSIBLE else ("possible", plain, country)


def _theirs(text: str) -> Said:
    problem, number = naive.read(text)
    if number is None:
        return problem, "", ""
    return "possible", naive.e164_of(number), naive.country_of(number)

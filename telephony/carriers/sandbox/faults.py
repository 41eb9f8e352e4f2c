"""The ways the sandbox breaks, the numbers that break by themselves, and what breaks next.

On anything but a purchase read “sells” as “does what was asked”. Beside the operations of the carriers there
are two of the telephone network: ``callee`` (what the called person does) and ``webhook`` (of a call).
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .kinds import CALLEE_MEANINGS, DEFAULT_SECONDS, WEBHOOK_MEANINGS
from .kinds import MEANINGS as MEANINGS
from .kinds import Kind as Kind


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind
    seconds: float

    @classmethod
    def of(cls, kind: str, seconds: float | None = None) -> Fault:
        """Raises ValueError for an unknown kind or seconds outside 0 … 3600."""
        known = Kind(kind)
        if seconds is None:
            seconds = DEFAULT_SECONDS.get(known, 0.0)
        if not 0 <= float(seconds) <= 3600:
            raise ValueError("seconds go from 0 to 3600")
        return cls(known, float(seconds))

    @classmethod
    def from_header(cls, value: str) -> Fault:
        """``kind`` or ``kind:seconds``."""
        kind, _, seconds = value.partition(":")
        return cls.of(kind.strip(), float(seconds) if seconds else None)


@dataclass(frozen=True, slots=True)
class MagicNumber:
    """Purchases of numbers that end in ``ending``, or calls to them, break: the first ``times`` of each
    number, or (0) all.
    """

    ending: str
    kind: Kind
    times: int = 0

    @property
    def fault(self) -> Fault:
        return Fault.of(self.kind)

    @property
    def meaning(self) -> str:
        once = " The next one goes well." if self.times == 1 else ""
        return {**MEANINGS, **CALLEE_MEANINGS, **WEBHOOK_MEANINGS}[self.kind] + once


MAGIC: tuple[MagicNumber, ...] = (
    MagicNumber("9001", Kind.SOLD_THEN_SILENT),
    MagicNumber("9002", Kind.SLOW),
    MagicNumber("9003", Kind.ERROR_BEFORE, times=1),
    MagicNumber("9004", Kind.ERROR_AFTER),
    MagicNumber("9005", Kind.RATE_LIMITED, times=1),
    MagicNumber("9006", Kind.UNAVAILABLE),
    MagicNumber("9007", Kind.PENDING),
    MagicNumber("9008", Kind.REJECTED),
    MagicNumber("9009", Kind.OUT_OF_CREDIT),
    MagicNumber("9010", Kind.SOLD_LATE, times=1),
    MagicNumber("9011", Kind.RESET_AFTER),
    MagicNumber("9012", Kind.GARBAGE),
    MagicNumber("9013", Kind.TRUNCATED),
    MagicNumber("9014", Kind.COMPLIANCE_REQUIRED),
    MagicNumber("9015", Kind.SILENT, times=1),
    MagicNumber("9016", Kind.WRONG_NUMBER),
    MagicNumber("9017", Kind.DRIP),
)
MAGIC_BY_ENDING = {magic.ending: magic for magic in MAGIC}
MAGIC_CALLS: Mapping[str, tuple[MagicNumber, ...]] = {
    "callee": (
        MagicNumber("8001", Kind.BUSY),
        MagicNumber("8002", Kind.NO_ANSWER),
        MagicNumber("8003", Kind.FAILS),
        MagicNumber("8004", Kind.HANGS_UP),
        MagicNumber("8005", Kind.ANSWERS_LATE),
        MagicNumber("8006", Kind.TALKS_LONG),
    ),
    "call": (
        MagicNumber("8011", Kind.SOLD_THEN_SILENT),
        MagicNumber("8012", Kind.SILENT, times=1),
        MagicNumber("8013", Kind.ERROR_BEFORE, times=1),
        MagicNumber("8014", Kind.ERROR_AFTER),
        MagicNumber("8015", Kind.SLOW),
        MagicNumber("8016", Kind.RATE_LIMITED, times=1),
        MagicNumber("8017", Kind.SOLD_LATE, times=1),
    ),
    "webhook": (
        MagicNumber("8021", Kind.TWICE),
        MagicNumber("8022", Kind.LATE),
        MagicNumber("8023", Kind.LOST),
        MagicNumber("8024", Kind.REORDERED),
        MagicNumber("8025", Kind.FORGED),
    ),
}
_MAGIC: dict[str, Mapping[str, MagicNumber]] = {
    "buy": MAGIC_BY_ENDING,
    **{on: {magic.ending: magic for magic in numbers} for on, numbers in MAGIC_CALLS.items()},
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A share of one operation's requests breaks in one way. Raises ValueError for what means nothing."""

    on: str
    kind: str
    share: float = 1.0
    seconds: float | None = None

    def __post_init__(self) -> None:
        check_kind(self.on, Fault.of(self.kind, self.seconds).kind)
        if not 0 <= self.share <= 1:
            raise ValueError("a share goes from 0 to 1")


def check_kind(operation: str, kind: Kind) -> None:
    """Raises ValueError when an operation can't break that way: people are busy, requests are not."""
    kinds = {"callee": CALLEE_MEANINGS, "webhook": WEBHOOK_MEANINGS}.get(operation, MEANINGS)
    if kind not in kinds:
        raise ValueError(f"{operation} breaks in these ways: {', '.join(kinds)}")


class FaultPlan:
    """What breaks next. Forced faults come first, then the seeded rules, then the magic numbers.

    Not locked: whoever uses it holds the state's lock. The n-th request of an operation meets the same fate
    for the same seed, whatever the other operations do.
    """

    def __init__(self) -> None:
        self.seed = 0
        self.rules: tuple[Rule, ...] = ()
        self._forced: list[tuple[str, Fault]] = []
        self._asked: Counter[str] = Counter()
        self._magic_done: Counter[str] = Counter()

    def schedule(self, seed: int, rules: Iterable[Rule]) -> None:
        """Replace the rules; the seed's row of fates starts anew."""
        self.seed, self.rules = seed, tuple(rules)
        self._asked.clear()

    def force(self, operation: str, fault: Fault) -> None:
        """Break the next request of ``operation``."""
        self._forced.append((operation, fault))

    def clear(self) -> None:
        """No more faults but those of the magic numbers."""
        self.rules, self._forced = (), []

    def next_for(self, operation: str, number: str) -> Fault | None:
        for index, (wanted, fault) in enumerate(self._forced):
            if wanted == operation:
                del self._forced[index]
                return fault
        return self._drawn(operation) or self._magic(operation, number)

    def as_json(self) -> dict[str, Any]:
        forced = [{"on": on, **asdict(fault)} for on, fault in self._forced]
        return {"seed": self.seed, "rules": [asdict(rule) for rule in self.rules], "next": forced}

    def _drawn(self, operation: str) -> Fault | None:
        rules = [rule for rule in self.rules if rule.on == operation]
        if not rules:
            return None
        self._asked[operation] += 1
        point = _dice(f"{self.seed}:{operation}:{self._asked[operation]}")
        for rule, upto in zip(rules, itertools.accumulate(rule.share for rule in rules), strict=True):
            if point < upto:
                return Fault.of(rule.kind, rule.seconds)
        return None

    def _magic(self, operation: str, number: str) -> Fault | None:
        magic = _MAGIC.get(operation, {}).get(number[-4:])
        if magic is None or (magic.times and self._magic_done[number] >= magic.times):
            return None
        self._magic_done[number] += 1
        return magic.fault


def _dice(text: str) -> float:
    """A number in [0, 1) that depends on ``text`` alone."""
    return random.Random(hashlib.sha256(text.encode()).digest()).random()

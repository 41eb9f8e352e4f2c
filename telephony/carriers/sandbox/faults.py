"""The ways the sandbox breaks, the numbers that break by themselves, and what breaks next.

On anything but a purchase read “sells” as “does what was asked”.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    SOLD_THEN_SILENT = "sold_then_silent"
    SILENT = "silent"
    SOLD_LATE = "sold_late"
    SLOW = "slow"
    DRIP = "drip"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    WRONG_NUMBER = "wrong_number"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    OUT_OF_CREDIT = "out_of_credit"
    COMPLIANCE_REQUIRED = "compliance_required"
    PENDING = "pending"
    REJECTED = "rejected"


MEANINGS: dict[Kind, str] = {
    Kind.SOLD_THEN_SILENT: "Sells and never answers.",
    Kind.SILENT: "Neither sells nor answers.",
    Kind.SOLD_LATE: "Does not answer; sells a few seconds later.",
    Kind.SLOW: "Sells, and answers after a while.",
    Kind.DRIP: "Sells, and answers byte by byte.",
    Kind.ERROR_BEFORE: "500 without selling.",
    Kind.ERROR_AFTER: "Sells, then answers 500.",
    Kind.RESET_BEFORE: "Breaks the connection without selling.",
    Kind.RESET_AFTER: "Sells, then breaks the connection.",
    Kind.GARBAGE: "Sells, and answers with something that is not JSON.",
    Kind.TRUNCATED: "Sells, and breaks off in the middle of the answer.",
    Kind.WRONG_NUMBER: "Sells and names another number than was asked for.",
    Kind.RATE_LIMITED: "429: slow down.",
    Kind.UNAVAILABLE: "Refuses: another customer took it a moment ago, though search still shows it.",
    Kind.OUT_OF_CREDIT: "Refuses: the account can't pay.",
    Kind.COMPLIANCE_REQUIRED: "Refuses: asks for papers, unless some are named.",
    Kind.PENDING: "Sold, but not usable before its papers are accepted. SignalWire asks for none.",
    Kind.REJECTED: "Sold, but its papers are rejected later. Only Plivo tells.",
}

# Real seconds a connection is held or delayed; for SOLD_LATE, PENDING and REJECTED seconds of the sandbox's
# clock until it happens; for DRIP seconds between two bytes.
DEFAULT_SECONDS: dict[Kind, float] = {
    Kind.SOLD_THEN_SILENT: 60.0,
    Kind.SILENT: 60.0,
    Kind.SOLD_LATE: 10.0,
    Kind.SLOW: 3.0,
    Kind.DRIP: 0.5,
    Kind.RATE_LIMITED: 1.0,
    Kind.PENDING: 60.0,
    Kind.REJECTED: 60.0,
}


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
    """Purchases of numbers that end in ``ending`` break: the first ``times`` of each number, or (0) all."""

    ending: str
    kind: Kind
    times: int = 0

    @property
    def fault(self) -> Fault:
        return Fault.of(self.kind)

    @property
    def meaning(self) -> str:
        once = " The next purchase goes well." if self.times == 1 else ""
        return MEANINGS[self.kind] + once


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


@dataclass(frozen=True, slots=True)
class Rule:
    """A share of one operation's requests breaks in one way. Raises ValueError for what means nothing."""

    on: str
    kind: str
    share: float = 1.0
    seconds: float | None = None

    def __post_init__(self) -> None:
        Fault.of(self.kind, self.seconds)
        if not 0 <= self.share <= 1:
            raise ValueError("a share goes from 0 to 1")


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
        magic = MAGIC_BY_ENDING.get(number[-4:]) if operation == "buy" else None
        if magic is None or (magic.times and self._magic_done[number] >= magic.times):
            return None
        self._magic_done[number] += 1
        return magic.fault


def _dice(text: str) -> float:
    """A number in [0, 1) that depends on ``text`` alone."""
    return random.Random(hashlib.sha256(text.encode()).digest()).random()

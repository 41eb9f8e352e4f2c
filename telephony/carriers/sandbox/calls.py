"""What the sandbox remembers of a call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

PULSE = 60  # seconds that are billed together


class Stage(StrEnum):
    QUEUED = "queued"
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = (Stage.QUEUED, Stage.RINGING, Stage.ANSWERED)


@dataclass(frozen=True, slots=True)
class Call:
    """One call. Numbers are digits without ``+``; times are seconds since 1970 by the call's own clock.

    ``ring_url`` and ``status_url`` are told what happens, at Twilio and SignalWire the ``events`` asked for.
    ``source`` is the address that a call over SIP comes from. ``deeds`` is what became of the answer to what
    shall be done, ``webhooks`` what was sent to whom and how it was taken.
    """

    id: str
    carrier: str
    account: str
    direction: str  # outbound or inbound, seen from the account
    from_: str
    to: str
    answer_url: str
    at: float
    source: str = ""
    ring_url: str = ""
    status_url: str = ""
    events: tuple[str, ...] = ()
    ring_seconds: float = 120.0
    limit_seconds: float = 14_400.0
    stage: Stage = Stage.QUEUED
    clock: float = 0.0  # when the last thing happened to it
    answered_at: float | None = None
    ended_at: float | None = None
    cause: str = ""
    deeds: tuple[str, ...] = ()
    webhooks: tuple[str, ...] = ()
    told: int = 0  # webhooks about its progress so far

    @property
    def live(self) -> bool:
        return self.stage in LIVE

    @property
    def duration(self) -> int:
        """Whole seconds spoken, a begun one counted."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return math.ceil(round(self.ended_at - self.answered_at, 3))

    @property
    def billed(self) -> int:
        return math.ceil(self.duration / PULSE) * PULSE

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Call:
        lists = {name: tuple(fields[name]) for name in ("events", "deeds", "webhooks")}
        return cls(**{**fields, **lists, "stage": Stage(fields["stage"])})

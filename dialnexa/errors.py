"""Refusals: what a rule says no to, in words a person can act on."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A verb declines, and nothing was changed.

    ``code`` is stable and documented; ``sentence`` says what happened and what to do; ``status`` is the HTTP
    status an interface answers with; ``fix`` names the page that mends it (a URL name, see ``FIXES``);
    ``details`` are plain values for machines.
    """

    def __init__(self, code: str, sentence: str, *, status: int = 400, fix: str = "", **details: Any) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.status = status
        self.fix = fix
        self.details = details


class IllegalTransition(Exception):
    """The object is not in a state from which this event may happen (somebody else moved it)."""

    def __init__(self, label: str, event: str, seen: str) -> None:
        super().__init__(f"{label} cannot {event} from {seen}")
        self.event = event
        self.seen = seen

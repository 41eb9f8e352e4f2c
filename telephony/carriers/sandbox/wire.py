"""An answer of the sandbox, and how it reaches the client."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any


class Delivery(Enum):
    """How an answer reaches the client, if it does."""

    WHOLE = auto()
    NEVER = auto()  # the connection is held for ``seconds`` and closed
    RESET = auto()
    CUT = auto()  # half of the body
    DRIPPED = auto()  # a byte every ``seconds``


@dataclass(slots=True)
class Answer:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE
    seconds: float = 0.0
    delay: float = 0.0  # seconds before the first byte


def answer(status: int, body: Any) -> Answer:
    """``body`` as JSON."""
    return Answer(status, json.dumps(body).encode())


def refused(status: int, text: str) -> Answer:
    """How the sandbox itself refuses, where no carrier would speak."""
    return answer(status, {"error": text})

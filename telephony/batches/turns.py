"""Reading a list keeps a web thread, and the interpreter, busy for seconds: so only few at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dialnexa.errors import Refusal

PATIENCE = 2.0  # seconds to wait for a turn
AGAIN = 5  # seconds
_turns = threading.BoundedSemaphore(2)  # of one process


@contextmanager
def turn() -> Iterator[None]:
    """One of this process' turns to read a list. Raises Refusal ``lists_busy`` (503)."""
    if not _turns.acquire(timeout=PATIENCE):
        sentence = "Other lists are being read right now. Try again in a few seconds."
        raise Refusal("lists_busy", sentence, status=503, retry_after=AGAIN)
    try:
        yield
    finally:
        _turns.release()

"""Reading a list keeps a web thread, and the interpreter, busy for seconds: so only few at once.

A process reads two, and of one workspace one: nobody occupies all readers. How often a workspace reads is
counted for all processes together.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from django.conf import settings
from django.utils.translation import gettext as _

from dialnexa.errors import Refusal
from dialnexa.rate_limiting import seconds_to_wait

PATIENCE = 2.0  # seconds to wait for a turn
AGAIN = 5  # seconds
MOST = 2  # of one process
PIECE = 2_000  # lines
_free = threading.Condition()
_readers: list[str] = []  # the workspaces that have a turn


@contextmanager
def turn(workspace_id: str) -> Iterator[None]:
    """One of this process' turns to read a list, and the only one of the workspace.

    Raises Refusal: 429 ``lists_too_many`` when it reads more often than BATCH_READ_LIMIT, 503 ``lists_busy``.
    """
    if wait := seconds_to_wait(settings.BATCH_READ_LIMIT, "lists", workspace_id):
        sentence = _("That were many lists in a short time. Try again in %(wait)s s.") % {"wait": wait}
        raise Refusal("lists_too_many", sentence, status=429, retry_after=wait)
    with _reading(workspace_id, PATIENCE):
        yield


def in_pieces(lines: Iterator[str], workspace_id: str) -> Iterator[str]:
    """The same lines, some at a time. Each piece is made in a turn: who downloads slowly holds up nobody."""
    while piece := _piece(lines, workspace_id):
        yield piece


def _piece(lines: Iterator[str], workspace_id: str) -> str:
    with _reading(workspace_id, None):  # an answer that has begun can't be refused any more
        return "".join(islice(lines, PIECE))


@contextmanager
def _reading(workspace_id: str, patience: float | None) -> Iterator[None]:
    with _free:
        if not _free.wait_for(lambda: len(_readers) < MOST and workspace_id not in _readers, patience):
            sentence = _("Other lists are being read right now. Try again in a few seconds.")
            raise Refusal("lists_busy", sentence, status=503, retry_after=AGAIN)
        _readers.append(workspace_id)
    try:
        yield
    finally:
        with _free:
            _readers.remove(workspace_id)
            _free.notify_all()

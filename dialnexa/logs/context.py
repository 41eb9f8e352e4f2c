"""Whose work is being done: the ids that every log line and every entry of the history carries.

A request brings its id; what it leaves to a worker keeps it (see ``carrying``). Work that nobody asked for,
such as a round of the sweeper or a command, gets an id of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from dialnexa.ids import new_id

REQUEST_ID = "request_id"


@contextmanager
def working_on(request_id: str, **ids: str) -> Iterator[None]:
    """Within it lines carry these ids and no others; afterwards those from before."""
    outside = dict(get_contextvars())
    replace({REQUEST_ID: request_id, **ids})
    try:
        yield
    finally:
        replace(outside)


def note(**ids: str) -> None:
    """Learned on the way: ``workspace_id``, ``user_id``, ``key_id``, ``order_id`` and the like."""
    bind_contextvars(**ids)


def noted() -> dict[str, Any]:
    return dict(get_contextvars())


def replace(ids: Mapping[str, Any]) -> None:
    clear_contextvars()
    bind_contextvars(**ids)


def current_request_id() -> str:
    """The id of the request this work is done for; where there is none, one of this run of a program."""
    found = str(get_contextvars().get(REQUEST_ID, ""))
    if not found:
        found = new_id("run")
        bind_contextvars(request_id=found)
    return found

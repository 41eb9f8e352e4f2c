"""Whose rows the work at hand may touch: one workspace's, everybody's or nobody's, where all begins.

Getters set it (``enter``), the middleware takes it back. A thread that is started begins with nobody's again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

NOBODY = ""
EVERYBODY = "*"
POSSIBLE = re.compile(r"\*|[0-9A-Za-z_]*")
_scope: ContextVar[str] = ContextVar("workspaces", default=NOBODY)


def current_scope() -> str:
    """A workspace's id, EVERYBODY or NOBODY."""
    return _scope.get()


def enter(scope: str) -> None:
    """From here to the end of the request: the workspace with this id, or EVERYBODY."""
    assert POSSIBLE.fullmatch(scope)
    _scope.set(scope)


@contextmanager
def within(scope: str) -> Iterator[None]:
    """Inside it this scope holds; afterwards the one from before."""
    assert POSSIBLE.fullmatch(scope)
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def everywhere(reason: str) -> Iterator[None]:
    """All workspaces' rows, for the little that has to see them. ``reason`` is for who reads the code."""
    assert reason
    with within(EVERYBODY):
        yield


def isolate(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware, around all that reads the database: each request begins with nobody's rows.

    What is streamed is written after the middleware is done, so it brings the scope along.
    """

    def handle(request: HttpRequest) -> HttpResponseBase:
        with within(NOBODY):
            response = get_response(request)
            if isinstance(response, StreamingHttpResponse) and not response.is_async:
                response.streaming_content = _carried(iter(response), current_scope())
            return response

    return handle


def _carried(parts: Iterable[bytes], scope: str) -> Iterator[bytes]:
    parts = iter(parts)
    while True:
        with within(scope):
            part = next(parts, None)
        if part is None:
            return
        yield part

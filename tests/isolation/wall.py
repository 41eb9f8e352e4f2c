"""The test's own connection, as the web processes' role behind the policies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.postgresql import base as django_base
from django.http import HttpRequest, StreamingHttpResponse
from django.test.client import ClientHandler

from dialnexa.isolation.postgresql import base
from dialnexa.isolation.roles import WEB, Role, make_roles, quoted


def web_role() -> str:
    """Roles belong to the whole server: each worker's database has its own."""
    return f"web_of_{connection.settings_dict['NAME']}"


def build_wall() -> None:
    """The role, and statements that bring their scope along. In a transaction, which takes it back."""
    make_roles(Role(web_role(), WEB))
    change(base.DatabaseWrapper)


def take_down() -> None:
    change(django_base.DatabaseWrapper)


def change(backend: Any) -> None:
    """Speak through this backend; the connection that is open stays, and the transaction with it."""
    own = connections["default"]
    own.ensure_connection()
    own.__class__ = backend
    own.connection.cursor_factory = own.get_connection_params()["cursor_factory"]


@contextmanager
def as_web() -> Iterator[None]:
    """What is asked inside is asked by the web processes' role."""
    become_web()
    try:
        yield
    finally:
        become_owner()


def become_web() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {quoted(web_role())}")


def become_owner() -> None:
    if not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


@contextmanager
def requests_as_web() -> Iterator[None]:
    """Every request of a test client is served by the web processes' role; the test itself is the owner."""
    build_wall()
    patch = pytest.MonkeyPatch()
    patch.setattr(ClientHandler, "get_response", _served)
    try:
        yield
    finally:
        patch.undo()
        take_down()


def _served(handler: ClientHandler, request: HttpRequest) -> Any:
    with as_web():
        response = super(ClientHandler, handler).get_response(request)
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = _streamed(iter(response))
    return response


def _streamed(parts: Iterator[bytes]) -> Iterator[bytes]:
    while True:
        with as_web():
            part = next(parts, None)
        if part is None:
            return
        yield part

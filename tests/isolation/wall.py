"""The test's own connection, as the web processes' role behind the policies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import connection

from dialnexa.isolation.postgresql.base import Cursor
from dialnexa.isolation.roles import WEB, Role, make_roles, quoted


def web_role() -> str:
    """Roles belong to the whole server: each worker's database has its own."""
    return f"web_of_{connection.settings_dict['NAME']}"


def build_wall() -> None:
    """The role, and statements that bring their scope along. In a transaction, which takes it back."""
    make_roles(Role(web_role(), WEB))
    connection.ensure_connection()
    connection.connection.cursor_factory = Cursor


def take_down() -> None:
    connection.connection.cursor_factory = super_factory()


def super_factory() -> Any:
    return connection.get_connection_params()["cursor_factory"]


@contextmanager
def as_web() -> Iterator[None]:
    """What is asked inside is asked by the web processes' role."""
    become_web()
    try:
        yield
    finally:
        become_owner()


def become_web(**_: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {quoted(web_role())}")


def become_owner(**_: Any) -> None:
    if not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


@contextmanager
def requests_as_web() -> Iterator[None]:
    """Every request of a test client is served by the web processes' role; the test itself is the owner."""
    build_wall()
    request_started.connect(become_web)
    request_finished.connect(become_owner)
    try:
        yield
    finally:
        request_started.disconnect(become_web)
        request_finished.disconnect(become_owner)
        take_down()

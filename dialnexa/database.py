"""How we speak to PostgreSQL: with limits on how long anything may wait.

Straight to the server, every connection brings the limits along. PgBouncer in transaction mode takes none (a
session of ours is a different server's session every time), so there the role has them: ``manage.py
limit_role`` writes them to it once, and a check says when they are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dj_database_url
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

LIMITS = {
    "lock_timeout": "5s",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "30s",
    "synchronous_commit": "on",
}
UNLIMITED = ("0", "off")


def database_settings(url: str, *, behind_pgbouncer: bool, walled: bool = False) -> dict[str, Any]:
    """The entry of DATABASES. ``behind_pgbouncer`` means transaction mode; session mode needs nothing.

    ``walled``: each statement says whose rows it may touch, for a role that policies hold for.
    """
    named = dj_database_url.parse(url, engine="dialnexa.isolation.postgresql" if walled else None)
    options: dict[str, Any] = {**named.get("OPTIONS", {}), "connect_timeout": 5}  # such as sslmode
    if not behind_pgbouncer:
        options["options"] = " ".join(f"-c {name}={value}" for name, value in LIMITS.items())
    return {
        **named,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": behind_pgbouncer,  # a cursor would stay behind on another session
        "OPTIONS": options,
    }


@register(Tags.database)
def check_limits(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **rest: Any
) -> list[CheckMessage]:
    """Behind PgBouncer: whether the role has the limits (``migrate`` asks before it does anything)."""
    if not settings.PGBOUNCER or "default" not in (databases or ()):
        return []
    missing = [name for name, value in role_limits().items() if value in UNLIMITED]
    if not missing:
        return []
    sentence = f"Behind PgBouncer the database role has to bring its limits, and has no {', '.join(missing)}."
    return [Error(sentence, hint="Run manage.py limit_role.", id="dialnexa.E001")]


def role_limits() -> dict[str, str]:
    """What the server says holds for us now."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(LIMITS)])
        return dict(cursor.fetchall())


def limit_role() -> list[str]:
    """Write the limits to our role, for this database. New sessions have them. Returns what was written."""
    connection = connections["default"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_user), quote_ident(current_database())")
        role, database = cursor.fetchone() or ("", "")
        for name, value in LIMITS.items():
            cursor.execute(f"ALTER ROLE {role} IN DATABASE {database} SET {name} = '{value}'")
    return [f"{name} = {value}" for name, value in LIMITS.items()]

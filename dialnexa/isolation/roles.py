"""The database's roles: the owner (ours), the web processes', and one that only reads.

The owner runs migrations, workers, sweepers and commands, and no policy holds for it. The others own nothing,
are no superusers and pass no policy by.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

APPEND_ONLY = ("dialnexa_ledgerentry", "dialnexa_auditentry", "dialnexa_auditlink")
WEB = "SELECT, INSERT, UPDATE, DELETE"
POWERS = """
SELECT rolsuper OR rolbypassrls OR pg_has_role(rolname, (SELECT relowner FROM pg_class
    WHERE oid = to_regclass('dialnexa_workspace')), 'MEMBER') FROM pg_roles WHERE rolname = %s
"""


@dataclass(frozen=True, slots=True)
class Role:
    """``rights`` on every table; ``password`` empty: it keeps the one it has, or has none."""

    name: str
    rights: str
    password: str = ""


def make_roles(*roles: Role) -> None:
    """Make them, or bring their rights up to date, for this database; to be called by the tables' owner.

    Raises ImproperlyConfigured for a role that exists and may do more than any policy allows.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for role in roles:
            _make(cursor, role)
            _grant(cursor, role)


def is_powerful(name: str) -> bool | None:
    """Whether policies do not hold for the role; None when there is none of this name."""
    with connection.cursor() as cursor:
        cursor.execute(POWERS, [name])
        row = cursor.fetchone()
        return row[0] if row else None


def _make(cursor: CursorWrapper, role: Role) -> None:
    power, name = is_powerful(role.name), quoted(role.name)
    if power:
        raise ImproperlyConfigured(
            f"The role {role.name} is a superuser, owns the tables or passes policies by. Use another name."
        )
    if power is None:
        cursor.execute(f"CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
    if role.password:
        own = connection.connection.pgconn  # makes a hash of it here: the server's log never has the password
        encrypted = own.encrypt_password(role.password.encode(), role.name.encode(), b"scram-sha-256")
        cursor.execute(f"ALTER ROLE {name} PASSWORD %s", [encrypted.decode()])


def _grant(cursor: CursorWrapper, role: Role) -> None:
    name, writes = quoted(role.name), role.rights != "SELECT"
    statements = [
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT {role.rights} ON ALL TABLES IN SCHEMA public TO {name}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {role.rights} ON TABLES TO {name}",
    ]
    if writes:
        statements += [
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {name}",
            f"REVOKE UPDATE, DELETE ON {', '.join(APPEND_ONLY)} FROM {name}",
            f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {name}",
        ]
    for statement in statements:
        cursor.execute(statement)


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)

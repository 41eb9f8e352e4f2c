"""Django's PostgreSQL backend, whose every statement says whose rows it may touch.

The setting goes with the statement, as one message: it costs no round trip, and holds for that transaction
only, so a pooler that gives the server's session to somebody else next gives nothing away. It is sent each
time, also inside a transaction: what rolling back to a savepoint undoes need not be remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from django.db.backends.postgresql import base
from psycopg.sql import Composable

from dialnexa.isolation.scope import current_scope

BARE = ("SAVEPOINT", "RELEASE", "ROLLBACK")  # touch no rows; the last must work where nothing else does


PlainCursor: Any = base.Cursor  # typed for another driver
PlainServerSideCursor: Any = base.ServerSideCursor


class Cursor(PlainCursor):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Cursor:
        text = _text(query, self)
        if text.startswith(BARE):
            super().execute(text, params, **options)
        else:
            super().execute(scoped(text), params, **options)
            self.nextset()  # the first answer is the setting's
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        super().executemany(scoped(_text(query, self)), params_seq, **options)


class ServerSideCursor(PlainServerSideCursor):
    """Its rows are found when it is declared; where no transaction is under way, it gets one for that."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> ServerSideCursor:
        own = self.connection.transaction() if self.connection.autocommit else nullcontext()
        with own:
            self.connection.execute("SELECT")  # brings the scope
            super().execute(query, params, **options)
        return self


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "cursor_factory": Cursor}

    def create_cursor(self, name: str | None = None) -> Any:
        if name is None:
            return super().create_cursor()
        held = self.connection.autocommit
        return ServerSideCursor(self.connection, name=name, scrollable=False, withhold=held)


def scoped(text: str) -> str:
    """The statement and, before it, whose rows it may touch. A scope holds no quotes and no placeholders."""
    return f"SET LOCAL app.workspace = '{current_scope()}'; {text}"


def _text(query: Any, cursor: Any) -> str:
    if isinstance(query, Composable):
        return query.as_string(cursor)
    return query.decode() if isinstance(query, bytes) else str(query)

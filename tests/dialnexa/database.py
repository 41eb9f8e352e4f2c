"""Everything PostgreSQL holds, as one text: to look for what must not be there."""

from __future__ import annotations

from django.db import connection


def database_text() -> str:
    """Every row of every table, written out."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        texts = []
        for name in names:
            cursor.execute(f"SELECT t::text FROM {connection.ops.quote_name(name)} t")
            texts += [row[0] for row in cursor.fetchall()]
    assert texts
    return "\n".join(texts)

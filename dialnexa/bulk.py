"""Very many rows in one statement, from plain values, without an object for each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, models


def insert_rows(model: type[models.Model], rows: Sequence[Mapping[str, Any]], **same: Any) -> None:
    """Insert ``rows`` in their order: {column: value}, all with the same columns. ``same`` holds for each.

    Values are text, numbers, Decimal, aware datetimes, None, or plain JSON for a JSON column. Defaults of the
    model's fields are not filled in. Raises FieldDoesNotExist for an unknown column, IntegrityError as every
    insert does.
    """
    if not rows:
        return
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(name) for name in [*rows[0], *same])
    read = f"json_to_recordset(%s) AS each ({typed_columns(model, rows[0])})"
    if same:
        read += f", json_to_record(%s) AS same ({typed_columns(model, same)})"
    into = f"{quoted(model._meta.db_table)} ({columns})"
    documents = [plain_json(rows), plain_json(same)] if same else [plain_json(rows)]
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {into} SELECT * FROM {read}", documents)  # noqa: S608  the model's names


def update_rows(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write these columns of rows that exist: {column: value}, all with the same columns, the key among them.

    Values as for ``insert_rows``. A row that is not there any more is passed over.
    """
    if not rows:
        return
    quoted = connection.ops.quote_name
    key = quoted(model._meta.pk.attname)
    changes = ", ".join(f"{name} = each.{name}" for name in map(quoted, rows[0]) if name != key)
    read = f"json_to_recordset(%s) AS each ({typed_columns(model, rows[0])})"
    update = f"UPDATE {quoted(model._meta.db_table)} AS old SET {changes} FROM {read}"  # noqa: S608  the model's names
    with connection.cursor() as cursor:
        cursor.execute(f"{update} WHERE old.{key} = each.{key}", [plain_json(rows)])


def typed_columns(model: type[models.Model], names: Iterable[str]) -> str:
    """``"id" varchar(40), "amount" numeric(20, 6)``: columns of the model, as a row of JSON is read."""
    fields = {field.column: field for field in model._meta.concrete_fields}
    quoted = connection.ops.quote_name
    return ", ".join(f"{quoted(name)} {fields[name].db_type(connection)}" for name in names)


def plain_json(value: object) -> str:
    """Money and moments as text: PostgreSQL reads them back exactly, by the column's type."""
    return json.dumps(value, default=str)

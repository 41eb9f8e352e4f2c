"""What a migration may not do while the version before it is still running (see docs/migrations.md)."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import connection, migrations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, CheckConstraint, Field

TAKES_AWAY = (
    migrations.RemoveField,
    migrations.DeleteModel,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
ONLY_WORDS = (migrations.AlterModelOptions, migrations.AlterModelManagers)
FILLS = (migrations.RunPython, migrations.RunSQL)


def dangers(migration: migrations.Migration, state: ProjectState) -> Iterator[str]:
    """What would stop or break the version before, a sentence for each. ``state`` is moved along.

    A danger is allowed where the migration says why it is none: ``harmless = {"numbers.rental": "…"}``.
    """
    operations, made = migration.operations, set[str]()
    if any(map(fills, operations)) and any(map(changes, operations)):
        yield f"{migration}: it fills rows and changes tables; make two migrations of it."
    for operation in operations:
        if isinstance(operation, migrations.CreateModel):
            made.add(operation.name_lower)
        about = table_of(operation)
        allowed = getattr(migration, "harmless", {})
        if about not in made and f"{migration.app_label}.{about}" not in allowed:
            yield from (f"{migration}: {said}" for said in dangers_of(operation, migration, state))
        operation.state_forwards(migration.app_label, state)


def fills(operation: Operation) -> bool:
    return isinstance(operation, FILLS) and not is_setting(operation)


def changes(operation: Operation) -> bool:
    return not isinstance(operation, (*FILLS, *ONLY_WORDS))


def is_setting(operation: Operation) -> bool:
    """``SET statement_timeout = 0`` before an index that takes long."""
    return isinstance(operation, migrations.RunSQL) and str(operation.sql).startswith("SET ")


def table_of(operation: Operation) -> str:
    name = getattr(operation, "model_name", "") or getattr(operation, "name", "") or ""
    return str(getattr(operation, "old_name_lower", name)).lower()


def dangers_of(operation: Operation, migration: migrations.Migration, state: ProjectState) -> Iterator[str]:
    what = operation.describe()
    if isinstance(operation, TAKES_AWAY):
        yield f"{what}: the version before still uses it. Stop using it first, take it away a release later."
    if isinstance(operation, migrations.AddField) and must_be_told(operation.field):
        yield f"{what}: the version before inserts rows without it. Give it null=True or a db_default."
    if isinstance(operation, migrations.AlterField):
        yield from (f"{what}: {said}" for said in dangers_of_change(operation, migration.app_label, state))
    if isinstance(operation, migrations.AddIndex) and not isinstance(operation, AddIndexConcurrently):
        yield f"{what}: nobody can write meanwhile. Use AddIndexConcurrently, with atomic = False."
    if isinstance(operation, migrations.AddConstraint) and not isinstance(operation, AddConstraintNotValid):
        yield from (f"{what}: {said}" for said in dangers_of_constraint(operation))


def must_be_told(field: Field) -> bool:
    return not (field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)


def dangers_of_change(operation: migrations.AlterField, app_label: str, state: ProjectState) -> Iterator[str]:
    before = state.apps.get_model(app_label, operation.model_name)._meta.get_field(operation.name)
    after = operation.field
    if before.null and not after.null:
        yield "it reads the whole table under a lock. First add a check that is not valid, and validate it."
    if has_index(after) and not has_index(before):
        yield "it makes an index while nobody can write. Use AddIndexConcurrently."
    if shape(before) != shape(after):
        yield "it may write the whole table anew. Add a new column, fill it, move over, take the old away."


def has_index(field: Field) -> bool:
    return field.unique or bool(getattr(field, "db_index", False))


def shape(field: Field) -> str:
    """The type of the column without its length: longer text is free, and so is a change of words."""
    return (field.db_type(connection) or "").partition("(")[0]


def dangers_of_constraint(operation: migrations.AddConstraint) -> Iterator[str]:
    if isinstance(operation.constraint, CheckConstraint):
        yield "it reads the whole table under a lock. Use AddConstraintNotValid, later ValidateConstraint."
    else:
        yield "it makes an index while nobody can write. Make a unique index concurrently, in RunSQL."

"""A migration …"""

from __future__ import annotations

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from tests.migration_rules import dangers

# The last ones made before the rule: nothing ran yet that they could have stopped.
BEFORE = {"dialnexa": 19, "kyc": 9, "telephony": 19, "numbers": 24}


def number(name: str) -> int:
    return int(name.partition("_")[0])


def test_stops_nothing_that_runs() -> None:
    loader = MigrationLoader(None)
    new = [key for key in loader.disk_migrations if number(key[1]) > BEFORE.get(key[0], 10**6)]
    found: list[str] = []
    for key in sorted(new):
        state = loader.project_state(sorted(parent.key for parent in loader.graph.node_map[key].parents))
        found += dangers(loader.get_migration(*key), state)
    assert found == []


def state_with(*fields: tuple[str, models.Field]) -> ProjectState:
    state = ProjectState()
    made = migrations.CreateModel("Rental", [("id", models.BigAutoField(primary_key=True)), *fields])
    made.state_forwards("numbers", state)
    return state


def said(*operations: Operation, **attributes: object) -> list[str]:
    """What is wrong with a migration of these, on a table that has a name."""
    migration = migrations.Migration("0099_try", "numbers")
    vars(migration).update(operations=list(operations), **attributes)
    return list(dangers(migration, state_with(("name", models.CharField(max_length=9, null=True)))))


INDEX = models.Index(fields=["name"], name="by_name")
CHECK = models.CheckConstraint(condition=~models.Q(name=""), name="has_name")


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (migrations.AddField("rental", "on", models.BooleanField(default=True)), "inserts rows without it"),
        (migrations.RemoveField("rental", "name"), "Stop using it first"),
        (migrations.RenameField("rental", "name", "title"), "Stop using it first"),
        (migrations.DeleteModel("Rental"), "Stop using it first"),
        (migrations.AddIndex("rental", INDEX), "AddIndexConcurrently"),
        (migrations.AddConstraint("rental", CHECK), "AddConstraintNotValid"),
        (migrations.AlterField("rental", "name", models.CharField(max_length=9)), "under a lock"),
        (migrations.AlterField("rental", "name", models.IntegerField(null=True)), "write the whole table"),
    ],
)
def test_is_refused_when_the_version_before_could_not_go_on(operation: Operation, words: str) -> None:
    (sentence,) = said(operation)
    assert words in sentence


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("rental", "note", models.CharField(max_length=9, null=True)),
        migrations.AddField("rental", "on", models.BooleanField(db_default=True)),
        migrations.AlterField("rental", "name", models.CharField(max_length=90, null=True)),
        AddIndexConcurrently("rental", INDEX),
        AddConstraintNotValid("rental", CHECK),
        migrations.RunPython(migrations.RunPython.noop),
    ],
)
def test_is_free_to_add(operation: Operation) -> None:
    assert said(operation) == []


def test_does_what_it_likes_to_a_table_it_makes() -> None:
    made = migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))])
    assert said(made, migrations.AddIndex("other", models.Index(fields=["id"], name="x"))) == []


def test_fills_rows_or_changes_tables() -> None:
    change = migrations.AddField("rental", "note", models.CharField(max_length=9, null=True))
    (sentence,) = said(change, migrations.RunPython(migrations.RunPython.noop))
    assert "make two migrations" in sentence


def test_may_take_longer_than_a_request() -> None:
    patient = migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop)
    assert said(patient, AddIndexConcurrently("rental", INDEX)) == []


def test_may_say_why_it_is_harmless() -> None:
    why = {"numbers.rental": "Nothing has used it since the release before."}
    assert said(migrations.RemoveField("rental", "name"), harmless=why) == []

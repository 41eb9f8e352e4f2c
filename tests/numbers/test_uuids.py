"""A number's UUID …"""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from dialnexa.ids import uuid_of
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from tests.numbers.rows import make_number


def test_is_stored_with_every_new_number(workspace: Workspace) -> None:
    number = make_number(workspace)
    assert PhoneNumber.objects.get(uuid=uuid_of(number.pk)) == number


def test_is_stored_when_many_are_made_at_once(workspace: Workspace) -> None:
    fields = {"workspace": workspace, "country": "US", "calling_code": "1", "carrier": "plivo"}
    rows = [PhoneNumber(e164=f"+1212555{n:04}", national_number=f"212555{n:04}", **fields) for n in range(3)]
    PhoneNumber.objects.bulk_create(rows)
    for number in PhoneNumber.objects.all():
        assert number.uuid == uuid_of(number.pk)


def test_is_found_by_an_index(db: None) -> None:
    rows = PhoneNumber.objects.filter(uuid=uuid_of("phn_x"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "numbers_phonenumber_uuid" in rows.explain()


def test_is_there_for_numbers_from_before(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The migration's filling, on rows as it found them."""
    numbers = [make_number(workspace) for _ in range(3)]
    migration = import_module("phone_numbers.migrations.0008_uuids")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE numbers_phonenumber ALTER uuid DROP NOT NULL")
        cursor.execute("UPDATE numbers_phonenumber SET uuid = NULL")
    monkeypatch.setattr(migration, "BATCH", 2)
    migration.fill(apps, None)
    with connection.cursor() as cursor:  # the next step of the migration, in the same transaction
        cursor.execute("ALTER TABLE numbers_phonenumber ALTER uuid SET NOT NULL")
    found = dict(PhoneNumber.objects.values_list("pk", "uuid"))
    assert found == {number.pk: uuid_of(number.pk) for number in numbers}


def test_is_never_missing(workspace: Workspace) -> None:
    number = make_number(workspace)
    with pytest.raises(IntegrityError), transaction.atomic():
        PhoneNumber.objects.filter(pk=number.pk).update(uuid=None)

"""One world for all tests of a module: each works in a savepoint of the transaction that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from dialnexa.models import User, Workspace
from tests.conftest import furnish_acme, make_catalogue, make_user, make_workspace
from tests.matrix.world import make_world


@dataclass(frozen=True)
class Furnished:
    now: datetime
    values: dict[str, Any]  # what ``make_world`` answered


@pytest.fixture(scope="module")
def furnished(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Furnished]:
    """Acme with one of everything, and Charlie's workspace."""
    with django_db_blocker.unblock(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        now = datetime.now(UTC).replace(microsecond=0)
        make_catalogue()
        values = make_world(furnish_acme(make_user("Alice"), now), now)
        make_workspace(make_user("Charlie"), "chocolate", "Chocolate Factory", now)
        connection.check_constraints()
        yield Furnished(now, values)
        transaction.set_rollback(True)


@pytest.fixture
def now(furnished: Furnished) -> datetime:
    return furnished.now


@pytest.fixture
def alice(furnished: Furnished, db: None) -> User:
    return User.objects.get(email="alice@example.com")


@pytest.fixture
def workspace(furnished: Furnished, db: None) -> Workspace:
    return Workspace.objects.get(slug="acme")


@pytest.fixture
def charlie(furnished: Furnished, db: None) -> User:
    return User.objects.get(email="charlie@example.com")


@pytest.fixture
def charlie_workspace(furnished: Furnished, db: None) -> Workspace:
    return Workspace.objects.get(slug="chocolate")


@pytest.fixture
def world(furnished: Furnished, db: None, movable_clock: Path) -> dict[str, Any]:
    """The values of addresses, by the names of their parameters. The demo's page for its clock answers."""
    return furnished.values

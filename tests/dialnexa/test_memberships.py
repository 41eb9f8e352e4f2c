"""A membership …"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection, transaction

from dialnexa import audit
from dialnexa.actors import SYSTEM
from dialnexa.memberships import change_role
from dialnexa.models import AuditEntry, User, Workspace
from phone_numbers.naming import rename_number
from tests.numbers.rows import make_number


@pytest.mark.django_db(transaction=True)
def test_changes_without_stopping_the_rest_of_the_workspace(
    workspace: Workspace, bob: User, now: datetime
) -> None:
    number = make_number(workspace)

    def note() -> None:
        """What every order, charge and rename does: insert rows that refer to the workspace."""
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")
        audit.record(workspace, "note", by=SYSTEM, now=now)
        connection.close()

    with ThreadPoolExecutor(1) as others, transaction.atomic():
        change_role(workspace.memberships.get(user=bob), "admin", by=SYSTEM, now=now)
        rename_number(number, nickname="New", label="", by=SYSTEM, now=now)
        others.submit(note).result()
    assert AuditEntry.objects.filter(event="note").count() == 1

"""Fields that are not for the sender …"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from dialnexa.models import Workspace
from tests.conftest import Program
from tests.matrix.routes import endpoints, pages
from tests.matrix.snapshot import snapshot
from tests.matrix.test_api import authorization
from tests.matrix.test_pages import NO, POLICY

pytestmark = pytest.mark.django_db
MARK, MARKED = "intruder7c1", "1337.7331"
WANTED = {  # what the endpoints do take, so that they get as far as writing something
    "nickname": "Front",
    "title": "Front",
    "enabled": True,
    "runtime_url": "wss://agents.example.com/1",
    "url": "https://hooks.example.com/2",
    "events": ["*"],
}
TEXTS = "id pk uuid slug state status kind type carrier e164 currency role created_by actor actor_name memo"
SUMS = "price monthly_price setup_price balance amount charged credit spend_cap per_minute"
FLAGS = "is_staff is_superuser is_active is_pool verified protected paid without_papers force"


def smuggled(workspace: Workspace) -> dict[str, Any]:
    """``workspace``: whose it should become."""
    ours = {"workspace": workspace.pk, "workspace_id": workspace.pk, "workspaceId": workspace.pk}
    texts = dict.fromkeys(TEXTS.split(), MARK)
    return ours | texts | dict.fromkeys(SUMS.split(), MARKED) | dict.fromkeys(FLAGS.split(), True)


def rows_with(text: str) -> dict[str, int]:
    """Table → rows in which the text stands, whatever column it got into."""
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.app_label != "sessions"]
    sql = " UNION ALL ".join(
        f"SELECT '{table}', count(*) FROM \"{table}\" t WHERE t::text LIKE %s" for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [f"%{text}%"] * len(tables))
        return {table: count for table, count in cursor.fetchall() if count}


@pytest.mark.parametrize("body", [{}, WANTED], ids=["alone", "beside what is taken"])
def test_change_nothing_over_the_api(
    body: dict[str, Any], world: dict[str, Any], program: Program, charlie_workspace: Workspace
) -> None:
    theirs = rows_with(str(charlie_workspace.pk))
    taken = 0
    for endpoint in endpoints():
        if endpoint.method not in {"POST", "PUT", "PATCH"}:
            continue
        url = endpoint.route.url(world)
        sent = json.dumps(smuggled(charlie_workspace) | body)
        headers = authorization(program, url)
        answer = program.http.generic(endpoint.method, url, sent, "application/json", headers=headers)
        assert answer.status_code < 500, endpoint
        taken += answer.status_code < 300
    assert (rows_with(MARK), rows_with(MARKED)) == ({}, {})
    assert rows_with(str(charlie_workspace.pk)) == theirs
    assert taken >= (1 if body else 0)


def test_change_nothing_in_forms(
    world: dict[str, Any], alice_client: Client, charlie_workspace: Workspace
) -> None:
    theirs = rows_with(str(charlie_workspace.pk))
    before = snapshot()["dialnexa_user"]
    fields = smuggled(charlie_workspace) | WANTED
    for own in ("status", "type", "role", "kind", "country"):
        fields.pop(own, None)  # a field of these names some form does have
    for route in pages():
        if POLICY[route.name][1] != NO:
            assert alice_client.post(route.url(world), fields).status_code < 500, route.name
    assert (rows_with(MARK), rows_with(MARKED)) == ({}, {})
    assert rows_with(str(charlie_workspace.pk)) == theirs
    assert snapshot()["dialnexa_user"] == before

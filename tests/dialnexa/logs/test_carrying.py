"""The id of a request …"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from celery import shared_task
from django.conf import LazySettings
from django.test import Client

from dialnexa import audit
from dialnexa.actors import Actor, Channel, system
from dialnexa.logs import context
from dialnexa.logs.lines import formatter
from dialnexa.models import AuditEntry, Workspace

ID = "req_of_a_test_01"
log = logging.getLogger("tests.lines")


@pytest.fixture
def written(settings: LazySettings) -> Iterator[StringIO]:
    """What production would have written."""
    settings.LOG_FORMAT = "json"
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter())
    work = logging.getLogger("dialnexa.work")
    level = work.level
    work.setLevel("INFO")
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)
    work.setLevel(level)


def lines(written: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


@shared_task
def work_on(*, workspace_id: str) -> None:
    """Something a worker does."""
    log.warning("at work")
    subject = Workspace.objects.get(pk=workspace_id)
    audit.record(subject, "create", by=system("worker"), now=datetime.fromisoformat("2026-11-01T00:00Z"))


def test_is_in_the_line_of_the_request(alice_client: Client, workspace: Workspace, written: StringIO) -> None:
    before = context.noted()
    alice_client.get(f"/w/{workspace.slug}/numbers/", headers={"X-Request-ID": ID})
    line = next(line for line in lines(written) if line["logger"] == "dialnexa.work")
    assert (line["request_id"], line["workspace_id"], line["status"]) == (ID, workspace.pk, 200)
    assert line["route"] == "w/<slug:slug>/numbers/"
    assert context.noted() == before


def test_goes_to_the_worker_and_into_the_history(workspace: Workspace, written: StringIO) -> None:
    with context.working_on(ID):
        work_on.apply(kwargs={"workspace_id": workspace.pk}, headers={"dialnexa_request_id": ID})
        assert context.noted() == {"request_id": ID}
    said = [line for line in lines(written) if line["logger"] in ("tests.lines", "dialnexa.work")]
    assert {line["request_id"] for line in said} == {ID}
    assert {line["workspace_id"] for line in said} == {workspace.pk}
    assert all(line["task_id"] for line in said)
    assert AuditEntry.objects.latest("id").request_id == ID


def test_is_found_again_when_the_sweeper_rings(workspace: Workspace, now: datetime) -> None:
    somebody = Actor(Channel.API, "a key", request_id=ID)
    audit.record(workspace, "create", by=somebody, now=now)
    work_on.apply(kwargs={"workspace_id": workspace.pk}, headers={"dialnexa_request_id": "run_1"})
    assert AuditEntry.objects.latest("id").request_id == ID


def test_is_replaced_by_one_of_the_run_where_nobody_asked(workspace: Workspace, now: datetime) -> None:
    with context.working_on("run_of_a_sweeper"):
        audit.record(workspace, "create", by=system("sweeper"), now=now)
    assert AuditEntry.objects.latest("id").request_id == "run_of_a_sweeper"
    audit.record(workspace, "create", by=system("a command"), now=now)
    assert AuditEntry.objects.latest("id").request_id.startswith("run_")

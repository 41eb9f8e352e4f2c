"""Emitting an event …"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from dialnexa.models import WebhookDelivery, WebhookEndpoint, WebhookMessage, Workspace
from dialnexa.webhooks.emitting import Event, emit, emit_all

pytestmark = pytest.mark.django_db


def make_endpoint(workspace: Workspace, *events: str, **fields: Any) -> WebhookEndpoint:
    made = {"url": "https://hooks.example.com/in", "sealed_secret": b"-"} | fields
    return WebhookEndpoint.objects.create(workspace=workspace, events=list(events or ("*",)), **made)


def happen(workspace: Workspace, now: datetime, **changes: Any) -> None:
    told: dict[str, Any] = {
        "type": "number.activated",
        "reference": "number.activated:phn_1",
        "subject": "phn_1",
        "data": {"id": "phn_1"},
    }
    emit(workspace, now=now, **{**told, **changes})


def test_writes_one_delivery_for_each_endpoint_that_asked(workspace: Workspace, now: datetime) -> None:
    everything = make_endpoint(workspace)
    numbers = make_endpoint(workspace, "number.activated", "number.released")
    make_endpoint(workspace, "call.completed")
    make_endpoint(workspace, enabled=False)
    happen(workspace, now)
    message = WebhookMessage.objects.get()
    assert message.id.startswith("msg_")
    assert message.payload == {
        "type": "number.activated",
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "data": {"id": "phn_1"},
    }
    rows = WebhookDelivery.objects.values_list("endpoint", "state", "next_try_at")
    assert set(rows) == {(endpoint.pk, "pending", now) for endpoint in (everything, numbers)}


def test_tells_nothing_twice(workspace: Workspace, now: datetime) -> None:
    make_endpoint(workspace)
    happen(workspace, now)
    happen(workspace, now)
    assert WebhookDelivery.objects.count() == WebhookMessage.objects.count() == 1


def test_tells_no_other_workspace(workspace: Workspace, charlie_workspace: Workspace, now: datetime) -> None:
    make_endpoint(charlie_workspace)
    happen(workspace, now)
    assert not WebhookMessage.objects.exists()


def test_costs_one_query_where_nobody_listens(workspace: Workspace, now: datetime) -> None:
    with CaptureQueriesContext(connection) as queries:
        happen(workspace, now)
    assert len(queries) == 1
    assert not WebhookMessage.objects.exists()


def test_takes_five_hundred_in_four_statements(
    workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    make_endpoint(workspace, "rental.renewed")
    make_endpoint(charlie_workspace)
    events = [
        Event(home.pk, "rental.renewed", f"rental.renewed:{home.pk}:{nth}", "rnt_1", {"period": nth})
        for nth in range(250)
        for home in (workspace, charlie_workspace)
    ]
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        emit_all(events, now=now)
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 4
    assert WebhookDelivery.objects.count() == 500
    stray = WebhookDelivery.objects.exclude(message__workspace_id=F("endpoint__workspace_id"))
    assert not stray.exists()


def test_goes_with_what_is_rolled_back(workspace: Workspace, now: datetime) -> None:
    make_endpoint(workspace)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        happen(workspace, now)
        _ = 1 / 0
    assert not WebhookMessage.objects.exists()


def test_knows_only_documented_types(workspace: Workspace, now: datetime) -> None:
    with pytest.raises(ValueError, match=r"number\.born"):
        happen(workspace, now, type="number.born")


@pytest.mark.django_db(transaction=True)
def test_tells_once_when_two_say_it_at_once(workspace: Workspace, now: datetime) -> None:
    make_endpoint(workspace)
    together = threading.Barrier(2)

    def one() -> None:
        with transaction.atomic():
            together.wait(10)
            happen(workspace, now)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert WebhookDelivery.objects.count() == 1

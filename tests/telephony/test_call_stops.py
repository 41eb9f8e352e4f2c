"""Stopping all calls …"""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Workspace
from telephony.call_stops import allow_calls, stop_calls, stop_of
from telephony.models import CallStop

pytestmark = pytest.mark.django_db
STAFF = Actor(Channel.STAFF, "Sam")


def test_happens_once_however_often_it_is_pressed(workspace: Workspace, now: datetime) -> None:
    first, again = (stop_calls(workspace, reason="A stolen key", by=SYSTEM, now=now) for _ in range(2))
    assert first.pk == again.pk
    allow_calls(workspace, reason="Revoked", by=SYSTEM, now=now)
    allow_calls(workspace, reason="Revoked", by=SYSTEM, now=now)
    assert stop_of(workspace) is None
    events = AuditEntry.objects.filter(subject_id=workspace.pk).order_by("id").values_list("event", flat=True)
    assert list(events)[-2:] == ["stop_calls", "allow_calls"]
    assert events.filter(event="stop_calls").count() == 1


def test_stops_nobody_else(workspace: Workspace, charlie_workspace: Workspace, now: datetime) -> None:
    stop_calls(workspace, reason="A stolen key", by=SYSTEM, now=now)
    assert stop_of(charlie_workspace) is None
    stop_calls(None, reason="Fraud everywhere", by=STAFF, now=now)
    assert stop_of(charlie_workspace)
    allow_calls(None, reason="Over", by=STAFF, now=now)
    assert stop_of(workspace)


def test_is_lifted_by_staff_alone_where_they_did_it(workspace: Workspace, now: datetime) -> None:
    stop_calls(workspace, reason="Mine", by=SYSTEM, now=now)
    stop_calls(workspace, reason="Fraud", by=STAFF, now=now)  # takes it over
    with pytest.raises(Refusal, match="write to support|Write to support"):
        allow_calls(workspace, reason="Please", by=SYSTEM, now=now)
    allow_calls(workspace, reason="Talked to them", by=STAFF, now=now)
    assert stop_of(workspace) is None


def test_takes_a_reason_and_an_owner(alice_client: Client, workspace: Workspace) -> None:
    url = f"/w/{workspace.slug}/limits/calls/"
    assert alice_client.post(f"{url}stop/", {"reason": " "}).status_code == 400
    assert not CallStop.objects.exists()
    assert alice_client.post(f"{url}stop/", {"reason": "A stolen key"}).status_code == 302
    page = alice_client.get(f"/w/{workspace.slug}/limits/").content.decode()
    assert "Calls are stopped" in page
    assert "A stolen key" in page
    assert alice_client.post(f"{url}allow/", {"reason": "Revoked"}).status_code == 302
    assert stop_of(workspace) is None


def test_is_thrown_for_everybody_in_the_support_desk(staff_client: Client, workspace: Workspace) -> None:
    add = "/admin/telephony/callstop/add/"
    assert staff_client.post(add, {"workspace": "", "reason": "Fraud"}).status_code == 302
    stop = stop_of(workspace)
    assert stop
    assert (stop.workspace, stop.by_staff) == (None, True)
    do = "/admin/telephony/callstop/do/lift-stop/"
    staff_client.post(do, {"id": stop.pk, "reason": "Over", "checked": "on"})
    assert stop_of(workspace) is None

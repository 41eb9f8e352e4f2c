"""A bulk change of routing on the support desk …"""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from dialnexa.models import Workspace
from phone_numbers.models import BulkRouting
from telephony.models import Agent, AgentVersion
from tests.numbers.rows import make_number

pytestmark = pytest.mark.django_db


def test_tells_what_went_from_whom_to_whom(staff_client: Client, workspace: Workspace, now: datetime) -> None:
    agent = Agent.objects.create(workspace=workspace, title="Reception")
    version = AgentVersion.objects.create(
        agent=agent, workspace=workspace, number=2, status="published", runtime_url="wss://a.example/"
    )
    number = make_number(workspace, "+12125550123")
    changes = [
        {"number": number.pk, "inbound": [None, version.pk]},
        {"number": "phn_gone", "outbound": [version.pk, None]},
    ]
    bulk = BulkRouting.objects.create(workspace=workspace, changes=changes, created_at=now)
    shown = staff_client.get(f"/admin/numbers/bulkrouting/{bulk.pk}/change/").content.decode()
    assert "+1 212-555-0123" in shown
    assert f"nobody → {version}" in shown
    assert f"{version} → nobody" in shown
    assert "In force" in shown
    BulkRouting.objects.update(undone_at=now)
    assert "Undone" in staff_client.get("/admin/numbers/bulkrouting/").content.decode()

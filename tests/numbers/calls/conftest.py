"""A number that may call London, and what its calls cost."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.routing import route_number
from telephony import agents
from telephony.models import AgentVersion
from tests.numbers.rows import make_number, make_rental

LONDON = "+442079460018"
HOUR = timedelta(hours=1)


@pytest.fixture
def version(workspace: Workspace, now: datetime) -> AgentVersion:
    url = "wss://agents.example.com/1"
    agent = agents.create_agent(workspace, title="Sales", runtime_url=url, by=SYSTEM, now=now - 9 * HOUR)
    draft = agents.newest_version(agent)
    agents.publish(draft, by=SYSTEM, now=now - 9 * HOUR)
    draft.refresh_from_db()
    return draft


@pytest.fixture
def number(workspace: Workspace, version: AgentVersion, now: datetime) -> PhoneNumber:
    """Active, paid, and with an agent that calls from it and answers it."""
    number = make_number(workspace, created_at=now - 9 * HOUR)
    make_rental(number, now + timedelta(days=20))
    route_number(number, inbound=version, outbound=version, by=SYSTEM, now=now - 8 * HOUR)
    return PhoneNumber.objects.select_related("workspace", "rental").get(pk=number.pk)

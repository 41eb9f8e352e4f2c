"""A number that may call London, and what its calls cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from dialnexa.actors import SYSTEM, Actor
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import route_number
from telephony import agents
from telephony.models import AgentVersion, CallRate, NetworkGroup
from tests.conftest import LONG_AGO
from tests.numbers.calls.carriers import PACE, Line
from tests.numbers.conftest import Turned
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


# --- over a real network


@pytest.fixture
def network(every_carrier: Any, live_server: Any, settings: LazySettings) -> Iterator[Any]:
    """The sandbox in the place of every carrier, with seconds of five milliseconds and webhooks to the site.

    Calls to America have a price everywhere.
    """
    settings.PUBLIC_BASE_URL = live_server.url
    for options in settings.CARRIERS.values():
        options["deadline"] = 0.8
    for group in NetworkGroup.objects.exclude(carrier="plivo"):
        rate = {"network_group": group, "currency": "INR", "per_minute": "1.25", "valid_from": LONG_AGO}
        CallRate.objects.create(**rate)
    every_carrier.state.set_mode(call_pace=PACE)
    yield every_carrier
    every_carrier.state.reset()  # calls that still go on end silently


@pytest.fixture(params=("plivo", "twilio", "signalwire"))
def slug(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def line(
    workspace: Workspace, version: AgentVersion, network: Any, slug: str, by: Actor, clock: Turned
) -> Line:
    """A paid number at the carrier, from which an agent calls."""
    number = make_number(workspace, carrier=slug, created_at=clock.now - 9 * HOUR)
    make_rental(number, clock.now + timedelta(days=20))
    route_number(number, inbound=version, outbound=version, by=SYSTEM, now=clock.now - 8 * HOUR)
    mine = PhoneNumber.objects.select_related("workspace", "rental").get(pk=number.pk)
    return Line(workspace, mine, network, clock, by)

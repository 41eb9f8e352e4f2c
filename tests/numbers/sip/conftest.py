"""A linked number that an agent answers over SIP, and an engine that asks about calls to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import route_number
from telephony import agents
from telephony.models import AgentVersion, Call, SipRate
from tests.conftest import LONG_AGO
from tests.numbers.calls.conftest import HOUR
from tests.numbers.trunks import link

SECRET = "engine-secret-0123456789-0123456789"
FORM = "application/x-www-form-urlencoded"
CALLER = "+919820012345"
DESK = "sip:desk@voice.example.com"


@pytest.fixture(autouse=True)
def engines(settings: LazySettings) -> None:
    settings.SIP_ENGINES = [("kamailio", SECRET), ("other", SECRET[::-1])]


@pytest.fixture
def version(workspace: Workspace, now: datetime) -> AgentVersion:
    agent = agents.create_agent(workspace, title="Desk", runtime_url=DESK, by=SYSTEM, now=now - 9 * HOUR)
    draft = agents.newest_version(agent)
    agents.publish(draft, by=SYSTEM, now=now - 9 * HOUR)
    draft.refresh_from_db()
    return draft


@pytest.fixture
def number(workspace: Workspace, version: AgentVersion, loopback: None, now: datetime) -> PhoneNumber:
    number = link(workspace, now - 9 * HOUR)
    route_number(number, inbound=version, by=SYSTEM, now=now - 8 * HOUR)
    return PhoneNumber.objects.select_related("workspace").get(pk=number.pk)


@pytest.fixture
def rate() -> None:
    """A minute over SIP costs 35 paise."""
    SipRate.objects.create(currency="INR", per_minute=Decimal("0.35"), valid_from=LONG_AGO)


@dataclass(frozen=True)
class Engine:
    """One call as an engine sees it, from the trunk's host. ``said`` is added to what it says."""

    called: str
    call: str = "1700000000.12-345-678"
    secret: str = SECRET
    client: Client = field(default_factory=Client)

    def ask(self, **said: str) -> Any:
        return self.post("lookup", self.about() | {"source": "127.0.0.1"} | said)

    def tell(self, state: str, **said: str) -> Any:
        return self.post("status", self.about() | {"state": state} | said)

    def about(self) -> dict[str, str]:
        return {"call": self.call, "called": self.called, "caller": CALLER}

    def post(self, kind: str, fields: dict[str, str]) -> Any:
        headers = {"Authorization": f"Bearer {self.secret}"}
        return self.client.post(
            f"/carrier/sip/{kind}/", urlencode(fields), content_type=FORM, headers=headers
        )

    def with_(self, **changes: Any) -> Engine:
        return replace(self, **changes)


@pytest.fixture
def engine(number: PhoneNumber) -> Engine:
    return Engine(number.e164)


@pytest.fixture
def the_call(number: PhoneNumber) -> Callable[[], Call]:
    """The one row there is."""
    return lambda: Call.objects.get(number=number)

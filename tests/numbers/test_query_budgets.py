"""The main pages and endpoints (docs/performance.md) …"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.buying.quoting import sign_offer
from telephony import agents
from telephony.batches.drafts import upload_batch
from tests.bench.purchase import CARRIERS, offer_of
from tests.conftest import Program, client_of
from tests.matrix.world import make_world
from tests.numbers.rows import make_call, make_number, make_order, make_rental

pytestmark = pytest.mark.django_db
FEW, MANY = 2, 50
PAGES = {  # address → the most statements it may take, however many rows there are
    "/w/acme/numbers/": 12,
    "/w/acme/numbers/{number_id}/": 18,
    "/w/acme/calls/": 17,
    "/w/acme/calls/{call_id}/": 10,
    "/w/acme/batches/": 9,
    "/w/acme/batches/{batch_id}/": 12,
    "/w/acme/agents/": 11,
    "/w/acme/wallet/": 12,
    "/w/acme/wallet/forecast/": 11,
    "/w/acme/kyc/": 9,
    "/w/acme/kyc/IN/": 13,
    "/w/acme/telephony/": 13,
    "/w/acme/limits/": 17,
    "/w/acme/settings/history/": 18,  # one for each kind of thing on the page
}
ENDPOINTS = {  # the key is one statement of each
    "/v1/organization-phone-numbers": 3,
    "/v1/organization-phone-numbers/{number_id}": 2,
    "/v1/calls": 3,
    "/v1/wallet": 3,
    "/v1/wallet/forecast": 5,
}
ORDER = 26  # session, rights, gates, the rows, their money and history; with savepoints


@pytest.fixture(params=[FEW, MANY])
def crowded(request: pytest.FixtureRequest, workspace: Workspace, now: datetime) -> dict[str, Any]:
    """One of everything, and so many of what lists hold, each with what belongs to it."""
    world = make_world(workspace, now)
    for n in range(request.param):
        agent = agents.create_agent(
            workspace, title=f"Agent {n}", runtime_url=f"wss://agents.example.com/{n}", by=SYSTEM, now=now
        )
        number = make_number(workspace, inbound_version=agents.newest_version(agent))
        make_rental(number, now + timedelta(days=n))
        make_order(number, "fulfilled")
        make_call(number, now, agent_version=agents.newest_version(agent))
        wallet.credit(workspace, Decimal(1), reference=f"c{n}", memo="Credit", by=SYSTEM, now=now)
    for n in range(min(request.param, 10)):
        rows = "\n".join(["phone_number", *(f"+91987654{n}{row:03}" for row in range(request.param))])
        upload_batch(workspace, rows.encode(), title=f"List {n}", name="l.csv", by=SYSTEM, now=now)
    return world


def over_budget(budgets: dict[str, int], ask: Any, world: dict[str, Any]) -> Iterator[str]:
    for address, most in budgets.items():
        url = address.format_map(world)
        ask(url)  # what a process finds out once is not this page's
        with CaptureQueriesContext(connection) as asked:
            answer = ask(url)
        assert answer.status_code == 200, url
        if len(asked) > most:
            yield f"{address}: {len(asked)} statements, at most {most}"


def test_take_few_statements_however_many_rows_there_are(
    crowded: dict[str, Any], workspace: Workspace, program: Program
) -> None:
    owner = workspace.memberships.get(role="owner").user
    assert list(over_budget(PAGES, client_of(owner).get, crowded)) == []
    assert list(over_budget(ENDPOINTS, program.get, crowded)) == []


def test_take_an_order_in_few_statements(
    alice_client: Client, workspace: Workspace, settings: LazySettings
) -> None:
    settings.CARRIERS = CARRIERS
    for serial, most in ((5550123, 99), (5550124, ORDER)):  # the first finds out what a process asks once
        form = {
            "token": sign_offer(offer_of(serial), "plivo"),
            "idempotency_key": f"key-{serial}",
            "expected_total": "92",
        }
        with CaptureQueriesContext(connection) as asked:
            answer = alice_client.post("/w/acme/numbers/buy/", form, headers={"HX-Request": "true"})
        assert answer.status_code < 300, answer.content
        assert len(asked) <= most

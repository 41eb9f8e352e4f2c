"""A call that the sandbox brings in over SIP, as a customer's own carrier …"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from dialnexa import wallet
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.routes.readiness import read_readiness
from telephony.carriers.sandbox import server as sandbox
from telephony.carriers.sandbox.engine import Engine
from telephony.models import Call
from tests.numbers.sip.conftest import CALLER, DESK, SECRET
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(live_server: Any) -> Iterator[sandbox.RunningSandbox]:
    running = sandbox.start(engine=Engine(f"{live_server.url}/carrier/sip", SECRET))
    running.state.set_mode(call_pace=0.01, talk_seconds=61)
    yield running
    running.stop()


@pytest.fixture
def ring(server: sandbox.RunningSandbox, number: PhoneNumber) -> Callable[..., Any]:
    """Call the number from the sandbox's page; returns the sandbox's call when it is over."""

    def ring(**said: str) -> Any:
        form = {"from": CALLER, "to": number.e164, "source": "127.0.0.1"} | said
        answer = httpx.post(f"{server.url}/console/call_linked", data=form)
        assert answer.status_code == 303, answer.text
        assert wait_for(lambda: "sandbox-call" not in {thread.name for thread in threading.enumerate()}, 20)
        return server.state.calls()[-1]

    return ring


def test_is_connected_to_the_agent_and_charged_at_the_flat_rate(
    ring: Callable[..., Any],
    the_call: Callable[[], Call],
    number: PhoneNumber,
    workspace: Workspace,
    rate: None,
    now: datetime,
) -> None:
    before = wallet.balance(workspace)
    told = ring()
    assert (told.stage, told.deeds) == ("completed", (f"Dialled {DESK}",))
    assert told.webhooks == ("Asked who takes it: 200", "Told answered: 204", "Told completed: 204")
    call = the_call()
    assert (call.status, call.duration, call.from_text) == ("completed", 61, CALLER)
    assert before - wallet.balance(workspace) == call.charged == Decimal("0.70")
    (item,) = (item for item in read_readiness(number, now=now) if item.title == "A test call came in")
    assert item.state == "done"


def test_is_turned_away_when_it_comes_from_elsewhere(
    ring: Callable[..., Any], the_call: Callable[[], Call], rate: None
) -> None:
    told = ring(source="203.0.113.9")
    assert (told.stage, told.deeds) == ("failed", ("Turned away: 403 sip_source_foreign",))
    assert told.webhooks == ("Asked who takes it: 200",)
    assert (the_call().status, the_call().charged) == ("failed", Decimal(0))
    SipTrunk.objects.update(sources=["203.0.113.0/24"])
    assert ring(source="203.0.113.9").stage == "completed"


def test_is_told_that_nobody_has_the_number(ring: Callable[..., Any]) -> None:
    assert ring(to="+12125550000").deeds == ("Turned away: 404 unknown_number",)
    assert Call.objects.count() == 0


def test_counts_once_when_its_news_come_twice(
    ring: Callable[..., Any], server: sandbox.RunningSandbox, the_call: Callable[[], Call], rate: None
) -> None:
    fault = {"rules": [{"on": "webhook", "kind": "twice"}]}
    httpx.put(f"{server.url}/control/faults", json=fault).raise_for_status()
    ring()
    assert the_call().charged == Decimal("0.70")


def test_is_moved_by_no_forger(
    ring: Callable[..., Any], server: sandbox.RunningSandbox, the_call: Callable[[], Call], rate: None
) -> None:
    fault = {"rules": [{"on": "webhook", "kind": "forged"}]}
    httpx.put(f"{server.url}/control/faults", json=fault).raise_for_status()
    assert "Told completed, forged: 401" in ring().webhooks
    assert the_call().charged == Decimal("0.70")


def test_needs_an_address_and_an_engine(server: sandbox.RunningSandbox, number: PhoneNumber) -> None:
    form = {"from": CALLER, "to": number.e164, "source": "somewhere"}
    assert httpx.post(f"{server.url}/console/call_linked", data=form).status_code == 400
    assert "Call over SIP" in httpx.get(server.url).text
    bare = sandbox.start()
    try:
        assert httpx.post(f"{bare.url}/console/call_linked", data=form).status_code == 400
        assert "DIALNEXA_SIP_ENGINES" in httpx.get(bare.url).text
    finally:
        bare.stop()
    assert Call.objects.count() == 0

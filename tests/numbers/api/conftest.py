"""Programs that buy, a worker that fulfils, and what became of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from dialnexa import clock, wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.buying.fulfilment import advance_order
from phone_numbers.models import NumberOrder
from telephony.agents import create_agent, edit_draft, newest_version, publish
from telephony.carriers.base import Offer
from telephony.models import Agent
from tests.conftest import Program
from tests.documented import documented

NUMBERS = "/v1/organization-phone-numbers"
PURCHASE = f"{NUMBERS}/purchase"
OPENING = Decimal(10_000)  # what Acme's wallet holds at first


@pytest.fixture
def program(program: Program) -> Program:
    """Every answer, and every request that was taken, is held against our OpenAPI document."""
    return documented(program)


@pytest.fixture
def number(offers: Iterator[Offer]) -> str:
    """An American local number the sandbox sells, at ₹92.00."""
    return next(offers).e164


def spent(workspace: Workspace) -> Decimal:
    """What left the wallet, and is not only reserved."""
    return OPENING - wallet.balance(workspace) - wallet.held(workspace)


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


@contextmanager
def working() -> Iterator[None]:
    """A thread that moves open orders along, as worker and sweeper do together."""
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.wait(0.05):
                for order in NumberOrder.objects.filter(status__in=NumberOrder.OPEN):
                    advance_order(order.pk, tell=clock.now)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


@pytest.fixture
def worker(transactional_db: None, sandbox: Any) -> Iterator[None]:
    with working():
        yield


MakeAgent = Callable[..., Agent]


@pytest.fixture
def make_agent(workspace: Workspace, now: datetime) -> MakeAgent:
    """Make an agent with so many published versions, and a draft after them if wanted."""

    def make_agent(
        title: str = "Front desk", published: int = 1, *, draft: bool = False, **place: Any
    ) -> Agent:
        owner = place.get("workspace", workspace)
        agent = create_agent(owner, title, "wss://agents.example.com/1", by=SYSTEM, now=now)
        for n in range(published):
            publish(newest_version(agent), by=SYSTEM, now=now)
            if n + 1 < published or draft:
                edit_draft(agent, runtime_url=f"wss://agents.example.com/{n + 2}", by=SYSTEM, now=now)
        return agent

    return make_agent

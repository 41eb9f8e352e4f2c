"""A purchase whose worker is killed …"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import redis

from dialnexa import wallet
from dialnexa.audit import entries_about
from phone_numbers.models import NumberOrder
from tests.conftest import AUTH_ID
from tests.numbers.conftest import Carrier, Turned
from tests.numbers.test_fulfilment import assert_bought

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

FULFIL = """
import sys, django
django.setup()
from phone_numbers.buying.fulfilment import advance_order
advance_order(sys.argv[1])
"""


@pytest.fixture
def env(process_env: dict[str, str], sandbox: Any) -> dict[str, str]:
    """A worker's environment: this test's database and carrier, and timings in seconds."""
    return process_env | {
        "DIALNEXA_PLIVO_BASE_URL": sandbox.url,
        "DIALNEXA_PLIVO_AUTH_ID": AUTH_ID,
        "DIALNEXA_PLIVO_AUTH_TOKEN": "sandbox-token",
        "DIALNEXA_PURCHASE_LEASE": "8",
        "DIALNEXA_CARRIER_DEADLINE": "4",
        "DIALNEXA_SWEEP_EVERY": "0.2",
        "DIALNEXA_RING_AGAIN": "1",
        "DIALNEXA_LOOK_UP_SOONEST": "0.2",
        "DIALNEXA_SETTLE_WINDOW": "3",
        "DIALNEXA_SETTLE_SPACING": "0.5",
        "DIALNEXA_DEBUG": "1",
    }


@contextmanager
def running(*command: str, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a process group of its own; nothing of it is left afterwards."""
    process = subprocess.Popen([sys.executable, *command], env=env, start_new_session=True)
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(true: Callable[[], bool], seconds: float = 25) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def balance(workspace: Any) -> Decimal:
    return wallet.balance(workspace)


def events(order: NumberOrder) -> list[str]:
    return [entry.event for entry in entries_about([order.id]).exclude(event="place")]


def test_after_the_carrier_sold_and_before_it_answered_ends_in_one_number_and_one_charge(
    balance: Decimal,
    order: NumberOrder,
    carrier: Carrier,
    env: dict[str, str],
    clock: Turned,
    advance: Any,
    settings: Any,
) -> None:
    carrier.breaks("slow", 30)
    with running("-c", FULFIL, order.id, env=env) as worker:
        wait_until(lambda: carrier.sales(order.e164) == 1)
        kill(worker)
    order.refresh_from_db()
    assert order.status == "buying"
    clock.turn(seconds=settings.PURCHASE_LEASE + 1)
    assert advance(order).status == "uncertain"
    advance(order)
    assert_bought(order, carrier, balance)
    assert events(order) == ["claim", "doubt", "fulfil"]
    reasons = [entry.reason for entry in entries_about([order.id])]
    assert "The worker that was buying did not report back." in reasons


def test_before_the_carrier_acted_ends_in_one_number_and_one_charge(
    balance: Decimal,
    order: NumberOrder,
    carrier: Carrier,
    env: dict[str, str],
    clock: Turned,
    advance_until_settled: Any,
) -> None:
    carrier.breaks("silent", 30)
    with running("-c", FULFIL, order.id, env=env) as worker:
        wait_until(lambda: carrier.requests("POST") == 1)
        kill(worker)
    assert carrier.sales(order.e164) == 0
    advance_until_settled(order)
    assert_bought(order, carrier, balance)
    assert events(order) == ["claim", "doubt", "retry", "claim", "fulfil"]


def test_while_a_second_one_is_rung_sends_one_request(
    balance: Decimal, order: NumberOrder, carrier: Carrier, env: dict[str, str]
) -> None:
    carrier.breaks("slow", 1.5)
    with (
        running("-c", FULFIL, order.id, env=env) as first,
        running("-c", FULFIL, order.id, env=env) as second,
    ):
        assert (first.wait(30), second.wait(30)) == (0, 0)
    assert_bought(order, carrier, balance)
    assert carrier.requests("POST") == 1


def test_is_finished_by_real_workers_and_sweepers_though_every_message_is_lost(
    balance: Decimal, order: NumberOrder, carrier: Carrier, env: dict[str, str]
) -> None:
    """Nobody rang for the order, the first worker is killed while it buys, and Redis is wiped."""
    carrier.breaks("slow", 30)
    celery = ("-m", "celery", "-A", "dialnexa", "worker", "-c", "1", "--without-gossip", "--without-mingle")
    with running("manage.py", "sweep", env=env):
        with running(*celery, env=env) as worker:
            wait_until(lambda: carrier.sales(order.e164) == 1)
            kill(worker)
        with redis.Redis.from_url(env["REDIS_URL"]) as broker:
            broker.flushdb()
        with running(*celery, env=env):
            wait_until(lambda: NumberOrder.objects.get(pk=order.pk).status == "fulfilled", 40)
    assert_bought(order, carrier, balance)

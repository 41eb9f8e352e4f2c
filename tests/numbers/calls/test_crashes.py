"""A call whose worker is killed …"""

from __future__ import annotations

from typing import Any

import pytest

from dialnexa import wallet
from tests.conftest import AUTH_ID
from tests.numbers.calls.carriers import Line, wait_until
from tests.numbers.test_crashes import kill, running

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

ADVANCE = """
import sys, django
django.setup()
from phone_numbers.calls.dialling import advance_call
advance_call(sys.argv[1])
"""


@pytest.fixture
def slug() -> str:
    return "plivo"


@pytest.fixture
def env(process_env: dict[str, str], network: Any, live_server: Any) -> dict[str, str]:
    """A worker's environment: this test's database, carrier and site, and timings in seconds."""
    return process_env | {
        "DIALNEXA_PLIVO_BASE_URL": network.url,
        "DIALNEXA_PLIVO_AUTH_ID": AUTH_ID,
        "DIALNEXA_PLIVO_AUTH_TOKEN": "sandbox-token",
        "DIALNEXA_PUBLIC_BASE_URL": live_server.url,
        "DIALNEXA_SWEEP_EVERY": "0.2",
        "DIALNEXA_RING_AGAIN": "1",
        "DIALNEXA_CALL_DOUBT": "4",
        "DIALNEXA_DEBUG": "1",
    }


def test_after_the_carrier_placed_it_and_before_it_said_so_ends_in_one_call_and_one_charge(
    line: Line, env: dict[str, str]
) -> None:
    line.breaks("sold_then_silent", 30)
    call = line.place()
    with running("-c", ADVANCE, call.pk, env=env) as worker:
        wait_until(lambda: line.placed(call))
        kill(worker)
    line.wait(call)
    line.assert_settled(call, "completed", "1.25")


def test_before_the_carrier_acted_is_never_dialled_again_and_costs_nothing(
    line: Line, env: dict[str, str]
) -> None:
    line.breaks("silent", 30)
    call = line.place()
    with running("-c", ADVANCE, call.pk, env=env) as worker:
        wait_until(lambda: any(seen.method == "POST" for seen in line.server.state.requests))
        kill(worker)
    assert line.advance(call).status == "initiated"
    line.advance_when_due(call)
    assert line.assert_settled(call, "failed", "0", placed=0).reason_code == "call_unconfirmed"


def test_is_finished_by_real_workers_and_sweepers_though_nobody_rang(line: Line, env: dict[str, str]) -> None:
    """The first worker is killed while it dials; the next call is placed, the doubtful one given up."""
    line.breaks("silent", 30)
    doubtful, second = line.place(), line.place("+14155552672")
    celery = ("-m", "celery", "-A", "dialnexa", "worker", "-c", "1", "--without-gossip", "--without-mingle")
    with running("manage.py", "sweep", env=env):
        with running(*celery, env=env) as worker:
            wait_until(lambda: any(seen.method == "POST" for seen in line.server.state.requests), 40)
            kill(worker)
        with running(*celery, env=env):
            line.wait(doubtful)
            line.wait(second)
    ends = {line.wait(call).status for call in (doubtful, second)}
    assert ends == {"failed", "completed"}
    line.before -= sum(line.wait(call).charged or 0 for call in (doubtful, second))
    for call in (doubtful, second):
        over = line.wait(call)
        assert len(line.placed(call)) == (1 if over.status == "completed" else 0)
    assert wallet.held(line.workspace) == 0
    assert wallet.balance(line.workspace) == line.before

"""A worker that dies in the middle of a batch …"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from telephony.models import BatchCall, BatchRow, Call
from tests.conftest import AUTH_ID
from tests.numbers.batches.conftest import EDGES, GOOD, Dialler
from tests.numbers.calls.carriers import wait_until
from tests.numbers.test_crashes import kill, running

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
WORK = """
import django, sys, time
django.setup()
from dialnexa import clock
from phone_numbers.batch_dialling.running import advance_batch
from phone_numbers.calls.dialling import advance_call
from phone_numbers.sweeping import take_due_calls
while True:
    for pk in [*advance_batch(sys.argv[1]), *take_due_calls(now=clock.now())]:
        advance_call(pk)
    time.sleep(0.05)
"""


def has_placed(batch: BatchCall, least: int) -> bool:
    return Call.objects.filter(batch=batch).count() >= least


@pytest.fixture
def env(process_env: dict[str, str], line: Dialler, live_server: Any) -> dict[str, str]:
    return process_env | {
        "DIALNEXA_PLIVO_BASE_URL": line.network.url,
        "DIALNEXA_PLIVO_AUTH_ID": AUTH_ID,
        "DIALNEXA_PLIVO_AUTH_TOKEN": "sandbox-token",
        "DIALNEXA_PUBLIC_BASE_URL": live_server.url,
        "DIALNEXA_CALL_DOUBT": "3",
        "DIALNEXA_NEW_COUNTRY_CALLS": "1000",
        "DIALNEXA_RING_AGAIN": "1",
        "DIALNEXA_DEBUG": "1",
    }


def test_leaves_nobody_called_twice_and_nobody_forgotten(line: Dialler, env: dict[str, str]) -> None:
    """Killed whenever some more calls have been placed; what was being asked for is decided by who rang."""
    line.network.state.set_mode(ring_seconds=20, talk_seconds=40)
    batch = line.start(at_once=4)
    mine = Call.objects.filter(batch=batch)
    for least in (2, 6, 11):
        with running("-c", WORK, batch.pk, env=env) as worker:
            wait_until(partial(has_placed, batch, least), 60)
            kill(worker)
        rows = BatchRow.objects.filter(batch=batch, tries=1).values_list("row", "call")
        assert sorted(rows) == sorted(mine.values_list("batch_row", "pk"))
    with running("-c", WORK, batch.pk, env=env):
        wait_until(lambda: BatchCall.objects.get(pk=batch.pk).status == "completed", 90)
    assert mine.count() == len(GOOD) + len(EDGES)
    assert set(line.calls(batch).values()) == {1}
    unsure = mine.filter(reason_code="call_unconfirmed").count()
    assert len(line.calls(batch)) == mine.count() - unsure
    assert line.states(batch)["done"] >= len(GOOD) - unsure
    line.assert_money_is_settled()

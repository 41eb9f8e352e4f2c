"""The demo's clock, moved by a real sweeper that is killed …"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dialnexa import clock, heartbeats
from dialnexa.models import Workspace
from phone_numbers.demo.clock import ask, is_moving
from tests.numbers.renting.conftest import Fund, Rent, paid_ks
from tests.numbers.test_crashes import kill, running, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
DAY = timedelta(days=1)
PATIENCE = 90  # seconds: the machine may be busy


def test_comes_to_its_day_and_charges_once(
    shop: Workspace, rent: Rent, fund: Fund, movable_clock: Path, process_env: dict[str, str]
) -> None:
    rental = rent(shop, clock.now())
    fund(shop, "1000", clock.now())
    until = clock.now() + 70 * DAY
    env = process_env | {
        "DIALNEXA_DEBUG": "1",
        "DIALNEXA_MOVABLE_CLOCK": "1",
        "DIALNEXA_SANDBOX_URL": "http://127.0.0.1:9",
        "DIALNEXA_DATA_DIR": str(movable_clock),
        "DIALNEXA_SWEEP_EVERY": "0.2",
    }
    with running("manage.py", "sweep", env=env) as sweeper:
        ask(until)
        wait_until(lambda: clock.ahead() > 20 * DAY, PATIENCE)
        kill(sweeper)
    assert is_moving()
    with running("manage.py", "sweep", env=env):
        wait_until(lambda: not is_moving(), PATIENCE)
        assert until <= clock.now() < until + DAY
        assert paid_ks(rental) == [0, 1, 2]
        wait_until(
            lambda: not heartbeats.silent(("sweeper",), now=clock.wall_now(), within=timedelta(seconds=30)),
            PATIENCE,
        )

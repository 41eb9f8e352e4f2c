"""The clock …"""

from __future__ import annotations

import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from dialnexa import clock
from telephony.carriers.sandbox.inventory import Inventory
from telephony.carriers.sandbox.journal import Journal
from telephony.carriers.sandbox.state import State
from tests.processes import clean_env, run

DAY = timedelta(days=1)
SOON = timedelta(seconds=5)


def is_about(moment: datetime, other: datetime) -> bool:
    return abs(moment - other) < SOON


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has just begun."""
    monkeypatch.setattr(clock, "_ahead", timedelta(0))
    monkeypatch.setattr(clock, "_looked", float("-inf"))


def test_goes_by_the_wall_where_it_cannot_be_moved(settings: LazySettings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / clock.KEPT_IN).write_text("86400")
    assert is_about(clock.now(), clock.wall_now())


def test_is_moved_ahead_and_goes_on_from_there(movable_clock: Path) -> None:
    clock.move_to(clock.wall_now() + 40 * DAY)
    first = clock.now()
    assert is_about(first, clock.wall_now() + 40 * DAY)
    assert clock.now() > first


def test_stays_ahead_in_a_process_that_begins_later(
    movable_clock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.move_to(clock.wall_now() + 2 * DAY)
    forget(monkeypatch)
    assert is_about(clock.now(), clock.wall_now() + 2 * DAY)


def test_follows_another_process(movable_clock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = clock.now()
    (movable_clock / clock.KEPT_IN).write_text(repr(DAY.total_seconds()))
    monkeypatch.setattr(clock, "LOOK_EVERY", 0.0)
    assert is_about(clock.now(), before + DAY)


def test_never_goes_back(movable_clock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "LOOK_EVERY", 0.0)
    clock.move_to(clock.wall_now() + 2 * DAY)
    clock.move_to(clock.wall_now() + DAY)
    assert is_about(clock.now(), clock.wall_now() + 2 * DAY)
    (movable_clock / clock.KEPT_IN).unlink()
    assert is_about(clock.now(), clock.wall_now() + 2 * DAY)


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    servers = {"DATABASE_URL": "postgres://n@127.0.0.1:9/n", "REDIS_URL": "redis://127.0.0.1:9"}
    return run(
        "-c",
        "import os; os.environ['DJANGO_SETTINGS_MODULE']='dialnexa.settings'\n"
        "from django.conf import settings; print(settings.MOVABLE_CLOCK)",
        env=clean_env(DIALNEXA_MOVABLE_CLOCK="1", **servers, **variables),
    )


def test_refuses_to_be_movable_in_production() -> None:
    secrets = {"DIALNEXA_SECRET_KEY": "x" * 50, "DIALNEXA_PUBLIC_BASE_URL": "https://numbers.example"}
    secrets["DIALNEXA_EMAIL_BACKEND"] = "django.core.mail.backends.dummy.EmailBackend"
    refused = start(DIALNEXA_SANDBOX_URL="http://127.0.0.1:9", **secrets)
    assert refused.returncode != 0
    assert "DIALNEXA_MOVABLE_CLOCK is for the demo" in refused.stderr


def test_refuses_to_be_movable_beside_real_carriers() -> None:
    assert "DIALNEXA_MOVABLE_CLOCK is for the demo" in start(DIALNEXA_DEBUG="1").stderr
    assert start(DIALNEXA_DEBUG="1", DIALNEXA_SANDBOX_URL="http://127.0.0.1:9").stdout.strip() == "True"


def test_is_followed_by_the_sandbox_carrier(movable_clock: Path) -> None:
    state = State(Inventory(1), Journal(None))
    before = state.now()
    clock.move_to(clock.wall_now() + 40 * DAY)
    assert abs(state.now() - before - (40 * DAY).total_seconds()) < SOON.total_seconds()


def test_tells_the_moved_time_to_who_asks_while_another_thread_looks_for_the_first_time(
    movable_clock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = clock.wall_now() + timedelta(days=40)
    clock.move_to(later)
    monkeypatch.setattr(clock, "_ahead", timedelta(0))  # as in a new process
    monkeypatch.setattr(clock, "_looked", float("-inf"))
    reads = clock._written
    told: list[datetime] = []

    def read() -> timedelta:
        monkeypatch.setattr(clock, "_written", reads)
        told.append(clock.now())
        return reads()

    monkeypatch.setattr(clock, "_written", read)
    assert clock.now() >= later
    assert told[0] >= later

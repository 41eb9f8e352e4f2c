"""``manage.py up`` …"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from dialnexa.keeper import free_port
from tests.processes import ROOT, clean_env, command_line, open_folder, processes_of, run, wait_for

pytestmark = pytest.mark.processes

READY_WITHIN = 150.0


@dataclass
class Running:
    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def env(self) -> dict[str, str]:
        return clean_env(DIALNEXA_DATA_DIR=str(self.folder))

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text()

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz?whole", timeout=10).status_code == 200
        except httpx.HTTPError:
            return False

    def parts(self, words: str) -> list[psutil.Process]:
        """The processes with these words on their command line, oldest first."""
        found = [p for p in processes_of(self.folder) if words in command_line(p)]
        return sorted(found, key=lambda process: process.create_time())


@contextmanager
def up(*flags: str) -> Iterator[Running]:
    with open_folder() as folder, started(folder, *flags) as running:
        yield running


@contextmanager
def started(folder: Path, *flags: str) -> Iterator[Running]:
    port = free_port()
    command = [sys.executable, "manage.py", "up", "--port", str(port), "--data-dir", str(folder), *flags]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            command, cwd=ROOT, env=clean_env(), stdout=said, stderr=said, start_new_session=True
        )
        running = Running(folder, port, process)
        try:
            assert wait_for(running.is_ready, READY_WITHIN), running.said
            assert wait_for(lambda: "is running" in running.said), running.said
            yield running
        finally:
            process.kill()
            process.wait()
            wait_for(lambda: not processes_of(folder))


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with up() as running:
        yield running


def test_says_where_to_go_and_how_to_sign_in(running: Running) -> None:
    assert f"http://localhost:{running.port}" in running.said
    assert "demo@dialnexa.example" in running.said
    assert (running.folder / "demo_api_key").read_text() in running.said
    key = run("manage.py", "create_api_key", "demo", "--scopes", "all", env=running.env)
    assert key.returncode == 0, key.stderr
    assert len(key.stdout.split()) == 1


def test_keeps_its_secrets_to_itself(running: Running) -> None:
    for name in ("up.json", "secret_key", "sealing_keys", "demo_api_key"):
        assert (running.folder / name).stat().st_mode & 0o077 == 0
    secret = (running.folder / "secret_key").read_text()
    assert secret not in running.said


def test_lets_other_commands_join(running: Running) -> None:
    code = "from django.conf import settings as s; print('joined', s.DATABASE_URL, s.SANDBOX_URL, s.DEBUG)"
    joined = run("manage.py", "shell", "-c", code, env=running.env)
    assert str(running.folder.name) in joined.stdout
    assert "True" in joined.stdout


def test_connects_every_carrier_to_the_sandbox(running: Running) -> None:
    code = (
        "from telephony.carrier_accounts import ask_carriers\n"
        "print(*(f'{account.slug}={account.accepted}' for account in ask_carriers()))"
    )
    asked = run("manage.py", "shell", "-c", code, env=running.env)
    assert "plivo=True twilio=True signalwire=True" in asked.stdout, asked.stderr


def test_runs_once_for_each_data_folder(running: Running) -> None:
    second = run("manage.py", "up", "--port", "0", "--data-dir", str(running.folder), env=clean_env())
    assert second.returncode == 1
    assert "already running" in second.stderr


@pytest.mark.parametrize("words", ["--quiet worker", "manage.py sweep", "granian", "--quiet beat"])
def test_starts_again_what_is_killed(running: Running, words: str) -> None:
    killed = running.parts(words)[0]
    killed.kill()
    assert wait_for(lambda: running.parts(words)[:1] not in ([], [killed]), 30), words
    assert wait_for(running.is_ready, 40), running.said


def test_survives_the_loss_of_its_servers(running: Running) -> None:
    os.kill(running.parts("bin/postgres -D")[0].pid, signal.SIGKILL)
    os.kill(running.parts("redis-server")[0].pid, signal.SIGKILL)
    assert wait_for(running.is_ready, 40), running.said


def test_leaves_nothing_behind_and_starts_again() -> None:
    with open_folder() as folder:
        for number in (signal.SIGKILL, signal.SIGINT, signal.SIGHUP):
            with started(folder, "--no-demo") as running:
                assert len(processes_of(folder)) > 10
                running.process.send_signal(number)
                killed = number == signal.SIGKILL
                assert running.process.wait(timeout=40) == (-number if killed else 0), number
                if killed:
                    assert wait_for(lambda: not processes_of(folder), 15)
                assert processes_of(folder) == [], number
                assert killed or not (folder / "up.json").exists()


def test_refuses_a_port_in_use_before_anything_starts() -> None:
    with open_folder() as folder, socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("manage.py", "up", "--port", port, "--data-dir", str(folder), env=clean_env())
        assert ended.returncode == 1
        assert f"Port {port} is used by another program" in ended.stderr
        assert not (folder / "postgres").exists()

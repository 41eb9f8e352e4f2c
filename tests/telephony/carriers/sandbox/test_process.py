"""The sandbox as a process …"""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from telephony.carriers.base import CarrierError, InboundRoute, NumberConfig, NumberQuery, NumberType
from telephony.carriers.plivo import PlivoCarrier
from telephony.carriers.sandbox.carrier_api import TOKEN
from telephony.carriers.sandbox.server import start
from tests.telephony.carriers.conftest import IMPATIENCE, OURS, PATIENCE

ROOT = Path(__file__).resolve().parents[4]

Process = subprocess.Popen[str]


@pytest.fixture
def run() -> Iterator[Callable[..., tuple[Process, str]]]:
    """Starts the command and returns its process and URL."""
    processes: list[Process] = []
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "dialnexa.settings",
        "DIALNEXA_DEBUG": "1",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",  # the command must need neither
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }

    def run_command(*arguments: str) -> tuple[Process, str]:
        command = [sys.executable, "manage.py", "sandbox_carrier", "--port", "0", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE)
        processes.append(process)
        assert process.stdout
        match = re.search(r"http://\S+", process.stdout.readline())
        assert match
        return process, match[0]

    yield run_command
    for process in processes:
        process.kill()
        process.wait()


def carrier_at(url: str) -> PlivoCarrier:
    return PlivoCarrier(url, OURS, TOKEN, timeouts=PATIENCE)


def buy_one(url: str) -> str:
    carrier = carrier_at(url)
    number = carrier.search(NumberQuery("US", NumberType.LOCAL), limit=1)[0].e164
    return carrier.buy(number, intent_id="o", config=NumberConfig()).e164


@pytest.mark.processes
def test_remembers_its_sales_after_a_kill(run: Callable[..., tuple[Process, str]], tmp_path: Path) -> None:
    process, url = run("--data-dir", str(tmp_path))
    number = buy_one(url)
    process.kill()
    process.wait()
    _, url = run("--data-dir", str(tmp_path))
    assert carrier_at(url).find_owned(number) is not None


@pytest.mark.processes
def test_stops_at_sigterm_while_a_client_waits(run: Callable[..., tuple[Process, str]]) -> None:
    process, url = run()
    httpx.put(f"{url}/control/faults", json={"next": [{"on": "account", "kind": "silent"}]})
    basic = base64.b64encode(f"{OURS}:{TOKEN}".encode()).decode()
    request = f"GET /v1/Account/{OURS}/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {basic}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0), timeout=5) as client:
        client.sendall(request.encode())
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0


def test_replays_everything(tmp_path: Path) -> None:
    first = start(data_dir=tmp_path)
    number = buy_one(first.url)
    carrier = carrier_at(first.url)
    route = carrier.ensure_route(InboundRoute("r", "https://a.example/", "https://h.example/"))
    carrier.configure(number[1:], NumberConfig(route=route.id, tag="t"))
    for path, body in {"clock": {"advance_seconds": 9e6}, "mode": {"charge_purchases": True}}.items():
        httpx.put(f"{first.url}/control/{path}", json=body)
    buy_one(first.url)
    before = httpx.get(f"{first.url}/control/state").json()
    first.stop()
    second = start(data_dir=tmp_path)
    after = httpx.get(f"{second.url}/control/state").json()
    second.stop()
    assert {**before, "now": ""} == {**after, "now": ""}
    assert len(after["sales"]) == 2


def test_forgets_a_line_that_was_not_finished(tmp_path: Path) -> None:
    first = start(data_dir=tmp_path)
    number = buy_one(first.url)
    first.stop()
    with (tmp_path / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"is": "released", "num')
    for _ in range(2):  # and goes on after it
        again = start(data_dir=tmp_path)
        assert carrier_at(again.url).find_owned(number) is not None
        buy_one(again.url)
        again.stop()


def test_refuses_a_damaged_journal(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text("nonsense\n{}\n")
    with pytest.raises(ValueError, match="line 1 is damaged"):
        start(data_dir=tmp_path)


def test_keeps_answering_while_others_hang() -> None:
    busy = start()
    httpx.put(f"{busy.url}/control/faults", json={"rules": [{"on": "get", "kind": "silent"}]})
    carrier = PlivoCarrier(busy.url, OURS, TOKEN, timeouts=IMPATIENCE)
    started = time.monotonic()
    with pytest.raises(CarrierError):
        carrier.find_owned("+14155550100")
    assert carrier_at(busy.url).balance() is not None
    busy.stop()
    assert time.monotonic() - started < 3

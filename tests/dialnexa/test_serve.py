"""manage.py serve …"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dialnexa.keeper import free_port
from tests.processes import ROOT, wait_for

FORM = b"login=nobody%40dialnexa.example&password=a+guess"
HEAD = b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n"
HEAD += b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"


@pytest.fixture
def server(process_env: dict[str, str], tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", "1", "--threads", "8"]
    with (tmp_path / "said").open("wb") as said:
        env = process_env | {"DIALNEXA_DRAIN_SECONDS": "3"}
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=said, stderr=said)
    try:
        assert wait_for(lambda: is_ready(url), 150), (tmp_path / "said").read_text()[-2000:]
        yield url, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def is_ready(url: str) -> bool:
    return readiness(url) == 200


def readiness(url: str) -> int:
    """0: nobody answers."""
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code
    except httpx.HTTPError:
        return 0


def ask_while_ready(url: str, seen: Counter[int | str]) -> None:
    """As a load balancer does: no new request once it is not ready."""
    while (status := readiness(url)) == 200:
        try:
            seen[httpx.get(f"{url}/accounts/login/", timeout=20).status_code] += 1
        except httpx.HTTPError as error:
            seen[type(error).__name__] += 1
    seen[f"then {status}"] += 1


@pytest.mark.processes
def test_cuts_nobody_off_when_it_is_stopped(server: tuple[str, subprocess.Popen[bytes]]) -> None:
    url, process = server
    seen: Counter[int | str] = Counter()
    crowd = [threading.Thread(target=ask_while_ready, args=(url, seen)) for _ in range(4)]
    for one in crowd:
        one.start()
    assert wait_for(lambda: seen[200] > 5, 30)
    with socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0), timeout=20) as slow:
        slow.sendall(HEAD % len(FORM) + FORM[:10])
        process.send_signal(signal.SIGTERM)
        for one in crowd:
            one.join(30)
        assert wait_for(lambda: not accepts(url), 30)
        slow.sendall(FORM[10:])
        assert slow.recv(100).startswith(b"HTTP/1.1 403")  # no CSRF token: an answer all the same
    assert set(seen) == {200, "then 503"}  # it said so while it still answered
    assert process.wait(30) == 0


def accepts(url: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0), timeout=5).close()
    except OSError:
        return False
    time.sleep(0.05)
    return True

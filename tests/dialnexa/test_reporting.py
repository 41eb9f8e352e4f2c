"""A report of an error …"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dialnexa.keeper import free_port
from tests.processes import clean_env, run

NOWHERE = f"127.0.0.1:{free_port()}"
CANARIES = ("canary-body", "canary-cookie", "canary-query", "canary-of-redis", "+918035340001", "canary-key")
BREAK_IT = """
import django, sys; django.setup()
from django.test import Client
client = Client(raise_request_exception=False, headers={"X-Request-ID": "req_of_a_report"})
client.cookies["sessionid"] = "canary-cookie"
client.post("/accounts/login/?q=canary-query", {"login": "+918035340001", "password": "canary-body"})
import logging
told = ("+918035340001", "dnx_canary-key-of-somebody", "canary-of-redis")
logging.getLogger("dialnexa").error("%s of %s and %s", *told)
if "sentry_sdk" in sys.modules:
    import sentry_sdk; sentry_sdk.flush(5)
print("sentry_sdk" in sys.modules)
"""


@pytest.fixture
def sentry() -> Iterator[tuple[str, list[str]]]:
    """The address of one that keeps what it is sent."""
    kept: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            kept.append((gzip.decompress(body) if packed else body).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://somebody@127.0.0.1:{server.server_port}/7", kept
    server.shutdown()


def broken(dsn: str) -> str:
    env = clean_env(
        DJANGO_SETTINGS_MODULE="dialnexa.settings",
        DIALNEXA_DEBUG="1",
        DATABASE_URL=f"postgres://nobody@{NOWHERE}/none",
        REDIS_URL=f"redis://:canary-of-redis@{NOWHERE}",
        DIALNEXA_SENTRY_DSN=dsn,
    )
    ended = run("-c", BREAK_IT, env=env)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_says_where_and_for_whom_and_nothing_else(sentry: tuple[str, list[str]]) -> None:
    dsn, kept = sentry
    assert broken(dsn) == "True"
    told = "".join(kept)
    assert [canary for canary in CANARIES if canary in told] == []
    events = [json.loads(line) for body in kept for line in body.splitlines() if '"event_id"' in line]
    failed = next(event for event in events if "exception" in event)
    assert failed["tags"]["request_id"] == "req_of_a_report"
    assert failed["transaction"] == "/accounts/login/"
    assert "request" not in failed


def test_is_sent_to_nobody_unless_asked_for() -> None:
    assert broken("") == "False"

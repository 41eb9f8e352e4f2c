"""The page of the API, and the document behind it …"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from django.test import Client

from tests.processes import ROOT

pytestmark = pytest.mark.django_db


def test_says_of_every_operation_what_it_does(client: Client) -> None:
    paths = client.get("/v1/openapi.json").json()["paths"]
    summaries = [operation["summary"] for operations in paths.values() for operation in operations.values()]
    assert all(0 < len(summary) <= 100 and "\n" not in summary for summary in summaries), summaries
    release = paths["/v1/organization-phone-numbers/{number_id}"]["delete"]
    assert release["summary"] == "Give the number back"
    assert "409 `number_in_use`" in release["description"]


def test_needs_nothing_inline_or_from_elsewhere(client: Client) -> None:
    page = client.get("/v1/docs").content.decode()
    assert not re.findall(r"<style|style=|<script>|https?://", page)
    assert 'href="/"' in page


AT_ONCE = """
import threading
import django
django.setup()
from django.test import Client
gate, seen = threading.Barrier(8), []
def get():
    client = Client(raise_request_exception=False)
    gate.wait()
    seen.append(client.get("/v1/openapi.json", headers={"host": "localhost"}).status_code)
threads = [threading.Thread(target=get) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*seen)
"""


def test_is_written_for_many_who_are_the_first_to_ask(process_env: dict[str, str]) -> None:
    """In a process of its own: the generator must not have been used yet."""
    env = {**process_env, "DIALNEXA_DEBUG": "1"}
    run = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", AT_ONCE], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )
    assert run.stdout.split() == ["200"] * 8, run.stderr[-2000:]

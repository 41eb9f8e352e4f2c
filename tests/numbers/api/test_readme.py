"""The README's commands for the API …"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import dropwhile, takewhile
from typing import Any

import pytest

from phone_numbers.models import PhoneNumber
from tests.conftest import Program
from tests.numbers.api.conftest import spent
from tests.numbers.conftest import Carrier
from tests.processes import ROOT

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not (shutil.which("curl") and shutil.which("bash")),
        reason="NO CURL OR BASH: the README was not tried",
    ),
]
PLACES = "API=http://localhost:8000/v1 KEY=dnx_…"


def commands() -> str:
    """The section's first indented block, as somebody would paste it."""
    lines = (ROOT / "README.md").read_text().partition("## API in ten lines\n")[2].splitlines()
    begun = dropwhile(lambda line: not line.startswith("    "), lines)
    return "\n".join(line[4:] for line in takewhile(lambda line: line[:4].isspace() or not line, begun))


def paste(script: str) -> list[dict[str, Any]]:
    """What the commands print: one JSON object a line."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail"], input=script, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines() if line]


@pytest.mark.usefixtures("worker")
def test_do_what_it_says(live_server: Any, program: Program, carrier: Carrier) -> None:
    script = commands()
    assert PLACES in script
    mine = script.replace(PLACES, f"API={live_server.url}/v1 KEY={program.secret}")
    bought, agent, routed, call, renamed, detached, released = paste(mine)
    assert bought["status"] == "active"
    assert agent["published_version"] == 1
    assert (routed["agent_id"], routed["inbound_agent_version"]) == (agent["id"], 1)
    assert (call["status"], call["from_phone_number"]) == ("created", routed["phone_number"])
    assert (renamed["nickname"], renamed["agent_id"]) == ("Front desk", agent["id"])
    assert (detached["nickname"], detached["agent_id"]) == ("Front desk", None)
    assert released == {"message": "Phone number released successfully."}
    number = PhoneNumber.objects.get()
    assert {body["phone_number"] for body in (bought, routed, renamed, detached)} == {number.e164}
    assert number.status == "releasing"
    assert carrier.sales(number.e164) == 1
    assert spent(program.key.workspace) == 92


def test_name_endpoints_that_exist_and_fit_on_a_screen() -> None:
    block = commands()
    lines = [line for line in block.splitlines() if line]
    assert len(lines) <= 15
    assert max(map(len, lines)) <= 116
    for verb in ("search", "purchase", "calls", '"nickname"', '"agent_id": null', "-X DELETE"):
        assert re.search(re.escape(verb), block)

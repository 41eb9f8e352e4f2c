"""The ten examples of docs/api.md …"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dialnexa.models import WebhookEndpoint
from phone_numbers.models import PhoneNumber
from telephony.models import BatchCall, Call
from tests.conftest import Program
from tests.numbers.api.conftest import spent
from tests.numbers.api.test_readme import PLACES
from tests.numbers.api.test_readme import pytestmark as pytestmark
from tests.numbers.conftest import Carrier
from tests.processes import ROOT

PEOPLE = "phone_number,name\n+919820012345,Asha\n+919820012346,Ravi\n"


def commands() -> str:
    """Every indented block of the section, as somebody would paste one after the other."""
    section = (ROOT / "docs" / "api.md").read_text().partition("## Ten examples\n")[2].partition("\n## ")[0]
    return "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))


@pytest.mark.usefixtures("worker")
def test_do_what_they_say(live_server: Any, program: Program, carrier: Carrier, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE)
    script = commands()
    assert PLACES in script
    mine = script.replace(PLACES, f"API={live_server.url}/v1 KEY={program.secret}")
    done = subprocess.run(
        ["bash", "-euo", "pipefail"], input=mine, capture_output=True, text=True, timeout=90, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    answers = [json.loads(line) for line in done.stdout.splitlines() if line]
    refused = [answer for answer in answers if isinstance(answer, dict) and "requestId" in answer]
    assert refused == []
    assert len(answers) == 20
    bought, again = answers[1:3]
    assert (bought, bought["status"]) == (again, "active")
    number = PhoneNumber.objects.get()
    assert (number.status, number.nickname, carrier.sales(number.e164)) == ("releasing", "Front desk", 1)
    assert Call.objects.get(batch=None).to_text == "+919820012345"
    assert BatchCall.objects.get(title="October").status == "cancelled"
    assert WebhookEndpoint.objects.get().events == ["number.activated", "call.completed"]
    assert spent(program.key.workspace) == 92  # the month paid ahead came back with the release

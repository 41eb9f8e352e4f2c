"""/v1/limits …"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from telephony.call_stops import stop_calls
from telephony.limits.overrides import set_limit
from telephony.limits.table import CALLS_AT_ONCE
from tests.conftest import Program
from tests.documented import DocumentedProgram, documented


@pytest.fixture
def api(program: Program) -> DocumentedProgram:
    return documented(program)


def limits(api: Any) -> dict[str, Any]:
    return {row["name"]: row for row in api.get("/v1/limits").json()["limits"]}


def test_says_what_holds_for_workspace_and_key_and_how_much_is_used(
    api: DocumentedProgram, program: Program, workspace: Workspace, now: datetime
) -> None:
    plain = limits(api)["concurrent_calls"]
    assert (plain["value"], plain["used"], plain["key_value"]) == ("10", "0", None)
    set_limit(workspace, CALLS_AT_ONCE, Decimal(30), reason="A campaign", by=SYSTEM, now=now)
    set_limit(workspace, CALLS_AT_ONCE, Decimal(3), reason="Small", by=SYSTEM, now=now, key=program.key)
    told = limits(api)["concurrent_calls"]
    assert (told["value"], told["reason"], told["key_value"]) == ("30", "A campaign", "3")


def test_says_that_calls_are_stopped(api: DocumentedProgram, workspace: Workspace, now: datetime) -> None:
    stop_calls(workspace, reason="A stolen key", by=SYSTEM, now=now)
    told = api.get("/v1/limits").json()
    assert told["calls_stopped"]
    assert "An owner can" in told["calls_stopped_reason"]

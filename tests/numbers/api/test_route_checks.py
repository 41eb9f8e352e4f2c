"""Checking a route over the API …"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from dialnexa.actors import SYSTEM
from dialnexa.api.body import Moment
from dialnexa.models import IdempotencyRecord, Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import route_number
from tests.conftest import Program
from tests.matrix.snapshot import snapshot
from tests.numbers.api.conftest import MakeAgent, code
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
CHECKS = "/v1/route-checks"
OURS, LONDON, BERLIN = "+12125550123", "+442079460018", "+4930123456"


@pytest.fixture
def number(workspace: Workspace, make_agent: MakeAgent, now: datetime) -> PhoneNumber:
    number = make_number(workspace, OURS, created_at=now - timedelta(days=9))
    make_rental(number, now + timedelta(days=9))
    version = make_agent().versions.get()
    route_number(number, inbound=version, outbound=version, by=SYSTEM, now=now - timedelta(days=1))
    return number


def check(program: Program, **body: Any) -> dict[str, Any]:
    response = program.post(CHECKS, body)
    assert response.status_code == 200, response.content
    return response.json()


def test_answers_every_step_with_what_decided_it(program: Program, number: PhoneNumber) -> None:
    found = check(program, from_number="+1 (212) 555-0123", to_number="+44 20 7946 0018")
    assert (found["allowed"], found["code"]) == (True, None)
    assert (found["from_number"], found["to_number"]) == (OURS, LONDON)
    assert [step["name"] for step in found["steps"]] == [
        *("number", "kyc", "country", "prefix", "high_cost"),
        *("active", "rental", "version", "trunk"),
        *("price", "wallet", "stop", "concurrency", "call_rate"),
        *("daily_spend", "monthly_spend", "new_country"),
    ]
    version = number.outbound_version
    assert version
    assert (found["agent_id"], found["agent_version_number"]) == (version.agent_id, 1)
    assert {step["name"]: step["record"] for step in found["steps"]}["version"] == version.pk
    price = found["price"]
    assert (price["per_minute"], price["currency"], price["pulse_seconds"]) == ("1.25", "INR", 60)


def test_says_no_with_the_code_a_call_would_get_and_where_to_mend_it(
    program: Program, number: PhoneNumber
) -> None:
    found = check(program, from_number=number.pk, to_number=BERLIN)
    assert (found["allowed"], found["code"]) == (False, "country_not_enabled")
    assert found["message"] == "This call is not possible: Germany is not enabled at Plivo."
    wrong = [step for step in found["steps"] if step["outcome"] == "fail"]
    assert [step["code"] for step in wrong] == ["country_not_enabled"]
    assert wrong[0]["fix_url"].endswith("/w/acme/telephony/?country=DE&carrier=plivo")


@pytest.mark.parametrize("text", ["", "desk", "+4", "0" * 90])
def test_judges_whatever_is_to_be_called(program: Program, number: PhoneNumber, text: str) -> None:
    found = check(program, from_number=OURS, to_number=text)
    assert found["to_number"] is None
    assert found["code"].startswith("destination_")


def test_needs_no_number_of_ours(program: Program, workspace: Workspace) -> None:
    assert check(program, to_number=LONDON)["allowed"]
    assert check(program, to_number=LONDON, provider="twilio")["code"] == "country_not_enabled"
    assert check(program, to_number=BERLIN, provider="sip_trunk")["allowed"]


def test_tells_who_answers_and_who_answered(program: Program, number: PhoneNumber, now: datetime) -> None:
    found = check(program, direction="inbound", to_number=OURS, from_number=LONDON)
    assert (found["allowed"], found["message"]) == (True, f"Front desk v1 answers {OURS}.")
    assert (found["from_number"], found["to_number"]) == (LONDON, OURS)
    at = Moment().to_representation(now - timedelta(days=2))
    before = check(program, direction="inbound", to_number=OURS, at=at)
    assert (before["code"], before["at"]) == ("inbound_version_missing", at)


def test_says_what_the_past_does_not_know(program: Program, number: PhoneNumber, now: datetime) -> None:
    at = Moment().to_representation(now - timedelta(hours=2))
    found = check(program, from_number=OURS, to_number=LONDON, at=at)
    assert "prefixes" in found["notes"][0]


@pytest.mark.parametrize(
    "body",
    [
        {"from_number": LONDON, "to_number": BERLIN},
        {"from_number": "desk", "to_number": BERLIN},
        {"direction": "inbound", "to_number": LONDON},
    ],
)
def test_knows_nothing_of_the_numbers_of_others(
    program: Program, charlie_workspace: Workspace, body: dict[str, Any]
) -> None:
    unknown = program.post(CHECKS, body)
    make_number(charlie_workspace, LONDON)
    foreign = program.post(CHECKS, body)
    assert (unknown.status_code, foreign.status_code) == (404, 404)
    assert unknown.json() | {"requestId": ""} == foreign.json() | {"requestId": ""}


def test_refuses_a_foreign_id(program: Program, charlie_workspace: Workspace) -> None:
    theirs = make_number(charlie_workspace)
    assert program.post(CHECKS, {"from_number": theirs.pk, "to_number": LONDON}).status_code == 404


@pytest.mark.parametrize(
    "body, field",
    [
        ({}, "to_number"),
        ({"to_number": 4}, "to_number"),
        ({"to_number": LONDON, "direction": "sideways"}, "direction"),
        ({"to_number": LONDON, "at": "yesterday"}, "at"),
        ({"to_number": LONDON, "at": "9998-01-01T00:00:00Z"}, "at"),
        ({"to_number": LONDON, "provider": "pigeon"}, "provider"),
    ],
)
def test_names_the_field_that_is_wrong(
    program: Program, workspace: Workspace, body: dict[str, Any], field: str
) -> None:
    response = program.post(CHECKS, body)
    assert response.status_code == 400
    assert field in response.content.decode()


def test_creates_nothing(program: Program, number: PhoneNumber) -> None:
    before = snapshot()
    check(program, from_number=OURS, to_number=LONDON)
    check(program, from_number=OURS, to_number=BERLIN)
    assert snapshot() == before


def test_gives_the_same_answer_to_the_same_key(program: Program, number: PhoneNumber) -> None:
    body = {"from_number": OURS, "to_number": LONDON}
    first = program.post(CHECKS, body, idempotency_key="k")
    again = program.post(CHECKS, body, idempotency_key="k")
    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
    assert code(program.post(CHECKS, body | {"to_number": BERLIN}, idempotency_key="k"))[0] == 422
    assert IdempotencyRecord.objects.count() == 1

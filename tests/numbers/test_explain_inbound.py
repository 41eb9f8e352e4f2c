"""Explaining who answers a number …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.releasing import release_number
from phone_numbers.routes.explaining import Explanation, explain_inbound
from phone_numbers.routes.routing import route_number
from telephony import agents
from telephony.models import AgentVersion, CallRate, NetworkGroup
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
OURS = "+12125550123"


@pytest.fixture
def version(workspace: Workspace, now: datetime) -> AgentVersion:
    agent = agents.create_agent(
        workspace, title="Front desk", runtime_url="wss://agents.example.com/1", by=SYSTEM, now=now
    )
    draft = agents.newest_version(agent)
    agents.publish(draft, by=SYSTEM, now=now)
    return draft


@pytest.fixture
def number(workspace: Workspace, version: AgentVersion, now: datetime) -> PhoneNumber:
    number = make_number(workspace, OURS, created_at=now - 9 * HOUR)
    make_rental(number, now + timedelta(days=20))
    route_number(number, inbound=version, by=SYSTEM, now=now)
    return number


def code(answer: Explanation) -> str:
    return answer.refusal.code if answer.refusal else ""


def test_names_the_version_that_answers(
    workspace: Workspace, number: PhoneNumber, version: AgentVersion, now: datetime
) -> None:
    answer = explain_inbound("+1 (212) 555-0123", workspace=workspace, now=now, caller="+442079460018")
    assert [(step.name, step.outcome.value) for step in answer.steps] == [
        ("active", "pass"),
        ("rental", "pass"),
        ("version", "pass"),
        ("caller", "skipped"),
    ]
    assert (answer.number, answer.version) == (number, version)
    assert answer.verdict == f"Front desk v1 answers {OURS}."


def test_names_what_a_minute_of_it_costs(workspace: Workspace, number: PhoneNumber, now: datetime) -> None:
    assert explain_inbound(OURS, workspace=workspace, now=now).price is None
    group = NetworkGroup.objects.get(country="US")
    CallRate.objects.create(
        network_group=group, direction="inbound", currency="INR", per_minute="0.40", valid_from=now
    )
    price = explain_inbound(OURS, workspace=workspace, now=now).price
    assert price
    assert price.per_minute == Decimal("0.40")


@pytest.mark.parametrize(
    "called, problem",
    [("", "destination_missing"), ("x", "destination_unparseable"), ("+12125", "destination_not_possible")],
)
def test_says_what_is_no_number(workspace: Workspace, now: datetime, called: str, problem: str) -> None:
    answer = explain_inbound(called, workspace=workspace, now=now)
    assert (code(answer), answer.number) == (problem, None)


def test_does_not_know_the_numbers_of_others(
    workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    make_number(charlie_workspace, OURS)
    assert code(explain_inbound(OURS, workspace=workspace, now=now)) == "number_unknown"


@pytest.mark.parametrize("status", ["pending", "releasing", "released", "failed"])
def test_says_why_nobody_answers_a_number_that_is_not_active(
    workspace: Workspace, now: datetime, status: str
) -> None:
    make_number(workspace, OURS, status=status)
    answer = explain_inbound(OURS, workspace=workspace, now=now + HOUR)
    assert code(answer) == "number_not_active"
    assert answer.verdict.startswith("Nobody answers: ")


def test_says_that_no_agent_is_connected(workspace: Workspace, number: PhoneNumber, now: datetime) -> None:
    route_number(number, inbound=None, by=SYSTEM, now=now)
    answer = explain_inbound(OURS, workspace=workspace, now=now + HOUR)
    assert (code(answer), answer.steps[2].fix) == ("inbound_version_missing", "routing")


def test_says_that_the_rent_is_overdue(workspace: Workspace, number: PhoneNumber, now: datetime) -> None:
    number.rental.transition("expire", by=SYSTEM, now=now, expired_at=now)
    assert code(explain_inbound(OURS, workspace=workspace, now=now + HOUR)) == "rental_expired"


def test_remembers_who_answered_and_why_nobody_did(
    workspace: Workspace, number: PhoneNumber, version: AgentVersion, now: datetime
) -> None:
    route_number(number, inbound=None, by=SYSTEM, now=now + HOUR)
    number.rental.transition("expire", by=SYSTEM, now=now + 2 * HOUR, expired_at=now + 2 * HOUR)
    number.rental.transition("restore", by=SYSTEM, now=now + 3 * HOUR, expired_at=None)
    route_number(number, inbound=version, by=SYSTEM, now=now + 4 * HOUR)
    release_number(number, by=SYSTEM, now=now + 5 * HOUR)

    def then(hours: float) -> list[str]:
        at = now + timedelta(hours=hours)
        answer = explain_inbound(OURS, workspace=workspace, now=now + 9 * HOUR, at=at)
        return [step.code for step in answer.steps if step.failed]

    missing = "inbound_version_missing"
    assert then(-9.5) == ["number_unknown"]
    assert then(-8.5) == [missing]
    assert then(0.5) == []
    assert then(1.5) == [missing]
    assert then(2.5) == ["rental_expired", missing]
    assert then(3.5) == [missing]
    assert then(4.5) == []
    assert then(5.5) == ["number_not_active", missing]


def test_tells_owners_of_the_same_number_apart(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    """Released, and bought again later."""
    release_number(number, by=SYSTEM, now=now + HOUR)
    number.refresh_from_db()
    number.transition("released", by=SYSTEM, now=now + 2 * HOUR)
    again = make_number(workspace, OURS, created_at=now + 3 * HOUR)
    found = {
        hours: explain_inbound(
            OURS, workspace=workspace, now=now + 9 * HOUR, at=now + timedelta(hours=hours)
        ).number
        for hours in (0.5, 2.5, 3.5)
    }
    assert found == {0.5: number, 2.5: number, 3.5: again}

"""One number at the compatible endpoints …"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from dialnexa.ids import uuid_of
from dialnexa.models import AuditEntry, Workspace
from phone_numbers.models import PhoneNumber
from telephony.models import Agent
from tests.numbers.api.conftest import MakeAgent
from tests.numbers.rows import make_number, make_rental

from .relay import Relay, refused

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def number(workspace: Workspace, now: datetime) -> PhoneNumber:
    number = make_number(workspace, nickname="Front desk", label="x1", carrier_number_id="12125550123")
    make_rental(number, now)
    return number


@pytest.fixture
def uuid(number: PhoneNumber) -> str:
    return str(uuid_of(number.pk))


@pytest.fixture
def agent(make_agent: MakeAgent) -> Agent:
    """Two published versions."""
    return make_agent("Front desk", 2)


def fresh(number: PhoneNumber) -> PhoneNumber:
    return PhoneNumber.objects.select_related("inbound_version__agent").get(pk=number.pk)


def routed(agent: Agent) -> dict[str, str]:
    return {"call_handler": "relay_application", "call_relay_application": agent.pk}


# --- looking ------------------------------------------------------------------------------------------


def test_is_shown_as_in_the_list(relay: Relay, uuid: str) -> None:
    shown = relay.get(f"/{uuid}").json()
    assert [shown] == relay.get().json()["data"]
    assert relay.get(f"/{uuid.upper()}").json() == shown


@pytest.mark.parametrize("status", ["pending", "releasing", "released", "failed"])
def test_is_not_there_before_and_after_it_is_ours(
    relay: Relay, number: PhoneNumber, workspace: Workspace, status: str
) -> None:
    other = make_number(workspace, status=status)
    assert relay.get(f"/{uuid_of(other.pk)}").json() == {"error": "Not Found"}


# --- changing -----------------------------------------------------------------------------------------


def test_is_renamed(relay: Relay, number: PhoneNumber, uuid: str) -> None:
    response = relay.put(uuid, {"name": " Night line "})
    assert (response.status_code, response.json()["name"]) == (200, "Night line")
    assert (fresh(number).nickname, fresh(number).label) == ("Night line", "x1")
    entry = AuditEntry.objects.get(event="rename")
    assert (entry.channel, entry.api_key) == ("api", relay.program.key)
    assert response.json()["updated_at"] > response.json()["created_at"]


def test_loses_its_name(relay: Relay, number: PhoneNumber, uuid: str) -> None:
    assert relay.put(uuid, {"name": ""}).json()["name"] is None
    assert fresh(number).nickname == ""


def test_is_connected_to_an_agents_latest_version(
    relay: Relay, number: PhoneNumber, uuid: str, agent: Agent
) -> None:
    shown = relay.put(uuid, routed(agent)).json()
    assert {name: shown[name] for name in routed(agent)} == routed(agent)
    assert str(fresh(number).inbound_version) == "Front desk v2"
    assert fresh(number).outbound_version is None
    assert fresh(number).nickname == "Front desk"


def test_is_connected_by_the_application_alone(
    relay: Relay, number: PhoneNumber, uuid: str, agent: Agent, make_agent: MakeAgent
) -> None:
    relay.put(uuid, {"call_relay_application": agent.pk})
    assert str(fresh(number).inbound_version) == "Front desk v2"
    relay.put(uuid, {"call_relay_application": make_agent("Night line").pk})
    assert str(fresh(number).inbound_version) == "Night line v1"


@pytest.mark.parametrize("body", [{"call_handler": None}, {"call_relay_application": None}])
def test_is_detached(
    relay: Relay, number: PhoneNumber, uuid: str, agent: Agent, body: dict[str, Any]
) -> None:
    shown = relay.put(uuid, routed(agent)).json()
    assert relay.put(uuid, shown | body, loose=True).json()["call_handler"] is None
    assert fresh(number).inbound_version is None


def test_stays_as_it_is_when_it_is_sent_back_as_shown(
    relay: Relay, number: PhoneNumber, uuid: str, agent: Agent
) -> None:
    version = agent.versions.get(number=1)
    PhoneNumber.objects.filter(pk=number.pk).update(inbound_version=version)
    shown = relay.get(f"/{uuid}").json()
    before = AuditEntry.objects.count()
    assert relay.put(uuid, shown, loose=True).json() == shown
    assert fresh(number).inbound_version == version
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    "body, fields",
    [
        (
            {"call_handler": "laml_webhooks", "call_request_url": "https://x.example"},
            "call_handler call_request_url",
        ),
        ({"call_handler": "ai_agent"}, "call_handler"),
        ({"message_handler": "relay_application"}, "message_handler"),
        ({"message_relay_application": "sms"}, "message_relay_application"),
        ({"call_receive_mode": "fax"}, "call_receive_mode"),
        ({"call_handler": "relay_application"}, "call_relay_application"),
        ({"call_handler": 7, "name": "x"}, "call_handler"),
        ({"call_relay_application": ["a"]}, "call_relay_application"),
        ({"name": 7}, "name"),
        ({"name": {"a": 1}, "call_receive_mode": "fax"}, "call_receive_mode name"),
        ({"call_relay_application": "agt_nobody"}, "call_relay_application"),
    ],
)
def test_refuses_what_can_not_be_done_here(
    relay: Relay, number: PhoneNumber, uuid: str, body: dict[str, Any], fields: str
) -> None:
    response = relay.put(uuid, {"name": "Changed"} | body)
    assert response.status_code == 422
    details = [error["detail"].partition(":")[0] for error in response.json()["errors"]]
    assert details == fields.split()
    assert fresh(number).nickname == "Front desk"


def test_refuses_names_that_are_none(relay: Relay, number: PhoneNumber, uuid: str) -> None:
    assert refused(relay.put(uuid, {"name": "x" * 256})) == (422, "nickname_too_long")
    assert refused(relay.put(uuid, {"name": "a\nb"})) == (422, "nickname_invalid")


def test_refuses_agents_that_can_not_answer(
    relay: Relay, number: PhoneNumber, uuid: str, make_agent: MakeAgent, charlie_workspace: Workspace
) -> None:
    draft, foreign = make_agent("Draft", 0), make_agent("Chocolate", workspace=charlie_workspace)
    assert refused(relay.put(uuid, routed(draft))) == (422, "agent_not_published")
    assert refused(relay.put(uuid, routed(foreign))) == (422, "agent_not_found")
    assert fresh(number).inbound_version is None


def test_ignores_what_can_not_be_changed(relay: Relay, number: PhoneNumber, uuid: str) -> None:
    body = {"number": "+12125559999", "capabilities": [], "id": NOBODY, "name": "Same"}
    response = relay.put(uuid, body, loose=True)
    assert response.json()["number"] == number.e164
    assert response.json()["name"] == "Same"


def test_is_named_but_not_connected_while_its_papers_are_checked(
    relay: Relay, workspace: Workspace, agent: Agent
) -> None:
    papers = make_number(workspace, status="pending", carrier_number_id="12125550001")
    uuid = str(uuid_of(papers.pk))
    assert relay.put(uuid, {"name": "Soon"}).status_code == 200
    assert refused(relay.put(uuid, routed(agent))) == (422, "number_not_active")


# --- releasing ----------------------------------------------------------------------------------------


def test_is_given_back(relay: Relay, number: PhoneNumber, uuid: str) -> None:
    response = relay.delete(uuid)
    assert (response.status_code, response.content) == (204, b"")
    assert fresh(number).status == "releasing"
    assert relay.get(f"/{uuid}").status_code == 404
    assert relay.delete(uuid).json() == {"error": "Not Found"}


def test_wakes_a_worker(
    relay: Relay,
    number: PhoneNumber,
    uuid: str,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    rung = []
    monkeypatch.setattr("dialnexa.doorbell.ring", lambda task, **ids: rung.append((task.name, ids)))
    with django_capture_on_commit_callbacks(execute=True):
        relay.delete(uuid)
    assert rung == [("phone_numbers.tasks.release_number", {"number_id": number.pk})]


def test_stays_while_something_uses_it(relay: Relay, number: PhoneNumber, uuid: str) -> None:
    PhoneNumber.objects.filter(pk=number.pk).update(is_default=True, release_protection=True)
    response = relay.delete(uuid)
    assert refused(response) == (422, "number_in_use")
    assert "protected" in response.json()["errors"][0]["detail"]
    assert fresh(number).status == "active"

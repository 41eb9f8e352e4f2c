"""/v1/agents …"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, Workspace
from telephony.agents import create_agent, edit_draft, newest_version, publish
from telephony.models import Agent, AgentVersion
from tests.conftest import Program, make_program
from tests.documented import DocumentedProgram, documented

URL = "/v1/agents"
WSS, SIP = "wss://voice.example.com/agent", "sip:desk@voice.example.com"
NOBODY = "agt_00000000000000000000000000"


@pytest.fixture
def api(program: Program) -> DocumentedProgram:
    return documented(program)


@pytest.fixture
def agent(workspace: Workspace, now: datetime) -> Agent:
    """Front desk: v1 published, v2 a draft."""
    agent = create_agent(workspace, "Front desk", WSS, by=SYSTEM, now=now)
    publish(newest_version(agent), by=SYSTEM, now=now)
    edit_draft(agent, runtime_url=SIP, by=SYSTEM, now=now)
    return agent


@pytest.fixture
def foreign(charlie_workspace: Workspace, now: datetime) -> Agent:
    return create_agent(charlie_workspace, "Chocolate line", WSS, by=SYSTEM, now=now)


def versions(agent: Agent) -> list[tuple[int, str, str]]:
    return list(agent.versions.order_by("number").values_list("number", "status", "runtime_url"))


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


# --- looking ------------------------------------------------------------------------------------------


def test_lists_the_newest_first_with_their_versions(
    api: DocumentedProgram, workspace: Workspace, agent: Agent, foreign: Agent, now: datetime
) -> None:
    newer = create_agent(workspace, "Night line", WSS, by=SYSTEM, now=now.replace(year=now.year + 1))
    page = api.get(URL).json()
    assert [item["id"] for item in page["data"]] == [newer.pk, agent.pk]
    assert page["items"] == page["data"]
    assert page["meta"] == {"page": 1, "limit": 20, "total": 2, "totalPages": 1}
    assert [version["number"] for version in page["data"][1]["versions"]] == [2, 1]


def test_lists_any_number_of_agents_in_as_many_queries(
    api: DocumentedProgram,
    workspace: Workspace,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for title in "abcdefgh":
        publish(newest_version(create_agent(workspace, title, WSS, by=SYSTEM, now=now)), by=SYSTEM, now=now)
    api.get(URL)  # the document is read, and the key noted as used
    with django_assert_max_num_queries(4):
        assert len(api.get(URL, limit=5).json()["data"]) == 5


def test_shows_one(api: DocumentedProgram, agent: Agent) -> None:
    shown = api.get(f"{URL}/{agent.pk}").json()
    assert (shown["id"], shown["title"], shown["published_version"]) == (agent.pk, "Front desk", 1)
    draft, first = shown["versions"]
    assert (draft["status"], draft["runtime_url"], draft["published_at"]) == ("draft", SIP, None)
    assert (first["status"], first["runtime_url"]) == ("published", WSS)
    assert first["published_at"].endswith(".000Z")


def test_says_that_nothing_is_published(api: DocumentedProgram) -> None:
    shown = api.post(URL, {"title": "Desk", "runtime_url": WSS}).json()
    assert shown["published_version"] is None


# --- creating -----------------------------------------------------------------------------------------


def test_creates_an_agent_with_a_draft(api: DocumentedProgram, workspace: Workspace) -> None:
    response = api.post(URL, {"title": " Front desk ", "runtime_url": "WSS://Voice.example.com", "x": 1})
    assert response.status_code == 201
    agent = Agent.objects.get(pk=response.json()["id"])
    assert (agent.workspace, agent.title) == (workspace, "Front desk")
    assert versions(agent) == [(1, "draft", "wss://voice.example.com/")]
    entry = AuditEntry.objects.get(subject_id=agent.pk, event="create")
    assert (entry.channel, entry.api_key) == ("api", api.key)


@pytest.mark.parametrize(
    "body, code, sentence",
    [
        ({"title": "", "runtime_url": WSS}, "title_missing", "Give the agent a name."),
        ({"title": "x" * 121, "runtime_url": WSS}, "title_too_long", "at most 120"),
        ({"title": "a\nb", "runtime_url": WSS}, "title_invalid", "line breaks"),
        ({"title": "Desk", "runtime_url": ""}, "endpoint_missing", "Say where this version runs."),
        ({"title": "Desk", "runtime_url": "ws://voice.example.com"}, "endpoint_scheme", "Use wss://."),
        ({"title": "Desk", "runtime_url": "wss://127.0.0.1/"}, "endpoint_private", "public address"),
        ({"title": "Desk", "runtime_url": "wss://a:b@voice.example.com"}, "endpoint_userinfo", "password"),
        ({"title": "Desk"}, "invalid_request", "runtime_url: This field is required."),
        ({"title": 7, "runtime_url": WSS}, "invalid_request", "title: Not a valid string."),
        ({"title": None, "runtime_url": WSS}, "invalid_request", "title: This field may not be null."),
    ],
)
def test_refuses_in_the_words_of_the_page_and_creates_nothing(
    api: DocumentedProgram, body: dict[str, Any], code: str, sentence: str
) -> None:
    response = api.post(URL, body)
    assert code_of(response) == (400, code)
    assert sentence in response.json()["message"]
    assert not Agent.objects.exists()


def test_names_every_field_that_is_wrong(api: DocumentedProgram) -> None:
    message = api.post(URL, {}).json()["message"]
    assert message == ["title: This field is required.", "runtime_url: This field is required."]


def test_creates_one_agent_for_one_idempotency_key(api: DocumentedProgram) -> None:
    body = {"title": "Desk", "runtime_url": WSS}
    first, again = (api.post(URL, body, idempotency_key="k1") for _ in range(2))
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = api.post(URL, {**body, "title": "Other"}, idempotency_key="k1")
    assert code_of(other) == (422, "idempotency_key_reused")
    assert Agent.objects.count() == 1


# --- changing -----------------------------------------------------------------------------------------


def test_renames_and_leaves_the_rest(api: DocumentedProgram, agent: Agent) -> None:
    before = versions(agent)
    assert api.patch(f"{URL}/{agent.pk}", {"title": "Reception"}).json()["title"] == "Reception"
    assert versions(agent) == before


def test_changes_where_the_draft_runs(api: DocumentedProgram, agent: Agent) -> None:
    shown = api.patch(f"{URL}/{agent.pk}", {"runtime_url": WSS + "/2"}).json()
    assert (shown["title"], shown["versions"][0]["runtime_url"]) == ("Front desk", WSS + "/2")
    assert versions(agent) == [(1, "published", WSS), (2, "draft", WSS + "/2")]


def test_opens_a_draft_for_a_new_address(api: DocumentedProgram, workspace: Workspace, now: datetime) -> None:
    agent = create_agent(workspace, "Desk", WSS, by=SYSTEM, now=now)
    publish(newest_version(agent), by=SYSTEM, now=now)
    api.patch(f"{URL}/{agent.pk}", {"runtime_url": SIP})
    assert versions(agent) == [(1, "published", WSS), (2, "draft", SIP)]


def test_changes_nothing_when_one_part_is_refused(api: DocumentedProgram, agent: Agent) -> None:
    response = api.patch(f"{URL}/{agent.pk}", {"title": "New", "runtime_url": "http://voice.example.com"})
    assert code_of(response) == (400, "endpoint_scheme")
    assert Agent.objects.get().title == "Front desk"


def test_changes_nothing_when_nothing_is_sent(api: DocumentedProgram, agent: Agent) -> None:
    before = AuditEntry.objects.count()
    assert api.patch(f"{URL}/{agent.pk}", {"status": "published"}).status_code == 200
    assert AuditEntry.objects.count() == before


# --- versions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("body, url", [({}, WSS), ({"runtime_url": SIP}, SIP)])
def test_opens_a_version(
    api: DocumentedProgram, workspace: Workspace, now: datetime, body: dict[str, str], url: str
) -> None:
    agent = create_agent(workspace, "Desk", WSS, by=SYSTEM, now=now)
    publish(newest_version(agent), by=SYSTEM, now=now)
    response = api.post(f"{URL}/{agent.pk}/versions", body)
    assert response.status_code == 201
    assert versions(agent) == [(1, "published", WSS), (2, "draft", url)]
    assert response.json()["versions"][0]["number"] == 2


def test_opens_no_second_draft(api: DocumentedProgram, agent: Agent) -> None:
    response = api.post(f"{URL}/{agent.pk}/versions", {})
    assert code_of(response) == (409, "draft_open")
    assert len(versions(agent)) == 2


def test_opens_one_version_for_one_idempotency_key(
    api: DocumentedProgram, workspace: Workspace, now: datetime
) -> None:
    agent = create_agent(workspace, "Desk", WSS, by=SYSTEM, now=now)
    publish(newest_version(agent), by=SYSTEM, now=now)
    for _ in range(2):
        assert api.post(f"{URL}/{agent.pk}/versions", {}, idempotency_key="v2").status_code == 201
    assert len(versions(agent)) == 2


# --- publishing ---------------------------------------------------------------------------------------


def test_publishes_a_draft(api: DocumentedProgram, agent: Agent) -> None:
    response = api.post(f"{URL}/{agent.pk}/versions/2/publish")
    assert (response.status_code, response.json()["published_version"]) == (200, 2)
    assert versions(agent) == [(1, "published", WSS), (2, "published", SIP)]


def test_publishes_once(api: DocumentedProgram, agent: Agent) -> None:
    path = f"{URL}/{agent.pk}/versions/2/publish"
    first = api.post(path, idempotency_key="p")
    assert api.post(path, idempotency_key="p").json() == first.json()
    assert code_of(api.post(path)) == (409, "version_published")


def test_publishes_only_what_the_client_has_seen(api: DocumentedProgram, agent: Agent) -> None:
    path = f"{URL}/{agent.pk}/versions/2/publish"
    assert code_of(api.post(path, {"runtime_url": WSS})) == (409, "draft_changed")
    assert versions(agent)[1] == (2, "draft", SIP)
    assert api.post(path, {"runtime_url": "SIP:desk@voice.example.com"}).status_code == 200


@pytest.mark.parametrize("number", ["3", "0", "99999999999999999999"])
def test_knows_no_such_version(api: DocumentedProgram, agent: Agent, number: str) -> None:
    assert code_of(api.post(f"{URL}/{agent.pk}/versions/{number}/publish")) == (404, "not_found")


# --- who may ------------------------------------------------------------------------------------------

REQUESTS = [
    ("GET", URL, "agents:read"),
    ("POST", URL, "agents:write"),
    ("GET", f"{URL}/{{id}}", "agents:read"),
    ("PATCH", f"{URL}/{{id}}", "agents:write"),
    ("POST", f"{URL}/{{id}}/versions", "agents:write"),
    ("POST", f"{URL}/{{id}}/versions/1/publish", "agents:write"),
]


@pytest.mark.parametrize("method, path, scope", REQUESTS)
def test_needs_its_scope(
    workspace: Workspace, agent: Agent, now: datetime, method: str, path: str, scope: str
) -> None:
    other = "agents:read" if scope == "agents:write" else "agents:write"
    program = documented(make_program(workspace, now, other, "numbers:write", "telephony:write"))
    before = AuditEntry.objects.count()
    response = program.send(method, path.format(id=agent.pk), {"title": "X", "runtime_url": WSS})
    assert code_of(response) == (403, "key_scope_missing")
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("method, path, scope", REQUESTS)
def test_needs_a_key(agent: Agent, method: str, path: str, scope: str) -> None:
    response = Client().generic(method, path.format(id=agent.pk), "{}", "application/json")
    assert code_of(response) == (401, "key_missing")


@pytest.mark.parametrize("method, path, scope", [row for row in REQUESTS if "{id}" in row[1]])
def test_answers_for_strangers_as_for_nothing(
    api: DocumentedProgram, foreign: Agent, method: str, path: str, scope: str
) -> None:
    theirs, none = (
        api.send(method, path.format(id=asked), {"title": "Mine"}) for asked in (foreign.pk, NOBODY)
    )
    assert theirs.status_code == 404
    told = [{**answer.json(), "requestId": ""} for answer in (theirs, none)]
    assert told[0] == told[1]
    assert (Agent.objects.get().title, AgentVersion.objects.get().status) == ("Chocolate line", "draft")


@pytest.mark.parametrize("agent_id", ["%00", "x", "..", "agt_%00" + "0" * 25, "ä" * 300])
def test_takes_nonsense_for_nothing(program: Program, agent_id: str) -> None:
    assert program.http.get(f"{URL}/{agent_id}").status_code == 404  # ".." leads to no documented address

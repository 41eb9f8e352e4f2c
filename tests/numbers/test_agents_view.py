"""The pages of agents …"""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, User, Workspace
from phone_numbers.routes.usage import agent_rows, version_rows
from telephony.agents import create_agent, edit_draft, newest_version, publish
from telephony.models import Agent, AgentVersion
from tests.conftest import client_of
from tests.numbers.rows import make_number

URL = "/w/acme/agents/"
HTMX = {"HX-Request": "true"}
ENDPOINT = "wss://voice.example.com/agent"


@pytest.fixture
def agent(workspace: Workspace, now: datetime) -> Agent:
    """Front desk: v1 published, v2 a draft."""
    agent = create_agent(workspace, "Front desk", ENDPOINT, by=SYSTEM, now=now)
    publish(newest_version(agent), by=SYSTEM, now=now)
    edit_draft(agent, runtime_url=ENDPOINT + "/2", by=SYSTEM, now=now)
    return agent


@pytest.fixture
def viewer_client(workspace: Workspace, charlie: User) -> Client:
    workspace.memberships.create(user=charlie, role="viewer")
    return client_of(charlie)


def address(agent: Agent, path: str = "") -> str:
    return f"{URL}{agent.pk}/{path}"


# --- looking ------------------------------------------------------------------------------------------


def test_teaches_when_there_is_no_agent(alice_client: Client) -> None:
    page = alice_client.get(URL).content.decode()
    assert "No agents yet" in page
    assert "Create your first agent" in page
    assert f'href="{URL}" aria-current="page"' in page


def test_lists_agents_with_versions_and_numbers(
    alice_client: Client, workspace: Workspace, agent: Agent
) -> None:
    version = agent.versions.get(number=1)
    make_number(workspace, inbound_version=version)
    make_number(workspace, inbound_version=version, outbound_version=version)
    make_number(workspace, inbound_version=version, status="released")
    (row,) = agent_rows(workspace)
    assert (row.published, row.draft, row.inbound, row.outbound) == (version, newest_version(agent), 2, 1)
    page = alice_client.get(URL).content.decode()
    for words in ("Front desk", "v1", "v2", "2 inbound", "1 outbound", f"?agent={agent.pk}"):
        assert words in page


def test_shows_versions_and_the_numbers_that_use_them(
    alice_client: Client, workspace: Workspace, agent: Agent
) -> None:
    version = agent.versions.get(number=1)
    for n in range(7):
        make_number(workspace, f"+1212555010{n}", inbound_version=version)
    make_number(workspace, "+12125550199", outbound_version=version)
    draft, published = version_rows(agent)
    assert draft.uses == []
    assert [(way, len(some), more) for way, some, more in published.uses] == [
        ("inbound", 5, 2),
        ("outbound", 1, 0),
    ]
    page = alice_client.get(address(agent)).content.decode()
    for words in ("+1 212-555-0100", "+1 212-555-0199", "and 2 more", ENDPOINT, "v1 published", "Draft v2"):
        assert words in page


def test_needs_few_queries_for_many_agents(
    workspace: Workspace, agent: Agent, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(5):
        create_agent(workspace, f"Agent {n}", ENDPOINT, by=SYSTEM, now=now)
    with django_assert_num_queries(4):
        assert len(agent_rows(workspace)) == 6


# --- creating, editing, publishing --------------------------------------------------------------------


def test_creates_an_agent_in_the_dialog(alice_client: Client, alice: User, workspace: Workspace) -> None:
    assert "<html" not in alice_client.get(f"{URL}create/", headers=HTMX).content.decode()
    asked = {"title": "Night line", "runtime_url": ENDPOINT}
    answer = alice_client.post(f"{URL}create/", asked, headers=HTMX)
    agent = Agent.objects.get()
    assert answer["HX-Redirect"] == address(agent)
    assert (agent.title, agent.workspace) == ("Night line", workspace)
    entry = AuditEntry.objects.get(subject_type="agent")
    assert (entry.actor, entry.channel) == (alice, "browser")


def test_creates_an_agent_without_scripts(alice_client: Client, workspace: Workspace) -> None:
    assert "Create with a draft" in alice_client.get(f"{URL}create/").content.decode()
    asked = {"title": "Night line", "runtime_url": ENDPOINT}
    page = alice_client.post(f"{URL}create/", asked, follow=True)
    assert page.redirect_chain == [(address(Agent.objects.get()), 302)]
    assert "Night line is here" in page.content.decode()


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_says_beside_the_field_what_is_wrong(
    alice_client: Client, workspace: Workspace, headers: dict[str, str]
) -> None:
    asked = {"title": "<b>Night</b>", "runtime_url": "ws://voice.example.com/"}
    answer = alice_client.post(f"{URL}create/", asked, headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Use wss://." in page
    assert 'id="runtime_url-error"' in page
    assert 'value="&lt;b&gt;Night&lt;/b&gt;"' in page
    assert not Agent.objects.exists()


def test_saves_the_draft_and_the_name_apart(alice_client: Client, agent: Agent) -> None:
    alice_client.post(address(agent, "edit/"), {"runtime_url": "sip:desk@voice.example.com"})
    alice_client.post(address(agent, "edit/"), {"title": "Reception"})
    agent.refresh_from_db()
    assert agent.title == "Reception"
    assert newest_version(agent).runtime_url == "sip:desk@voice.example.com"
    page = alice_client.get(address(agent)).content.decode()
    assert "Renamed: name from “Front desk” to “Reception”" in page
    assert f"Draft v2 edited: endpoint from “{ENDPOINT}/2” to “sip:desk@voice.example.com”" in page


def test_keeps_what_was_typed_when_an_edit_is_refused(alice_client: Client, agent: Agent) -> None:
    answer = alice_client.post(address(agent, "edit/"), {"runtime_url": "wss://10.0.0.1/x"})
    assert answer.status_code == 422
    assert 'value="wss://10.0.0.1/x"' in answer.content.decode()
    assert "reached from the internet" in answer.content.decode()
    assert newest_version(agent).runtime_url == ENDPOINT + "/2"


def test_asks_before_it_publishes(alice_client: Client, agent: Agent) -> None:
    page = alice_client.get(address(agent, "publish/")).content.decode()
    assert "Publish Front desk v2?" in page
    assert newest_version(agent).status == "draft"


def test_publishes_what_was_shown(alice_client: Client, agent: Agent) -> None:
    draft = newest_version(agent)
    shown = {"version": draft.pk, "runtime_url": draft.runtime_url}
    answer = alice_client.post(address(agent, "publish/"), shown, headers=HTMX)
    assert answer["HX-Redirect"] == address(agent)
    draft.refresh_from_db()
    assert draft.status == "published"
    assert "Next version" in alice_client.get(address(agent)).content.decode()
    again = alice_client.post(address(agent, "publish/"), shown, headers=HTMX)
    assert again.status_code == 422
    assert "is published already" in again.content.decode()


def test_does_not_publish_what_was_not_shown(alice_client: Client, agent: Agent) -> None:
    shown = {"version": newest_version(agent).pk, "runtime_url": "wss://voice.example.com/older"}
    answer = alice_client.post(address(agent, "publish/"), shown, headers=HTMX)
    assert answer.status_code == 422
    assert "was edited meanwhile" in answer.content.decode()
    assert newest_version(agent).status == "draft"


# --- who may ------------------------------------------------------------------------------------------


def test_lets_members_edit(bob_client: Client, agent: Agent) -> None:
    assert bob_client.post(address(agent, "edit/"), {"title": "Bob's"}).status_code == 302
    agent.refresh_from_db()
    assert agent.title == "Bob's"


def test_lets_viewers_only_look(viewer_client: Client, agent: Agent) -> None:
    assert "Create agent" not in viewer_client.get(URL).content.decode()
    page = viewer_client.get(address(agent)).content.decode()
    assert "Front desk" in page
    assert "Publish v2" not in page
    assert "Save" not in page
    assert viewer_client.get(f"{URL}create/").status_code == 403
    assert viewer_client.post(f"{URL}create/", {"title": "x", "runtime_url": ENDPOINT}).status_code == 403
    assert viewer_client.post(address(agent, "edit/"), {"title": "x"}).status_code == 403
    assert viewer_client.post(address(agent, "publish/"), {}).status_code == 403
    assert Agent.objects.get().title == "Front desk"


@pytest.mark.parametrize("path", ["", "publish/"])
def test_is_404_for_strangers(charlie_client: Client, agent: Agent, path: str) -> None:
    assert charlie_client.get(address(agent, path)).status_code == 404
    elsewhere = address(agent, path).replace("/acme/", "/chocolate/")
    assert charlie_client.get(elsewhere).status_code == 404
    assert charlie_client.post(elsewhere.replace("publish/", "") + "edit/", {"title": "x"}).status_code == 404


@pytest.mark.parametrize("id", ["nonsense", "%00", "agt_" + "0" * 26])
def test_is_404_for_what_is_no_agent(alice_client: Client, id: str) -> None:
    assert alice_client.get(f"{URL}{id}/").status_code == 404
    assert alice_client.post(f"{URL}{id}/edit/", {}).status_code == 404


def test_publishes_no_version_of_another_agent(alice_client: Client, agent: Agent, now: datetime) -> None:
    other = create_agent(agent.workspace, "Other", ENDPOINT, by=SYSTEM, now=now)
    asked = {"version": newest_version(other).pk, "runtime_url": ENDPOINT}
    assert alice_client.post(address(agent, "publish/"), asked).status_code == 404
    assert alice_client.post(address(agent, "publish/"), {"version": "\x00"}).status_code == 404
    assert AgentVersion.objects.filter(status="published").count() == 1


def test_sends_the_anonymous_to_sign_in(client: Client, agent: Agent) -> None:
    assert client.get(URL).status_code == 302
    assert client.post(address(agent, "edit/"), {"title": "x"}).status_code == 302

"""telephony.agents …"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connections, transaction

from dialnexa.actors import Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, User, Workspace
from telephony.agents import (
    create_agent,
    edit_draft,
    newest_version,
    open_version,
    publish,
    published_versions,
)
from telephony.models import Agent, AgentVersion

FIRST, SECOND = "wss://voice.example.com/1", "sip:desk@voice.example.com"


@pytest.fixture
def by(alice: User) -> Actor:
    return Actor(Channel.BROWSER, "Alice", alice, "req_1")


@pytest.fixture
def agent(workspace: Workspace, by: Actor, now: datetime) -> Agent:
    return create_agent(workspace, " Front desk ", FIRST, by=by, now=now)


def versions(agent: Agent) -> list[tuple[int, str, str]]:
    return list(agent.versions.order_by("number").values_list("number", "status", "runtime_url"))


def history() -> list[tuple[str, str]]:
    return list(
        AuditEntry.objects.filter(subject_type__startswith="agent").values_list("subject_type", "event")
    )[::-1]


def test_creates_an_agent_with_a_draft(agent: Agent, workspace: Workspace, now: datetime) -> None:
    assert (agent.title, agent.workspace, agent.created_at) == ("Front desk", workspace, now)
    assert versions(agent) == [(1, "draft", FIRST)]
    assert agent.versions.get().workspace == workspace
    assert history() == [("agent", "create"), ("agentversion", "create")]
    assert set(AuditEntry.objects.filter(subject_type="agent").values_list("workspace", flat=True)) == {
        workspace.pk
    }


@pytest.mark.parametrize(
    "title, url, code",
    [
        ("", FIRST, "title_missing"),
        ("  ", FIRST, "title_missing"),
        ("x" * 121, FIRST, "title_too_long"),
        ("a\x00b", FIRST, "title_invalid"),
        ("Desk", "ws://voice.example.com", "endpoint_scheme"),
    ],
)
def test_refuses_and_creates_nothing(
    workspace: Workspace, by: Actor, now: datetime, title: str, url: str, code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        create_agent(workspace, title, url, by=by, now=now)
    assert refused.value.code == code
    assert not Agent.objects.exists()
    assert history() == []


def test_changes_the_draft_in_place(agent: Agent, by: Actor, now: datetime) -> None:
    edit_draft(agent, runtime_url=SECOND, by=by, now=now)
    assert versions(agent) == [(1, "draft", SECOND)]
    entry = AuditEntry.objects.get(event="edit")
    assert (entry.before, entry.after) == (
        {"runtime_url": FIRST},
        {"version": 1, "runtime_url": SECOND},
    )


def test_opens_the_next_draft_after_publishing(agent: Agent, by: Actor, now: datetime) -> None:
    publish(newest_version(agent), by=by, now=now)
    opened = edit_draft(agent, runtime_url=SECOND, by=by, now=now)
    assert (opened.number, opened.status) == (2, "draft")
    assert versions(agent) == [(1, "published", FIRST), (2, "draft", SECOND)]
    edit_draft(agent, runtime_url=FIRST, by=by, now=now)
    assert len(versions(agent)) == 2


def test_renames_without_opening_a_draft(agent: Agent, by: Actor, now: datetime) -> None:
    publish(newest_version(agent), by=by, now=now)
    edit_draft(agent, title="Reception", by=by, now=now)
    agent.refresh_from_db()
    assert agent.title == "Reception"
    assert len(versions(agent)) == 1
    assert AuditEntry.objects.get(event="rename").before == {"title": "Front desk"}


def test_records_nothing_when_nothing_changes(agent: Agent, by: Actor, now: datetime) -> None:
    before = history()
    edit_draft(agent, title="Front desk", runtime_url=FIRST, by=by, now=now)
    publish(newest_version(agent), by=by, now=now)
    edit_draft(agent, runtime_url=FIRST, by=by, now=now)
    assert history() == [*before, ("agentversion", "publish")]
    assert len(versions(agent)) == 1


def test_changes_nothing_when_half_of_it_is_refused(agent: Agent, by: Actor, now: datetime) -> None:
    with pytest.raises(Refusal):
        edit_draft(agent, title="Reception", runtime_url="nonsense", by=by, now=now)
    agent.refresh_from_db()
    assert agent.title == "Front desk"


def test_publishes_once(agent: Agent, by: Actor, now: datetime) -> None:
    version = publish(newest_version(agent), expected_url=FIRST, by=by, now=now)
    assert (version.status, version.published_at) == ("published", now)
    with pytest.raises(Refusal) as refused:
        publish(version, by=by, now=now + timedelta(hours=1))
    assert (refused.value.code, refused.value.status) == ("version_published", 409)
    assert AgentVersion.objects.get().published_at == now


def test_does_not_publish_what_somebody_edited_meanwhile(agent: Agent, by: Actor, now: datetime) -> None:
    shown = newest_version(agent)
    edit_draft(agent, runtime_url=SECOND, by=by, now=now)
    with pytest.raises(Refusal) as refused:
        publish(shown, expected_url=FIRST, by=by, now=now)
    assert refused.value.code == "draft_changed"
    assert versions(agent) == [(1, "draft", SECOND)]


def test_does_not_publish_an_endpoint_that_is_not_allowed(agent: Agent, by: Actor, now: datetime) -> None:
    AgentVersion.objects.update(runtime_url="wss://10.0.0.1/old")
    with pytest.raises(Refusal) as refused:
        publish(newest_version(agent), by=by, now=now)
    assert refused.value.code == "endpoint_private"
    assert AgentVersion.objects.get().status == "draft"


def while_editing(agent: Agent, by: Actor, now: datetime, what: Callable[[], object]) -> list[str]:
    """Do something in another thread while an edit is not committed yet. Returns what was refused."""
    refused: list[str] = []

    def act() -> None:
        try:
            what()
        except Refusal as refusal:
            refused.append(refusal.code)
        finally:
            connections.close_all()

    thread = threading.Thread(target=act)
    with transaction.atomic():
        edit_draft(agent, runtime_url=SECOND, by=by, now=now)
        thread.start()
        time.sleep(0.5)
    thread.join(10)
    return refused


@pytest.mark.django_db(transaction=True)
def test_publishes_nothing_that_is_being_edited(agent: Agent, by: Actor, now: datetime) -> None:
    shown = newest_version(agent)
    refused = while_editing(agent, by, now, lambda: publish(shown, expected_url=FIRST, by=by, now=now))
    assert refused == ["draft_changed"]
    assert versions(agent) == [(1, "draft", SECOND)]


@pytest.mark.django_db(transaction=True)
def test_opens_one_draft_when_two_people_edit_at_once(agent: Agent, by: Actor, now: datetime) -> None:
    publish(newest_version(agent), by=by, now=now)
    third = "sip:third@voice.example.com"
    assert while_editing(agent, by, now, lambda: edit_draft(agent, runtime_url=third, by=by, now=now)) == []
    assert versions(agent) == [(1, "published", FIRST), (2, "draft", third)]


@pytest.mark.parametrize("change", [{"runtime_url": SECOND}, {"status": "draft"}, {"number": 7}])
def test_lets_nobody_change_a_published_version(
    agent: Agent, by: Actor, now: datetime, change: dict[str, str]
) -> None:
    publish(newest_version(agent), by=by, now=now)
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        AgentVersion.objects.update(**change)
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        AgentVersion.objects.all().delete()
    assert versions(agent) == [(1, "published", FIRST)]


def test_lists_published_versions_of_one_workspace(
    agent: Agent, workspace: Workspace, charlie_workspace: Workspace, by: Actor, now: datetime
) -> None:
    other = create_agent(charlie_workspace, "Theirs", FIRST, by=by, now=now)
    early = create_agent(workspace, "Alarm", FIRST, by=by, now=now)
    for made in (agent, other, early):
        publish(newest_version(made), by=by, now=now)
    edit_draft(agent, runtime_url=SECOND, by=by, now=now)
    publish(newest_version(agent), by=by, now=now)
    edit_draft(agent, runtime_url=FIRST, by=by, now=now)
    assert [str(version) for version in published_versions(workspace)] == [
        "Alarm v1",
        "Front desk v2",
        "Front desk v1",
    ]


# --- opening a version --------------------------------------------------------------------------------


def test_opens_a_draft_that_runs_where_the_last_version_does(agent: Agent, by: Actor, now: datetime) -> None:
    publish(newest_version(agent), by=by, now=now)
    opened = open_version(agent, by=by, now=now)
    assert versions(agent) == [(1, "published", FIRST), (2, "draft", FIRST)]
    assert AuditEntry.objects.get(subject_id=opened.pk).event == "create"


def test_opens_a_draft_that_runs_elsewhere(agent: Agent, by: Actor, now: datetime) -> None:
    publish(newest_version(agent), by=by, now=now)
    open_version(agent, " SIP:desk@Voice.example.com ", by=by, now=now)
    assert versions(agent)[1] == (2, "draft", SECOND)


def test_opens_no_draft_beside_another(agent: Agent, by: Actor, now: datetime) -> None:
    with pytest.raises(Refusal) as refused:
        open_version(agent, SECOND, by=by, now=now)
    assert (refused.value.code, refused.value.status) == ("draft_open", 409)
    assert versions(agent) == [(1, "draft", FIRST)]

"""phone_numbers.routes.routing …"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

import pytest
from django.db import connections, transaction

from dialnexa.actors import SYSTEM, Actor
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.releasing import release_number
from phone_numbers.routes.routing import UNCHANGED, route_number, who_answered
from telephony.agents import create_agent, edit_draft, newest_version, publish
from telephony.models import AgentVersion
from tests.numbers.rows import make_number

ENDPOINT = "wss://voice.example.com/agent"


def make_version(workspace: Workspace, title: str, now: datetime) -> AgentVersion:
    """Published."""
    agent = create_agent(workspace, title, ENDPOINT, by=SYSTEM, now=now)
    return publish(newest_version(agent), by=SYSTEM, now=now)


@pytest.fixture
def desk(workspace: Workspace, now: datetime) -> AgentVersion:
    return make_version(workspace, "Front desk", now)


@pytest.fixture
def night(workspace: Workspace, now: datetime) -> AgentVersion:
    return make_version(workspace, "Night line", now)


@pytest.fixture
def number(workspace: Workspace) -> PhoneNumber:
    return make_number(workspace)


def pair(number: PhoneNumber) -> tuple[AgentVersion | None, AgentVersion | None]:
    fresh = PhoneNumber.objects.get(pk=number.pk)
    return fresh.inbound_version, fresh.outbound_version


def history(number: PhoneNumber) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(subject_id=number.pk, event="route").order_by("id"))


# --- routing ------------------------------------------------------------------------------------------


def test_connects_one_direction_and_leaves_the_other(
    number: PhoneNumber, desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    assert route_number(number, inbound=desk, by=by, now=now)
    assert pair(number) == (desk, None)
    assert route_number(number, outbound=night, by=by, now=now)
    assert pair(number) == (desk, night)
    assert (number.inbound_version, number.outbound_version) == (desk, night)


def test_detaches_one_direction(number: PhoneNumber, desk: AgentVersion, by: Actor, now: datetime) -> None:
    route_number(number, inbound=desk, outbound=desk, by=by, now=now)
    route_number(number, inbound=None, by=by, now=now)
    assert pair(number) == (None, desk)


def test_records_who_changed_it_and_what_it_was(
    number: PhoneNumber, desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    route_number(number, inbound=desk, by=by, now=now)
    route_number(number, inbound=night, by=by, now=now, reason="After six")
    _, second = history(number)
    assert second.before == {"inbound_version": desk.pk, "inbound": "Front desk v1"}
    assert second.after == {"inbound_version": night.pk, "inbound": "Night line v1"}
    assert (second.actor, second.reason, second.at) == (by.user, "After six", now)


def test_records_nothing_when_nothing_changes(
    number: PhoneNumber, desk: AgentVersion, by: Actor, now: datetime
) -> None:
    assert not route_number(number, by=by, now=now)
    assert not route_number(number, inbound=None, outbound=UNCHANGED, by=by, now=now)
    route_number(number, inbound=desk, by=by, now=now)
    assert not route_number(number, inbound=desk, by=by, now=now)
    assert len(history(number)) == 1


def test_refuses_drafts(number: PhoneNumber, desk: AgentVersion, by: Actor, now: datetime) -> None:
    draft = edit_draft(desk.agent, runtime_url=ENDPOINT + "/2", by=by, now=now)
    with pytest.raises(Refusal) as refused:
        route_number(number, inbound=desk, outbound=draft, by=by, now=now)
    assert (refused.value.code, refused.value.details) == ("version_not_published", {"field": "outbound"})
    assert pair(number) == (None, None)
    assert history(number) == []


def test_refuses_versions_of_another_workspace(
    number: PhoneNumber, charlie_workspace: Workspace, by: Actor, now: datetime
) -> None:
    theirs = make_version(charlie_workspace, "Theirs", now)
    with pytest.raises(Refusal) as refused:
        route_number(number, inbound=theirs, by=by, now=now)
    assert (refused.value.code, refused.value.status) == ("version_not_found", 404)
    assert pair(number) == (None, None)


@pytest.mark.parametrize("status", ["pending", "failed", "releasing", "released"])
def test_refuses_numbers_that_are_not_active(
    workspace: Workspace, desk: AgentVersion, by: Actor, now: datetime, status: str
) -> None:
    number = make_number(workspace, status=status)
    for version in (desk, None):
        with pytest.raises(Refusal) as refused:
            route_number(number, inbound=version, by=by, now=now)
        assert (refused.value.code, refused.value.status) == ("number_not_active", 409)
    assert pair(number) == (None, None)


@pytest.mark.django_db(transaction=True)
def test_loses_neither_direction_when_two_people_route_at_once(
    number: PhoneNumber, desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    barrier = threading.Barrier(2)

    def route(way: str, version: AgentVersion) -> None:
        try:
            stale = PhoneNumber.objects.get(pk=number.pk)
            barrier.wait(5)
            wanted = {"inbound": version} if way == "inbound" else {"outbound": version}
            route_number(stale, **wanted, by=by, now=now)  # type: ignore[arg-type]
        finally:
            connections.close_all()

    threads = [threading.Thread(target=route, args=pair) for pair in (("inbound", desk), ("outbound", night))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert pair(number) == (desk, night)
    assert len(history(number)) == 2


@pytest.mark.django_db(transaction=True)
def test_waits_for_whoever_routes_the_number_already(
    number: PhoneNumber, desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    def route() -> None:
        try:
            route_number(PhoneNumber.objects.get(pk=number.pk), inbound=desk, by=by, now=now)
        finally:
            connections.close_all()

    thread = threading.Thread(target=route)
    with transaction.atomic():
        route_number(number, inbound=night, by=by, now=now)
        thread.start()
        time.sleep(0.5)
    thread.join(10)
    assert pair(number) == (desk, None)
    assert [entry.before["inbound"] for entry in history(number)] == ["", "Night line v1"]


# --- who would have answered --------------------------------------------------------------------------


def test_knows_who_answered_at_any_time(
    number: PhoneNumber, desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    hour = timedelta(hours=1)
    route_number(number, inbound=desk, by=by, now=now)
    route_number(number, outbound=night, by=by, now=now + hour)
    route_number(number, inbound=night, by=by, now=now + 2 * hour)
    route_number(number, inbound=None, by=by, now=now + 3 * hour)
    moments = (-hour, 0 * hour, hour, 2 * hour - timedelta(seconds=1), 2 * hour, 4 * hour)
    inbound = [who_answered(number, "inbound", now + moment) for moment in moments]
    assert inbound == [None, desk, desk, desk, night, None]
    outbound = [who_answered(number, "outbound", now + moment) for moment in moments]
    assert outbound == [None, None, night, night, night, night]


def test_knows_who_answered_before_the_history_begins(
    workspace: Workspace, desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    number = make_number(workspace, inbound_version=desk)
    assert who_answered(number, "inbound", now) == desk
    route_number(number, inbound=night, by=by, now=now)
    assert who_answered(number, "inbound", now - timedelta(days=1)) == desk


def test_takes_the_last_word_of_one_moment(
    number: PhoneNumber, desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    route_number(number, inbound=desk, by=by, now=now)
    route_number(number, inbound=night, by=by, now=now)
    assert who_answered(number, "inbound", now) == night


def test_knows_that_nobody_answers_a_released_number(
    number: PhoneNumber, desk: AgentVersion, by: Actor, now: datetime
) -> None:
    route_number(number, inbound=desk, by=by, now=now)
    release_number(number, by=by, now=now + timedelta(hours=1), reason="")
    assert who_answered(number, "inbound", now + timedelta(minutes=59)) == desk
    assert who_answered(number, "inbound", now + timedelta(hours=2)) is None

"""Changing a number over the API …"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connections

from dialnexa.audit import entries_about
from dialnexa.models import AuditEntry, Workspace
from phone_numbers.models import PhoneNumber
from tests.conftest import Program, make_program
from tests.numbers.api.conftest import NUMBERS, MakeAgent, code
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(workspace: Workspace, now: datetime) -> PhoneNumber:
    number = make_number(workspace, nickname="Old", label="cc 1")
    make_rental(number, now)
    return number


@pytest.fixture
def patch(program: Program, number: PhoneNumber) -> Callable[..., Any]:
    def patch(**changes: Any) -> Any:
        return program.patch(f"{NUMBERS}/{number.pk}", changes)

    return patch


def told(number: PhoneNumber) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return [(entry.event, entry.before, entry.after) for entry in entries_about([number.pk])]


def routes(response: Any) -> list[Any]:
    assert response.status_code == 200, response.json()
    return [
        response.json()[f"{way}_agent_{what}"]
        for way in ("inbound", "outbound")
        for what in ("id", "version")
    ]


# --- routing --------------------------------------------------------------------------------------------


def test_connects_the_agents_latest_published_version(
    patch: Callable[..., Any], number: PhoneNumber, make_agent: MakeAgent, program: Program
) -> None:
    agent = make_agent(published=2, draft=True)
    response = patch(agent_id=agent.pk)
    assert routes(response) == [agent.pk, 2, None, None]
    assert response.json()["agent_id"] == agent.pk
    assert response.json() == program.get(f"{NUMBERS}/{number.pk}").json()
    version = agent.versions.get(number=2)
    assert told(number) == [
        (
            "route",
            {"inbound_version": None, "inbound": ""},
            {"inbound_version": version.pk, "inbound": "Front desk v2"},
        )
    ]
    entry = AuditEntry.objects.get(subject_id=number.pk)
    assert (entry.channel, entry.api_key) == ("api", program.key)


def test_connects_each_direction_for_itself_with_the_version_named(
    patch: Callable[..., Any], make_agent: MakeAgent
) -> None:
    desk, sales = make_agent("Desk", 3), make_agent("Sales", 2)
    both = {
        "inbound_agent_id": desk.pk,
        "inbound_agent_version": 2,
        "outbound_agent_id": sales.pk,
        "outbound_agent_version": 1,
    }
    assert routes(patch(**both)) == [desk.pk, 2, sales.pk, 1]
    assert routes(patch(outbound_agent_id=sales.pk)) == [desk.pk, 2, sales.pk, 2]
    assert routes(patch(inbound_agent_version=3)) == [desk.pk, 3, sales.pk, 2]
    assert routes(patch(inbound_agent_version=None)) == [desk.pk, 3, sales.pk, 2]
    assert routes(patch(agent_id=desk.pk, inbound_agent_version=None)) == [desk.pk, 3, sales.pk, 2]


def test_detaches_with_null_and_leaves_the_other_direction_as_it_was(
    patch: Callable[..., Any], number: PhoneNumber, make_agent: MakeAgent
) -> None:
    agent = make_agent()
    patch(agent_id=agent.pk, outbound_agent_id=agent.pk)
    assert routes(patch(agent_id=None)) == [None, None, agent.pk, 1]
    assert routes(patch(outbound_agent_id=None, outbound_agent_version=None)) == [None] * 4
    assert len(told(number)) == 3


def test_moves_nothing_when_a_newer_version_is_published(
    patch: Callable[..., Any], make_agent: MakeAgent
) -> None:
    agent = make_agent(published=2)
    patch(agent_id=agent.pk, inbound_agent_version=1)
    assert routes(patch(nickname="New")) == [agent.pk, 1, None, None]


def test_takes_back_what_it_showed(
    patch: Callable[..., Any], program: Program, number: PhoneNumber, make_agent: MakeAgent
) -> None:
    """A program may read a number, change one field, and send the whole."""
    agent = make_agent(published=2)
    patch(agent_id=agent.pk, inbound_agent_version=1, nickname="A")
    shown = program.get(f"{NUMBERS}/{number.pk}").json()
    before = told(number)
    again = program.patch(f"{NUMBERS}/{number.pk}", shown | {"status": "released", "monthly_price": "0.00"})
    assert (again.status_code, again.json()) == (200, shown)
    assert told(number) == before


def test_is_refused_with_400_for_an_agent_that_can_not_be_had(
    patch: Callable[..., Any], number: PhoneNumber, make_agent: MakeAgent, charlie_workspace: Workspace
) -> None:
    draft, agent = make_agent("Draft", 0), make_agent(published=1, draft=True)
    foreign = make_agent("Foreign", workspace=charlie_workspace)
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"agent_id": "agt_nobody"}, "agent_not_found", "agent_id"),
        ({"inbound_agent_id": foreign.pk}, "agent_not_found", "inbound_agent_id"),
        ({"outbound_agent_id": draft.pk}, "agent_not_published", "outbound_agent_id"),
        (
            {"outbound_agent_id": agent.pk, "outbound_agent_version": 9},
            "version_not_found",
            "outbound_agent_id",
        ),
        ({"agent_id": agent.pk, "inbound_agent_version": 2}, "version_not_published", "agent_id"),
        ({"inbound_agent_version": 1}, "version_without_agent", "inbound_agent_version"),
        ({"agent_id": None, "inbound_agent_version": 1}, "version_without_agent", "inbound_agent_version"),
    ]
    for body, expected, field in cases:
        response = patch(**body)
        assert code(response) == (400, expected)
        assert response.json()["details"]["field"] == field
        assert response.json()["message"].startswith(f"{field}: ")
    assert told(number) == []


@pytest.mark.parametrize("status", ["pending", "releasing", "released", "failed"])
def test_is_refused_with_409_unless_the_number_is_active(
    program: Program, workspace: Workspace, make_agent: MakeAgent, status: str
) -> None:
    number = make_number(workspace, status=status)
    path = f"{NUMBERS}/{number.pk}"
    for body in ({"agent_id": make_agent().pk}, {"is_default": True}):
        response = program.patch(path, body)
        assert code(response) == (409, "number_not_active")
    assert program.patch(path, {"agent_id": None, "is_default": False, "nickname": "x"}).status_code == 200


# --- names and switches -----------------------------------------------------------------------------------


def test_renames_and_clears_names(patch: Callable[..., Any], number: PhoneNumber) -> None:
    body = patch(nickname="  Mumbai support ").json()
    assert (body["nickname"], body["label"]) == ("Mumbai support", "cc 1")
    body = patch(label=None).json()
    assert (body["nickname"], body["label"]) == ("Mumbai support", "")
    assert patch(nickname="").json()["nickname"] == ""
    assert patch(nickname="x" * 255).json()["nickname"] == "x" * 255
    assert [event for event, _, _ in told(number)] == ["rename"] * 4
    assert told(number)[0][1:] == ({"nickname": "Old"}, {"nickname": "Mumbai support"})


def test_switches_protection_and_default(
    patch: Callable[..., Any], number: PhoneNumber, workspace: Workspace
) -> None:
    other = make_number(workspace, is_default=True)
    body = patch(release_protection=True, is_default=True).json()
    assert (body["release_protection"], body["is_default"]) == (True, True)
    other.refresh_from_db()
    assert not other.is_default
    assert sorted(event for event, _, _ in told(number)) == ["make_default", "protect"]
    body = patch(release_protection=False, is_default=False).json()
    assert (body["release_protection"], body["is_default"]) == (False, False)


def test_records_nothing_when_nothing_changes(patch: Callable[..., Any], number: PhoneNumber) -> None:
    same = {
        "nickname": "Old",
        "label": "cc 1",
        "agent_id": None,
        "release_protection": False,
        "is_default": False,
    }
    assert patch(**same).status_code == 200
    assert patch().status_code == 200
    assert patch(colour="red", id="phn_x", phone_number="+1").status_code == 200
    assert told(number) == []


@pytest.mark.parametrize(
    "body, field",
    [
        ({"agent_id": 5}, "agent_id"),
        ({"agent_id": ""}, "agent_id"),
        ({"agent_id": ["agt_x"]}, "agent_id"),
        ({"agent_id": None, "inbound_agent_id": "agt_x"}, "inbound_agent_id"),
        ({"outbound_agent_id": {}}, "outbound_agent_id"),
        ({"inbound_agent_version": "latest"}, "inbound_agent_version"),
        ({"inbound_agent_version": 0}, "inbound_agent_version"),
        ({"outbound_agent_version": 1.5}, "outbound_agent_version"),
        ({"outbound_agent_version": 2**31}, "outbound_agent_version"),
        ({"nickname": 5}, "nickname"),
        ({"nickname": "x" * 256}, "nickname"),
        ({"label": False}, "label"),
        ({"release_protection": "yes"}, "release_protection"),
        ({"release_protection": None}, "release_protection"),
        ({"is_default": 1}, "is_default"),
    ],
)
def test_is_refused_with_400_for_a_wrong_type_and_names_the_field(
    patch: Callable[..., Any], number: PhoneNumber, body: dict[str, Any], field: str
) -> None:
    response = patch(**body)
    assert code(response) == (400, "invalid_request")
    assert response.json()["message"].startswith(f"{field}: ")
    assert told(number) == []


def test_is_refused_with_400_for_a_name_nobody_could_read(patch: Callable[..., Any]) -> None:
    assert code(patch(nickname="two\nlines")) == (400, "nickname_invalid")
    assert code(patch(label="\u202egnp.exe")) == (400, "label_invalid")


# --- all of it or nothing ---------------------------------------------------------------------------------


def test_changes_nothing_at_all_when_a_part_is_refused(
    patch: Callable[..., Any], number: PhoneNumber, workspace: Workspace, make_agent: MakeAgent
) -> None:
    other = make_number(workspace, is_default=True)
    good = {"is_default": True, "agent_id": make_agent().pk, "nickname": "New", "release_protection": True}
    for bad in ({"label": "two\nlines"}, {"outbound_agent_id": "agt_nobody"}):
        assert patch(**good | bad).status_code == 400
    for row in (number, other):
        row.refresh_from_db()
    assert (number.is_default, number.inbound_version, number.nickname) == (False, None, "Old")
    assert (number.release_protection, other.is_default) == (False, True)
    assert not AuditEntry.objects.filter(subject_id__in=[number.pk, other.pk]).exists()


@pytest.mark.django_db(transaction=True)
def test_lets_two_change_the_same_number_without_losing_either(
    program: Program, workspace: Workspace, make_agent: MakeAgent
) -> None:
    """Among them one that also moves the default: whoever waits, nobody waits for ever."""
    numbers = [make_number(workspace, nickname="", label="") for _ in range(2)]
    agent = make_agent()
    bodies = [
        {"nickname": "new"},
        {"label": "new"},
        {"is_default": True},
        {"agent_id": agent.pk},
        {"outbound_agent_id": agent.pk, "is_default": True},
        {"release_protection": True},
    ]
    jobs = [(number, body) for number in numbers for body in bodies]
    barrier, statuses = threading.Barrier(len(jobs)), []

    def run(number: PhoneNumber, body: dict[str, Any]) -> None:
        barrier.wait()
        try:
            statuses.append(program.patch(f"{NUMBERS}/{number.pk}", body).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * len(jobs)
    for number in numbers:
        number.refresh_from_db()
        assert (number.nickname, number.label, number.release_protection) == ("new", "new", True)
        assert number.inbound_version == number.outbound_version == agent.versions.get()
    assert sum(number.is_default for number in numbers) == 1


# --- who may ----------------------------------------------------------------------------------------------


def test_is_refused_with_401_403_and_404(
    program: Program,
    charlie_program: Program,
    workspace: Workspace,
    number: PhoneNumber,
    now: datetime,
) -> None:
    path = f"{NUMBERS}/{number.pk}"
    reader = make_program(workspace, now, "numbers:read", "numbers:purchase", "numbers:release")
    assert code(reader.patch(path, {"nickname": "x"})) == (403, "key_scope_missing")
    assert code(charlie_program.patch(path, {"nickname": "x"})) == (404, "not_found")
    assert code(program.patch(f"{NUMBERS}/phn_nobody", {"nickname": "x"})) == (404, "not_found")
    nobody = program.http.patch(path, "{}", "application/json", headers={"authorization": ""})
    assert code(nobody) == (401, "key_missing")
    assert told(number) == []


def test_is_refused_with_415_and_400_for_what_is_no_json(program: Program, number: PhoneNumber) -> None:
    path = f"{NUMBERS}/{number.pk}"
    assert program.http.patch(path, "a=1", "application/x-www-form-urlencoded").status_code == 415
    assert program.http.patch(path, "{", "application/json").status_code == 400
    assert program.http.patch(path, "[]", "application/json").status_code == 400


def test_counts_as_a_write(patch: Callable[..., Any], settings: Any) -> None:
    settings.API_LIMITS = {**settings.API_LIMITS, "write": "1/minute"}
    patch(nickname="x")
    assert code(patch(nickname="y")) == (429, "rate_limited")

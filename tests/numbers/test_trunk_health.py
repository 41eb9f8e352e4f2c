"""A trunk's health …"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from dialnexa.sealing import seal
from phone_numbers import tasks
from phone_numbers.linking import health as trunk_health
from phone_numbers.linking.editing import edit_trunk
from phone_numbers.linking.health import check_now, check_settings, check_when_due
from phone_numbers.management.commands import sweep
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.number_table.rows import read_row
from phone_numbers.number_table.table import row_of
from phone_numbers.releasing import release_number
from phone_numbers.sweeping import take_due_trunks, take_interrupted_links
from tests.numbers.conftest import Turned
from tests.numbers.trunks import SECRET, link, trunk_of
from tests.pbx import Pbx

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]


@pytest.fixture
def trunk(workspace: Workspace, pbx: Pbx, now: datetime) -> SipTrunk:
    """Linked without a check, to an exchange that wants its password."""
    pbx.secret = SECRET
    return trunk_of(link(workspace, now, termination_uri=pbx.uri))


def again(trunk: SipTrunk) -> SipTrunk:
    return SipTrunk.objects.select_related("number").get(pk=trunk.pk)


def events(trunk: SipTrunk) -> list[str]:
    found = entries_about([trunk.pk]).values_list("event", flat=True)
    return [event for event in found if event in ("healthy", "unreachable", "unauthorized", "check")]


def wait_of(trunk: SipTrunk, now: datetime) -> float:
    due = again(trunk).next_check_at
    assert due is not None
    return (due - now).total_seconds()


# --- in the background --------------------------------------------------------------------------------


def test_is_what_the_exchange_says(trunk: SipTrunk, now: datetime) -> None:
    check_when_due(trunk.pk, now=now)
    found = again(trunk)
    assert (found.health, found.health_code, found.checked_at) == ("healthy", 200, now)
    assert found.round_trip_ms
    assert found.health_text
    assert (found.checking_until, found.rung_until) == (None, None)
    assert events(trunk) == ["healthy"]


def test_is_looked_at_again_in_five_minutes(trunk: SipTrunk, clock: Turned, settings: Any, pbx: Pbx) -> None:
    check_when_due(trunk.pk, now=clock.now)
    assert 270 <= wait_of(trunk, clock.now) <= 330
    assert take_due_trunks(now=clock.turn(seconds=260)) == []
    check_when_due(trunk.pk, now=clock.now)  # rung for twice: not due, so nobody is asked
    assert pbx.calls == 2
    assert take_due_trunks(now=clock.turn(seconds=80)) == [trunk.pk]


def test_is_kept_from_being_looked_at_by_all_at_once(workspace: Workspace, pbx: Pbx, now: datetime) -> None:
    waits = set()
    for _ in range(5):
        trunk = trunk_of(link(workspace, now, termination_uri=pbx.uri))
        check_when_due(trunk.pk, now=now)
        waits.add(wait_of(trunk, now))
    assert len(waits) == 5


def test_is_looked_at_sooner_while_nobody_answers_and_ever_more_calmly(
    trunk: SipTrunk, clock: Turned, pbx: Pbx
) -> None:
    check_when_due(trunk.pk, now=clock.now)
    pbx.stop()
    waits = []
    for _ in range(10):
        due = again(trunk).next_check_at
        assert due is not None
        clock.now = due
        check_when_due(trunk.pk, now=clock.now)
        waits.append(wait_of(trunk, clock.now))
    assert again(trunk).health == "unreachable"
    assert 27 <= waits[0] <= 33
    assert waits[:4] == sorted(waits[:4])
    assert all(3240 <= wait <= 3960 for wait in waits[-2:])
    assert events(trunk) == ["healthy", "unreachable"]  # a change is told, its lasting is not


def test_becomes_unauthorized_when_the_password_is_changed_at_the_carrier(
    trunk: SipTrunk, clock: Turned, pbx: Pbx, settings: Any
) -> None:
    check_when_due(trunk.pk, now=clock.now)
    pbx.secret = "changed"
    check_when_due(trunk.pk, now=clock.turn(seconds=400))
    assert (again(trunk).health, again(trunk).health_code) == ("unauthorized", 401)
    assert wait_of(trunk, clock.now) >= 270  # carriers lock out who repeats a wrong password
    pbx.secret = SECRET
    check_when_due(trunk.pk, now=clock.turn(seconds=400))
    assert events(trunk) == ["healthy", "unauthorized", "healthy"]


def test_makes_the_number_unavailable_while_it_is_bad(
    trunk: SipTrunk, workspace: Workspace, clock: Turned, pbx: Pbx
) -> None:
    pbx.secret = "another"

    def row() -> Any:
        number = row_of(workspace, trunk.number_id)
        assert number is not None
        return read_row(number, clock.now)

    assert row().status == "Active"
    check_when_due(trunk.pk, now=clock.now)
    assert (row().status, row().tone) == ("Unavailable", "trouble")
    assert row().reason == "Your carrier refuses the trunk's credentials."
    assert (row().rental, row().monthly_price, row().currency) == (None, None, "")


def test_is_bad_when_the_password_does_not_open_any_more(
    trunk: SipTrunk, clock: Turned, pbx: Pbx, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = seal(SECRET, table="t", column="c", workspace_id="w", pk="p")
    SipTrunk.objects.filter(pk=trunk.pk).update(sealed_password=elsewhere)
    check_when_due(trunk.pk, now=clock.now)
    assert again(trunk).health == "unauthorized"
    assert "Enter it again" in again(trunk).health_text
    assert pbx.calls == 0
    assert trunk.pk in caplog.text
    assert SECRET not in caplog.text


def test_is_bad_when_the_host_has_come_to_lead_inside(
    trunk: SipTrunk, clock: Turned, pbx: Pbx, settings: Any
) -> None:
    settings.SIP_ALLOWED_NETWORKS = []
    check_when_due(trunk.pk, now=clock.now)
    assert again(trunk).health == "unreachable"
    assert "public address" in again(trunk).health_text
    assert pbx.calls == 0


def test_is_nobodys_business_after_the_release(trunk: SipTrunk, clock: Turned, by: Any, pbx: Pbx) -> None:
    release_number(trunk.number, by=by, now=clock.now)
    assert take_due_trunks(now=clock.turn(days=1)) == []
    check_when_due(trunk.pk, now=clock.now)
    assert pbx.calls == 0


# --- one at a time ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_is_asked_by_one_at_a_time(trunk: SipTrunk, now: datetime, pbx: Pbx) -> None:
    pbx.delay = 0.3
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        check_when_due(trunk.pk, now=now)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pbx.calls == 2  # one check: asked, challenged
    assert events(trunk) == ["healthy"]


def test_can_be_asked_again_after_a_worker_died(trunk: SipTrunk, clock: Turned, pbx: Pbx) -> None:
    SipTrunk.objects.filter(pk=trunk.pk).update(checking_until=clock.now + trunk_health.LEASE)
    check_when_due(trunk.pk, now=clock.now)
    assert pbx.calls == 0
    check_when_due(trunk.pk, now=clock.now + trunk_health.LEASE)
    assert again(trunk).health == "healthy"


def test_asked_of_settings_that_have_changed_meanwhile_is_forgotten(
    trunk: SipTrunk, clock: Turned, pbx: Pbx, by: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = trunk_health.ask

    def ask(wanted: Any) -> Any:
        edit_trunk(
            again(trunk),
            termination_uri="127.0.0.1:5099",
            transport="udp",
            auth_mode="ip",
            by=by,
            now=clock.now,
        )
        return plain(wanted)

    monkeypatch.setattr(trunk_health, "ask", ask)
    check_when_due(trunk.pk, now=clock.now)
    assert (again(trunk).health, again(trunk).checked_at) == ("unchecked", None)
    assert events(trunk) == []
    assert take_due_trunks(now=clock.now) == [trunk.pk]


# --- now ----------------------------------------------------------------------------------------------


def test_is_shown_at_once_to_who_asks(trunk: SipTrunk, now: datetime, by: Any) -> None:
    found = check_now(trunk, by=by, now=now)
    assert (found.health, found.code) == ("healthy", 200)
    assert again(trunk).health == "healthy"
    assert events(trunk) == ["healthy"]
    assert entries_about([trunk.pk]).get(event="healthy").actor_name == "Alice"


def test_asked_for_by_staff_is_in_the_history(trunk: SipTrunk, now: datetime, by: Any) -> None:
    check_now(trunk, by=by, now=now, reason="The customer called")
    assert events(trunk) == ["check", "healthy"]


def test_is_not_asked_twice_at_a_time(trunk: SipTrunk, now: datetime, by: Any) -> None:
    SipTrunk.objects.filter(pk=trunk.pk).update(checking_until=now + timedelta(seconds=5))
    with pytest.raises(Refusal) as refused:
        check_now(trunk, by=by, now=now)
    assert (refused.value.code, refused.value.status) == ("sip_check_running", 409)


def test_of_a_released_number_can_not_be_asked(trunk: SipTrunk, now: datetime, by: Any, pbx: Pbx) -> None:
    release_number(trunk.number, by=by, now=now)
    with pytest.raises(Refusal) as refused:
        check_now(again(trunk), by=by, now=now)
    assert refused.value.code == "trunk_not_linked"
    assert pbx.calls == 0


def test_is_not_for_scanning_ports(trunk: SipTrunk, now: datetime, by: Any, settings: Any) -> None:
    settings.TRUNK_TEST_LIMIT = "1/minute"
    check_now(trunk, by=by, now=now)
    with pytest.raises(Refusal) as refused:
        check_settings(trunk.workspace, {"termination_uri": "127.0.0.1:5071", "auth_mode": "ip"})
    assert (refused.value.code, refused.value.status) == ("sip_checks_too_many", 429)


# --- of what is only typed ----------------------------------------------------------------------------


def test_of_typed_settings_is_told_and_kept_nowhere(workspace: Workspace, pbx: Pbx) -> None:
    pbx.secret = SECRET
    typed = {"termination_uri": pbx.uri, "username": "desk"}
    assert check_settings(workspace, typed | {"password": SECRET}).health == "healthy"
    assert check_settings(workspace, typed | {"password": "wrong"}).health == "unauthorized"
    pbx.stop()
    assert check_settings(workspace, typed | {"password": SECRET}).health == "unreachable"
    assert PhoneNumber.objects.count() == SipTrunk.objects.count() == 0


def test_of_a_trunk_being_edited_uses_its_password_for_its_own_host_alone(
    trunk: SipTrunk, workspace: Workspace, pbx: Pbx
) -> None:
    typed = {"auth_mode": "userpass", "username": "desk", "transport": "udp"}
    kept = check_settings(workspace, typed | {"termination_uri": pbx.uri}, kept=trunk)
    assert kept.health == "healthy"
    with pytest.raises(Refusal) as refused:
        check_settings(workspace, typed | {"termination_uri": "127.0.0.2:5060"}, kept=trunk)
    assert (refused.value.code, refused.value.details["field"]) == ("sip_credentials_missing", "password")


# --- the sweeper --------------------------------------------------------------------------------------


def test_is_rung_for_few_at_a_time(workspace: Workspace, clock: Turned, settings: Any) -> None:
    settings.TRUNK_CHECKS_AT_ONCE = 2
    trunks = [trunk_of(link(workspace, clock.now)) for _ in range(5)]
    first = take_due_trunks(now=clock.now)
    assert first == [trunk.pk for trunk in trunks[:2]]
    assert take_due_trunks(now=clock.now) == []
    SipTrunk.objects.filter(pk=first[0]).update(rung_until=None, next_check_at=clock.now + timedelta(hours=1))
    assert take_due_trunks(now=clock.now) == [trunks[2].pk]
    assert len(take_due_trunks(now=clock.turn(seconds=trunk_health.LEASE.seconds))) == 2


def test_is_rung_for_by_turns_between_workspaces(
    workspace: Workspace, charlie_workspace: Workspace, clock: Turned, settings: Any
) -> None:
    """Acme's many trunks are all due longer than Charlie's two."""
    settings.TRUNK_CHECKS_AT_ONCE = 1
    ours = [trunk_of(link(workspace, clock.turn(seconds=1))) for _ in range(5)]
    theirs = [trunk_of(link(charlie_workspace, clock.turn(seconds=1))) for _ in range(2)]
    order = []
    for _ in range(6):
        (taken,) = take_due_trunks(now=clock.turn(seconds=1))
        later = clock.now + timedelta(hours=1)
        found = {"checked_at": clock.now, "next_check_at": later, "rung_until": None}
        SipTrunk.objects.filter(pk=taken).update(**found)
        order.append(taken)
    assert order == [trunk.pk for trunk in (ours[0], theirs[0], ours[1], theirs[1], *ours[2:4])]


def test_leaves_room_for_other_workspaces_when_several_go_at_once(
    workspace: Workspace, charlie_workspace: Workspace, clock: Turned, settings: Any
) -> None:
    settings.TRUNK_CHECKS_AT_ONCE = 3
    ours = [trunk_of(link(workspace, clock.turn(seconds=1))) for _ in range(5)]
    theirs = trunk_of(link(charlie_workspace, clock.turn(seconds=1)))
    assert sorted(take_due_trunks(now=clock.now)) == sorted([ours[0].pk, ours[1].pk, theirs.pk])


@pytest.mark.django_db(transaction=True)
def test_is_rung_for_by_one_sweeper_of_many(workspace: Workspace, now: datetime, settings: Any) -> None:
    settings.TRUNK_CHECKS_AT_ONCE = 50
    trunks = {trunk_of(link(workspace, now)).pk for _ in range(8)}
    taken: list[str] = []
    barrier = threading.Barrier(4)

    def take() -> None:
        barrier.wait()
        taken.extend(take_due_trunks(now=now))
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(trunks)


@pytest.mark.django_db(transaction=True)
def test_is_handed_from_the_sweeper_to_the_workers(trunk: SipTrunk, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[tuple[str, dict[str, str]]] = []

    def ring(task: Any, **ids: str) -> bool:
        rung.append((task.name, ids))
        task(**ids)
        return True

    monkeypatch.setattr(sweep, "ring", ring)
    sweep.sweep()
    assert rung == [("phone_numbers.tasks.check_trunk", {"trunk_id": trunk.pk})]
    assert again(trunk).health == "healthy"


def test_tasks_do_one_thing_each(trunk: SipTrunk) -> None:
    tasks.check_trunk(trunk_id=trunk.pk)
    assert again(trunk).health == "healthy"
    tasks.end_interrupted_link(trunk_id=trunk.pk)
    assert again(trunk).status == "linked"
    assert take_interrupted_links(now=trunk.created_at + timedelta(days=1)) == []

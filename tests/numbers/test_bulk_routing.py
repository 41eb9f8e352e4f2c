"""Routing many numbers at once …"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections, transaction

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Workspace
from phone_numbers.models import BulkRouting, PhoneNumber
from phone_numbers.routes.bulk_planning import LIMIT
from phone_numbers.routes.bulk_routing import assign_bulk, preview_bulk, recent_bulks, undo_bulk
from phone_numbers.routes.routing import UNCHANGED, Wanted, route_number, who_answered
from telephony.agents import edit_draft
from telephony.models import AgentVersion
from tests.numbers.rows import make_number
from tests.numbers.test_routing import ENDPOINT, make_version, pair

ABSENT = "phn_00000000000000000000000000"


@pytest.fixture
def desk(workspace: Workspace, now: datetime) -> AgentVersion:
    return make_version(workspace, "Front desk", now)


@pytest.fixture
def night(workspace: Workspace, now: datetime) -> AgentVersion:
    return make_version(workspace, "Night line", now)


@pytest.fixture
def numbers(workspace: Workspace, desk: AgentVersion, night: AgentVersion) -> list[PhoneNumber]:
    """Unrouted; answered by night; answered by the desk already, called from by night; still pending."""
    return [  # made within a millisecond, so their own ids would be in no order
        make_number(workspace, id=f"phn_{1:026}"),
        make_number(workspace, id=f"phn_{2:026}", inbound_version=night, outbound_version=night),
        make_number(workspace, id=f"phn_{3:026}", inbound_version=desk, outbound_version=night),
        make_number(workspace, id=f"phn_{4:026}", status="pending"),
    ]


def ids(numbers: list[PhoneNumber]) -> list[str]:
    return [number.pk for number in numbers]


def assign(
    numbers: list[PhoneNumber], by: Actor, now: datetime, inbound: Wanted = UNCHANGED, **ways: Wanted
) -> BulkRouting:
    """What somebody does who looks first."""
    workspace, meant = numbers[0].workspace, ids(numbers)
    preview = preview_bulk(workspace, meant, inbound=inbound, **ways)
    wanted = {"outbound": UNCHANGED, **ways}
    return assign_bulk(
        workspace, meant, inbound=inbound, **wanted, expected=preview.fingerprint, by=by, now=now
    )


def routes(number: PhoneNumber) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(subject_id=number.pk, event="route").order_by("id"))


# --- the preview --------------------------------------------------------------------------------------


def test_shows_what_would_change_and_what_not(
    workspace: Workspace, numbers: list[PhoneNumber], desk: AgentVersion, night: AgentVersion
) -> None:
    preview = preview_bulk(workspace, ids(numbers), inbound=desk)
    assert [row.number for row in preview.changed] == numbers[:2]
    assert [row.ways for row in preview.changed] == [[("inbound", None, desk)], [("inbound", night, desk)]]
    assert [row.number for row in preview.unchanged] == [numbers[2]]
    assert [row.number for row in preview.refused] == [numbers[3]]
    assert "still being bought" in preview.refused[0].refusal
    assert [pair(number) for number in numbers[:2]] == [(None, None), (night, night)]
    assert not BulkRouting.objects.exists()


def test_shows_both_directions_apart(
    workspace: Workspace, numbers: list[PhoneNumber], desk: AgentVersion, night: AgentVersion
) -> None:
    preview = preview_bulk(workspace, ids(numbers), inbound=desk, outbound=None)
    assert [row.ways for row in preview.changed] == [
        [("inbound", None, desk)],
        [("inbound", night, desk), ("outbound", night, None)],
        [("outbound", night, None)],
    ]


@pytest.mark.parametrize("meant", ["foreign", "absent"])
def test_knows_no_number_of_another_workspace(
    workspace: Workspace, numbers: list[PhoneNumber], charlie_workspace: Workspace, meant: str
) -> None:
    stranger = make_number(charlie_workspace).pk if meant == "foreign" else ABSENT
    with pytest.raises(Refusal) as refused:
        preview_bulk(workspace, [*ids(numbers), stranger], inbound=None)
    assert (refused.value.code, refused.value.status) == ("number_not_found", 404)


def test_takes_at_least_one_and_at_most_five_hundred(workspace: Workspace) -> None:
    for count, code in ((0, "bulk_empty"), (LIMIT + 1, "bulk_too_large")):
        with pytest.raises(Refusal, match=code):
            preview_bulk(workspace, [f"phn_{n}" for n in range(count)], inbound=None)


# --- the change ---------------------------------------------------------------------------------------


def test_connects_one_direction_of_all_and_leaves_the_other(
    numbers: list[PhoneNumber], desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    bulk = assign(numbers, by, now, inbound=desk)
    after = [pair(number) for number in numbers]
    assert after == [(desk, None), (desk, night), (desk, night), (None, None)]
    assert bulk.changes == [
        {"number": numbers[0].pk, "inbound": [None, desk.pk]},
        {"number": numbers[1].pk, "inbound": [night.pk, desk.pk]},
    ]
    assert (bulk.made_by, bulk.created_at, bulk.undone_at) == (by.user, now, None)


def test_detaches_all(numbers: list[PhoneNumber], night: AgentVersion, by: Actor, now: datetime) -> None:
    assign(numbers, by, now, inbound=None, outbound=None)
    assert {pair(number) for number in numbers} == {(None, None)}


def test_writes_the_same_history_as_routing_one(
    numbers: list[PhoneNumber], desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    twin = make_number(numbers[0].workspace, inbound_version=night, outbound_version=night)
    route_number(twin, inbound=desk, by=by, now=now)
    assign(numbers, by, now, inbound=desk)
    [single], [among] = routes(twin), routes(numbers[1])
    for name in ("before", "after", "at", "actor_id", "actor_name", "channel", "request_id", "workspace_id"):
        assert getattr(among, name) == getattr(single, name), name
    assert among.reason == "Bulk change of 2 numbers"
    assert routes(numbers[2]) == routes(numbers[3]) == []
    assert who_answered(numbers[1], "inbound", now - timedelta(seconds=1)) == night
    assert who_answered(numbers[1], "inbound", now) == desk


def test_refuses_when_a_number_was_changed_since_the_preview(
    workspace: Workspace,
    numbers: list[PhoneNumber],
    desk: AgentVersion,
    night: AgentVersion,
    by: Actor,
    now: datetime,
) -> None:
    shown = preview_bulk(workspace, ids(numbers), inbound=desk)
    route_number(numbers[0], inbound=night, by=by, now=now)
    with pytest.raises(Refusal) as refused:
        assign_bulk(
            workspace,
            ids(numbers),
            inbound=desk,
            outbound=UNCHANGED,
            expected=shown.fingerprint,
            by=by,
            now=now,
        )
    assert (refused.value.code, refused.value.status) == ("bulk_changed_meanwhile", 409)
    assert pair(numbers[1]) == (night, night)
    assert not BulkRouting.objects.exists()


@pytest.mark.parametrize("since", ["activated", "other direction", "other version", "other numbers"])
def test_holds_to_what_was_shown(
    workspace: Workspace,
    numbers: list[PhoneNumber],
    desk: AgentVersion,
    night: AgentVersion,
    by: Actor,
    now: datetime,
    since: str,
) -> None:
    meant: Any = {"numbers": ids(numbers), "inbound": desk, "outbound": UNCHANGED}
    shown = preview_bulk(workspace, ids(numbers), inbound=desk)
    if since == "activated":
        numbers[3].transition("activate", by=by, now=now)
    elif since == "other direction":  # nothing that was shown: it may go on
        route_number(numbers[0], outbound=night, by=by, now=now)
    elif since == "other version":
        meant["inbound"] = make_version(workspace, "Third", now)
    else:
        meant["numbers"] = ids(numbers)[1:]
    try:
        assign_bulk(workspace, **meant, expected=shown.fingerprint, by=by, now=now)
        outcome = ""
    except Refusal as refusal:
        outcome = refusal.code
    assert outcome == ("" if since == "other direction" else "bulk_changed_meanwhile")
    assert pair(numbers[0]) == ((desk, night) if since == "other direction" else (None, None))


def test_says_so_when_nothing_is_left_to_change(
    numbers: list[PhoneNumber], desk: AgentVersion, by: Actor, now: datetime
) -> None:
    assign(numbers, by, now, inbound=desk)
    for again in (desk, UNCHANGED):
        with pytest.raises(Refusal, match="bulk_nothing_to_change"):
            assign(numbers, by, now, inbound=again)
    assert BulkRouting.objects.count() == 1


def test_refuses_drafts_and_versions_of_others(
    workspace: Workspace,
    numbers: list[PhoneNumber],
    desk: AgentVersion,
    charlie_workspace: Workspace,
    by: Actor,
    now: datetime,
) -> None:
    draft = edit_draft(desk.agent, runtime_url=ENDPOINT + "/2", by=by, now=now)
    theirs = make_version(charlie_workspace, "Theirs", now)
    for version, code in ((draft, "version_not_published"), (theirs, "version_not_found")):
        with pytest.raises(Refusal, match=code):
            assign(numbers, by, now, inbound=desk, outbound=version)
    assert pair(numbers[0]) == (None, None)


def test_routes_five_hundred_with_the_queries_of_one(
    workspace: Workspace,
    desk: AgentVersion,
    night: AgentVersion,
    by: Actor,
    now: datetime,
    django_assert_max_num_queries: Any,
) -> None:
    numbers = [make_number(workspace, inbound_version=(None, night)[n % 2]) for n in range(LIMIT)]
    with django_assert_max_num_queries(4):
        shown = preview_bulk(workspace, ids(numbers), inbound=desk, outbound=desk)
    with django_assert_max_num_queries(10):
        bulk = assign_bulk(
            workspace, ids(numbers), inbound=desk, outbound=desk, expected=shown.fingerprint, by=by, now=now
        )
    assert PhoneNumber.objects.filter(inbound_version=desk, outbound_version=desk).count() == LIMIT
    with django_assert_max_num_queries(10):
        undone = undo_bulk(bulk, by=by, now=now)
    assert (len(undone.restored), undone.kept) == (LIMIT, [])
    assert [pair(number) for number in numbers[:2]] == [(None, None), (night, None)]
    assert PhoneNumber.objects.filter(inbound_version=night).count() == LIMIT // 2


# --- taking it back -----------------------------------------------------------------------------------


def test_gives_back_what_each_number_had(
    numbers: list[PhoneNumber], desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    bulk = assign(numbers, by, now, inbound=desk, outbound=desk)
    undone = undo_bulk(bulk, by=by, now=now)
    assert (undone.restored, undone.kept) == (numbers[:3], [])
    assert [pair(n) for n in numbers] == [(None, None), (night, night), (desk, night), (None, None)]
    last = routes(numbers[1])[-1]
    assert (last.before["inbound"], last.after["inbound"]) == ("Front desk v1", "Night line v1")
    assert (last.reason, last.actor) == ("Bulk change of 3 numbers undone", by.user)
    assert routes(numbers[2])[-1].after == {"outbound_version": night.pk, "outbound": "Night line v1"}
    assert BulkRouting.objects.get().undone_at == now


def test_keeps_what_was_changed_since_and_lists_it(
    numbers: list[PhoneNumber], desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    bulk = assign(numbers, by, now, inbound=desk)
    route_number(numbers[0], inbound=night, by=by, now=now)
    undone = undo_bulk(bulk, by=by, now=now)
    assert undone.restored == [numbers[1]]
    assert undone.kept == [(numbers[0], "Its routing was changed since.")]
    assert pair(numbers[0]) == (night, None)
    assert [change.get("kept") for change in BulkRouting.objects.get().changes] == [
        "Its routing was changed since.",
        None,
    ]


def test_leaves_the_direction_it_never_touched_to_whoever_changed_it(
    numbers: list[PhoneNumber], desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    bulk = assign(numbers, by, now, inbound=desk)
    route_number(numbers[0], outbound=desk, by=by, now=now)
    undo_bulk(bulk, by=by, now=now)
    assert pair(numbers[0]) == (None, desk)


def test_keeps_numbers_that_are_being_given_back(
    numbers: list[PhoneNumber], desk: AgentVersion, by: Actor, now: datetime
) -> None:
    bulk = assign(numbers, by, now, inbound=desk)
    numbers[0].transition("release", by=by, now=now)
    [(kept, reason)] = undo_bulk(bulk, by=by, now=now).kept
    assert kept == numbers[0]
    assert "is being given back" in reason


def test_keeps_a_number_whose_version_may_not_be_used(
    numbers: list[PhoneNumber], desk: AgentVersion, by: Actor, now: datetime
) -> None:
    draft = edit_draft(desk.agent, runtime_url=ENDPOINT + "/2", by=by, now=now)
    PhoneNumber.objects.filter(pk=numbers[1].pk).update(inbound_version=draft)
    undone = undo_bulk(assign(numbers, by, now, inbound=desk), by=by, now=now)
    assert undone.restored == [numbers[0]]
    assert undone.kept == [(numbers[1], "Front desk v2 can't be used any more.")]
    assert pair(numbers[1])[0] == desk


def test_goes_back_once_and_for_a_day(
    numbers: list[PhoneNumber], desk: AgentVersion, night: AgentVersion, by: Actor, now: datetime
) -> None:
    bulk = assign(numbers, by, now, inbound=desk)
    day = timedelta(hours=24)
    with pytest.raises(Refusal, match="bulk_too_old"):
        undo_bulk(bulk, by=by, now=now + day)
    undo_bulk(bulk, by=by, now=now + day - timedelta(seconds=1))
    with pytest.raises(Refusal, match="bulk_undone_already"):
        undo_bulk(bulk, by=by, now=now)
    assert len(routes(numbers[0])) == 2


def test_is_listed_for_a_day(
    numbers: list[PhoneNumber], desk: AgentVersion, by: Actor, now: datetime, charlie_workspace: Workspace
) -> None:
    bulk = assign(numbers, by, now, inbound=desk)
    later = now + timedelta(hours=24)
    assert list(recent_bulks(bulk.workspace, now=later - timedelta(seconds=1))) == [bulk]
    assert list(recent_bulks(bulk.workspace, now=later)) == []
    assert list(recent_bulks(charlie_workspace, now=now)) == []


# --- at once ------------------------------------------------------------------------------------------


def in_thread(act: Any, *arguments: Any) -> threading.Thread:
    def run() -> None:
        try:
            act(*arguments)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_waits_for_whoever_routes_one_of_them_and_then_refuses(
    workspace: Workspace,
    numbers: list[PhoneNumber],
    desk: AgentVersion,
    night: AgentVersion,
    by: Actor,
    now: datetime,
) -> None:
    shown = preview_bulk(workspace, ids(numbers), inbound=desk)
    outcomes: list[str] = []

    def bulk() -> None:
        meant: Any = {"inbound": desk, "outbound": UNCHANGED, "expected": shown.fingerprint}
        try:
            assign_bulk(workspace, ids(numbers), **meant, by=by, now=now)
        except Refusal as refusal:
            outcomes.append(refusal.code)

    with transaction.atomic():
        route_number(numbers[0], inbound=night, by=by, now=now)
        thread = in_thread(bulk)
        time.sleep(0.5)
        assert outcomes == []
    thread.join(10)
    assert outcomes == ["bulk_changed_meanwhile"]
    assert [pair(number)[0] for number in numbers] == [night, night, desk, None]


@pytest.mark.django_db(transaction=True)
def test_happens_once_when_it_is_sent_twice_at_once(
    workspace: Workspace, numbers: list[PhoneNumber], desk: AgentVersion, by: Actor, now: datetime
) -> None:
    shown = preview_bulk(workspace, ids(numbers), inbound=desk)
    barrier, outcomes = threading.Barrier(4), list[str]()

    def bulk(meant: list[str]) -> None:
        barrier.wait(5)
        try:
            assign_bulk(
                workspace,
                meant,
                inbound=desk,
                outbound=UNCHANGED,
                expected=shown.fingerprint,
                by=by,
                now=now,
            )
            outcomes.append("assigned")
        except Refusal as refusal:
            outcomes.append(refusal.code)

    orders = [ids(numbers), ids(numbers)[::-1]] * 2  # whatever order they come in: no deadlock
    for thread in [in_thread(bulk, order) for order in orders]:
        thread.join(10)
    assert sorted(outcomes) == ["assigned"] + ["bulk_nothing_to_change"] * 3
    assert len(routes(numbers[0])) == 1
    bulk_change = BulkRouting.objects.get()
    backs: list[int] = []

    def back() -> None:
        barrier.wait(5)
        try:
            backs.append(len(undo_bulk(bulk_change, by=by, now=now).restored))
        except Refusal:
            backs.append(-1)

    for thread in [in_thread(back) for _ in range(4)]:
        thread.join(10)
    assert sorted(backs) == [-1, -1, -1, 2]
    assert len(routes(numbers[0])) == 2

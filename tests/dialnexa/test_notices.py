"""Telling members …"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from dialnexa.access import Right
from dialnexa.models import Notice, NoticeCopy, User, Workspace
from dialnexa.notices import Telling, tell, tell_all
from tests.conftest import make_user

pytestmark = pytest.mark.django_db


def say(workspace: Workspace, now: datetime, **changes: Any) -> Notice | None:
    told: dict[str, Any] = {
        "reference": "kyc:1:verified",
        "right": Right.MANAGE,
        "title": "KYC verified",
        "body": "You can buy numbers in India.",
    }
    return tell(workspace, now=now, **{**told, **changes})


def told() -> list[str]:
    return sorted(NoticeCopy.objects.values_list("user__first_name", flat=True))


@pytest.fixture
def team(workspace: Workspace, bob: User) -> dict[str, User]:
    """Alice owns Acme and Bob is a member; Ada an admin, Vera a viewer, Gil an admin who was locked out."""
    people = {"Ada": "admin", "Vera": "viewer", "Gil": "admin"}
    users = {name: make_user(name, is_active=name != "Gil") for name in people}
    for name, role in people.items():
        workspace.memberships.create(user=users[name], role=role)
    return users


@pytest.mark.parametrize(
    ("right", "names"),
    [
        (Right.OWN, ["Alice"]),
        (Right.MANAGE, ["Ada", "Alice"]),
        (Right.OPERATE, ["Ada", "Alice", "Bob"]),
        (Right.SEE, ["Ada", "Alice", "Bob", "Vera"]),
    ],
)
def test_gives_a_copy_to_every_active_member_with_the_right(
    right: Right, names: list[str], workspace: Workspace, team: dict[str, User], now: datetime
) -> None:
    assert say(workspace, now, right=right)
    assert told() == names
    assert set(NoticeCopy.objects.values_list("next_mail_at", "read_at", "tries")) == {(now, None, 0)}


def test_tells_nothing_to_other_workspaces(
    workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    say(workspace, now)
    assert told() == ["Alice"]


def test_tells_once_under_a_reference(workspace: Workspace, team: dict[str, User], now: datetime) -> None:
    assert say(workspace, now)
    assert say(workspace, now + timedelta(days=1), title="Again") is None
    assert list(Notice.objects.values_list("title", "created_at")) == [("KYC verified", now)]
    assert told() == ["Ada", "Alice"]


def test_leaves_the_callers_transaction_usable_when_told_before(workspace: Workspace, now: datetime) -> None:
    with transaction.atomic():
        say(workspace, now)
        say(workspace, now)
        workspace.name = "Acme Ltd"
        workspace.save()
    assert Workspace.objects.get(pk=workspace.pk).name == "Acme Ltd"


def test_is_undone_with_the_callers_transaction(workspace: Workspace, now: datetime) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        say(workspace, now)
        raise RuntimeError
    assert not Notice.objects.exists()
    assert say(workspace, now)


def test_cuts_what_is_too_long_to_keep(workspace: Workspace, now: datetime) -> None:
    notice = say(workspace, now, title="t" * 200, body=f"a\x00{'b' * 2000}")
    assert notice
    assert (notice.title, len(notice.body)) == (f"{'t' * 159}…", 1000)


def test_goes_with_the_workspace(workspace: Workspace, alice: User, now: datetime) -> None:
    other = Workspace.objects.create(slug="gone", name="Gone")
    other.memberships.create(user=alice, role="owner")
    say(other, now)
    other.delete()
    assert (Notice.objects.count(), NoticeCopy.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_tells_once_when_several_begin_at_the_same_time(workspace: Workspace, now: datetime) -> None:
    barrier, results = threading.Barrier(4), []

    def begin() -> None:
        try:
            with transaction.atomic():
                barrier.wait()
                results.append(say(workspace, now))
        finally:
            connection.close()

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [notice is None for notice in results].count(False) == 1
    assert (Notice.objects.count(), told()) == (1, ["Alice"])


@pytest.mark.django_db(transaction=True)
def test_tells_after_one_who_was_first_and_failed(workspace: Workspace, now: datetime) -> None:
    told_first, results = threading.Event(), []

    def follow() -> None:
        try:
            told_first.wait(10)
            results.append(say(workspace, now, title="Second"))
        finally:
            connection.close()

    thread = threading.Thread(target=follow)
    thread.start()
    with pytest.raises(RuntimeError), transaction.atomic():
        say(workspace, now, title="First")
        told_first.set()
        thread.join(0.3)
        assert thread.is_alive()
        raise RuntimeError
    thread.join(10)
    assert [notice and notice.title for notice in results] == ["Second"]


def test_tells_many_at_once_and_each_of_them_once(
    workspace: Workspace, team: dict[str, User], now: datetime
) -> None:
    say(workspace, now, reference="b")
    many = [Telling(workspace, reference, Right.OWN, reference.upper(), "Body") for reference in "cba"]
    assert [notice.reference for notice in tell_all(many, now=now)] == ["a", "c"]
    copies = NoticeCopy.objects.order_by("notice__reference", "user__first_name").values_list(
        "notice__title", "user__first_name"
    )
    assert list(copies) == [
        ("A", "Alice"),
        ("KYC verified", "Ada"),
        ("KYC verified", "Alice"),
        ("C", "Alice"),
    ]

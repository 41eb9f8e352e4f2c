"""The default number …"""

from __future__ import annotations

import threading
from datetime import datetime

import pytest
from django.db import connections

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Workspace
from phone_numbers.defaults import set_default
from phone_numbers.models import PhoneNumber
from phone_numbers.releasing import release_number
from tests.numbers.rows import make_number


def defaults(workspace: Workspace) -> list[str]:
    return list(
        PhoneNumber.objects.filter(workspace=workspace, is_default=True).values_list("e164", flat=True)
    )


def events(number: PhoneNumber) -> list[tuple[str, str]]:
    entries = AuditEntry.objects.filter(subject_id=number.pk).order_by("id")
    return [(entry.event, entry.reason) for entry in entries]


@pytest.fixture
def number(workspace: Workspace) -> PhoneNumber:
    return make_number(workspace, "+12125550177")


def test_is_set_and_taken_away(workspace: Workspace, number: PhoneNumber, by: Actor, now: datetime) -> None:
    assert set_default(number, is_default=True, by=by, now=now)
    assert (number.is_default, defaults(workspace)) == (True, ["+12125550177"])
    assert set_default(number, is_default=False, by=by, now=now)
    assert (number.is_default, defaults(workspace)) == (False, [])
    assert events(number) == [("make_default", ""), ("end_default", "")]


def test_takes_the_place_of_the_other_with_history_on_both(
    workspace: Workspace, charlie_workspace: Workspace, number: PhoneNumber, by: Actor, now: datetime
) -> None:
    theirs = make_number(charlie_workspace, is_default=True)
    old = make_number(workspace, is_default=True)
    set_default(number, is_default=True, by=by, now=now)
    assert defaults(workspace) == [number.e164]
    assert defaults(charlie_workspace) == [theirs.e164]
    assert events(old) == [("end_default", "+12125550177 is the default now.")]
    assert events(number) == [("make_default", "")]


def test_records_nothing_when_nothing_changes(
    workspace: Workspace, number: PhoneNumber, by: Actor, now: datetime
) -> None:
    other = make_number(workspace, is_default=True)
    assert not set_default(number, is_default=False, by=by, now=now)
    assert not set_default(other, is_default=True, by=by, now=now)
    assert defaults(workspace) == [other.e164]
    assert not AuditEntry.objects.filter(subject_id__in=[number.pk, other.pk]).exists()


@pytest.mark.parametrize("status", ["pending", "failed", "releasing", "released"])
def test_is_never_a_number_that_is_not_active(
    workspace: Workspace, by: Actor, now: datetime, status: str
) -> None:
    old = make_number(workspace, is_default=True)
    number = make_number(workspace, status=status)
    with pytest.raises(Refusal) as refused:
        set_default(number, is_default=True, by=by, now=now)
    assert (refused.value.code, refused.value.status) == ("number_not_active", 409)
    assert (defaults(workspace), number.is_default) == ([old.e164], False)


@pytest.mark.django_db(transaction=True)
def test_is_one_when_several_people_choose_at_once(workspace: Workspace, by: Actor, now: datetime) -> None:
    make_number(workspace, is_default=True)
    numbers = [make_number(workspace) for _ in range(4)]
    barrier, broken = threading.Barrier(4), []

    def choose(number: PhoneNumber) -> None:
        try:
            barrier.wait(5)
            set_default(number, is_default=True, by=by, now=now)
        except Exception as error:
            broken.append(error)
            raise
        finally:
            connections.close_all()

    threads = [threading.Thread(target=choose, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert broken == []
    assert len(defaults(workspace)) == 1
    made = [number for number in numbers if ("make_default", "") in events(number)]
    assert len(made) == 4


def test_is_released_only_after_another_took_its_place(
    workspace: Workspace, number: PhoneNumber, by: Actor, now: datetime
) -> None:
    set_default(number, is_default=True, by=by, now=now)
    with pytest.raises(Refusal) as refused:
        release_number(number, by=by, now=now)
    assert (refused.value.code, refused.value.details["uses"]) == ("number_in_use", ["is_default"])
    set_default(make_number(workspace), is_default=True, by=by, now=now)
    release_number(number, by=by, now=now)
    assert PhoneNumber.objects.get(pk=number.pk).status == "releasing"

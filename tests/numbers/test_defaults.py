"""The default number …"""

from __future__ import annotations

import threading
from datetime import datetime

import pytest
from django.db import connections
from django.test import Client

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.releasing import release_number
from phone_numbers.routes.defaults import set_default
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


# --- on its page --------------------------------------------------------------------------------------


def address(number: PhoneNumber, what: str = "default") -> str:
    return f"/w/acme/numbers/{number.pk}/{what}/"


def test_is_chosen_on_the_page_and_marked_in_the_table(alice_client: Client, number: PhoneNumber) -> None:
    page = alice_client.get(f"/w/acme/numbers/{number.pk}/").content.decode()
    assert "Make it the default" in page
    answer = alice_client.post(address(number), {"is_default": "1"}, follow=True)
    page = answer.content.decode()
    assert "+1 212-555-0177 is the default number now." in page
    assert "Stop using it as the default" in page
    assert "Made the default number" in page
    assert ">Default</span>" in alice_client.get("/w/acme/numbers/").content.decode()
    answer = alice_client.post(address(number), {"is_default": "0"}, follow=True)
    assert "is no longer the default number." in answer.content.decode()


def test_keeps_its_number_from_being_released_until_another_takes_over(
    alice_client: Client, workspace: Workspace, number: PhoneNumber
) -> None:
    form = {"confirm": number.e164[-4:]}
    alice_client.post(address(number), {"is_default": "1"})
    answer = alice_client.post(address(number, "release"), form)
    assert answer.status_code == 409
    assert "Make another number the default first." in answer.content.decode()
    other = make_number(workspace, "+12125550178")
    alice_client.post(address(other), {"is_default": "1"})
    assert alice_client.post(address(number, "release"), form).status_code == 302
    assert PhoneNumber.objects.get(pk=number.pk).status == "releasing"
    assert defaults(workspace) == ["+12125550178"]


def test_is_not_offered_for_numbers_that_are_not_active(alice_client: Client, workspace: Workspace) -> None:
    number = make_number(workspace, "+12125550179", status="failed")
    assert "default" not in alice_client.get(f"/w/acme/numbers/{number.pk}/").content.decode().lower()
    answer = alice_client.post(address(number), {"is_default": "1"})
    assert answer.status_code == 409
    assert "Only an active number can be the default." in answer.content.decode()


def test_is_chosen_by_owners_and_admins_of_the_workspace(
    bob_client: Client,
    charlie_client: Client,
    workspace: Workspace,
    number: PhoneNumber,
    charlie_workspace: Workspace,
) -> None:
    form = {"is_default": "1"}
    assert "Make it the default" not in bob_client.get(f"/w/acme/numbers/{number.pk}/").content.decode()
    assert bob_client.post(address(number), form).status_code == 403
    for slug in ("acme", "chocolate"):
        assert charlie_client.post(address(number).replace("acme", slug), form).status_code == 404
    assert charlie_client.post("/w/chocolate/numbers/%00/default/", form).status_code == 404
    assert defaults(workspace) == []

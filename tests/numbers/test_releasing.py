"""Releasing a number …"""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from dialnexa import wallet
from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from phone_numbers.models import NumberOrder, PhoneNumber, Rental
from phone_numbers.releasing import protect_number, release_number, tell_carrier, uses_of
from phone_numbers.sweeping import take_due_releases
from telephony.models import Agent, AgentVersion
from tests.numbers.conftest import Carrier, Turned

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(order: NumberOrder, advance: Any) -> PhoneNumber:
    """An active, bought number that an agent answers."""
    order = advance(order)
    agent = Agent.objects.create(workspace=order.workspace, title="Front desk")
    version = AgentVersion.objects.create(
        agent=agent, workspace=order.workspace, number=1, status="published", runtime_url="wss://a.example/"
    )
    PhoneNumber.objects.filter(pk=order.number_id).update(inbound_version=version)
    return PhoneNumber.objects.get(pk=order.number_id)


def again(number: PhoneNumber) -> PhoneNumber:
    return PhoneNumber.objects.get(pk=number.pk)


def test_stops_calls_and_rent_at_once_and_gives_it_back(
    number: PhoneNumber, by: Any, clock: Turned, carrier: Carrier
) -> None:
    before = wallet.balance(number.workspace)
    release_number(number, by=by, now=clock.now, reason="Shop closed")
    number = again(number)
    assert (number.status, number.inbound_version_id) == ("releasing", None)
    assert Rental.objects.get(number=number).ended_at == clock.now
    assert carrier.owns(number.e164)
    tell_carrier(number.id, tell=clock)
    assert (again(number).status, again(number).released_at) == ("released", clock.now)
    assert not carrier.owns(number.e164)
    assert wallet.balance(number.workspace) == before
    events = [(entry.event, entry.reason) for entry in entries_about([number.id])][-3:]
    assert events == [
        ("route", "Released."),
        ("release", "Shop closed"),
        ("released", "Plivo has taken it back."),
    ]


def test_lets_the_number_be_bought_again_only_afterwards(
    number: PhoneNumber, by: Any, clock: Turned, carrier: Carrier
) -> None:
    from phone_numbers.models import PhoneNumber as Model

    release_number(number, by=by, now=clock.now)
    live = Model.objects.filter(e164=number.e164, status__in=Model.LIVE)
    assert live.count() == 1
    tell_carrier(number.id, tell=clock)
    assert live.count() == 0


@pytest.mark.parametrize(
    ("field", "code"), [("release_protection", "release_protected"), ("is_default", "is_default")]
)
def test_is_refused_with_what_still_uses_it(
    field: str, code: str, number: PhoneNumber, by: Any, clock: Turned, carrier: Carrier
) -> None:
    PhoneNumber.objects.filter(pk=number.pk).update(**{field: True})
    with pytest.raises(Refusal) as refused:
        release_number(number, by=by, now=clock.now)
    assert (refused.value.code, refused.value.status) == ("number_in_use", 409)
    assert refused.value.details["uses"] == [code]
    assert again(number).status == "active"
    assert Rental.objects.get(number=number).ended_at is None


def test_lists_every_use(number: PhoneNumber) -> None:
    number.is_default = number.release_protection = True
    assert [use.code for use in uses_of(number)] == ["release_protected", "is_default"]


def test_is_refused_while_it_is_being_bought(order: NumberOrder, by: Any, clock: Turned) -> None:
    with pytest.raises(Refusal, match="number_not_releasable"):
        release_number(order.number, by=by, now=clock.now)


def test_is_possible_when_the_carrier_refused_its_papers(
    order: NumberOrder, advance: Any, by: Any, clock: Turned, carrier: Carrier
) -> None:
    carrier.breaks("rejected", 1)
    number = advance(order).number
    number.refresh_from_db()
    release_number(number, by=by, now=clock.now)
    tell_carrier(number.id, tell=clock)
    assert again(number).status == "released"
    assert not carrier.owns(number.e164)


@pytest.mark.parametrize(
    "fault", ["error_before", "error_after", "sold_then_silent", "silent", "reset_after"]
)
def test_is_told_again_until_it_is_certain(
    fault: str, number: PhoneNumber, by: Any, clock: Turned, carrier: Carrier, settings: Any
) -> None:
    settings.CARRIERS["plivo"]["deadline"] = 0.5
    release_number(number, by=by, now=clock.now)
    carrier.breaks(fault, 3, on="release")
    tell_carrier(number.id, tell=clock)
    assert again(number).status == "releasing"
    assert again(number).status_reason.startswith("Plivo")
    assert take_due_releases(now=clock.now) == []
    clock.turn(seconds=settings.RELEASE_SOONEST)
    assert take_due_releases(now=clock.now) == [number.id]
    tell_carrier(number.id, tell=clock)
    assert again(number).status == "released"
    assert not carrier.owns(number.e164)


def test_does_nothing_the_second_time(number: PhoneNumber, by: Any, clock: Turned, carrier: Carrier) -> None:
    for _ in range(2):
        release_number(number, by=by, now=clock.now)
        tell_carrier(number.id, tell=clock)
        if again(number).status == "released":
            break
    with pytest.raises(Refusal, match="number_not_releasable"):
        release_number(number, by=by, now=clock.now)
    tell_carrier(number.id, tell=clock)
    assert carrier.requests("DELETE") == 1


def test_is_not_asked_for_by_a_worker_that_was_stopped_until_others_may_have_asked(
    number: PhoneNumber, by: Any, clock: Turned, carrier: Carrier, settings: Any
) -> None:
    release_number(number, by=by, now=clock.now)
    settings.RELEASE_SOONEST = 0  # whatever the worker does takes longer than its turn
    tell_carrier(number.id, tell=clock)
    assert (carrier.requests("DELETE"), again(number).status) == (0, "releasing")
    settings.RELEASE_SOONEST = 30.0
    tell_carrier(number.id, tell=clock)
    assert (carrier.requests("DELETE"), again(number).status) == (1, "released")


def test_asks_later_each_time(number: PhoneNumber, by: Any, clock: Turned, settings: Any) -> None:
    settings.CARRIERS["plivo"]["base_url"] = "http://127.0.0.1:9"
    release_number(number, by=by, now=clock.now)
    waits = []
    for _ in range(12):
        tell_carrier(number.id, tell=clock)
        due = again(number).next_release_at
        assert due is not None
        waits.append((due - clock.now).total_seconds())
        clock.now = due
    assert waits == sorted(waits)
    assert waits[0] == settings.RELEASE_SOONEST
    assert waits[-1] == settings.RELEASE_LATEST


def test_can_be_prevented_and_allowed_again(number: PhoneNumber, by: Any, clock: Turned) -> None:
    for protected in (True, True, False):
        protect_number(number, protected=protected, by=by, now=clock.now)
        assert again(number).release_protection is protected
    assert [e.event for e in entries_about([number.id])][-2:] == ["protect", "unprotect"]


# --- on its page ------------------------------------------------------------------------------------


def test_asks_for_the_last_four_digits(number: PhoneNumber, alice_client: Client) -> None:
    page = alice_client.post(f"/w/acme/numbers/{number.id}/release/", {"confirm": "0000"})
    assert page.status_code == 422
    assert f"Type {number.e164[-4:]} to release" in page.content.decode()
    assert again(number).status == "active"


def test_puts_the_cursor_where_it_was_refused(number: PhoneNumber, alice_client: Client) -> None:
    address = f"/w/acme/numbers/{number.pk}/release/"
    page = alice_client.post(address, {"confirm": "0000"}).content.decode()
    field = page[page.index('id="confirm"') :].partition(">")[0]
    assert "autofocus" in field
    assert 'aria-describedby="release-error"' in field


def test_works_from_the_page(number: PhoneNumber, alice_client: Client) -> None:
    page = alice_client.post(
        f"/w/acme/numbers/{number.id}/release/", {"confirm": number.e164[-4:], "reason": "Moved"}, follow=True
    )
    assert page.status_code == 200
    assert again(number).status == "releasing"
    assert "It costs nothing more." in page.content.decode()
    assert entries_about([number.id]).get(event="release").reason == "Moved"


def test_says_on_the_page_what_still_uses_it(number: PhoneNumber, alice_client: Client) -> None:
    alice_client.post(f"/w/acme/numbers/{number.id}/protect/", {"protected": "1"})
    page = alice_client.post(f"/w/acme/numbers/{number.id}/release/", {"confirm": number.e164[-4:]})
    assert page.status_code == 409
    assert "It is protected from release." in page.content.decode()
    assert again(number).status == "active"


def test_is_for_owners_and_admins_of_its_workspace(
    number: PhoneNumber, bob_client: Client, charlie_client: Client
) -> None:
    for address in ("release", "protect"):
        data = {"confirm": number.e164[-4:], "protected": "1"}
        assert bob_client.post(f"/w/acme/numbers/{number.id}/{address}/", data).status_code == 403
        assert charlie_client.post(f"/w/acme/numbers/{number.id}/{address}/", data).status_code == 404
        assert charlie_client.post(f"/w/chocolate/numbers/{number.id}/{address}/", data).status_code == 404
    assert again(number).status == "active"
    assert not again(number).release_protection


def test_is_rung_for_once_in_a_while(number: PhoneNumber, by: Any, clock: Turned, settings: Any) -> None:
    release_number(number, by=by, now=clock.now)
    assert take_due_releases(now=clock.now) == [number.id]
    assert take_due_releases(now=clock.now) == []
    assert take_due_releases(now=clock.now + timedelta(seconds=settings.RING_AGAIN)) == [number.id]


def test_leads_back_to_the_number_when_its_address_is_opened(
    number: PhoneNumber, alice_client: Client
) -> None:
    for address in ("release", "names"):
        page = alice_client.get(f"/w/acme/numbers/{number.id}/{address}/")
        assert (page.status_code, page["Location"]) == (302, f"/w/acme/numbers/{number.id}/")


@pytest.mark.django_db(transaction=True)
def test_is_asked_for_once_by_two_workers_at_the_same_time(
    number: PhoneNumber, by: Any, clock: Turned, carrier: Carrier
) -> None:
    release_number(number, by=by, now=clock.now)

    def work() -> None:
        try:
            tell_carrier(number.id, tell=clock)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    with transaction.atomic():  # both have begun, and neither has got anywhere
        PhoneNumber.objects.select_for_update().get(pk=number.pk)
        for worker in workers:
            worker.start()
        time.sleep(0.5)
    for worker in workers:
        worker.join()
    assert carrier.requests("DELETE") == 1
    assert again(number).status == "released"

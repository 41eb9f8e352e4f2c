"""A stray that is given back …"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from dialnexa.actors import Actor
from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Workspace
from phone_numbers.buying.outcomes import WORKER, record_sale
from phone_numbers.buying.strays import release_stray, take_due_strays, tell_carrier
from phone_numbers.management.commands import sweep
from phone_numbers.models import NumberOrder, PhoneNumber, StrayNumber
from phone_numbers.support import reject_by_staff, resolve_stray
from telephony.carriers import get_carrier
from telephony.carriers.base import NumberConfig, Offer
from telephony.models import CarrierExchange
from tests.numbers.conftest import Carrier, Turned, place
from tests.numbers.rows import make_number

pytestmark = pytest.mark.django_db


@pytest.fixture
def offer(offers: Iterator[Offer]) -> Offer:
    return next(offers)


@pytest.fixture
def stray(workspace: Workspace, offer: Offer, by: Actor, clock: Turned, carrier: Carrier) -> StrayNumber:
    """Sold to us after the order had been rejected."""
    order = place(workspace, offer, by, clock.now)
    reject_by_staff(order, by=by, now=clock.now, reason="Too early")
    sale = get_carrier("plivo").buy(order.e164, intent_id=order.id, config=NumberConfig())
    record_sale(NumberOrder.objects.get(pk=order.pk), sale, by=WORKER, now=clock.now, exchanges=[])
    return StrayNumber.objects.get()


def again(stray: StrayNumber) -> StrayNumber:
    return StrayNumber.objects.get(pk=stray.pk)


def release(stray: StrayNumber, by: Actor, clock: Turned) -> None:
    release_stray(stray, by=by, now=clock.now, reason="Nobody wants it")


def test_is_taken_back_by_its_own_id_and_resolved(
    stray: StrayNumber, by: Actor, clock: Turned, carrier: Carrier
) -> None:
    release(stray, by, clock)
    assert (again(stray).releasing_since, again(stray).resolved_at) == (clock.now, None)
    assert carrier.owns(stray.e164)
    assert take_due_strays(now=clock.now) == [stray.pk]
    tell_carrier(stray.pk, tell=clock)
    assert again(stray).resolved_at == clock.now
    assert not carrier.owns(stray.e164)
    told = [(entry.event, entry.reason) for entry in entries_about([stray.pk])]
    assert told == [("release", "Nobody wants it"), ("released", "Plivo has taken it back.")]
    exchange = CarrierExchange.objects.get(about=stray.pk)
    assert (exchange.method, exchange.url.rstrip("/").rpartition("/")[2]) == (
        "DELETE",
        stray.carrier_number_id,
    )


@pytest.mark.parametrize(
    "fault", ["error_before", "error_after", "sold_then_silent", "silent", "reset_after"]
)
def test_is_told_again_until_it_is_certain(
    fault: str, stray: StrayNumber, by: Actor, clock: Turned, carrier: Carrier, settings: Any
) -> None:
    settings.CARRIERS["plivo"]["deadline"] = 0.5
    release(stray, by, clock)
    carrier.breaks(fault, 3, on="release")
    tell_carrier(stray.pk, tell=clock)
    assert again(stray).resolved_at is None
    assert again(stray).release_note.startswith("The carrier")
    assert take_due_strays(now=clock.now) == []
    clock.turn(seconds=settings.RELEASE_SOONEST)
    assert take_due_strays(now=clock.now) == [stray.pk]
    tell_carrier(stray.pk, tell=clock)
    assert (again(stray).resolved_at, again(stray).release_note) == (clock.now, "")
    assert not carrier.owns(stray.e164)


def test_is_asked_for_once_however_often_the_bell_rings(
    stray: StrayNumber, by: Actor, clock: Turned, carrier: Carrier
) -> None:
    for _ in range(2):
        release(stray, by, clock)
    carrier.breaks("error_before", on="release")
    for _ in range(3):
        tell_carrier(stray.pk, tell=clock)
    assert carrier.requests("DELETE") == 1
    assert entries_about([stray.pk]).filter(event="release").count() == 1


def test_stays_when_it_is_a_live_number(
    stray: StrayNumber, by: Actor, clock: Turned, carrier: Carrier, workspace: Workspace
) -> None:
    number = make_number(workspace, stray.e164)
    with pytest.raises(Refusal, match="stray_in_use") as refused:
        release(stray, by, clock)
    assert number.pk in refused.value.sentence
    assert again(stray).releasing_since is None
    tell_carrier(stray.pk, tell=clock)
    assert carrier.owns(stray.e164)


def test_stays_when_it_has_become_a_live_number_meanwhile(
    stray: StrayNumber, by: Actor, clock: Turned, carrier: Carrier, workspace: Workspace
) -> None:
    release(stray, by, clock)
    make_number(workspace, stray.e164)  # by a way nobody thought of
    tell_carrier(stray.pk, tell=clock)
    assert carrier.requests("DELETE") == 0
    assert again(stray).releasing_since is None
    assert take_due_strays(now=clock.turn(days=1)) == []
    assert entries_about([stray.pk]).last().event == "release_stopped"  # type: ignore[union-attr]


def test_can_be_ordered_by_nobody_until_it_has_gone(
    stray: StrayNumber, by: Actor, clock: Turned, workspace: Workspace, offer: Offer
) -> None:
    release(stray, by, clock)
    before = PhoneNumber.objects.count()
    with pytest.raises(Refusal, match="just going back to the carrier"):
        place(workspace, offer, by, clock.now)
    assert PhoneNumber.objects.count() == before
    tell_carrier(stray.pk, tell=clock)
    assert place(workspace, offer, by, clock.now).status == "placed"


def test_may_be_ordered_while_nobody_gives_it_back(
    stray: StrayNumber,
    by: Actor,
    clock: Turned,
    workspace: Workspace,
    offer: Offer,
    carrier: Carrier,
    advance: Callable[[NumberOrder], NumberOrder],
) -> None:
    order = place(workspace, offer, by, clock.now)
    with pytest.raises(Refusal, match="stray_in_use"):
        release(stray, by, clock)
    assert carrier.owns(order.e164)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["order", "release"])
def test_waits_for_an_order_of_the_same_moment(
    first: str, stray: StrayNumber, by: Actor, clock: Turned, workspace: Workspace, offer: Offer
) -> None:
    deeds = {
        "order": lambda: place(workspace, offer, by, clock.now),
        "release": lambda: release(stray, by, clock),
    }
    refused: list[str] = []

    def come_second() -> None:
        try:
            deeds["release" if first == "order" else "order"]()
        except Refusal as refusal:
            refused.append(refusal.code)
        finally:
            connection.close()

    with transaction.atomic():
        deeds[first]()
        thread = threading.Thread(target=come_second)
        thread.start()
        thread.join(0.7)
        assert thread.is_alive()  # it waits for the stray's row
    thread.join()
    assert refused == ["stray_in_use" if first == "order" else "number_taken"]


def test_is_refused_once_it_is_resolved(
    stray: StrayNumber, by: Actor, clock: Turned, carrier: Carrier
) -> None:
    resolve_stray(stray, by=by, now=clock.now, reason="Given to Acme")
    with pytest.raises(Refusal, match="stray_resolved"):
        release(stray, by, clock)
    StrayNumber.objects.update(releasing_since=clock.now, next_release_at=clock.now)
    tell_carrier(stray.pk, tell=clock)
    assert carrier.requests("DELETE") == 0


def test_is_refused_when_its_carrier_is_not_connected(
    stray: StrayNumber, by: Actor, clock: Turned, settings: Any
) -> None:
    settings.CARRIERS = {}
    with pytest.raises(Refusal, match="carrier_not_configured"):
        release(stray, by, clock)


def test_is_rung_for_by_the_sweeper(
    stray: StrayNumber, by: Actor, clock: Turned, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[str, str]] = []

    def ring(task: Any, **ids: str) -> bool:
        rung.extend((task.name, pk) for pk in ids.values())
        return True

    monkeypatch.setattr(sweep, "ring", ring)
    release(stray, by, clock)
    sweep.sweep()
    assert ("phone_numbers.tasks.release_stray", stray.pk) in rung


# --- from the support desk ----------------------------------------------------------------------------


def test_is_given_back_from_its_page_with_a_reason(stray: StrayNumber, staff_client: Client) -> None:
    url = "/admin/numbers/straynumber/do/release/"
    page = f"/admin/numbers/straynumber/{stray.pk}/change/"
    assert [offer["label"] for offer in staff_client.get(page).context["offers"]] == [
        "Release at the carrier",
        "Mark as resolved",
    ]
    staff_client.post(url, {"id": stray.pk, "reason": ""})
    assert again(stray).releasing_since is None
    shown = staff_client.post(url, {"id": stray.pk, "reason": "Ticket 4711"}, follow=True).content.decode()
    assert again(stray).releasing_since is not None
    assert "Being given back" in shown
    entry = AuditEntry.objects.get(subject_id=stray.pk, event="release")
    assert (entry.channel, entry.reason) == ("staff", "Ticket 4711")
    tell_carrier(stray.pk)
    shown = staff_client.get(page).content.decode()
    assert "DELETE" in shown
    assert "Resolved" in shown


def test_says_whose_number_it_is_before_anybody_gives_it_back(
    stray: StrayNumber, staff_client: Client, workspace: Workspace, now: datetime
) -> None:
    make_number(workspace, stray.e164)
    shown = staff_client.get("/admin/numbers/straynumber/do/release/", {"id": stray.pk}).content.decode()
    assert "In use: it is Acme’s number, active." in shown

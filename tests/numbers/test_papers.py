"""A number whose papers the carrier refused …"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from dialnexa import audit, wallet
from dialnexa.actors import Actor, Channel
from dialnexa.api_keys import create_api_key
from dialnexa.audit import entries_about
from dialnexa.models import AuditEntry, LedgerEntry, User, Workspace
from dialnexa.spending import spent_this_month
from phone_numbers.buying.papers import confirm_number
from phone_numbers.history import tell as tell_history
from phone_numbers.models import NumberOrder, PhoneNumber, Rental
from phone_numbers.number_table.rows import read_row
from phone_numbers.number_table.table import row_of
from phone_numbers.releasing import protect_number, release_number, tell_carrier
from phone_numbers.sweeping import take_due_numbers, take_due_releases
from telephony.carriers import get_carrier
from telephony.carriers.base import NumberQuery, NumberType, Offer
from tests.numbers.conftest import Carrier, Turned, place

pytestmark = pytest.mark.django_db
BEFORE = Decimal(10_000)


@pytest.fixture
def refused(order: NumberOrder, advance: Any, carrier: Carrier) -> PhoneNumber:
    """Bought and charged; the carrier has refused its papers, and we have not asked yet."""
    carrier.breaks("rejected", 1)
    number = advance(order).number
    carrier.server.state.move_clock(2)
    return again(number)


@pytest.fixture
def looked_at(refused: PhoneNumber, clock: Turned) -> PhoneNumber:
    """The same, after we have asked for the first time."""
    confirm_number(refused.id, tell=clock)
    return again(refused)


def again(number: PhoneNumber) -> PhoneNumber:
    return PhoneNumber.objects.get(pk=number.pk)


def refunds() -> list[tuple[str, Decimal]]:
    return list(LedgerEntry.objects.filter(kind="refund").values_list("reference", "amount"))


def the_refund(number: PhoneNumber) -> list[tuple[str, Decimal]]:
    return [(f"refund:{number.order.id}", number.order.total)]


def wait_out(clock: Turned, settings: Any) -> datetime:
    return clock.turn(seconds=settings.PAPERS_GRACE)


def test_goes_back_and_returns_its_money_when_the_refusal_stands(
    looked_at: PhoneNumber, clock: Turned, carrier: Carrier, settings: Any
) -> None:
    assert wallet.balance(looked_at.workspace) == BEFORE - looked_at.order.total
    wait_out(clock, settings)
    assert take_due_numbers(now=clock.now) == [looked_at.id]
    confirm_number(looked_at.id, tell=clock)
    number = again(looked_at)
    assert (number.status, number.releasing_since) == ("releasing", clock.now)
    assert Rental.objects.get(number=number).ended_at == clock.now
    assert wallet.balance(number.workspace) == BEFORE
    assert refunds() == the_refund(number)
    assert take_due_releases(now=clock.now) == [number.id]
    assert carrier.owns(number.e164)
    tell_carrier(number.id, tell=clock)
    assert again(number).status == "released"
    assert not carrier.owns(number.e164)


def test_is_kept_while_support_may_still_mend_the_papers(
    looked_at: PhoneNumber, clock: Turned, carrier: Carrier, settings: Any
) -> None:
    clock.turn(seconds=settings.PAPERS_GRACE - 1)
    confirm_number(looked_at.id, tell=clock)
    number = again(looked_at)
    assert (number.status, refunds()) == ("pending", [])
    assert number.next_check_at == clock.now + timedelta(seconds=1)
    assert carrier.owns(number.e164)


def test_says_until_when_and_what_comes_back(looked_at: PhoneNumber, clock: Turned, settings: Any) -> None:
    from zoneinfo import ZoneInfo

    ends = (clock.now + timedelta(seconds=settings.PAPERS_GRACE)).astimezone(ZoneInfo("Asia/Kolkata"))
    assert f"until {ends:%-d %B, %H:%M}, the number goes back and ₹" in looked_at.status_reason
    clock.turn(hours=1)
    confirm_number(looked_at.id, tell=clock)
    assert again(looked_at).status_reason == looked_at.status_reason
    assert entries_about([looked_at.id]).filter(event="papers_refused").count() == 1


def test_is_switched_on_when_better_papers_are_accepted(
    looked_at: PhoneNumber, clock: Turned, carrier: Carrier, settings: Any
) -> None:
    answer_of_the_carrier(carrier, looked_at, "accepted")
    wait_out(clock, settings)
    confirm_number(looked_at.id, tell=clock)
    number = again(looked_at)
    assert (number.status, number.papers_refused_at, refunds()) == ("active", None, [])
    release_number(number, by=Actor(Channel.SYSTEM, "Test"), now=clock.now)
    assert refunds() == []


def test_has_its_grace_anew_when_papers_came_again(
    looked_at: PhoneNumber, clock: Turned, carrier: Carrier, settings: Any
) -> None:
    answer_of_the_carrier(carrier, looked_at, "submitted")
    clock.turn(hours=1)
    confirm_number(looked_at.id, tell=clock)
    assert again(looked_at).papers_refused_at is None
    assert "looking at new papers" in again(looked_at).status_reason
    assert NumberOrder.objects.get(number=looked_at).review_since is None
    answer_of_the_carrier(carrier, looked_at, "rejected")
    wait_out(clock, settings)
    confirm_number(looked_at.id, tell=clock)
    assert (again(looked_at).status, refunds()) == ("pending", [])
    assert again(looked_at).papers_refused_at == clock.now
    wait_out(clock, settings)
    confirm_number(looked_at.id, tell=clock)
    assert refunds() == the_refund(looked_at)


def answer_of_the_carrier(carrier: Carrier, number: PhoneNumber, papers: str) -> None:
    digits, state = number.e164[1:], carrier.server.state
    with state.locked() as contents:
        owned = contents.owned[digits]
        due = state.now() + (3600 * 24 * 365 if papers == "submitted" else -1)
        verdict = replace(owned.papers, verdict=papers, due=due)
        contents.owned[digits] = replace(owned, papers=verdict)


def test_decides_nothing_while_the_carrier_says_nothing(
    looked_at: PhoneNumber, clock: Turned, carrier: Carrier, settings: Any
) -> None:
    settings.CARRIERS["plivo"]["base_url"] = "http://127.0.0.1:9"
    wait_out(clock, settings)
    confirm_number(looked_at.id, tell=clock)
    assert (again(looked_at).status, refunds()) == ("pending", [])
    assert again(looked_at).papers_refused_at == looked_at.papers_refused_at


def test_returns_its_money_once_however_often_it_is_looked_at(
    looked_at: PhoneNumber, clock: Turned, by: Actor, settings: Any
) -> None:
    wait_out(clock, settings)
    for _ in range(3):
        confirm_number(looked_at.id, tell=clock)
        PhoneNumber.objects.filter(pk=looked_at.pk, status="pending").update(next_check_at=clock.now)
    release_number(looked_at, by=by, now=clock.now)
    assert refunds() == the_refund(looked_at)
    assert AuditEntry.objects.filter(subject_id=looked_at.id, event="refund").count() == 1


def test_goes_back_though_it_was_protected(
    looked_at: PhoneNumber, clock: Turned, by: Actor, settings: Any
) -> None:
    protect_number(looked_at, protected=True, by=by, now=clock.now)
    wait_out(clock, settings)
    confirm_number(looked_at.id, tell=clock)
    assert (again(looked_at).status, refunds()) == ("releasing", the_refund(looked_at))
    events = entries_about([looked_at.id]).values_list("event", flat=True)
    assert list(events)[-3:] == ["unprotect", "release", "refund"]


def test_changes_nothing_when_the_money_cannot_be_booked(
    looked_at: PhoneNumber, clock: Turned, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = audit.record

    def record(subject: Any, event: str, **rest: Any) -> Any:
        if event == "refund":
            raise ConnectionError
        return plain(subject, event, **rest)

    wait_out(clock, settings)
    monkeypatch.setattr(audit, "record", record)
    with pytest.raises(ConnectionError):
        confirm_number(looked_at.id, tell=clock)
    assert (again(looked_at).status, refunds()) == ("pending", [])
    monkeypatch.undo()
    settings.CARRIERS["plivo"]["base_url"] = settings.SANDBOX_URL
    confirm_number(looked_at.id, tell=clock)
    assert refunds() == the_refund(looked_at)


# --- given back by the customer -----------------------------------------------------------------------


def test_returns_its_money_when_the_customer_gives_it_back_first(
    looked_at: PhoneNumber, clock: Turned, by: Actor, carrier: Carrier
) -> None:
    release_number(looked_at, by=by, now=clock.now)
    assert refunds() == the_refund(looked_at)
    assert wallet.balance(looked_at.workspace) == BEFORE
    tell_carrier(looked_at.id, tell=clock)
    assert again(looked_at).status == "released"


def test_returns_its_money_when_the_refusal_was_on_its_way(
    refused: PhoneNumber, clock: Turned, by: Actor
) -> None:
    def released_meanwhile() -> datetime:
        release_number(refused, by=by, now=clock.now)
        assert refunds() == []
        return clock.now

    confirm_number(refused.id, tell=released_meanwhile)
    assert again(refused).status == "releasing"
    assert refunds() == the_refund(refused)


def test_costs_what_it_cost_when_it_is_given_back_before_anybody_refused(
    order: NumberOrder, advance: Callable[[NumberOrder], NumberOrder], carrier: Carrier, by: Actor, now: Any
) -> None:
    carrier.breaks("pending", 3600)
    number = advance(order).number
    confirm_number(number.id)
    release_number(number, by=by, now=now)
    assert refunds() == []
    assert wallet.balance(order.workspace) == BEFORE - order.total


@pytest.mark.django_db(transaction=True)
def test_returns_its_money_once_when_everybody_acts_at_once(
    looked_at: PhoneNumber, clock: Turned, by: Actor, settings: Any
) -> None:
    settings.CARRIERS["plivo"]["deadline"] = 5.0
    wait_out(clock, settings)
    go = threading.Barrier(5)
    failed: list[Exception] = []

    def act(release: bool) -> None:
        try:
            go.wait()
            if release:
                release_number(again(looked_at), by=by, now=clock.now)
            else:
                confirm_number(looked_at.id, tell=clock)
        except Exception as error:  # noqa: BLE001  shown by the assertion below
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(n < 2,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert refunds() == the_refund(looked_at)
    assert again(looked_at).status == "releasing"
    assert entries_about([looked_at.id]).filter(event="release").count() == 1


@pytest.mark.django_db(transaction=True)
def test_returns_its_money_when_the_refusal_is_written_during_the_release(
    refused: PhoneNumber, clock: Turned, by: Actor, settings: Any
) -> None:
    def learn() -> None:
        try:
            confirm_number(refused.id, tell=clock)
        finally:
            connection.close()

    with transaction.atomic():
        release_number(refused, by=by, now=clock.now)
        thread = threading.Thread(target=learn)
        thread.start()
        thread.join(0.7)
        assert thread.is_alive()  # it waits for the number's row
    thread.join()
    assert refunds() == the_refund(refused)


def test_does_not_count_towards_a_keys_cap_any_more(
    workspace: Workspace, alice: User, clock: Turned, carrier: Carrier, advance: Any, settings: Any
) -> None:
    key = create_api_key(
        workspace, "Bot", ["numbers:purchase"], by=Actor(Channel.SYSTEM, "T"), now=clock.now
    )[0]
    by = Actor(Channel.API, "Bot", alice, "req_key", key)
    query = NumberQuery(country="US", type=NumberType.LOCAL)
    offer: Offer = get_carrier("plivo").search(query, limit=1)[0]
    order = place(workspace, offer, by, clock.now)
    carrier.breaks("rejected", 0)
    number = advance(order).number
    confirm_number(number.id, tell=clock)
    assert spent_this_month(key, now=clock.now) == order.total
    release_number(number, by=by, now=clock.now)
    assert spent_this_month(key, now=clock.now) == 0


# --- what people read ---------------------------------------------------------------------------------


def test_tells_the_whole_story_in_its_history(looked_at: PhoneNumber, clock: Turned, settings: Any) -> None:
    wait_out(clock, settings)
    confirm_number(looked_at.id, tell=clock)
    told = [
        (event.sentence, event.who, event.entry.reason)
        for event in tell_history(entries_about([looked_at.id]))
    ]
    assert told[0][:2] == ("Setup and first month went back to the wallet", "DialNexa")
    assert told[0][2] == "₹92.00. Plivo refused the papers, and the number was never switched on."
    assert told[1] == (
        "Released: no calls and no rent from here on",
        "Purchase worker",
        "Plivo refused the papers for good.",
    )
    row = read_row(row_of(looked_at.workspace, looked_at.id) or looked_at, clock.now)
    assert (row.status, row.reason) == (
        "Releasing",
        "Plivo refused the papers for good. What the number cost is back in the wallet.",
    )


def test_says_on_its_page_that_the_money_comes_back(looked_at: PhoneNumber, alice_client: Client) -> None:
    page = alice_client.get(f"/w/acme/numbers/{looked_at.id}/").content.decode()
    assert "₹92.00 it cost goes back to the wallet at once" in page
    assert "is not returned" not in page
    alice_client.post(f"/w/acme/numbers/{looked_at.id}/release/", {"confirm": looked_at.e164[-4:]})
    page = alice_client.get(f"/w/acme/numbers/{looked_at.id}/").content.decode()
    assert "₹92.00 went back to the wallet on" in page
    assert "₹92.00 refunded" in page
    assert "<dt>Renews</dt>" not in page


def test_was_never_active_where_its_purchase_is_told(
    looked_at: PhoneNumber, clock: Turned, settings: Any
) -> None:
    def told() -> list[tuple[str, str]]:
        row = read_row(row_of(looked_at.workspace, looked_at.id) or looked_at, clock.now)
        return [(step.title, step.state) for step in row.steps]

    never = [("Placed", "done"), ("Bought", "done"), ("Papers refused", "failed")]
    assert told() == never
    wait_out(clock, settings)
    confirm_number(looked_at.id, tell=clock)
    assert told() == never


def test_returns_its_money_when_support_gives_it_back(looked_at: PhoneNumber, staff_client: Client) -> None:
    form = {"id": looked_at.id, "reason": "The customer asked"}
    page = staff_client.get("/admin/numbers/phonenumber/do/release/", {"id": looked_at.id}).content.decode()
    assert "₹92.00 goes back to the wallet" in page
    staff_client.post("/admin/numbers/phonenumber/do/release/", form)
    assert refunds() == the_refund(looked_at)

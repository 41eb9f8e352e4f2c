"""A number the carrier does not have any more …"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dialnexa.audit import entries_about
from dialnexa.models import Notice, User
from phone_numbers.drift.ghosts import confirm_ghost, take_due_ghosts
from phone_numbers.drift.recent import ask_about_recent
from phone_numbers.models import CarrierListing, CarrierSweep, Drift, PhoneNumber
from phone_numbers.releasing import release_number
from tests.conftest import AUTH_ID
from tests.numbers.conftest import Carrier, Turned
from tests.numbers.drift.conftest import Change, Own, Sweep, drifts

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost(own: Own, change: Change) -> PhoneNumber:
    """One of four that we show, which Plivo does not have."""
    numbers = [own() for _ in range(4)]
    change("disown", number=numbers[0].e164[1:])
    return numbers[0]


def again(number: PhoneNumber) -> PhoneNumber:
    return PhoneNumber.objects.get(pk=number.pk)


def confirm(clock: Turned) -> int:
    """Do what sweeper and worker do. Returns about how many numbers the carrier was asked."""
    due = take_due_ghosts(now=clock.now)
    for pk in due:
        confirm_ghost(pk, tell=clock)
    return len(due)


def test_is_marked_after_two_sweeps_and_a_look(lost: PhoneNumber, sweep: Sweep, clock: Turned) -> None:
    sweep()
    assert (drifts(), confirm(clock)) == ([("ghost", "open", False)], 0)
    sweep()
    assert (drifts(), again(lost).missing_since) == ([("ghost", "open", True)], None)
    assert confirm(clock) == 1
    assert again(lost).missing_since == clock.now
    assert confirm(clock) == 0
    assert [entry.event for entry in entries_about([lost.pk])] == ["missing"]
    [notice] = Notice.objects.filter(workspace=lost.workspace)
    assert "does not work at the moment" in notice.title
    assert list(PhoneNumber.objects.exclude(missing_since=None)) == [lost]


def test_is_not_marked_where_the_list_has_a_hole(
    lost: PhoneNumber, sweep: Sweep, clock: Turned, change: Change
) -> None:
    sweep()
    sweep()
    change("own", number=lost.e164[1:], account=AUTH_ID)
    assert confirm(clock) == 1
    assert (again(lost).missing_since, drifts()) == (None, [("ghost", "gone", True)])


def test_is_asked_about_again_when_the_carrier_is_away(
    lost: PhoneNumber, sweep: Sweep, clock: Turned, carrier: Carrier
) -> None:
    sweep()
    sweep()
    carrier.breaks("error_before", on="get")
    assert confirm(clock) == 1
    assert again(lost).missing_since is None
    clock.turn(minutes=6)
    assert confirm(clock) == 1
    assert again(lost).missing_since == clock.now


def test_is_unmarked_when_it_comes_back(
    lost: PhoneNumber, sweep: Sweep, clock: Turned, change: Change, alice: User
) -> None:
    sweep()
    sweep()
    confirm(clock)
    change("own", number=lost.e164[1:], account=AUTH_ID)
    change("alter", number=lost.e164[1:], monthly="0.8")
    sweep()
    assert (again(lost).missing_since, drifts()) == (None, [("ghost", "gone", True)])
    assert [entry.event for entry in entries_about([lost.pk])] == ["missing", "found_again"]
    assert sorted(notice.title[-12:] for notice in Notice.objects.all()) == [" works again", "t the moment"]


def test_is_left_alone_while_it_is_given_back(
    lost: PhoneNumber, sweep: Sweep, clock: Turned, by: Any
) -> None:
    release_number(lost, by=by, now=clock.now)
    sweep()
    assert drifts() == []


def test_counts_as_released_after_two_lists_without_it(
    lost: PhoneNumber, sweep: Sweep, clock: Turned, by: Any
) -> None:
    release_number(lost, by=by, now=clock.now)
    sweep()
    assert again(lost).status == "releasing"
    sweep()
    assert (again(lost).status, again(lost).released_at) == ("released", clock.now)


@pytest.mark.parametrize("field", ["created_at", "activated_at"])
def test_is_left_alone_when_it_was_bought_just_before(
    field: str, lost: PhoneNumber, sweep: Sweep, clock: Turned
) -> None:
    PhoneNumber.objects.filter(pk=lost.pk).update(**{field: clock.now + timedelta(minutes=10)})
    sweep()
    assert drifts() == []


def test_says_nothing_of_numbers_that_never_were_at_a_carrier(own: Own, sweep: Sweep) -> None:
    own()
    own(carrier="sip_trunk")
    own(carrier_number_id="", status="pending")
    sweep()
    assert drifts(kind="ghost") == []


def test_is_not_believed_among_too_many(own: Own, change: Change, sweep: Sweep, clock: Turned) -> None:
    numbers = [own() for _ in range(8)]
    change("own", number="14155550001", account=AUTH_ID)
    for number in numbers[:4]:
        change("disown", number=number.e164[1:])
    for _ in range(2):
        done = sweep()
        done.refresh_from_db()
        assert (done.complete, drifts()) == (True, [])
        assert done.alarm.startswith("Plivo’s list lacks 4 of our 8 numbers. Nothing was marked")
    assert confirm(clock) == 0
    assert not CarrierListing.objects.exists()


def test_is_not_believed_when_it_is_the_only_one(own: Own, change: Change, sweep: Sweep) -> None:
    change("disown", number=own().e164[1:])
    done = sweep()
    assert (CarrierSweep.objects.get(pk=done.pk).alarm != "", drifts()) == (True, [])


def test_is_believed_among_many_others(own: Own, change: Change, sweep: Sweep, settings: Any) -> None:
    settings.DRIFT_GHOST_SHARE = 0.5
    numbers = [own() for _ in range(8)]
    for number in numbers[:4]:
        change("disown", number=number.e164[1:])
    sweep()
    assert drifts() == [("ghost", "open", False)] * 4


def test_is_not_marked_when_many_are_marked_already(own: Own, change: Change, clock: Turned) -> None:
    """Another account denies every number that is asked for, one by one."""
    numbers = [own(activated_at=clock.now) for _ in range(6)]
    for number in numbers:
        change("disown", number=number.e164[1:])
    for _ in range(2):
        clock.turn(minutes=31)
        ask_about_recent("plivo", tell=clock)
    assert drifts() == [("ghost", "open", True)] * 6
    assert confirm(clock) == 6
    assert PhoneNumber.objects.exclude(missing_since=None).count() == 3


def test_keeps_the_listings_of_two_sweeps(own: Own, sweep: Sweep) -> None:
    own()
    ids = [sweep().pk for _ in range(4)]
    assert set(CarrierListing.objects.values_list("sweep", flat=True)) == set(ids[2:])


def test_is_another_rental_under_another_id(own: Own, sweep: Sweep) -> None:
    number = own()
    PhoneNumber.objects.filter(pk=number.pk).update(carrier_number_id="14155559999", carrier_monthly_cost=9)
    sweep()
    assert drifts() == [("swapped", "open", False)]
    told = Drift.objects.get().evidence
    assert told == [f"Plivo has it as {number.e164[1:]}; we have it as 14155559999."]

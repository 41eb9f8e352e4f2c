"""A sweep …"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from celery import current_app

from dialnexa import doorbell
from dialnexa.models import Workspace
from phone_numbers.drift.ghosts import confirm_ghost, take_due_ghosts
from phone_numbers.drift.sweeps import begin_nightly, begin_sweep, read_on, take_due_sweeps
from phone_numbers.management.commands import sweep as sweeper
from phone_numbers.models import CarrierListing, CarrierSweep, Drift, PhoneNumber
from telephony.models import CarrierExchange
from tests.conftest import ACCOUNTS, AUTH_ID
from tests.numbers.conftest import Carrier, Turned
from tests.numbers.drift.conftest import Change, Own, Sweep, drifts
from tests.numbers.rows import make_number

pytestmark = pytest.mark.django_db


def test_finds_nothing_where_both_sides_agree(own: Own, sweep: Sweep) -> None:
    number = own()
    done = sweep()
    assert (done.complete, done.counted, done.told_total, done.pages) == (True, 1, 1, 1)
    assert drifts() == []
    listing = CarrierListing.objects.get(sweep=done)
    assert (listing.e164, listing.carrier_number_id) == (number.e164, number.carrier_number_id)


def test_reads_every_page(own: Own, sweep: Sweep, change: Change) -> None:
    change("mode", longest_page=2)
    numbers = [own() for _ in range(5)]
    done = sweep()
    assert (done.complete, done.pages, done.counted) == (True, 3, 5)
    assert set(done.listings.values_list("e164", flat=True)) == {number.e164 for number in numbers}


def test_sees_an_orphan_and_believes_it_the_second_time(own: Own, sweep: Sweep, change: Change) -> None:
    own()
    change("own", number="14155550001", account=AUTH_ID)
    change("alter", number="14155550001", monthly="1.15")
    sweep()
    assert drifts() == [("orphan", "open", False)]
    sweep()
    assert drifts() == [("orphan", "open", True)]
    drift = Drift.objects.get()
    assert (drift.e164, drift.monthly_cost, drift.currency) == (
        "+14155550001",
        Decimal("1.15"),
        "USD",
    )
    assert drift.evidence[1:] == [
        "No order for it is known here.",
        "No live number of ours stands for it.",
    ]


def test_does_not_agree_with_one_begun_too_soon_after_it(own: Own, change: Change, clock: Turned) -> None:
    own()
    change("own", number="14155550001", account=AUTH_ID)
    for _ in range(2):
        clock.turn(seconds=599)
        read_on(begin_sweep("plivo", now=clock.now).pk, tell=clock)
    assert drifts() == [("orphan", "open", False)]


@pytest.mark.parametrize(
    ("altered", "kind", "told"),
    [
        ({"monthly": "1.20"}, "price", "Plivo charges $1.20 a month; we reckon with $0.80."),
        ({"app_id": ""}, "route", "Its calls go to nowhere at Plivo; we had pointed them at app1."),
        (
            {"papers": "rejected"},
            "compliance",
            "We show it as active; Plivo says that its papers are refused.",
        ),
    ],
)
def test_finds_what_was_changed_at_the_carrier(
    altered: dict[str, Any], kind: str, told: str, own: Own, sweep: Sweep, change: Change, clock: Turned
) -> None:
    number = own(carrier_route="app1", route_set_at=clock.now)
    change("alter", number=number.e164[1:], app_id="app1")
    sweep()
    assert drifts() == []
    change("alter", number=number.e164[1:], **altered)
    for _ in range(2):
        sweep()
    assert drifts() == [(kind, "open", True)]
    drift = Drift.objects.get()
    assert (drift.evidence, drift.number) == ([told], number)


@pytest.mark.parametrize(
    ("ours", "currency", "cost"),
    [("0.80", "USD", Decimal("0.40")), ("2.00", "USD", Decimal("-0.80")), ("90", "INR", None)],
)
def test_sums_the_difference_of_a_price_not_the_price(
    ours: str, currency: str, cost: Decimal | None, own: Own, sweep: Sweep, change: Change
) -> None:
    number = own(carrier_monthly_cost=Decimal(ours), carrier_currency=currency)
    change("alter", number=number.e164[1:], monthly="1.20")
    sweep()
    drift = Drift.objects.get()
    assert (drift.kind, drift.monthly_cost, drift.carrier_price) == ("price", cost, Decimal("1.20"))


def test_forgets_what_has_gone_by_itself(own: Own, sweep: Sweep, change: Change) -> None:
    number = own()
    change("alter", number=number.e164[1:], monthly="1.20")
    sweep()
    change("alter", number=number.e164[1:], monthly="0.8")
    sweep()
    assert drifts() == [("price", "gone", False)]


def test_counts_anew_when_it_is_another_difference(own: Own, sweep: Sweep, change: Change) -> None:
    number = own()
    for monthly in ("1.20", "1.30"):
        change("alter", number=number.e164[1:], monthly=monthly)
        sweep()
    assert drifts() == [("price", "open", False)]
    sweep()
    assert drifts() == [("price", "open", True)]
    assert "$1.30" in Drift.objects.get().fact


# --- incomplete lists -------------------------------------------------------------------------------


@pytest.mark.parametrize("lists", ["short", "shifting"])
def test_changes_nothing_when_the_list_is_incomplete(
    lists: str, own: Own, sweep: Sweep, change: Change
) -> None:
    numbers = [own() for _ in range(3)]
    change("alter", number=numbers[0].e164[1:], monthly="1.20")
    for _ in range(2):
        sweep()
    before = list(Drift.objects.values())
    change("alter", number=numbers[0].e164[1:], monthly="0.8")  # would be gone
    change("disown", number=numbers[1].e164[1:])  # would be a ghost
    change("mode", lists=lists)
    done = sweep()
    assert (done.complete, bool(done.finished_at)) == (False, True)
    assert done.problem.endswith("It was begun 3 times.")
    assert list(Drift.objects.values()) == before
    assert not CarrierListing.objects.filter(sweep=done).exists()


@pytest.fixture(params=["twilio", "signalwire"])
def untotalled(
    request: Any, workspace: Workspace, others: None, change: Change, sweep: Sweep, clock: Turned
) -> str:
    """A carrier that says nowhere how many numbers there are, four of which we have here, too."""
    change("mode", longest_page=2)
    for n in range(4):
        change("own", number=f"1415555020{n}", account=ACCOUNTS[request.param])
    for listing in sweep(request.param).listings.all():
        told = {"carrier": request.param, "carrier_number_id": listing.carrier_number_id}
        make_number(workspace, listing.e164, **told, created_at=clock.now - timedelta(days=2))
    sweep(request.param)
    return str(request.param)


def test_gives_up_a_list_that_shifts_though_no_total_is_named(
    untotalled: str, sweep: Sweep, change: Change
) -> None:
    change("disown", number="14155550200")
    before = list(Drift.objects.values())
    change("mode", lists="shifting")
    done = sweep(untotalled)
    assert (done.complete, bool(done.finished_at)) == (False, True)
    assert done.problem == "The list names a number twice. It was begun 3 times."
    assert list(Drift.objects.values()) == before


def test_takes_no_number_for_lost_because_a_list_without_a_total_is_short(
    untotalled: str, sweep: Sweep, change: Change, clock: Turned
) -> None:
    change("mode", lists="short")
    for _ in range(2):
        assert sweep(untotalled).complete
    assert drifts(kind="ghost") == [("ghost", "open", True)]
    for pk in take_due_ghosts(now=clock.now):
        confirm_ghost(pk, tell=clock)
    assert drifts(kind="ghost") == [("ghost", "gone", True)]
    assert not PhoneNumber.objects.filter(missing_since__isnull=False).exists()


def test_begins_anew_when_a_number_was_bought_while_it_read(own: Own, change: Change, clock: Turned) -> None:
    change("mode", longest_page=2)
    for _ in range(3):
        own()
    clock.turn(minutes=16)
    sweep = read_on(begin_sweep("plivo", now=clock.now).pk, tell=clock, budget=0)
    assert (sweep.pages, sweep.counted) == (1, 2)
    change("own", number="14155550001", account=AUTH_ID)
    sweep = read_on(sweep.pk, tell=clock)
    assert (sweep.complete, sweep.starts, sweep.counted) == (True, 2, 4)


def test_reads_on_where_a_worker_died(own: Own, change: Change, clock: Turned, carrier: Carrier) -> None:
    change("mode", longest_page=2)
    for _ in range(4):
        own()
    clock.turn(minutes=16)
    sweep = read_on(begin_sweep("plivo", now=clock.now).pk, tell=clock, budget=0)
    asked = carrier.requests("GET")
    CarrierSweep.objects.filter(pk=sweep.pk).update(next_run_at=clock.turn(minutes=2))  # its lease
    assert read_on(sweep.pk, tell=clock).complete
    assert carrier.requests("GET") == asked + 1


def test_tries_again_when_the_carrier_is_away(
    own: Own, change: Change, clock: Turned, carrier: Carrier
) -> None:
    own()
    carrier.breaks("error_before", on="list")
    clock.turn(minutes=16)
    sweep = read_on(begin_sweep("plivo", now=clock.now).pk, tell=clock)
    assert (sweep.finished_at, sweep.problem[:11]) == (None, "The carrier")
    assert CarrierExchange.objects.get(about=sweep.pk).status == 500
    assert take_due_sweeps(now=clock.now) == []
    assert take_due_sweeps(now=clock.turn(seconds=31)) == [sweep.pk]
    assert read_on(sweep.pk, tell=clock).complete


def test_gives_up_a_carrier_that_refuses(own: Own, clock: Turned, settings: Any) -> None:
    own()
    settings.CARRIERS["plivo"]["auth_token"] = "wrong"
    sweep = read_on(begin_sweep("plivo", now=clock.now).pk, tell=clock)
    assert (sweep.complete, sweep.problem[:42]) == (False, "The carrier did not accept our credentials")
    assert drifts() == []


# --- when -------------------------------------------------------------------------------------------


def test_runs_once_at_a_time(sandbox: Any, clock: Turned) -> None:
    first, second = (begin_sweep("plivo", now=clock.now) for _ in range(2))
    assert first == second


def test_is_begun_once_a_night_for_each_carrier(sandbox: Any, clock: Turned, settings: Any) -> None:
    settings.DRIFT_HOUR = 2
    clock.now = clock.now.replace(hour=1, minute=0)
    assert begin_nightly(now=clock.now) == list(settings.CARRIERS) != []
    assert begin_nightly(now=clock.turn(minutes=30)) == []
    CarrierSweep.objects.update(finished_at=clock.now, next_run_at=None)
    assert begin_nightly(now=clock.turn(hours=1)) == list(settings.CARRIERS)
    assert begin_nightly(now=clock.turn(hours=23)) == []


def test_is_begun_by_the_sweeper_and_waits_for_the_broker(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:9/0")
    doorbell._line.cache_clear()
    sweeper.sweep()
    doorbell._line.cache_clear()
    begun = CarrierSweep.objects.filter(finished_at=None).values_list("carrier", flat=True)
    assert sorted(begun) == sorted(settings.CARRIERS)

"""A batch that runs, over a real network …"""

from __future__ import annotations

import threading
from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.db import connection

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, Workspace
from kyc.models import KycCase
from phone_numbers.batch_dialling.ending import cancel_batch, hang_up_calls, pause_batch, resume_batch
from phone_numbers.batch_dialling.hours import next_midnight
from phone_numbers.batch_dialling.progress import progress_of
from phone_numbers.batch_dialling.running import advance_batch
from phone_numbers.calls.dialling import advance_call
from phone_numbers.models import PhoneNumber
from phone_numbers.sweeping import take_due_hang_ups
from telephony.models import BatchCall, BatchRow, Call, WorkspaceNetworkGroup
from tests.numbers.batches.conftest import EDGES, GOOD, Dialler
from tests.numbers.calls.carriers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
BUSY, SILENT, FAILS = EDGES
MINUTE = Decimal("1.25")


def statuses(*batches: BatchCall) -> list[str]:
    found = dict(BatchCall.objects.values_list("pk", "status"))
    return [found[batch.pk] for batch in batches]


def test_calls_everybody_and_counts_how_it_went(line: Dialler) -> None:
    before = wallet.balance(line.workspace)
    refused = [f"+4420794600{n}" for n in range(10, 17)]
    batch = line.upload([*GOOD, *EDGES, *refused])
    line.start(batch)
    WorkspaceNetworkGroup.objects.filter(network_group__country="GB").update(enabled=False)
    over = line.finish(batch)
    assert (over.status, over.next_run_at) == ("completed", None)
    assert over.finished_at
    assert line.states(batch) == {"done": 20, "failed": 3, "refused": 7}
    assert line.calls(batch) == dict.fromkeys([*GOOD, *EDGES], 1)
    row = BatchRow.objects.get(batch=batch, e164=BUSY)
    assert (row.reason_code, row.tries, row.call and row.call.status) == ("busy", 1, "busy")
    told = set(BatchRow.objects.filter(state="refused").values_list("reason_code", flat=True))
    assert told == {"country_not_enabled"}
    assert wallet.balance(line.workspace) == before - 20 * MINUTE
    line.assert_money_is_settled()
    events = AuditEntry.objects.filter(subject_id=batch.pk).order_by("id").values_list("event", flat=True)
    assert list(events) == ["upload", "queue", "begin", "complete"]


def test_gives_the_agent_each_rows_variables(line: Dialler) -> None:
    batch = line.upload(GOOD[:2])
    line.start(batch)
    line.finish(batch)
    calls = Call.objects.filter(batch=batch).order_by("batch_row")
    assert [(call.batch_row, call.metadata) for call in calls] == [
        (2, {"name": "Guest 2"}),
        (3, {"name": "Guest 3"}),
    ]


def test_never_has_more_calls_in_the_air_than_were_allowed(line: Dialler, settings: LazySettings) -> None:
    line.network.state.set_mode(talk_seconds=3600)
    batch = line.start(at_once=3)
    for _ in range(3):
        line.work(batch)
        assert Call.objects.filter(status__in=Call.OPEN).count() == 3
    settings.CALLS_AT_ONCE = 4
    other = line.start(line.upload(title="Others"), at_once=4)
    assert line.work(other) == []


def test_tries_again_who_was_not_reached_and_no_more_often_than_said(line: Dialler) -> None:
    batch = line.start(line.upload([GOOD[0], *EDGES]), attempts=3, retry_minutes=30)
    line.finish(batch)
    assert line.calls(batch) == {GOOD[0]: 1, BUSY: 3, SILENT: 3, FAILS: 3}
    times = Call.objects.filter(to_text=BUSY).order_by("created_at").values_list("created_at", flat=True)
    assert times[1] - times[0] >= timedelta(minutes=29)
    assert line.states(batch) == {"done": 1, "failed": 3}
    line.assert_money_is_settled()


def test_rings_nobody_twice_when_two_run_at_once(line: Dialler) -> None:
    batch = line.start(at_once=3)

    def run() -> None:
        for pk in advance_batch(batch.pk, tell=line.clock):
            advance_call(pk, tell=line.clock)
        connection.close()

    for _ in range(8):
        runners = [threading.Thread(target=run) for _ in range(3)]
        for runner in runners:
            runner.start()
        for runner in runners:
            runner.join()
        assert Call.objects.filter(batch=batch, status__in=Call.OPEN).count() <= 3
    line.finish(batch)
    assert line.calls(batch) == dict.fromkeys([*GOOD, *EDGES], 1)
    assert Call.objects.filter(batch=batch).count() == 23
    line.assert_money_is_settled()


def test_pauses_dials_no_more_and_goes_on(line: Dialler) -> None:
    line.network.state.set_mode(talk_seconds=200)
    batch = line.start(at_once=2)
    line.work(batch)
    pause_batch(batch, by=line.by, now=line.clock(), reason="Lunch.")
    assert line.work(batch) == []
    line.wait_until_over(batch)
    assert line.states(batch) == {"waiting": 21, "done": 2}
    line.network.state.set_mode(talk_seconds=20)
    resume_batch(batch, by=line.by, now=line.clock())
    assert line.finish(batch).status == "completed"
    assert line.calls(batch) == dict.fromkeys([*GOOD, *EDGES], 1)
    entry = AuditEntry.objects.get(subject_id=batch.pk, event="pause")
    assert (entry.actor_name, entry.reason) == ("Alice", "Lunch.")


def test_cancels_whoever_waits_and_hangs_up_when_asked(line: Dialler) -> None:
    line.network.state.set_mode(talk_seconds=3600)
    batch = line.start(at_once=2, attempts=4)
    line.work(batch)
    wait_until(lambda: Call.objects.filter(status="received").count() == 2)
    cancel_batch(batch, by=line.by, now=line.clock())
    assert line.states(batch) == {"calling": 2, "failed": 21}
    batch.refresh_from_db()
    widths = {name: width for name, _, width in progress_of(batch, now=line.clock()).parts}
    assert widths["failed"] == 0  # nobody was tried in vain
    assert widths["cancelled"] > 90
    assert hang_up_calls(batch.pk, by=line.by, now=line.clock()) == 0
    line.wait_until_over(batch)
    assert line.states(batch)["calling"] == 0
    assert line.work(batch) == []
    line.assert_money_is_settled()


def test_tries_nobody_again_once_it_is_cancelled(line: Dialler) -> None:
    batch = line.start(line.upload([SILENT]), attempts=4)
    line.work(batch)
    cancel_batch(batch, by=line.by, now=line.clock())
    line.wait_until_over(batch)
    assert line.states(batch) == {"failed": 1}


def test_stops_by_itself_when_failures_pile_up(line: Dialler, settings: LazySettings) -> None:
    line.network.state.set_mode(ring_seconds=0)
    failing = [f"+1{area}5558003" for area in range(201, 232) if area not in (211,)]
    batch = line.start(line.upload(failing))
    over = line.finish(batch)
    assert (over.status, over.reason_code) == ("paused", "carrier_failing")
    assert "calls failed at the carrier" in over.reason
    assert 20 <= Call.objects.filter(batch=batch).count() <= 25
    placed = Call.objects.filter(batch=batch).count()
    line.clock.turn(seconds=60)
    resume_batch(batch, by=line.by, now=line.clock())
    line.finish(batch)
    assert Call.objects.filter(batch=batch).count() > placed  # what was before the resuming is forgiven


def test_pauses_when_the_money_is_gone_and_says_where_to_mend_it(line: Dialler) -> None:
    batch = line.start()
    rest = wallet.balance(line.workspace) - Decimal(1)
    wallet.hold(line.workspace, rest, subject="other", memo="", by=SYSTEM, now=line.clock())
    over = line.finish(batch)
    assert (over.status, over.reason_code, over.fix) == ("paused", "wallet_insufficient", "wallet")
    assert line.states(batch) == {"waiting": 23}


def test_pauses_when_its_number_has_gone_to_another_workspace(
    line: Dialler, charlie_workspace: Workspace
) -> None:
    batch = line.start()
    PhoneNumber.objects.filter(pk=line.number.pk).update(workspace=charlie_workspace)
    over = line.finish(batch)
    assert (over.status, over.reason_code) == ("paused", "number_not_found")
    assert not Call.objects.exists()


def test_pauses_when_the_workspace_may_not_call_any_more(line: Dialler) -> None:
    batch = line.start()
    KycCase.objects.filter(workspace=line.workspace).delete()
    over = line.finish(batch)
    assert (over.status, over.reason_code, over.fix) == ("paused", "kyc_not_verified", "kyc")
    assert line.states(batch) == {"waiting": 23}


def test_runs_one_at_a_time_and_the_next_begins_by_itself(line: Dialler) -> None:
    first = line.start(line.upload(GOOD[:3], "First"))
    second = line.start(line.upload(GOOD[3:6], "Second"))
    line.work(second)
    line.work(first)
    line.work(second)
    assert statuses(first, second) == ["running", "waiting"]
    line.finish(first)
    second.refresh_from_db()
    assert second.next_run_at is not None
    assert second.next_run_at <= line.clock()
    line.finish(second)
    assert line.calls(second) == dict.fromkeys(GOOD[3:6], 1)


def test_leaves_the_turn_to_others_outside_its_calling_hours(line: Dialler) -> None:
    line.network.state.set_mode(talk_seconds=3600)
    line.clock.now = line.clock().replace(hour=11, minute=0, second=0, microsecond=0)
    office = {"hours_begin": time(9), "hours_end": time(12), "time_zone": "UTC"}
    first = line.start(line.upload(GOOD[:3], "Mornings"), at_once=1, **office)
    second = line.start(line.upload(GOOD[3:6], "Always"))
    line.work(first)
    line.clock.now = line.clock().replace(hour=12)
    line.work(first)
    assert statuses(first, second) == ["running", "waiting"]  # somebody is still talking
    hang_up_calls(first.pk, by=line.by, now=line.clock())
    line.wait_until_over(first)
    line.work(first)
    first.refresh_from_db()
    nine = line.clock().replace(hour=9) + timedelta(days=1)
    assert (first.status, first.rests_until, first.next_run_at) == ("waiting", nine, nine)
    assert first.reason_code == "outside_calling_hours"
    line.network.state.set_mode(talk_seconds=20)
    assert line.finish(second).status == "completed"
    assert line.work(first) == []
    assert statuses(first, second) == ["waiting", "completed"]
    line.clock.now = nine
    assert line.finish(first).status == "completed"
    assert (first.rests_until, first.reason) == (None, "")
    assert set(line.calls(first).values()) == {1}


def test_does_not_even_begin_outside_its_calling_hours(dialler: Dialler) -> None:
    dialler.clock.now = dialler.clock().replace(hour=20)
    office = {"hours_begin": time(9), "hours_end": time(12), "time_zone": "UTC"}
    first = dialler.start(dialler.upload(GOOD[:3], "Mornings"), **office)
    second = dialler.start(dialler.upload(GOOD[3:6], "Always"))
    assert advance_batch(first.pk, tell=dialler.clock) == []
    assert len(advance_batch(second.pk, tell=dialler.clock)) == 3
    assert statuses(first, second) == ["waiting", "running"]
    end = dialler.clock() + timedelta(hours=1)
    ended = dialler.start(dialler.upload(GOOD[6:9], "Too late"), ends_at=end, **office)
    advance_batch(ended.pk, tell=dialler.clock)
    ended.refresh_from_db()
    assert ended.rests_until == ended.ends_at


def test_keeps_its_turn_for_the_next_tries_only_when_they_come_soon(line: Dialler) -> None:
    line.network.state.set_mode(ring_seconds=0)
    soon = line.start(line.upload([BUSY], "Soon"), attempts=2, retry_minutes=30)
    line.work(soon)
    line.wait_until_over(soon)
    line.work(soon)
    late = line.start(line.upload([BUSY], "Late"), attempts=2, retry_minutes=240)
    line.work(late)
    assert statuses(soon, late) == ["running", "waiting"]
    line.finish(soon)
    line.work(late)
    line.wait_until_over(late)
    line.work(late)
    late.refresh_from_db()
    assert (late.status, late.reason_code) == ("waiting", "waits_to_call_again")
    line.finish(late)
    assert Call.objects.filter(batch=late).count() == 2


def test_rests_until_midnight_when_the_day_has_cost_enough(dialler: Dialler, settings: LazySettings) -> None:
    settings.CALLS_DAILY_SPEND = {"INR": Decimal(100)}
    at, workspace = dialler.clock(), dialler.workspace
    wallet.hold(workspace, Decimal(100), subject="call_before", memo="", by=SYSTEM, now=at)
    wallet.capture(workspace, subject="call_before", memo="", by=SYSTEM, now=at)
    batch = dialler.start(dialler.upload(GOOD[:3]))
    assert advance_batch(batch.pk, tell=dialler.clock) == []
    batch.refresh_from_db()
    midnight = next_midnight(at, workspace.time_zone)
    assert (batch.status, batch.reason_code, batch.rests_until) == (
        "waiting",
        "daily_spend_reached",
        midnight,
    )
    assert dialler.states(batch) == {"waiting": 3}
    dialler.clock.now = midnight
    assert len(advance_batch(batch.pk, tell=dialler.clock)) == 3


def test_hangs_up_until_nobody_talks_though_the_message_was_lost(line: Dialler) -> None:
    line.network.state.set_mode(talk_seconds=3600)
    batch = line.start(at_once=2)
    line.work(batch)
    wait_until(lambda: Call.objects.filter(status="received").count() == 2)
    unconfirmed = Call.objects.filter(batch=batch).first()
    assert unconfirmed
    Call.objects.filter(pk=unconfirmed.pk).update(carrier_call_id="")
    cancel_batch(batch, by=line.by, now=line.clock(), hang_up=True)
    assert take_due_hang_ups(now=line.clock()) == []  # the worker that was rung for has a few seconds
    line.clock.turn(seconds=10)
    assert take_due_hang_ups(now=line.clock()) == [batch.pk]
    assert hang_up_calls(batch.pk, by=line.by, now=line.clock()) == 1
    # Whoever hears that the other is over has the batch locked, and what is locked is passed over.
    wait_until(lambda: Call.objects.filter(batch=batch, status__in=Call.OPEN).count() == 1)
    Call.objects.filter(pk=unconfirmed.pk).update(carrier_call_id=unconfirmed.carrier_call_id)
    line.clock.turn(seconds=10)
    assert take_due_hang_ups(now=line.clock()) == [batch.pk]
    hang_up_calls(batch.pk, by=line.by, now=line.clock())
    line.wait_until_over(batch)
    line.clock.turn(seconds=10)
    hang_up_calls(batch.pk, by=line.by, now=line.clock())
    assert take_due_hang_ups(now=line.clock()) == []


def test_begins_no_call_after_its_end(line: Dialler) -> None:
    line.network.state.set_mode(talk_seconds=3600)
    batch = line.start(at_once=2, ends_at=line.clock() + timedelta(hours=1))
    line.work(batch)
    line.clock.turn(hours=2)
    assert line.work(batch) == []
    assert line.states(batch) == {"calling": 2, "failed": 21}
    hang_up_calls(batch.pk, by=line.by, now=line.clock())
    line.wait_until_over(batch)
    assert line.finish(batch).status == "completed"
    assert BatchRow.objects.filter(batch=batch, reason_code="batch_ended").count() == 21

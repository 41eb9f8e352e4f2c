"""Starting a batch …"""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.errors import Refusal
from kyc.models import KycCase
from phone_numbers.batch_dialling.ending import cancel_batch, pause_batch, resume_batch
from phone_numbers.batch_dialling.plans import Plan
from phone_numbers.batch_dialling.running import advance_batch
from phone_numbers.batch_dialling.starting import start_batch
from phone_numbers.models import PhoneNumber
from phone_numbers.releasing import release_number, uses_of
from phone_numbers.sweeping import take_due_batches
from telephony import agents
from telephony.batches.drafts import delete_draft
from telephony.models import BatchRow, WorkspaceNetworkGroup
from tests.numbers.batches.conftest import EDGES, GOOD, Dialler, make_list

pytestmark = pytest.mark.django_db


def test_makes_a_row_of_each_that_can_be_called(dialler: Dialler) -> None:
    batch = dialler.upload(["+14155551000", "no number", "+14155551001", "+14155551000"])
    started = dialler.start(batch, at_once=7, attempts=2)
    rows = BatchRow.objects.filter(batch=batch).values_list("row", "e164", "variables", "state")
    assert list(rows) == [
        (2, "+14155551000", {"name": "Guest 2"}, "waiting"),
        (4, "+14155551001", {"name": "Guest 4"}, "waiting"),
    ]
    assert (started.status, started.good_rows, started.from_number_id) == ("waiting", 2, dialler.number.pk)
    assert (started.agent_version, started.at_once, started.attempts) == (dialler.version, 7, 2)
    assert (started.started_by, started.time_zone) == (dialler.by.user, dialler.workspace.time_zone)
    assert take_due_batches(now=dialler.clock()) == [batch.pk]
    assert take_due_batches(now=dialler.clock()) == []  # a worker has a few seconds


def test_judges_the_list_by_the_rules_of_now(dialler: Dialler) -> None:
    batch = dialler.upload(["+442079460018", "+14155551000"])
    assert batch.good_rows == 2
    WorkspaceNetworkGroup.objects.filter(network_group__country="GB").update(enabled=False)
    assert dialler.start(batch).good_rows == 1


def test_happens_once(dialler: Dialler) -> None:
    batch = dialler.start()
    with pytest.raises(Refusal) as refused:
        dialler.start(batch)
    assert (refused.value.code, refused.value.status) == ("batch_not_draft", 409)
    assert BatchRow.objects.count() == len(GOOD) + len(EDGES)


def spend_all(dialler: Dialler) -> None:
    rest = wallet.balance(dialler.workspace) - Decimal("0.5")
    wallet.hold(dialler.workspace, rest, subject="other", memo="", by=SYSTEM, now=dialler.clock())


def unpublish(dialler: Dialler) -> None:
    url = "wss://agents.example.com/2"
    agent = agents.create_agent(
        dialler.workspace, title="Draft", runtime_url=url, by=SYSTEM, now=dialler.clock()
    )
    dialler.version = agents.newest_version(agent)


@pytest.mark.parametrize(
    ("spoil", "code", "status"),
    [
        (lambda d: KycCase.objects.filter(workspace=d.workspace).delete(), "kyc_not_verified", 403),
        (lambda d: PhoneNumber.objects.update(status="releasing"), "number_not_active", 409),
        (unpublish, "version_not_published", 400),
        (spend_all, "wallet_insufficient", 402),
        (lambda d: WorkspaceNetworkGroup.objects.update(enabled=False), "batch_no_good_rows", 400),
    ],
)
def test_is_refused_with_what_is_missing_and_leaves_a_draft(
    dialler: Dialler, spoil: Any, code: str, status: int
) -> None:
    batch = dialler.upload()
    spoil(dialler)
    with pytest.raises(Refusal) as refused:
        dialler.start(batch)
    assert (refused.value.code, refused.value.status) == (code, status)
    batch.refresh_from_db()
    assert batch.status == "draft"
    assert not BatchRow.objects.exists()


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        ({"at_once": 0}, "at_once"),
        ({"at_once": 11}, "at_once"),
        ({"attempts": 5}, "attempts"),
        ({"retry_minutes": 0}, "retry_minutes"),
        ({"hours_begin": time(9)}, "calling_hours"),
        ({"hours_begin": time(9), "hours_end": time(9)}, "calling_hours"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
    ],
)
def test_is_refused_for_a_plan_that_makes_no_sense(dialler: Dialler, plan: Any, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        dialler.start(**plan)
    assert refused.value.details["field"] == field


def test_is_refused_with_an_end_that_has_been(dialler: Dialler) -> None:
    for ends in (-1, 1):
        now = dialler.clock()
        starts = now + timedelta(hours=2)
        with pytest.raises(Refusal) as refused:
            dialler.start(starts_at=starts, ends_at=now + timedelta(hours=ends))
        assert refused.value.details["field"] == "ends_at"


def test_is_refused_for_one_bad_row_when_none_may_be_skipped(dialler: Dialler) -> None:
    batch = dialler.upload(["+14155551000", "no number"])
    plan = Plan(dialler.number, dialler.version)
    with pytest.raises(Refusal) as refused:
        start_batch(batch, plan, skip_invalid=False, by=dialler.by, now=dialler.clock())
    assert refused.value.code == "batch_rows_invalid"
    assert not BatchRow.objects.exists()
    assert start_batch(batch, plan, by=dialler.by, now=dialler.clock()).good_rows == 1


def test_waits_for_the_moment_it_was_scheduled_for(dialler: Dialler) -> None:
    starts = dialler.clock() + timedelta(hours=3)
    batch = dialler.start(starts_at=starts)
    assert (batch.status, batch.next_run_at) == ("scheduled", starts)
    assert take_due_batches(now=dialler.clock()) == []
    assert advance_batch(batch.pk, tell=dialler.clock) == []
    pause_batch(batch, by=dialler.by, now=dialler.clock())
    resume_batch(batch, by=dialler.by, now=dialler.clock())
    assert advance_batch(batch.pk, tell=dialler.clock) == []
    dialler.clock.now = starts
    assert len(advance_batch(batch.pk, tell=dialler.clock)) == 5


def test_dials_in_calling_hours_only(dialler: Dialler) -> None:
    dialler.clock.now = dialler.clock.now.replace(hour=2, minute=0, second=0)
    batch = dialler.start(hours_begin=time(9), hours_end=time(18), time_zone="Asia/Kolkata")
    assert advance_batch(batch.pk, tell=dialler.clock) == []
    batch.refresh_from_db()
    assert batch.next_run_at == dialler.clock.now.replace(hour=3, minute=30)
    dialler.clock.now = batch.next_run_at
    assert len(advance_batch(batch.pk, tell=dialler.clock)) == 5


def test_keeps_its_number_from_being_released_until_it_is_over(dialler: Dialler) -> None:
    batch = dialler.start()
    assert [use.code for use in uses_of(dialler.number)] == ["in_batch"]
    with pytest.raises(Refusal) as refused:
        release_number(dialler.number, by=dialler.by, now=dialler.clock())
    assert (refused.value.code, refused.value.status) == ("number_in_use", 409)
    assert "Guests" in refused.value.sentence
    cancel_batch(batch, by=dialler.by, now=dialler.clock())
    assert uses_of(dialler.number) == []


def test_is_no_draft_to_be_deleted_any_more(dialler: Dialler) -> None:
    batch = dialler.start()
    with pytest.raises(Refusal) as refused:
        delete_draft(batch, by=dialler.by, now=dialler.clock())
    assert refused.value.code == "batch_not_draft"


@pytest.mark.parametrize(
    ("verb", "code"), [(pause_batch, "batch_not_pausable"), (resume_batch, "batch_not_paused")]
)
def test_refuses_what_its_state_does_not_allow(dialler: Dialler, verb: Any, code: str) -> None:
    batch = dialler.upload()
    with pytest.raises(Refusal) as refused:
        verb(batch, by=dialler.by, now=dialler.clock())
    assert (refused.value.code, refused.value.status) == (code, 409)


def test_streams_a_long_list_into_rows(dialler: Dialler) -> None:
    numbers = [f"+1415{serial:07}" for serial in range(2_000_000, 2_005_000)]
    assert len(make_list(numbers)) < 200_000
    assert dialler.start(dialler.upload(numbers)).good_rows == 5_000
    assert BatchRow.objects.count() == 5_000

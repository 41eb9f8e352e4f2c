"""A batch, by the limits of its workspace …"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings

from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.api_keys import create_api_key, revoke_api_key, rotate_api_key
from dialnexa.memberships import remove_member
from dialnexa.models import Membership
from phone_numbers.batch_dialling.ending import resume_batch
from phone_numbers.batch_dialling.running import advance_batch
from telephony.call_stops import stop_calls
from telephony.limits.overrides import set_limit
from telephony.limits.table import CALLS_A_MINUTE, DAILY_SPEND, MONTHLY_SPEND, Limit
from telephony.models import BatchCall, BatchRow, Call
from tests.conftest import make_user
from tests.numbers.batches.conftest import GOOD, Dialler

pytestmark = pytest.mark.django_db(transaction=True)


def allow(dialler: Dialler, limit: Limit, value: str) -> None:
    set_limit(dialler.workspace, limit, Decimal(value), reason="A test", by=SYSTEM, now=dialler.clock())


def test_waits_when_the_rate_is_full_and_fails_nobody(dialler: Dialler) -> None:
    allow(dialler, CALLS_A_MINUTE, "2")
    batch = dialler.start(dialler.upload(GOOD[:4]))
    now = dialler.clock()
    assert len(advance_batch(batch.pk, tell=dialler.clock)) == 2
    batch.refresh_from_db()
    assert batch.status == "running"
    assert batch.next_run_at
    assert timedelta(0) < batch.next_run_at - now <= timedelta(minutes=1)
    assert dialler.states(batch) == {"calling": 2, "waiting": 2}


def test_waits_while_it_cannot_be_counted(dialler: Dialler, settings: LazySettings) -> None:
    batch = dialler.start(dialler.upload(GOOD[:2]))
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert advance_batch(batch.pk, tell=dialler.clock) == []
    assert dialler.states(batch) == {"waiting": 2}


def test_pauses_when_calls_are_stopped(dialler: Dialler) -> None:
    batch = dialler.start(dialler.upload(GOOD[:2]))
    owner = Actor(Channel.BROWSER, "Alice")
    stop_calls(dialler.workspace, reason="A stolen key", by=owner, now=dialler.clock())
    assert advance_batch(batch.pk, tell=dialler.clock) == []
    batch.refresh_from_db()
    assert (batch.status, batch.reason_code, batch.fix) == ("paused", "calls_stopped", "limits")
    assert not Call.objects.exists()


def test_pauses_when_its_key_is_revoked_and_goes_on_for_who_resumes_it(dialler: Dialler) -> None:
    key, _ = create_api_key(dialler.workspace, "Stolen", ["calls:write"], by=SYSTEM, now=dialler.clock())
    thief, owner = Actor(Channel.API, "Stolen", api_key=key), Actor(Channel.BROWSER, "Alice")
    batch = replace(dialler, by=thief).start(dialler.upload(GOOD[:4]), at_once=1)
    assert len(advance_batch(batch.pk, tell=dialler.clock)) == 1
    end_calls(batch)
    revoke_api_key(key, by=owner, now=dialler.clock())
    assert advance_batch(batch.pk, tell=dialler.clock) == []
    batch.refresh_from_db()
    assert (batch.status, batch.reason_code) == ("paused", "key_revoked")
    resume_batch(batch, by=owner, now=dialler.clock())
    assert len(advance_batch(batch.pk, tell=dialler.clock)) == 1
    assert Call.objects.filter(api_key=None).count() == 1


def test_goes_on_when_its_key_was_rotated_and_has_ended(dialler: Dialler) -> None:
    key, _ = create_api_key(dialler.workspace, "CRM", ["calls:write"], by=SYSTEM, now=dialler.clock())
    batch = replace(dialler, by=Actor(Channel.API, "CRM", api_key=key)).start(dialler.upload(GOOD[:2]))
    rotate_api_key(key, overlap=timedelta(0), by=SYSTEM, now=dialler.clock())
    assert len(advance_batch(batch.pk, tell=dialler.clock)) == 2
    assert Call.objects.filter(api_key=key).count() == 2  # under the cap that both keys share


def test_goes_on_when_who_started_it_has_left(dialler: Dialler) -> None:
    bob = make_user("Bob")
    membership = Membership.objects.create(workspace=dialler.workspace, user=bob, role="admin")
    batch = replace(dialler, by=Actor(Channel.BROWSER, "Bob", bob)).start(dialler.upload(GOOD[:2]))
    remove_member(membership, by=SYSTEM, now=dialler.clock())
    assert len(advance_batch(batch.pk, tell=dialler.clock)) == 2


def end_calls(batch: BatchCall) -> None:
    """As if nobody had been dialled."""
    BatchRow.objects.filter(batch=batch, state="calling").update(state="done")


def test_pauses_with_the_reason_when_the_month_is_spent(dialler: Dialler) -> None:
    batch = dialler.start(dialler.upload(GOOD[:2]))
    allow(dialler, MONTHLY_SPEND, "1")
    assert advance_batch(batch.pk, tell=dialler.clock) == []
    batch.refresh_from_db()
    assert (batch.status, batch.reason_code) == ("paused", "monthly_spend_reached")
    assert "₹1.00 on calls a month" in batch.reason


def test_goes_on_when_calls_in_the_air_give_back_what_they_hold(dialler: Dialler) -> None:
    allow(dialler, DAILY_SPEND, "4")  # a call takes as much of it as it may
    batch = dialler.start(dialler.upload(GOOD[:2]))
    assert len(advance_batch(batch.pk, tell=dialler.clock)) == 1
    batch.refresh_from_db()
    assert batch.status == "running"
    assert dialler.states(batch) == {"calling": 1, "waiting": 1}


def test_puts_off_those_in_a_new_country(dialler: Dialler, settings: LazySettings) -> None:
    settings.NEW_COUNTRY_CALLS = 1
    batch = dialler.start(dialler.upload(GOOD[:3]))
    assert len(advance_batch(batch.pk, tell=dialler.clock)) == 1
    put_off = BatchRow.objects.filter(batch=batch, state="waiting")
    day = dialler.clock() + timedelta(hours=24)
    assert set(put_off.values_list("reason_code", "next_try_at")) == {("new_country_reached", day)}

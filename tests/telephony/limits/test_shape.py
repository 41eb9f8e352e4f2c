"""Calls that look like fraud …"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, Notice, Workspace
from phone_numbers.models import PhoneNumber
from telephony.limits.allowances import read_allowances
from telephony.limits.overrides import confirm_calls, set_limit
from telephony.limits.shape import watch_shapes
from telephony.limits.table import CALLS_A_SECOND
from tests.numbers.rows import make_call, make_number

pytestmark = pytest.mark.django_db
LONG, SHORT = [40] * 10, [5] * 10
UNANSWERED: list[int | None] = [None] * 10


@pytest.fixture
def number(workspace: Workspace, settings: LazySettings) -> PhoneNumber:
    settings.SHAPE_CALLS = 10
    return make_number(workspace)


def call(number: PhoneNumber, seconds: Sequence[int | None], now: datetime) -> None:
    for duration in seconds:
        row = make_call(number, now - timedelta(minutes=30))
        row.status = "completed" if duration else "no_answer"
        row.duration, row.answered_at = duration, (now - timedelta(minutes=29)) if duration else None
        row.ended_at = now - timedelta(minutes=1)
        row.save()


@pytest.mark.parametrize(
    "seconds, said",
    [
        ([*LONG], ""),
        ([*LONG[:9]], ""),
        ([*SHORT[:9]], ""),  # too few to say
        ([*LONG[:9], 12], ""),
        ([*LONG[:8], 12, 12], "2 of the last 10 answered calls ended within 12 seconds"),
        ([*[29] * 10], "lasted 29 seconds on average"),
        ([*LONG[:7], *UNANSWERED[:3]], ""),
        ([*LONG[:6], *UNANSWERED[:4]], "Only 6 of the last 10 calls were answered"),
    ],
)
def test_are_told_from_others_by_their_shape(
    workspace: Workspace, number: PhoneNumber, now: datetime, seconds: list[int | None], said: str
) -> None:
    call(number, seconds, now)
    assert watch_shapes(now=now) == bool(said)
    told = Notice.objects.filter(reference__startswith="shape:").values_list("body", flat=True)
    assert [said in body for body in told] == [True] * bool(said)


def test_go_out_one_a_second_until_somebody_confirms(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    set_limit(workspace, CALLS_A_SECOND, Decimal(50), reason="Big", by=SYSTEM, now=now)
    call(number, SHORT, now)
    assert [watch_shapes(now=now), watch_shapes(now=now)] == [1, 0]
    assert read_allowances(workspace, at=now).of(CALLS_A_SECOND).value == 1
    set_limit(workspace, CALLS_A_SECOND, Decimal(90), reason="Bigger", by=SYSTEM, now=now)
    assert read_allowances(workspace, at=now).of(CALLS_A_SECOND).value == 1
    set_limit(workspace, CALLS_A_SECOND, Decimal(0), reason="Enough", by=SYSTEM, now=now)
    assert read_allowances(workspace, at=now).of(CALLS_A_SECOND).value == 0  # an alarm opens nothing
    set_limit(workspace, CALLS_A_SECOND, Decimal(90), reason="Bigger", by=SYSTEM, now=now)
    later = now + timedelta(minutes=1)
    confirm_calls(workspace, reason="A campaign", by=SYSTEM, now=later)
    assert read_allowances(workspace, at=later).of(CALLS_A_SECOND).value == 90
    assert watch_shapes(now=later) == 0  # believed for a day
    events = AuditEntry.objects.filter(subject_id=workspace.pk).values_list("event", flat=True)
    assert {"slow_calls", "confirm_calls"} <= set(events)

"""Members are told of an API key that ends …"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dialnexa import clock
from dialnexa.actors import SYSTEM
from dialnexa.api_keys import create_api_key, revoke_api_key, rotate_api_key
from dialnexa.models import ApiKey, Heartbeat, Notice, NoticeCopy, User, Workspace
from dialnexa.telling import tell_of_ending_keys
from phone_numbers.management.commands.sweep import sweep

pytestmark = pytest.mark.django_db
MADE = datetime(2026, 1, 1, tzinfo=UTC)
ENDS = datetime(2026, 3, 10, 20, 30, tzinfo=UTC)  # the 11th in Kolkata
WEEK = timedelta(days=7)


def make(workspace: Workspace, **changes: Any) -> ApiKey:
    options: dict[str, Any] = {"expires_at": ENDS, "now": MADE, **changes}
    return create_api_key(workspace, "Website", ["numbers:read"], by=SYSTEM, **options)[0]


def test_a_week_before_and_once(workspace: Workspace, alice: User, bob: User) -> None:
    key = make(workspace)
    early, late = ENDS - WEEK - timedelta(seconds=1), ENDS - timedelta(seconds=1)
    assert [tell_of_ending_keys(at) for at in (early, ENDS - WEEK, late, ENDS)] == [0, 1, 0, 0]
    notice = Notice.objects.get()
    assert notice.title == f"The API key Website (…{key.hint}) ends on 11 March"
    assert "11 March 2026, 02:00" in notice.body
    assert notice.page == "/w/acme/settings/keys/"
    assert list(NoticeCopy.objects.values_list("user", flat=True)) == [alice.pk]


def test_late_when_nobody_looked_in_time(workspace: Workspace) -> None:
    make(workspace)
    assert tell_of_ending_keys(ENDS - timedelta(hours=1)) == 1


def test_not_when_it_is_revoked_replaced_endless_or_was_meant_to_be_short(workspace: Workspace) -> None:
    shortly = ENDS - timedelta(days=2)
    revoke_api_key(make(workspace), by=SYSTEM, now=MADE)
    rotated = make(workspace, expires_at=None)
    rotate_api_key(rotated, overlap=timedelta(days=3), by=SYSTEM, now=shortly)
    make(workspace, expires_at=None)
    make(workspace, now=ENDS - timedelta(days=6))
    assert tell_of_ending_keys(shortly) == 0


def test_by_the_sweeper_once_an_hour(workspace: Workspace) -> None:
    sweep()
    make(workspace, expires_at=clock.now() + timedelta(days=3))
    sweep()
    assert not Notice.objects.exists()
    Heartbeat.objects.filter(name="keys").update(at=clock.now() - timedelta(hours=1))
    sweep()
    assert Notice.objects.count() == 1

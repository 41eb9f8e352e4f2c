"""A call, by the limits of its workspace …"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import Notice, WebhookMessage, Workspace
from dialnexa.webhooks.endpoints import create_endpoint
from phone_numbers.calls.dialling import advance_call
from phone_numbers.calls.placing import Asked, place_call
from phone_numbers.calls.progress import end_call
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.calling import explain_call
from telephony.call_stops import allow_calls, stop_calls
from telephony.limits.overrides import set_limit
from telephony.limits.table import CALLS_A_MINUTE, CALLS_AT_ONCE, DAILY_SPEND, Limit
from telephony.models import Call, CalledCountry, DeniedPrefix, OpenedPrefix
from tests.conftest import make_program
from tests.numbers.calls.conftest import LONDON

pytestmark = pytest.mark.django_db
OWNER = Actor(Channel.BROWSER, "Alice")


def attempt(
    workspace: Workspace, number: PhoneNumber, now: datetime, by: Actor = SYSTEM, to: str = LONDON
) -> str:
    try:
        place_call(workspace, number, to, by=by, now=now)
    except Refusal as refusal:
        return refusal.code
    return "placed"


def allow(workspace: Workspace, limit: Limit, value: str | int, now: datetime, **more: Any) -> None:
    set_limit(workspace, limit, Decimal(value), reason="A test", by=SYSTEM, now=now, **more)


def race(act: Any, times: int) -> list[str]:
    """What each of as many threads at once is told."""
    said: list[str] = []

    def run() -> None:
        try:
            said.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


@pytest.mark.parametrize(
    "limit, code",
    [
        (CALLS_AT_ONCE, "concurrency_reached"),
        (CALLS_A_MINUTE, "call_rate_reached"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_lets_a_race_through_up_to_the_limit_and_not_once_more(
    workspace: Workspace, number: PhoneNumber, now: datetime, limit: Limit, code: str
) -> None:
    allow(workspace, limit, 3, now)
    assert race(lambda: attempt(workspace, number, now), 6) == [code] * 3 + ["placed"] * 3
    assert Call.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_never_reserves_more_in_a_race_than_a_day_may_cost(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    minute = place_call(workspace, number, LONDON, by=SYSTEM, now=now).per_minute
    assert minute
    spent = wallet.held(workspace)
    allow(workspace, DAILY_SPEND, str(spent + minute * 2 + minute / 2), now)
    said = race(lambda: attempt(workspace, number, now), 4)
    assert said == ["daily_spend_reached"] * 3 + ["placed"]  # the first takes what two minutes cost
    assert wallet.held(workspace) == spent + minute * 2


def test_counts_what_a_key_may_beside_what_its_workspace_may(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    key = make_program(workspace, now, "calls:write").key
    by = Actor(Channel.API, "CRM", api_key=key)
    allow(workspace, CALLS_AT_ONCE, 1, now, key=key)
    assert [attempt(workspace, number, now, by) for _ in range(2)] == ["placed", "concurrency_reached"]
    assert attempt(workspace, number, now) == "placed"
    allow(workspace, DAILY_SPEND, "0.01", now, key=key)
    end_call(Call.objects.filter(api_key=key).get(), "fail", by=SYSTEM, now=now)
    assert attempt(workspace, number, now, by) == "daily_spend_reached"


def test_says_beforehand_what_the_call_would_be_told(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    allow(workspace, CALLS_A_MINUTE, 1, now)
    assert explain_call(number, LONDON, workspace=workspace, now=now).allowed
    assert attempt(workspace, number, now) == "placed"
    told = explain_call(number, LONDON, workspace=workspace, now=now).refusal
    with pytest.raises(Refusal) as refused:
        place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    assert told
    assert (told.code, told.sentence) == (refused.value.code, refused.value.sentence)
    assert 1 <= refused.value.details["retry_after"] <= 60
    assert "1 calls a minute" in told.sentence
    assert "support raises it" in told.sentence


def test_refuses_calls_while_they_cannot_be_counted(
    workspace: Workspace, number: PhoneNumber, now: datetime, settings: LazySettings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    with pytest.raises(Refusal) as refused:
        place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    assert (refused.value.code, refused.value.status) == ("limits_unavailable", 503)
    assert not Call.objects.exists()


def test_shows_pages_while_limits_cannot_be_counted(
    workspace: Workspace, alice_client: Client, settings: LazySettings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert alice_client.get(f"/w/{workspace.slug}/limits/").status_code == 200


def test_tells_of_a_reached_limit_once_a_day(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    create_endpoint(workspace, "https://hooks.example.com/in", ["limit.reached"], by=SYSTEM, now=now)
    allow(workspace, CALLS_AT_ONCE, 0, now)
    for later in (0, 1, 24 * 60):
        attempt(workspace, number, now + timedelta(minutes=later))
    assert Notice.objects.filter(reference__startswith="limit:").count() == 2
    told = WebhookMessage.objects.filter(type="limit.reached").earliest("created_at")
    assert told.payload["data"]["limit"] == "concurrent_calls"


# --- new countries --------------------------------------------------------------------------------------


def test_lets_few_calls_go_to_a_country_on_its_first_day_and_raises_an_alarm(
    workspace: Workspace, number: PhoneNumber, now: datetime, settings: LazySettings
) -> None:
    settings.NEW_COUNTRY_CALLS = 2
    assert [attempt(workspace, number, now) for _ in range(3)] == ["placed", "placed", "new_country_reached"]
    assert Notice.objects.filter(title="First call to United Kingdom").count() == 1
    with pytest.raises(Refusal) as refused:
        place_call(workspace, number, LONDON, by=SYSTEM, now=now + timedelta(hours=1))
    assert refused.value.details["retry_after"] == 23 * 3600
    assert attempt(workspace, number, now + timedelta(hours=24)) == "placed"
    assert CalledCountry.objects.get(country="GB").calls == 2


# --- expensive numbers ----------------------------------------------------------------------------------


def test_never_calls_what_is_denied_and_lets_staff_open_it_for_one_workspace(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    DeniedPrefix.objects.create(digits="442079", reason="Fraud last week", created_at=now)
    assert attempt(workspace, number, now) == "high_cost_number"
    day = timedelta(days=1)
    OpenedPrefix.objects.create(workspace=workspace, digits="442079", until=now + day, created_at=now)
    assert attempt(workspace, number, now) == "placed"
    assert attempt(workspace, number, now + day) == "high_cost_number"


# --- the kill switch ------------------------------------------------------------------------------------


@pytest.mark.parametrize("everybody", [False, True])
def test_stops_calls_that_were_placed_and_not_dialled(
    workspace: Workspace, number: PhoneNumber, now: datetime, everybody: bool
) -> None:
    call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    stopped = None if everybody else workspace
    stop_calls(stopped, reason="A stolen key", by=OWNER, now=now)
    advance_call(call.pk, tell=lambda: now)
    call.refresh_from_db()
    assert (call.status, call.reason_code, call.initiated_at) == ("failed", "calls_stopped", None)
    assert wallet.held(workspace) == 0
    assert attempt(workspace, number, now) == "calls_stopped"
    allow_calls(stopped, reason="Key revoked", by=OWNER, now=now)
    assert attempt(workspace, number, now) == "placed"


def test_asks_again_whether_the_country_is_on_before_it_dials(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    workspace.network_groups.update(enabled=False)
    advance_call(call.pk, tell=lambda: now)
    call.refresh_from_db()
    assert (call.status, call.reason_code) == ("failed", "country_not_enabled")


def test_gives_the_same_call_again_though_the_rates_are_full(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    allow(workspace, CALLS_A_MINUTE, 1, now)
    asked = Asked(idempotency_key="once")
    first, again = (place_call(workspace, number, LONDON, by=SYSTEM, now=now, asked=asked) for _ in range(2))
    assert first.pk == again.pk

"""A rate limit …"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import uuid4

import pytest
from django.conf import LazySettings

from dialnexa.api.rate_limits import RateExceeded, count_request
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from tests.conftest import Program, make_program

NUMBERS = "/v1/organization-phone-numbers"


def fits(who: str, now: datetime) -> bool:
    try:
        count_request(who, "read", now=now)
    except RateExceeded:
        return False
    return True


def test_is_exact_when_many_ask_at_once(settings: LazySettings, now: datetime) -> None:
    settings.API_LIMITS = {"read": "50/minute"}
    who = uuid4().hex
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(lambda _: fits(who, now), range(200))) == 50


def test_counts_every_key_for_itself(settings: LazySettings, now: datetime) -> None:
    settings.API_LIMITS = {"read": "1/minute"}
    assert fits(one := uuid4().hex, now)
    assert not fits(one, now)
    assert fits(uuid4().hex, now)


def test_moves_on_instead_of_starting_anew(settings: LazySettings, now: datetime) -> None:
    settings.API_LIMITS = {"read": "2/1 second"}
    who = uuid4().hex
    assert fits(who, now)
    time.sleep(0.6)
    assert fits(who, now)
    time.sleep(0.5)  # the first has left the window, the second has not
    assert fits(who, now)
    assert not fits(who, now)


@pytest.mark.django_db
def test_is_told_in_headers_and_ends_in_429(program: Program, settings: LazySettings) -> None:
    settings.API_LIMITS = {"read": "2/minute"}
    left = [program.get(NUMBERS)["X-RateLimit-Remaining"] for _ in range(2)]
    full = program.get(NUMBERS)
    assert left == ["1", "0"]
    assert (full.status_code, full.json()["code"], full["X-RateLimit-Limit"]) == (429, "rate_limited", "2")
    assert 1 <= int(full["Retry-After"]) <= 60
    assert 0 <= int(full["X-RateLimit-Reset"]) - time.time() <= 61
    assert f"{full['Retry-After']} s" in full.json()["message"]


@pytest.mark.django_db
def test_counts_requests_that_lack_the_scope_too(
    workspace: Workspace, now: datetime, settings: LazySettings
) -> None:
    settings.API_LIMITS = {"read": "1/minute"}
    program = make_program(workspace, now, "agents:read")
    assert [program.get(NUMBERS).status_code for _ in range(2)] == [403, 429]


def test_opens_for_reading_and_closes_for_money_while_redis_is_away(
    settings: LazySettings, now: datetime
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert count_request("key", "read", now=now) is None
    with pytest.raises(Refusal) as refused:
        count_request("key", "purchase", now=now)
    assert (refused.value.status, refused.value.code) == (503, "rate_limit_unavailable")

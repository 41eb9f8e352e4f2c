"""A route that a process remembers …"""

from __future__ import annotations

from datetime import datetime

import pytest
from django.conf import LazySettings
from django.db import OperationalError

from dialnexa.actors import SYSTEM
from phone_numbers.inbound import cache as module
from phone_numbers.inbound.cache import EVERYTHING, Away, RouteCache, Trust, find_route
from phone_numbers.inbound.routes import Route, resolve_route
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import route_number
from tests.numbers.inbound.conftest import number as number
from tests.numbers.inbound.conftest import version as version

pytestmark = pytest.mark.django_db
KEPT = 600.0


class Ticking:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticking:
    return Ticking()


@pytest.fixture
def cache(ticks: Ticking, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> RouteCache:
    """This process's, which nobody confirms but the test."""
    settings.INBOUND_IN_MEMORY = True
    cache = RouteCache(kept=KEPT, tell=ticks)
    monkeypatch.setattr(module, "_cache", cache)
    cache.ask()
    cache.confirm(())
    return cache


@pytest.fixture
def known(cache: RouteCache, number: PhoneNumber) -> Route:
    route = find_route("plivo", number.e164)
    assert route
    return route


def detach(number: PhoneNumber, now: datetime) -> None:
    route_number(number, inbound=None, by=SYSTEM, now=now)


def database_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(carrier: str, e164: str) -> Route:
        raise OperationalError("away")

    monkeypatch.setattr(module, "resolve_route", refuse)


def test_is_found_without_the_database(
    known: Route, number: PhoneNumber, monkeypatch: pytest.MonkeyPatch
) -> None:
    database_away(monkeypatch)
    assert find_route("plivo", number.e164) is known


def test_is_forgotten_when_its_number_has_changed(
    known: Route, cache: RouteCache, number: PhoneNumber, now: datetime
) -> None:
    detach(number, now)
    cache.confirm({number.e164})
    found = find_route("plivo", number.e164)
    assert found
    assert found.refusal


def test_stays_when_another_number_has_changed(known: Route, cache: RouteCache, number: PhoneNumber) -> None:
    cache.confirm({"+12125550000"})
    assert find_route("plivo", number.e164) is known


def test_is_forgotten_when_anything_may_have_changed(
    known: Route, cache: RouteCache, number: PhoneNumber
) -> None:
    cache.confirm({EVERYTHING})
    assert cache.get("plivo", number.e164) is None


def test_does_not_count_when_nobody_has_confirmed_it_for_a_second(
    known: Route, number: PhoneNumber, ticks: Ticking, now: datetime
) -> None:
    """As in a process that was asleep: the thread that looks for changes has not looked yet."""
    detach(number, now)
    ticks.now += 1.5
    found = find_route("plivo", number.e164)
    assert found
    assert found.refusal


def test_counts_while_the_database_is_away_for_ten_minutes(
    known: Route, cache: RouteCache, number: PhoneNumber, ticks: Ticking, monkeypatch: pytest.MonkeyPatch
) -> None:
    database_away(monkeypatch)
    for _ in range(4):
        ticks.now += 149
        cache.ask()
        cache.fail()
        assert find_route("plivo", number.e164) is known
    ticks.now += 10
    with pytest.raises(Away):
        find_route("plivo", number.e164)


def test_counts_while_the_database_hangs(
    known: Route, cache: RouteCache, number: PhoneNumber, ticks: Ticking, monkeypatch: pytest.MonkeyPatch
) -> None:
    database_away(monkeypatch)
    cache.ask()
    ticks.now += 3
    assert cache.trust() is Trust.FROZEN
    assert find_route("plivo", number.e164) is known


def test_counts_when_the_database_fails_before_anybody_noticed(
    known: Route, number: PhoneNumber, ticks: Ticking, monkeypatch: pytest.MonkeyPatch
) -> None:
    database_away(monkeypatch)
    ticks.now += 1.5
    assert find_route("plivo", number.e164) is known


def test_is_not_known_of_a_number_nobody_called_before(
    cache: RouteCache, number: PhoneNumber, monkeypatch: pytest.MonkeyPatch
) -> None:
    database_away(monkeypatch)
    with pytest.raises(Away):
        find_route("plivo", number.e164)


def test_is_not_asked_for_where_the_database_is_known_to_be_away(
    cache: RouteCache, number: PhoneNumber, ticks: Ticking
) -> None:
    """Connecting takes seconds to fail, and the caller waits."""
    ticks.now += 2
    cache.fail()
    with pytest.raises(Away):
        find_route("plivo", number.e164)


def test_is_thrown_away_after_a_long_absence(
    known: Route, cache: RouteCache, number: PhoneNumber, ticks: Ticking
) -> None:
    ticks.now += KEPT + 1
    cache.ask()
    cache.confirm(())
    assert cache.get("plivo", number.e164) is None


def test_is_not_kept_when_a_change_is_heard_of_while_it_is_read(
    cache: RouteCache, number: PhoneNumber
) -> None:
    began = cache.round
    read = resolve_route("plivo", number.e164)
    assert read
    cache.confirm({number.e164})
    cache.put(read, since=began)
    assert cache.get("plivo", number.e164) is None


def test_is_not_kept_of_a_number_nobody_has(cache: RouteCache, number: PhoneNumber, now: datetime) -> None:
    assert find_route("twilio", number.e164) is None
    PhoneNumber.objects.update(carrier="twilio")
    assert find_route("twilio", number.e164)


def test_belongs_to_its_carrier(known: Route, number: PhoneNumber) -> None:
    assert find_route("twilio", number.e164) is None

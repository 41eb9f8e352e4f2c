"""Pointing a number at us …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry
from phone_numbers.inbound.pointing import point_all, point_number, take_due_pointings
from phone_numbers.models import NumberOrder, PhoneNumber
from tests.conftest import accounts_at
from tests.numbers.conftest import Carrier, Turned
from tests.numbers.inbound.conftest import NOWHERE
from tests.numbers.rows import make_number

pytestmark = pytest.mark.django_db
Settle = Callable[[NumberOrder], NumberOrder]


@pytest.fixture
def number(order: NumberOrder, advance_until_settled: Settle) -> PhoneNumber:
    """Just bought."""
    return advance_until_settled(order).number


def urls(carrier: Carrier, number: PhoneNumber) -> tuple[str, str]:
    """Whom the carrier asks about calls to it."""
    with carrier.server.state.locked() as contents:
        owned = contents.owned[number.e164[1:]]
        application: dict[str, Any] = contents.applications.get(owned.app_id, {})
    return application.get("answer_url", ""), application.get("hangup_url", "")


def test_is_due_as_soon_as_a_number_is_active(number: PhoneNumber, clock: Turned) -> None:
    assert take_due_pointings(now=clock.now) == [number.pk]
    assert take_due_pointings(now=clock.now) == []
    assert take_due_pointings(now=clock.turn(minutes=3)) == [number.pk]


def test_has_the_carrier_ask_us(number: PhoneNumber, carrier: Carrier, clock: Turned) -> None:
    assert urls(carrier, number) == ("", "")
    point_number(number.pk, tell=clock)
    base = "http://localhost:8000/carrier/plivo/inbound"
    assert urls(carrier, number) == (f"{base}/answer/", f"{base}/status/")
    number.refresh_from_db()
    assert (number.next_route_at, number.route_set_at) == (None, clock.now)
    assert AuditEntry.objects.filter(subject_id=number.pk, event="pointed").count() == 1


def test_uses_one_application_for_all_numbers(
    number: PhoneNumber, carrier: Carrier, clock: Turned, now: datetime
) -> None:
    for _ in range(2):
        PhoneNumber.objects.update(next_route_at=now)
        point_number(number.pk, tell=clock)
    with carrier.server.state.locked() as contents:
        assert len(contents.applications) == 1


def test_tries_again_when_the_carrier_is_out(
    number: PhoneNumber, carrier: Carrier, clock: Turned, settings: LazySettings
) -> None:
    working, settings.CARRIERS = settings.CARRIERS, accounts_at(NOWHERE)
    point_number(number.pk, tell=clock)
    settings.CARRIERS = working
    number.refresh_from_db()
    assert (number.next_route_at, number.route_set_at) == (clock.now + timedelta(minutes=1), None)
    assert take_due_pointings(now=clock.turn(minutes=1)) == [number.pk]
    point_number(number.pk, tell=clock)
    assert urls(carrier, number)[0]


def test_lets_go_of_a_number_that_has_left(number: PhoneNumber, carrier: Carrier, clock: Turned) -> None:
    number.transition("release", by=SYSTEM, now=clock.now)
    point_number(number.pk, tell=clock)
    assert urls(carrier, number) == ("", "")
    assert take_due_pointings(now=clock.now) == []


def test_leaves_trunks_alone(workspace: Any, now: datetime) -> None:
    make_number(workspace, carrier="sip_trunk")
    assert point_all(now=now) == 0
    assert take_due_pointings(now=now) == []


def test_can_be_asked_for_anew(
    number: PhoneNumber, carrier: Carrier, clock: Turned, settings: LazySettings
) -> None:
    point_number(number.pk, tell=clock)
    settings.PUBLIC_BASE_URL = "https://numbers.example.com"
    call_command("point_numbers", stdout=(said := StringIO()))
    assert said.getvalue() == "1 numbers are due.\n"
    point_number(number.pk, tell=clock)
    assert urls(carrier, number)[0] == "https://numbers.example.com/carrier/plivo/inbound/answer/"

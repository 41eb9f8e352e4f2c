"""telephony.price_ranges …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from dialnexa.models import Workspace
from telephony.models import CallRate, Country, NetworkGroup
from telephony.price_ranges import PriceRange, price_ranges

DAY = timedelta(days=1)


@pytest.fixture
def mobile(workspace: Workspace) -> NetworkGroup:
    return NetworkGroup.objects.create(carrier="plivo", country_id="IN", name="India mobile")


def rate(group: NetworkGroup, price: str, start: datetime, prefix: str = "", **fields: str) -> CallRate:
    return CallRate.objects.create(
        network_group=group,
        prefix=prefix,
        per_minute=Decimal(price),
        valid_from=start,
        **{"currency": "INR"} | fields,
    )


def test_shows_the_prices_that_count_now(mobile: NetworkGroup, now: datetime) -> None:
    rate(mobile, "0.60", now - 9 * DAY, "9198")
    rate(mobile, "0.65", now - DAY, "9198")
    rate(mobile, "0.90", now + DAY, "9198")
    rate(mobile, "0.805", now - DAY, "9199")
    rate(mobile, "9.00", now - DAY, "9198", currency="USD")
    rate(mobile, "0.40", now - DAY, direction="inbound")
    found = price_ranges("plivo", "INR", now=now).of(mobile.pk)
    assert str(found["outbound"]) == "₹0.65–₹0.805"
    assert found["inbound"] == PriceRange(Decimal("0.4"), Decimal("0.4"), "INR")
    assert str(found["inbound"]) == "₹0.40"


def test_changes_when_an_announced_rate_begins(mobile: NetworkGroup, now: datetime) -> None:
    rate(mobile, "0.60", now - DAY)
    rate(mobile, "0.90", now + DAY)
    said = [str(price_ranges("plivo", "INR", now=now + n * DAY).of(mobile.pk)["outbound"]) for n in (0, 1, 0)]
    assert said == ["₹0.60", "₹0.90", "₹0.60"]


def test_notices_a_new_rate_at_once(mobile: NetworkGroup, now: datetime) -> None:
    rate(mobile, "0.60", now - 2 * DAY)
    assert str(price_ranges("plivo", "INR", now=now).of(mobile.pk)["outbound"]) == "₹0.60"
    rate(mobile, "0.70", now - DAY)
    assert str(price_ranges("plivo", "INR", now=now).of(mobile.pk)["outbound"]) == "₹0.70"


def test_asks_one_question_as_a_rule(
    mobile: NetworkGroup, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rate(mobile, "0.60", now - DAY)
    price_ranges("plivo", "INR", now=now)
    with django_assert_num_queries(1):
        price_ranges("plivo", "INR", now=now + timedelta(hours=1))


def test_knows_carriers_and_currencies_apart(mobile: NetworkGroup, now: datetime) -> None:
    rate(mobile, "0.60", now - DAY)
    assert price_ranges("twilio", "INR", now=now).of(mobile.pk) == {}
    assert price_ranges("plivo", "USD", now=now).of(mobile.pk) == {}


def test_calls_dear_what_costs_four_typical_minutes(mobile: NetworkGroup, now: datetime) -> None:
    """Four groups of the catalogue cost ₹1.25."""
    rate(mobile, "4.99", now - DAY, "9198")
    assert not price_ranges("plivo", "INR", now=now).is_dear(mobile.pk)
    rate(mobile, "5.00", now - DAY / 2, "9198")
    assert price_ranges("plivo", "INR", now=now).is_dear(mobile.pk)
    rate(mobile, "1.00", now - DAY, "9199")
    assert not price_ranges("plivo", "INR", now=now).is_dear(mobile.pk)


def test_calls_nothing_dear_where_hardly_anything_is_priced(catalogue: None, now: datetime) -> None:
    Country.objects.create(iso="KZ", name="Kazakhstan", calling_code=7, max_length=10)
    group = NetworkGroup.objects.create(carrier="twilio", country_id="KZ", name="Kazakhstan all")
    rate(group, "900", now - DAY)
    assert price_ranges("twilio", "INR", now=now).typical is None
    assert not price_ranges("twilio", "INR", now=now).is_dear(group.pk)

"""telephony.rates …"""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from telephony.models import Country, RentalRate, SipRate
from telephony.rates import price_list, rental_rate, rental_rates, sip_rate

pytestmark = pytest.mark.usefixtures("catalogue")


def add(now: datetime, days: int, monthly: str, **changes: str) -> RentalRate:
    what = {"carrier": "plivo", "country_id": "US", "type": "local", "currency": "INR"} | changes
    return RentalRate.objects.create(monthly=Decimal(monthly), valid_from=now + timedelta(days=days), **what)


def test_takes_the_latest_rate_that_has_begun(now: datetime) -> None:
    add(now, -10, "95")
    current = add(now, 0, "97")
    add(now, 1, "120")
    assert rental_rate("plivo", "US", "local", "INR", now=now) == current


def test_keeps_the_old_price_for_an_earlier_moment(now: datetime) -> None:
    add(now, -1, "97")
    earlier = rental_rate("plivo", "US", "local", "INR", now=now - timedelta(days=2))
    assert earlier is not None
    assert earlier.monthly == Decimal(92)


@pytest.mark.parametrize(
    "what",
    [
        ("twilio", "US", "local", "INR"),
        ("plivo", "FR", "local", "INR"),
        ("plivo", "US", "mobile", "INR"),
        ("plivo", "US", "local", "USD"),
    ],
)
def test_has_no_price_for_what_has_no_rate(what: tuple[str, str, str, str], now: datetime) -> None:
    assert rental_rate(*what, now=now) is None


def test_has_no_price_before_the_first_rate_begins(now: datetime) -> None:
    add(now, 1, "500", country_id="DE", type="mobile")
    assert rental_rate("plivo", "DE", "mobile", "INR", now=now) is None


def test_gives_every_type_of_a_country_its_current_rate(now: datetime) -> None:
    add(now, -1, "97")
    add(now, 1, "120")
    rates = rental_rates("plivo", "US", "INR", now=now)
    assert {kind: rate.monthly for kind, rate in rates.items()} == {"local": 97, "toll_free": 184}


def test_asks_once_through_an_index(now: datetime, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        rental_rate("plivo", "US", "local", "INR", now=now)
    with django_assert_num_queries(1):
        rental_rates("plivo", "US", "INR", now=now)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = RentalRate.objects.filter(
        carrier="plivo", country="US", currency="INR", type="local", valid_from__lte=now
    ).order_by("-valid_from")[:1]
    assert "one_rental_rate_per_start" in plan.explain()


def test_gives_the_flat_rate_of_sip_trunks_that_has_begun(now: datetime) -> None:
    assert sip_rate("INR", now=now) is None
    for days, amount in ((-9, "0.30"), (-1, "0.35"), (1, "0.50")):
        SipRate.objects.create(
            currency="INR", per_minute=Decimal(amount), valid_from=now + timedelta(days=days)
        )
    rate = sip_rate("INR", now=now)
    assert rate is not None
    assert rate.per_minute == Decimal("0.35")
    assert sip_rate("USD", now=now) is None


def test_lists_the_price_that_counts_of_everything(now: datetime) -> None:
    add(now, -10, "95")
    current = add(now, 0, "97")
    add(now, 1, "120")
    add(now, -1, "1.15", currency="USD")
    Country.objects.filter(iso="DE").update(is_offered=False)
    prices = price_list("INR", now=now)
    assert current in prices
    assert len(prices) == 7
    assert "DE" not in {price.country_id for price in prices}

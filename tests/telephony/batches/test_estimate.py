"""What a list would cost …"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from telephony.batches import estimate
from telephony.batches.estimate import Estimate, Tally
from telephony.destinations import Rules
from telephony.e164 import parse_e164
from telephony.models import CallRate, Country, NetworkGroup, Prefix, SipRate
from telephony.rating import rate_call
from tests.telephony.test_destinations import RULES

pytestmark = pytest.mark.django_db
ASKED = {"carrier": "plivo", "currency": "INR"}
STARTS = ("+9198", "+9199", "+9111", "+1415555", "+1416555", "+7912", "+7701")


@pytest.fixture(params=[1, 10**6], ids=["few", "many"])
def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows there are: in blocks of a few dozen, by intervals or one by one."""
    monkeypatch.setattr(estimate, "AT_ONCE", 64)
    monkeypatch.setattr(estimate, "FEW", 0 if request.param > 1 else 64)


def tallied(numbers: list[str], now: datetime, rules: Rules = RULES) -> Estimate:
    tally = Tally(rules, currency="INR", now=now)
    for number in numbers:
        tally.add(number, parse_e164(number).country)
    return tally.estimate()


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("seed", range(6))
def test_is_what_the_calls_would_cost_one_by_one(seed: int, now: datetime) -> None:
    chance = random.Random(seed)
    make_deck(chance, now)
    numbers = [
        f"{chance.choice(STARTS)}{chance.randrange(10**8):08}"[:size]
        for size in chance.choices((11, 12, 13), k=300)
    ]
    numbers = [number for number in numbers if len(number) == (13 if number[1] == "9" else 12)]
    prices = [rate_call(number, **ASKED, at=now) for number in numbers]
    found = tallied(numbers, now)
    assert found.low == sum(price.price_of(60) for price in prices if price)
    assert found.high == sum(price.price_of(180) for price in prices if price)
    assert found.unpriced == prices.count(None)
    assert 0 < found.unpriced < len(numbers)


def make_deck(chance: random.Random, now: datetime) -> None:
    """Whole groups and long prefixes, pulses and fees, rates that are over and rates to come."""
    for iso, code in (("IN", 91), ("US", 1), ("RU", 7)):
        country = Country.objects.create(iso=iso, name=iso, calling_code=code, max_length=10)
        group = NetworkGroup.objects.create(carrier="plivo", country=country, name=iso)
        heads = [start[1:] for start in STARTS if start[1:].startswith(str(code))]
        Prefix.objects.bulk_create(Prefix(network_group=group, digits=head) for head in heads)
        for head in {chance.choice(["", *heads]), *(f"{chance.choice(heads)}{n}" for n in range(0, 10, 3))}:
            for days in (-9, -2, 3):
                CallRate.objects.create(
                    network_group=group,
                    prefix=head,
                    currency="INR",
                    per_minute=Decimal(chance.randrange(1, 10**7)).scaleb(-6),
                    pulse_seconds=chance.choice((1, 6, 60, 90)),
                    connection_fee=Decimal(chance.choice(("0", "0.000001", "0.1"))),
                    valid_from=now + timedelta(days=days),
                )


@pytest.mark.usefixtures("catalogue", "many")
def test_is_the_carriers_price_for_its_number_though_sip_is_switched_on(now: datetime) -> None:
    numbers = [f"+9198765{n:05}" for n in range(100)]
    SipRate.objects.create(currency="INR", per_minute=Decimal("0.123456"), valid_from=now)
    assert tallied(numbers, now, replace(RULES, sip_switch=True)) == tallied(numbers, now, RULES)


@pytest.mark.usefixtures("catalogue", "many")
def test_is_the_flat_rate_over_a_customers_own_carrier(now: datetime) -> None:
    rules = replace(RULES, sip_route=True)
    numbers = [f"+9198765{n:05}" for n in range(100)]
    assert tallied(numbers, now, rules).unpriced == 100
    SipRate.objects.create(currency="INR", per_minute=Decimal("0.123456"), valid_from=now)
    found = tallied(numbers, now, rules)
    assert (found.low, found.high, found.unpriced) == (Decimal("12.3456"), Decimal("37.0368"), 0)


@pytest.mark.usefixtures("catalogue")
def test_takes_as_long_as_its_calls_ten_at_a_time(now: datetime) -> None:
    assert tallied([f"+9198765{n:05}" for n in range(101)], now).minutes == (11, 31)
    assert tallied([], now) == Estimate(Decimal(0), Decimal(0), "INR", 0, (0, 0))

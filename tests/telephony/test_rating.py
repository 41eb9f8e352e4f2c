"""telephony.rating, and the two engines that must answer as it does …"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from telephony import rate_tables
from telephony.e164 import E164, parse_e164
from telephony.models import CallRate, Country, NetworkGroup, Prefix, SipRate
from telephony.rate_intervals import build_intervals
from telephony.rate_tables import build_table, rate_now
from telephony.rating import CallPrice, rate_call

pytestmark = pytest.mark.django_db
COUNTRIES = {"US": 1, "CA": 1, "IN": 91, "RU": 7, "KZ": 7, "SG": 65}


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    rate_tables.forget()
    for iso, code in COUNTRIES.items():
        Country.objects.create(iso=iso, name=iso, calling_code=code, max_length=10)
    yield
    rate_tables.forget()


def group(country: str, name: str, *prefixes: str, carrier: str = "plivo") -> NetworkGroup:
    made = NetworkGroup.objects.create(carrier=carrier, country_id=country, name=name)
    Prefix.objects.bulk_create(Prefix(network_group=made, digits=digits) for digits in prefixes)
    return made


def add(where: NetworkGroup, prefix: str, price: str, start: datetime, **more: object) -> CallRate:
    return CallRate.objects.create(
        network_group=where,
        prefix=prefix,
        currency=str(more.pop("currency", "INR")),
        per_minute=Decimal(price),
        valid_from=start,
        **more,
    )


def everywhere(number: str, at: datetime, **asked: str) -> CallPrice | None:
    """What all three engines say; they must say the same."""
    what = {"carrier": "plivo", "currency": "INR", "direction": "outbound"} | asked
    said = rate_call(number, at=at, **what)
    read = parse_e164(number)
    assert build_table(**what, now=at).rate(read, at) == said
    intervals = build_intervals(**what, at=at)
    (row,) = intervals.find([read.e164[1:]], [read.country])
    assert intervals.price(row, read.e164[1:]) == said
    return said


def prefix_of(price: CallPrice | None) -> str | None:
    return None if price is None else price.prefix


# --- which rate decides -----------------------------------------------------------------------------------


def test_takes_the_longest_prefix_of_the_called_number(now: datetime) -> None:
    mobile, landline = group("IN", "mobile", "919", "9198"), group("IN", "landline", "9111")
    add(mobile, "919", "0.65", now)
    best = add(mobile, "9198", "0.70", now, pulse_seconds=1, connection_fee=Decimal("0.1"))
    add(landline, "9111", "0.5", now)
    price = everywhere("+919812345678", now)
    assert price == CallPrice(
        best.pk, "9198", mobile.pk, "mobile", Decimal("0.7"), 1, Decimal("0.1"), now, "INR"
    )
    assert prefix_of(everywhere("+919712345678", now)) == "919"
    assert everywhere("+918012345678", now) is None


def test_prices_a_group_s_prefixes_with_the_rate_of_the_whole_group(now: datetime) -> None:
    mobile = group("IN", "mobile", "917", "918")
    add(mobile, "", "0.65", now)
    assert prefix_of(everywhere("+917012345678", now)) == "917"
    assert everywhere("+911123456789", now) is None


def test_prices_a_whole_country_where_the_group_has_no_prefixes(now: datetime) -> None:
    whole = group("IN", "Whole country")
    add(whole, "", "2", now)
    add(group("IN", "mobile", "919"), "919", "0.65", now)
    found = everywhere("+911123456789", now)
    assert found is not None
    assert (found.prefix, found.network_group) == ("", whole.pk)
    assert prefix_of(everywhere("+919812345678", now)) == "919"


def test_prefers_the_rate_that_names_the_prefix(now: datetime) -> None:
    mobile, other = group("IN", "mobile", "919"), group("IN", "other", "919")
    add(mobile, "", "1", now)
    named = add(other, "919", "2", now - timedelta(days=9))
    found = everywhere("+919812345678", now)
    assert found is not None
    assert found.rate_id == named.pk


def test_decides_ties_by_start_and_then_by_what_was_written_last(now: datetime) -> None:
    one, two, three = (group("IN", name, "919") for name in ("one", "two", "three"))
    add(one, "919", "1", now - timedelta(days=1))
    add(two, "919", "2", now)
    last = add(three, "919", "3", now)
    found = everywhere("+919812345678", now)
    assert found is not None
    assert found.rate_id == last.pk


@pytest.mark.parametrize(
    "number, country", [("+14155550123", "US"), ("+14165550123", "CA"), ("+77012345678", "KZ")]
)
def test_tells_countries_of_one_calling_code_apart(number: str, country: str, now: datetime) -> None:
    groups = {iso: group(iso, iso) for iso in ("US", "CA", "RU", "KZ")}
    for price, made in enumerate(groups.values(), 1):
        add(made, "", str(price), now)
    found = everywhere(number, now)
    assert found is not None
    assert found.network_group == groups[country].pk


def test_keeps_to_the_carrier_the_currency_and_the_direction(now: datetime) -> None:
    add(group("IN", "a", "91", carrier="twilio"), "91", "1", now)
    mine = group("IN", "b", "91")
    add(mine, "91", "2", now, currency="USD")
    add(mine, "91", "3", now, direction="inbound")
    number = "+919812345678"
    assert everywhere(number, now) is None
    found = [
        everywhere(number, now, carrier="twilio"),
        everywhere(number, now, currency="USD"),
        everywhere(number, now, direction="inbound"),
    ]
    assert [price and price.per_minute for price in found] == [1, 2, 3]


def test_keeps_history(now: datetime) -> None:
    mobile = group("IN", "mobile", "919")
    for days in (-20, -10, 0, 10):
        add(mobile, "919", str(100 + days), now + timedelta(days=days))
    said = {days: everywhere("+919812345678", now + timedelta(days=days)) for days in (-21, -20, -11, 9, 10)}
    assert {days: price and price.per_minute for days, price in said.items()} == {
        -21: None,
        -20: 80,
        -11: 80,
        9: 100,
        10: 110,
    }


def test_prices_nothing_that_is_no_number_of_a_country(now: datetime) -> None:
    add(group("IN", "all"), "", "1", now)
    asked = {"carrier": "plivo", "currency": "INR", "at": now}
    assert rate_call("hello", **asked) is None  # type: ignore[arg-type]
    assert rate_call("+870773111632", **asked) is None  # type: ignore[arg-type]
    assert rate_call("+919812345678", **asked | {"carrier": ""}) is None  # type: ignore[arg-type]


def test_takes_the_flat_rate_over_a_customer_s_own_carrier(now: datetime) -> None:
    rate = SipRate.objects.create(currency="INR", per_minute=Decimal("0.3"), valid_from=now)
    price = rate_call("+77012345678", carrier="sip_trunk", currency="INR", at=now)
    assert price is not None
    assert (price.rate_id, price.per_minute, price.price_of(61)) == (rate.pk, Decimal("0.3"), Decimal("0.6"))
    assert rate_call("+77012345678", carrier="sip_trunk", currency="USD", at=now) is None


def test_asks_once_through_the_indexes(
    now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add(group("IN", "mobile", "919"), "919", "0.65", now)
    with django_assert_num_queries(1):
        rate_call("+919812345678", carrier="plivo", currency="INR", at=now)


# --- equal answers ------------------------------------------------------------------------------------------


def naive(
    number: E164, rates: list[CallRate], prefixes: dict[str, list[str]], at: datetime
) -> CallRate | None:
    """product.md §6 by looking at every rate."""
    best: tuple[tuple[int, bool, datetime, int], CallRate] | None = None
    for rate in rates:
        if rate.network_group.country_id != number.country or rate.valid_from > at:
            continue
        for digits in [rate.prefix] if rate.prefix else prefixes[rate.network_group_id] or [""]:
            if number.e164[1:].startswith(digits):
                rank = (len(digits), bool(rate.prefix), rate.valid_from, rate.pk)
                if best is None or rank > best[0]:
                    best = (rank, rate)
    return best and best[1]


NUMBERS = ["+1415555", "+1416555", "+9198", "+9111", "+7701", "+7912", "+6581", "+6561"]


@pytest.mark.parametrize("seed", range(12))
def test_agrees_with_a_look_at_every_rate(seed: int, now: datetime) -> None:
    chance = random.Random(seed)
    lengths = {"US": 11, "CA": 11, "IN": 12, "RU": 11, "KZ": 11, "SG": 10}
    prefixes: dict[str, list[str]] = {}
    for country, code in COUNTRIES.items():
        for name in "abc"[: chance.randrange(4)]:
            digits = {
                chance.choice(NUMBERS)[1 : chance.randrange(2, 9)]
                if chance.random() < 0.6
                else f"{code}{tail}"
                for tail in chance.sample(range(2, 1000), chance.choice((0, 0, 1, 5)))
            }
            made = group(country, name, *sorted(digits))
            prefixes[made.pk] = sorted(digits)
            for prefix in sorted({"", str(code), *digits}):
                for days in chance.sample(range(-3, 3), chance.randrange(3)):
                    add(made, prefix, str(chance.randrange(1, 9)), now + timedelta(days=days))
    rates = list(CallRate.objects.select_related("network_group"))
    numbers = []
    for _ in range(60):
        start = chance.choice(NUMBERS)
        tail = "".join(chance.choices("0123456789", k=12))
        size = next(n for iso, n in lengths.items() if start[1:].startswith(str(COUNTRIES[iso])))
        numbers.append(parse_e164(f"{start}{tail}"[: size + 1]))
    at = now + timedelta(days=chance.randrange(-3, 3))
    table = build_table("plivo", "INR", "outbound", now=at)
    intervals = build_intervals("plivo", "INR", at=at)
    found = intervals.find([each.e164[1:] for each in numbers], [each.country for each in numbers])
    for number, row in zip(numbers, found, strict=True):
        wanted = naive(number, rates, prefixes, at)
        asked = rate_call(number, carrier="plivo", currency="INR", at=at)
        assert (asked and asked.rate_id) == (wanted and wanted.pk), number
        assert table.rate(number, at) == asked
        assert intervals.price(row, number.e164[1:]) == asked


def test_takes_numbers_of_no_country_and_of_others_in_a_batch(now: datetime) -> None:
    first = add(group("IN", "mobile", "919"), "919", "1", now)
    intervals = build_intervals("plivo", "INR", at=now)
    digits = ["919812345678", "870773111632", "919812345678", "6581234567", "919812345678"]
    rows = intervals.find(digits, ["IN", "", "US", "SG", "IN"])
    assert rows.tolist() == [0, -1, -1, -1, 0]
    assert intervals.find([], []).tolist() == []
    found = intervals.price(rows[0], digits[0])
    assert found is not None
    assert found.rate_id == first.pk
    assert build_intervals("twilio", "INR", at=now).find(digits[:1], ["IN"]).tolist() == [-1]


# --- the table of this process ------------------------------------------------------------------------------


def ask(number: str, now: datetime) -> Decimal | None:
    price = rate_now(parse_e164(number), carrier="plivo", currency="INR", now=now)
    return None if price is None else price.per_minute


def test_sees_a_change_within_a_second(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    mobile = group("IN", "mobile", "919")
    add(mobile, "", "1", now)
    assert ask("+919812345678", now) == 1
    Prefix.objects.create(network_group=mobile, digits="918")
    assert ask("+918012345678", now) is None
    monkeypatch.setattr(rate_tables, "LOOK_AGAIN", -1.0)
    assert ask("+918012345678", now) == 1
    CallRate.objects.update(per_minute=2)
    assert ask("+918012345678", now) == 2


def test_forgets_what_was_rolled_back(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_tables, "LOOK_AGAIN", -1.0)
    mobile = group("IN", "mobile", "919")
    with transaction.atomic():
        add(mobile, "", "1", now)
        assert ask("+919812345678", now) == 1
        transaction.set_rollback(True)
    assert ask("+919812345678", now) is None


def test_asks_nothing_while_it_is_fresh(
    now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add(group("IN", "mobile", "919"), "", "1", now)
    ask("+919812345678", now)
    with django_assert_num_queries(0):
        assert ask("+919812345678", now) == 1


def test_knows_what_is_to_come_and_asks_for_what_was(now: datetime) -> None:
    mobile = group("IN", "mobile", "919")
    for days in (-9, -1, 5):
        add(mobile, "", str(10 + days), now + timedelta(days=days))
    assert [ask("+919812345678", now + timedelta(days=days)) for days in (0, 5, -2)] == [9, 15, 1]


# --- what a call costs --------------------------------------------------------------------------------------


def price(per_minute: str, pulse: int, fee: str = "0") -> CallPrice:
    start = datetime.fromisoformat("2026-01-01T00:00:00Z")
    return CallPrice(1, "", "nwg_x", "x", Decimal(per_minute), pulse, Decimal(fee), start, "INR")


@pytest.mark.parametrize(
    "per_minute, pulse, fee, seconds, cost",
    [
        ("0.65", 60, "0", 1, "0.65"),
        ("0.65", 60, "0", 60, "0.65"),
        ("0.65", 60, "0", 61, "1.30"),
        ("0.65", 1, "0", 61, "0.660833"),
        ("0.65", 6, "0.10", 7, "0.23"),
        ("0.000001", 30, "0", 1, "0.000001"),  # half a millionth, rounded up
        ("0.000001", 1, "0", 29, "0"),
        ("1", 60, "0.5", 0, "0"),
    ],
)
def test_counts_begun_pulses(per_minute: str, pulse: int, fee: str, seconds: int, cost: str) -> None:
    assert price(per_minute, pulse, fee).price_of(seconds) == Decimal(cost)


def test_is_exact(now: datetime) -> None:
    chance = random.Random(4)
    for _ in range(2000):
        rate, pulse, seconds = (
            Decimal(chance.randrange(10**13)) / 10**6,
            chance.randrange(1, 3601),
            chance.randrange(1, 90000),
        )
        exact = Fraction(rate) * -(-seconds // pulse) * pulse / 60
        said = Fraction(price(str(rate), pulse).price_of(seconds))
        assert abs(said - exact) <= Fraction(1, 2 * 10**6)


def test_refuses_less_than_no_time() -> None:
    with pytest.raises(ValueError, match="less than no time"):
        price("1", 60).price_of(-1)


def test_keeps_its_version_in_the_transaction(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM telephony_rateversion")
        before = cursor.fetchall()
        group("IN", "mobile", "919")
        cursor.execute("SELECT version FROM telephony_rateversion")
        assert cursor.fetchall() != before

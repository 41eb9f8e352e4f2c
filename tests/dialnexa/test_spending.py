"""What a key spends …"""

from __future__ import annotations

import zoneinfo
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from dialnexa import wallet
from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.api_keys import create_api_key, rotate_api_key, set_spend_cap
from dialnexa.errors import Refusal
from dialnexa.models import ApiKey, Workspace
from dialnexa.spending import chain_of, refuse_over_cap, spending_of, spent_this_month

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SUBJECTS = count()


@pytest.fixture
def now() -> datetime:
    """The middle of a month, so that a day earlier is the same one."""
    return datetime(2026, 11, 15, 12, tzinfo=UTC)


@pytest.fixture
def shop(now: datetime) -> Workspace:
    shop = Workspace.objects.create(slug="shop", name="Shop")
    wallet.open_accounts(shop)
    wallet.credit(shop, Decimal(10_000), reference="opening", memo="Opening", by=SYSTEM, now=now)
    return shop


@pytest.fixture
def key(shop: Workspace, now: datetime) -> ApiKey:
    """May spend ₹500.00 a month."""
    scopes = ["numbers:purchase"]
    return create_api_key(shop, "CRM", scopes, by=SYSTEM, now=now, monthly_spend_cap=Decimal(500))[0]


def spend(key: ApiKey, amount: int, now: datetime) -> str:
    """As a purchase does: under the cap or not at all. Returns what was bought."""
    by, subject = Actor(Channel.API, "API key", None, "", key), f"ord_{next(SUBJECTS)}"
    with transaction.atomic():
        refuse_over_cap(key, Decimal(amount), now=now)
        wallet.hold(key.workspace, Decimal(amount), subject=subject, memo="Purchase", by=by, now=now)
    return subject


def refused(key: ApiKey, amount: int, now: datetime) -> bool:
    try:
        spend(key, amount, now)
    except Refusal as refusal:
        return refusal.code == "spend_cap_reached"
    return False


def test_may_reach_the_cap_and_not_pass_it(key: ApiKey, now: datetime) -> None:
    spend(key, 400, now)
    assert refused(key, 101, now)
    spend(key, 100, now)
    assert spent_this_month(key, now=now) == 500


def test_does_not_count_what_was_given_back(key: ApiKey, now: datetime) -> None:
    first, second = spend(key, 200, now), spend(key, 300, now)
    wallet.void(key.workspace, subject=first, memo="Not sold", by=SYSTEM, now=now)
    wallet.capture(key.workspace, subject=second, memo="Sold", by=SYSTEM, now=now)
    assert spent_this_month(key, now=now) == 300


def test_begins_anew_with_the_month_of_the_workspace(key: ApiKey, now: datetime) -> None:
    zone = zoneinfo.ZoneInfo("Asia/Kolkata")
    midnight = datetime(2026, 12, 1, tzinfo=zone)
    spend(key, 500, midnight - timedelta(seconds=1))
    assert refused(key, 1, midnight - timedelta(seconds=1))
    assert not refused(key, 1, midnight)
    assert spent_this_month(key, now=midnight) == 1


def test_is_not_doubled_by_rotating(key: ApiKey, now: datetime) -> None:
    spend(key, 300, now)
    second, _ = rotate_api_key(key, overlap=DAY, by=SYSTEM, now=now)
    assert spent_this_month(second, now=now) == 300
    assert refused(second, 201, now)
    spend(second, 150, now)
    assert refused(key, 51, now)
    third, _ = rotate_api_key(second, overlap=DAY, by=SYSTEM, now=now)
    spend(third, 50, now)
    for each in (key, second, third):
        assert spent_this_month(each, now=now) == 500
        assert refused(each, 1, now)


def test_is_shared_by_the_keys_of_one_chain_alone(shop: Workspace, key: ApiKey, now: datetime) -> None:
    new, _ = rotate_api_key(key, overlap=DAY, by=SYSTEM, now=now)
    other, _ = create_api_key(shop, "Other", ["numbers:purchase"], by=SYSTEM, now=now)
    spend(key, 100, now)
    spend(new, 20, now)
    spend(other, 7, now)
    assert chain_of(key) == chain_of(new) == sorted([key.pk, new.pk])
    assert chain_of(other) == [other.pk]
    assert spending_of(shop, now=now) == {key.pk: 120, new.pk: 120, other.pk: 7}


def test_is_read_for_all_keys_at_once(
    shop: Workspace, key: ApiKey, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    newest = key
    for _ in range(5):
        newest, _ = rotate_api_key(newest, overlap=DAY, by=SYSTEM, now=now)
        spend(newest, 10, now)
    with django_assert_num_queries(3):
        assert set(spending_of(shop, now=now).values()) == {Decimal(50)}


def test_follows_a_cap_that_was_changed(key: ApiKey, now: datetime) -> None:
    spend(key, 400, now)
    set_spend_cap(key, Decimal(300), by=SYSTEM, now=now)
    with pytest.raises(Refusal, match="₹0.00 of it is left"):
        spend(key, 1, now)
    set_spend_cap(key, None, by=SYSTEM, now=now)
    spend(key, 5000, now)


@pytest.mark.django_db(transaction=True)
def test_stays_under_the_cap_when_both_keys_spend_at_once(key: ApiKey, now: datetime) -> None:
    new, _ = rotate_api_key(key, overlap=DAY, by=SYSTEM, now=now)

    def buy(n: int) -> bool:
        try:
            return not refused((key, new)[n % 2], 100, now)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as programs:
        bought = list(programs.map(buy, range(16)))
    assert sum(bought) == 5
    assert spent_this_month(key, now=now) == 500


@pytest.mark.django_db(transaction=True)
def test_stays_under_the_cap_while_keys_are_rotated(key: ApiKey, now: datetime) -> None:
    def buy(n: int) -> bool:
        try:
            newest = ApiKey.objects.select_related("workspace").order_by("-pk")[0]
            if n % 4 == 0:
                rotate_api_key(newest, overlap=DAY, by=SYSTEM, now=now)
                return False
            return not refused(newest, 100, now)
        except Refusal:  # somebody rotated this one first
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as programs:
        bought = list(programs.map(buy, range(24)))
    assert sum(bought) == 5
    assert spent_this_month(key, now=now) == 500

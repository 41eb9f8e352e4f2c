"""The page of the demo's clock …"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from dialnexa import clock
from dialnexa.models import Workspace
from phone_numbers.demo.clock import asked_until, live_on
from tests.numbers.renting.conftest import Fund, Rent

pytestmark = pytest.mark.django_db
URL = "/w/shop/demo-clock/"
DAY = timedelta(days=1)


def test_asks_for_days_and_tells_what_they_brought(
    alice_client: Client, shop: Workspace, rent: Rent, fund: Fund, movable_clock: Path
) -> None:
    rent(shop, clock.now())
    fund(shop, "100", clock.now())
    begun = alice_client.post(URL, {"span": "40"})
    assert begun.status_code == 302
    assert "Days are passing" in alice_client.get(begun["Location"]).content.decode()
    live_on()
    told = alice_client.get(begun["Location"]).content.decode()
    assert "Days are passing" not in told
    assert "−₹100.00" in told


@pytest.mark.parametrize(
    ("span", "sentence"), [("", "Choose one"), ("3650", "Choose one"), ("next", "Nothing is rented")]
)
def test_comes_back_with_what_is_wrong(
    span: str, sentence: str, alice_client: Client, shop: Workspace, movable_clock: Path
) -> None:
    response = alice_client.post(URL, {"span": span})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert asked_until() is None


@pytest.mark.parametrize("since", ["yesterday", "2026-01-01", "2026-01-01T00:00:00+99:00", "\x00"])
def test_takes_no_moment_for_what_is_none(
    since: str, alice_client: Client, shop: Workspace, movable_clock: Path
) -> None:
    response = alice_client.get(URL, {"since": since})
    assert response.status_code == 200
    assert "happened in this workspace since" not in response.content.decode()


def test_does_not_exist_outside_of_the_demo(alice_client: Client, shop: Workspace) -> None:
    assert alice_client.get(URL).status_code == 404
    assert alice_client.post(URL, {"span": "1"}).status_code == 404
    assert "move the clock" not in alice_client.get("/w/shop/numbers/").content.decode()

"""The forecast's page …"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber, Rental
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
URL = "/w/acme/wallet/forecast/"


def rented(workspace: Workspace, e164: str, renews: datetime, price: str = "92.00") -> PhoneNumber:
    number = make_number(workspace, e164)
    make_rental(number, renews, price=price)
    return number


def text(client: Client, url: str = URL) -> str:
    page = client.get(url).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index("<main") :]))


def spend(workspace: Workspace, amount: str, now: datetime, subject: str = "call_a") -> None:
    wallet.charge(workspace, Decimal(amount), subject=subject, memo="Call", by=SYSTEM, now=now)


def test_is_asked_for_by_the_wallet_page(alice_client: Client, workspace: Workspace) -> None:
    page = alice_client.get("/w/acme/wallet/").content.decode()
    assert f'hx-get="{URL}" hx-trigger="load"' in page
    assert f'href="{URL}"' in page
    part = alice_client.get(URL, headers={"HX-Request": "true"}).content.decode()
    assert 'id="forecast"' in part
    assert "<main" not in part


def test_says_that_no_rent_is_running(alice_client: Client, workspace: Workspace) -> None:
    page = alice_client.get(URL).content.decode()
    assert "No rent is running, so nothing is at risk." in page
    assert "forecast-picture" not in page


def test_says_until_when_the_money_lasts(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    rented(workspace, "+12125550123", now + timedelta(days=5))
    page = alice_client.get(URL).content.decode()
    assert "Your money covers the rent until " in page
    assert "forecast-mark" not in page
    assert "Numbers at risk" not in page


def test_names_the_numbers_at_risk_and_the_amount_that_keeps_them(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    renews = now + timedelta(days=5)
    number = rented(workspace, "+12125550123", renews, price="12000.00")
    page = alice_client.get(URL).content.decode()
    day = f"{renews.astimezone(ZoneInfo(workspace.time_zone)):%-d %B %Y}"
    assert f"Your money lasts until {day}. Add ₹14,000.00 by then to keep 1 number." in page  # two months
    assert f'href="/w/acme/numbers/{number.pk}/"' in page
    assert "forecast-mark" in page
    assert re.search(r"rent of 1 number is not paid", page)


def test_says_what_is_overdue_and_what_money_does_not_keep(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    rented(workspace, "+12125550123", now + timedelta(days=20), price="12000.00")
    was_due = now - timedelta(days=2)
    Rental.objects.update(short_since=was_due, paid_through=was_due, next_run_at=now)
    off = rented(workspace, "+12125550124", now + timedelta(days=9))
    Rental.objects.filter(number=off).update(auto_renew=False)
    page = text(alice_client)
    assert "Rent of 1 number is overdue. Add ₹" in page
    day = (now + timedelta(days=5)).astimezone(ZoneInfo(workspace.time_zone))
    assert f"by {day:%-d %B %Y} to keep 1 number." in page
    assert "Automatic renewal is off for 1 number below" in page


def test_counts_calls_unless_asked_not_to(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(created_at=now - timedelta(days=30))
    spend(workspace, "140", now - timedelta(days=3))
    rented(workspace, "+12125550123", now + timedelta(days=5))
    assert "Calls are counted with ₹10.00 a day" in text(alice_client)
    without = text(alice_client, f"{URL}?calls=0")
    assert "Calls are not counted." in without
    assert "₹10.00 a day" not in without

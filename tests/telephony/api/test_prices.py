"""/v1/phone-number-pricing …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dialnexa.models import Workspace
from telephony.models import Country, RentalRate
from tests.conftest import RENTS, Program, make_program
from tests.documented import DocumentedProgram, documented

URL = "/v1/phone-number-pricing"


@pytest.fixture
def api(program: Program) -> DocumentedProgram:
    return documented(program)


def add(now: datetime, days: int, monthly: str, **changes: str) -> RentalRate:
    what = {"carrier": "plivo", "country_id": "US", "type": "local", "currency": "INR"} | changes
    return RentalRate.objects.create(monthly=Decimal(monthly), valid_from=now + timedelta(days=days), **what)


def test_lists_every_price_by_country_and_type(api: DocumentedProgram) -> None:
    prices = api.get(URL).json()
    assert len(prices) == len(RENTS)
    assert [item["country_iso"] for item in prices] == ["DE", "IN", "IN", "IN", "GB", "GB", "US", "US"]
    assert prices[0] == {
        "telephony_provider_id": "plivo",
        "country_iso": "DE",
        "country_name": "Germany",
        "type": "local",
        "credit_cost": "150.00",
        "setup_cost": "100.00",
        "currency": "INR",
    }


def test_shows_the_price_that_counts_now(api: DocumentedProgram, now: datetime) -> None:
    add(now, -2, "95")
    add(now, -1, "97.1255")
    add(now, 1, "120")
    (price,) = api.get(URL, country_iso="us", type="local").json()
    assert price["credit_cost"] == "97.1255"


def test_shows_prices_in_the_workspace_s_currency(
    api: DocumentedProgram, workspace: Workspace, now: datetime
) -> None:
    add(now, -1, "1.15", currency="USD")
    Workspace.objects.filter(pk=workspace.pk).update(currency="USD")
    (price,) = api.get(URL).json()
    assert (price["credit_cost"], price["currency"]) == ("1.15", "USD")


def test_finds_prices(api: DocumentedProgram, now: datetime, settings: LazySettings) -> None:
    add(now, -1, "99", carrier="twilio")
    assert {item["telephony_provider_id"] for item in api.get(URL).json()} == {"plivo"}
    settings.CARRIERS = {"plivo": {}, "twilio": {}}
    (price,) = api.get(URL, provider="twilio").json()
    assert price["credit_cost"] == "99.00"
    assert [item["type"] for item in api.get(URL, country_iso="GB").json()] == ["local", "mobile"]
    assert api.get(URL, country_iso="FR").json() == []
    assert api.get(URL, type="satellite").status_code == 400


def test_shows_no_country_that_is_not_offered(api: DocumentedProgram) -> None:
    Country.objects.filter(iso="DE").update(is_offered=False)
    assert "DE" not in {item["country_iso"] for item in api.get(URL).json()}


def test_needs_two_queries(
    api: DocumentedProgram, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    api.get(URL)
    with django_assert_max_num_queries(2):
        api.get(URL)


def test_needs_telephony_read(workspace: Workspace, now: datetime) -> None:
    program = documented(make_program(workspace, now, "numbers:read", "wallet:read"))
    assert program.get(URL).json()["code"] == "key_scope_missing"
    assert Client().get(URL).status_code == 401

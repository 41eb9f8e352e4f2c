"""In a browser, rent …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber, Rental
from phone_numbers.renting.choices import ranked
from phone_numbers.renting.sweep import sweep_rent
from tests.numbers.rows import make_number, make_rental
from tests.numbers.test_routing import make_version

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def expired(workspace: Workspace) -> PhoneNumber:
    """Routed, and stopped: a week ago the wallet, which holds 10,000, could not pay 12,000."""
    now = timezone.now()
    version = make_version(workspace, "Front desk", now)
    number = make_number(
        workspace, "+12125550101", inbound_version=version, carrier_number_id="1", activated_at=now
    )
    rental = make_rental(number, now - timedelta(days=8), price="12000")
    Rental.objects.filter(pk=rental.pk).update(anchor=now - timedelta(days=39))
    for days in (8, 1):
        sweep_rent(now=now - timedelta(days=days))
    assert Rental.objects.get(pk=rental.pk).rental_status == "expired"
    return number


def fund(workspace: Workspace, amount: int, now: datetime) -> None:
    wallet.credit(workspace, Decimal(amount), reference="payment", memo="Paid", by=SYSTEM, now=now)


def test_restores_a_number_with_its_routing_as_soon_as_it_is_paid(
    open_page: Callable[..., Any], workspace: Workspace, expired: PhoneNumber, complaints: list[str]
) -> None:
    page = open_page(f"/w/acme/numbers/{expired.pk}/")
    page.wait_for_selector("#rental-panel :text('Calls are off.')")
    page.click("#renew")
    page.wait_for_selector(".rent-form :text('That is less than what is needed.')")
    page.click(".rent-form button[type=submit]")
    page.wait_for_selector(".rent-form [role=alert] :text('Add ₹2,000.00 or more.')")
    assert page.locator(".rent-form [role=alert] a").get_attribute("href") == "/w/acme/wallet/"
    complaints.clear()  # the browser tells of the 422
    fund(workspace, 3000, timezone.now())
    page.click(".rent-form button[type=submit]")
    page.wait_for_selector("#title .status-ok")
    assert "Front desk" in page.locator("#routing-panel").inner_text()
    assert "₹12,000.00" in page.locator("#rental-panel table").inner_text()
    assert wallet.balance(workspace) == Decimal(1000)


def test_restores_it_by_itself_when_money_comes_in(
    open_page: Callable[..., Any], workspace: Workspace, expired: PhoneNumber
) -> None:
    page = open_page(f"/w/acme/numbers/{expired.pk}/")
    page.wait_for_selector("#rental-panel :text('Calls are off.')")
    now = timezone.now()
    fund(workspace, 3000, now)
    sweep_rent(now=now)
    page.reload()
    page.wait_for_selector("#title .status-ok")
    assert page.locator("#rental-panel .status-ok").inner_text() == "Active"
    assert "The rent was paid; the number works again" in page.locator("#history-panel").inner_text()


def test_is_put_in_order_with_the_keyboard(open_page: Callable[..., Any], workspace: Workspace) -> None:
    now = timezone.now()
    for n in (1, 2, 3):
        make_rental(make_number(workspace, f"+1212555010{n}"), now + timedelta(days=n))
    page = open_page("/w/acme/numbers/renewal-order/")
    page.focus(".order-row:nth-child(1) [name=down]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".order-row:nth-child(2) :text('0101')")
    page.keyboard.press("Enter")  # the button that was pressed keeps the focus
    page.wait_for_selector(".order-row:nth-child(3) :text('0101')")
    assert [rental.number.e164[-1] for rental in ranked(workspace)] == ["2", "3", "1"]

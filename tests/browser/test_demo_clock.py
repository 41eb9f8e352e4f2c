"""In a browser, the demo's clock …"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dialnexa import clock, wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.demo.clock import live_on
from phone_numbers.models import PhoneNumber, Rental
from phone_numbers.renting.charging import Payment, charge_rent
from phone_numbers.renting.schedule import coming_periods
from tests.numbers.rows import make_number, make_rental

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Open = Callable[..., Any]
URL = "/w/acme/demo-clock/"


@pytest.fixture
def number(workspace: Workspace, movable_clock: Path) -> PhoneNumber:
    """Rented today; the wallet covers this month and the next, and not the one after that."""
    number, now = make_number(workspace), clock.now()
    price = (wallet.balance(workspace) / 2).quantize(Decimal("0.01"))
    begins = {"anchor": now, "paid_through": now, "paid_periods": 0, "monthly_price": price}
    Rental.objects.filter(pk=make_rental(number, now).pk).update(**begins)
    rental = Rental.objects.select_related("number", "workspace").get(number=number)
    charge_rent([Payment(rental, [next(coming_periods(rental))])], by=SYSTEM, now=clock.now())
    return number


def pass_days(page: Any, button: str) -> None:
    """Press it, and let the sweeper do what it does beside."""
    page.get_by_role("button", name=button).click()
    page.wait_for_selector("text=Days are passing")
    live_on()
    page.wait_for_selector("text=Days are passing", state="detached")


def test_shows_renewal_expiry_and_restoring_in_their_order(
    open_page: Open, number: PhoneNumber, workspace: Workspace
) -> None:
    page = open_page()
    page.get_by_role("link", name="move the clock").click()
    pass_days(page, "+40 days")
    assert page.locator(".event").get_by_text("Charged", exact=True).count() == 1
    pass_days(page, "+40 days")
    story = page.locator("#clock").inner_text()
    assert story.index("is due") < story.index("has stopped working")
    assert Rental.objects.get(number=number).rental_status == "expired"
    wallet.credit(workspace, Decimal("100000"), reference="top-up", memo="Top-up", by=SYSTEM, now=clock.now())
    pass_days(page, "+1 day")
    assert page.get_by_text("works again").count() >= 1
    assert Rental.objects.get(number=number).rental_status == "active"


def test_leads_to_the_next_renewal_without_javascript(open_page: Open, number: PhoneNumber) -> None:
    page = open_page(URL, java_script_enabled=False)
    page.get_by_role("button", name="To the next renewal").click()
    live_on()
    page.get_by_role("link", name="Look again").click()
    assert page.locator(".event").get_by_text("Charged", exact=True).count() == 1
    page.get_by_role("link", name="move the clock").click()  # the plain address finds the story again
    assert page.locator(".event").get_by_text("Charged", exact=True).count() == 1


def test_fits_a_phone(open_page: Open, number: PhoneNumber) -> None:
    page = open_page(URL, width=390, height=844)
    pass_days(page, "+40 days")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

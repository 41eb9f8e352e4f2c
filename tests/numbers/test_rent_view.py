"""The rent of a number, in the browser …"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import LedgerEntry, Workspace
from phone_numbers.models import PhoneNumber, Rental, RentalCharge
from phone_numbers.renting.prices import change_price
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def number(workspace: Workspace) -> PhoneNumber:
    return make_number(workspace, "+12125550101")


def url(number: PhoneNumber, path: str = "") -> str:
    return f"/w/acme/numbers/{number.pk}/{path}"


def shown(client: Client, number: PhoneNumber, path: str = "") -> str:
    return client.get(url(number, path)).content.decode()


def pay(client: Client, rental: Rental, months: object = 1, **headers: str) -> Any:
    data = {"months": months, "paid_through": rental.paid_through.isoformat()}
    return client.post(url(rental.number, "renew/"), data, headers=headers or None)


def again(rental: Rental) -> Rental:
    return Rental.objects.get(pk=rental.pk)


def unpaid(number: PhoneNumber, now: datetime, days: int = 2) -> Rental:
    """In grace since so many days."""
    rental = make_rental(number, now - timedelta(days=days))
    Rental.objects.filter(pk=rental.pk).update(short_since=rental.paid_through)
    return Rental.objects.get(pk=rental.pk)


def test_says_what_comes_next_of_a_number_that_is_paid(
    alice_client: Client, number: PhoneNumber, now: datetime
) -> None:
    make_rental(number, now + timedelta(days=12))
    page = shown(alice_client, number)
    assert "₹92.00 is charged to the wallet." in page
    assert "Renew now…" in page
    assert 'aria-checked="true"' in page


def test_says_until_when_an_unpaid_number_works(
    alice_client: Client, number: PhoneNumber, now: datetime
) -> None:
    unpaid(number, now)
    page = shown(alice_client, number)
    assert "₹92.00 is due." in page
    stops = (now + timedelta(days=5)).astimezone(ZoneInfo("Asia/Kolkata"))
    assert f"The number works until {stops:%-d %B %Y, %H:%M}; the wallet is tried every day" in page
    assert "Pay now…" in page
    assert "works until" in alice_client.get("/w/acme/numbers/").content.decode()


def test_asks_for_nothing_while_the_carrier_does_not_carry_the_number(
    alice_client: Client, number: PhoneNumber, now: datetime
) -> None:
    rental = make_rental(number, now + timedelta(days=12))
    PhoneNumber.objects.filter(pk=number.pk).update(missing_since=now)
    page = shown(alice_client, number)
    assert "Unavailable" in page
    assert "No rent is charged while Plivo does not carry the number." in page
    assert "Renew now…" not in page
    pay(alice_client, rental)
    assert again(rental).paid_through == rental.paid_through


def test_asks_for_the_rent_of_a_number_that_stopped(
    alice_client: Client, number: PhoneNumber, now: datetime
) -> None:
    make_rental(number, now - timedelta(days=9), status="expired")
    page = shown(alice_client, number)
    assert "Calls are off." in page
    assert "Pay and restore…" in page


def test_shows_a_price_that_changes(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    rental = make_rental(number, now + timedelta(days=12))
    day, why = now + timedelta(days=1), "Dearer at the carrier"
    change_price(rental, Decimal(110), starts_at=day, reason=why, by=SYSTEM, now=now)
    page = shown(alice_client, number)
    assert "₹110.00 is charged to the wallet." in page
    assert "Dearer at the carrier" in page
    assert "₹110.00" in shown(alice_client, number, "renew/")


def test_offers_months_with_their_sums(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    make_rental(number, now + timedelta(days=12))
    dialog = shown(alice_client, number, "renew/")
    assert dialog.count('name="months"') == 12
    assert "₹276.00" in dialog
    assert "The wallet holds ₹10,000.00." in dialog


def test_pays_the_chosen_months_and_links_them_to_the_wallet(
    alice_client: Client, number: PhoneNumber, now: datetime
) -> None:
    rental = make_rental(number, now + timedelta(days=12))
    response = pay(alice_client, rental, 3)
    assert response.status_code == 302
    assert wallet.balance(rental.workspace) == Decimal(10_000) - 3 * 92
    page, book = shown(alice_client, number), alice_client.get("/w/acme/wallet/").content.decode()
    for entry in LedgerEntry.objects.filter(reference__startswith="rent:"):
        assert f"#{entry.pk}" in page
        assert f'id="{entry.pk}"' in book
    assert f'<a href="{url(number)}">' in book
    assert "is paid until" in page


def test_pays_once_for_a_double_click(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    rental = make_rental(number, now + timedelta(days=12))
    pay(alice_client, rental)
    response = pay(alice_client, rental)
    assert response.status_code == 409
    assert "paid in the meantime" in response.content.decode()
    assert RentalCharge.objects.filter(rental=rental).count() == 1


def test_restores_an_expired_number(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    rental = make_rental(number, now - timedelta(days=9), status="expired")
    response = pay(alice_client, rental, **HTMX)
    assert response.headers["HX-Redirect"] == url(number)
    assert again(rental).rental_status == "active"
    assert "It works again." in shown(alice_client, number)


def test_comes_back_with_the_wallet_when_money_is_short(
    alice_client: Client, number: PhoneNumber, now: datetime
) -> None:
    rental = make_rental(number, now + timedelta(days=12), price="9000")
    response = pay(alice_client, rental, 2, **HTMX)
    dialog = response.content.decode()
    assert response.status_code == 422
    assert "Add ₹8,000.00 or more." in dialog
    assert 'href="/w/acme/wallet/"' in dialog
    assert re.search(r'value="2" checked', dialog)
    assert pay(alice_client, rental, 2).status_code == 402


@pytest.mark.parametrize("months", ["", "0", "13", "-1", "1.5", "99999999999", "x"])
def test_refuses_months_that_make_no_sense(
    months: str, alice_client: Client, number: PhoneNumber, now: datetime
) -> None:
    rental = make_rental(number, now + timedelta(days=12))
    response = pay(alice_client, rental, months, **HTMX)
    assert response.status_code == 422
    assert "Choose 1 to 12 months to pay now." in response.content.decode()
    assert not RentalCharge.objects.exists()


@pytest.mark.parametrize("shown_as", ["", "soon", "2026-13-40T00:00:00+00:00", "2026-11-21T05:00:00"])
def test_refuses_forms_that_nobody_was_shown(
    shown_as: str, alice_client: Client, number: PhoneNumber, now: datetime
) -> None:
    make_rental(number, now + timedelta(days=12))
    data = {"months": "1", "paid_through": shown_as}
    assert alice_client.post(url(number, "renew/"), data).status_code == 404
    assert not RentalCharge.objects.exists()


def test_says_so_when_it_is_paid_as_far_ahead_as_can_be(
    alice_client: Client, number: PhoneNumber, now: datetime
) -> None:
    rental = make_rental(number, now + timedelta(days=12), price="10")
    pay(alice_client, rental, 12)
    assert "as far ahead as rent can be paid" in shown(alice_client, number, "renew/")


def test_knows_no_rent_of_linked_numbers(alice_client: Client, number: PhoneNumber) -> None:
    assert alice_client.get(url(number, "renew/")).status_code == 404


def test_switches_renewal_by_itself(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    rental = make_rental(number, now + timedelta(days=12))
    page = alice_client.post(url(number, "auto-renew/"), {"auto_renew": "0"}, follow=True).content.decode()
    assert not again(rental).auto_renew
    assert "Nothing is charged by itself. Unpaid, it works 7 days longer." in page
    assert "Does not renew by itself any more" in page
    alice_client.post(url(number, "auto-renew/"), {"auto_renew": "1"})
    assert again(rental).auto_renew


def test_says_what_a_release_returns(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    rental = make_rental(number, now + timedelta(days=12))
    assert "paid ahead" not in shown(alice_client, number)
    pay(alice_client, rental, 2)
    assert "₹184.00 goes back to the wallet at once" in shown(alice_client, number)


def test_lets_members_look_and_not_pay(bob_client: Client, number: PhoneNumber, now: datetime) -> None:
    rental = unpaid(number, now)
    page = shown(bob_client, number)
    assert "Owners and admins can pay it." in page
    assert "Pay now" not in page
    assert pay(bob_client, rental).status_code == 403
    assert bob_client.post(url(number, "auto-renew/"), {"auto_renew": "0"}).status_code == 403

"""Rent over REST …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from dialnexa import wallet
from dialnexa.models import AuditEntry, LedgerEntry, Workspace
from phone_numbers.models import PhoneNumber, Rental, RentalCharge
from tests.conftest import Program, make_program
from tests.documented import documented
from tests.numbers.api.conftest import NUMBERS, code
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
ORDER = "/v1/renewal-order"


@pytest.fixture
def rental(workspace: Workspace, now: datetime) -> Rental:
    return make_rental(make_number(workspace, "+12125550101"), now + timedelta(days=12))


def path(number: PhoneNumber) -> str:
    return f"{NUMBERS}/{number.pk}/renewals"


def again(rental: Rental) -> Rental:
    return Rental.objects.get(pk=rental.pk)


def test_pays_months_and_lists_them(program: Program, workspace: Workspace, rental: Rental) -> None:
    response = program.post(path(rental.number), {"months": 2})
    assert response.status_code == 201
    body: dict[str, Any] = response.json()
    assert (body["total"], body["currency"], body["rental_status"]) == ("184.00", "INR", "active")
    assert wallet.balance(workspace) == Decimal(10_000) - 184
    listed = program.get(path(rental.number)).json()
    assert listed["data"] == body["data"][::-1]
    entries = LedgerEntry.objects.filter(reference__startswith="rent:")
    assert {charge["ledger_entry_id"] for charge in body["data"]} == {entry.pk for entry in entries}
    number = program.get(f"{NUMBERS}/{rental.number_id}").json()
    assert (number["renews_at"], number["auto_renew"]) == (body["renews_at"], True)


def test_pays_once_for_one_key(program: Program, rental: Rental) -> None:
    first = program.post(path(rental.number), {"months": 1}, idempotency_key="once")
    second = program.post(path(rental.number), {"months": 1}, idempotency_key="once")
    assert first.json() == second.json()
    assert RentalCharge.objects.count() == 1
    third = program.post(path(rental.number), {"months": 2}, idempotency_key="once")
    assert third.status_code == 422


def test_restores_an_expired_number(program: Program, workspace: Workspace, now: datetime) -> None:
    number = make_number(workspace)
    make_rental(number, now - timedelta(days=9), status="expired")
    assert program.post(path(number), {"months": 1}).json()["rental_status"] == "active"


@pytest.mark.parametrize("months", [0, 13, "many", None, 1.5])
def test_is_refused_with_400_for_months_that_make_no_sense(
    months: Any, program: Program, rental: Rental
) -> None:
    assert program.post(path(rental.number), {"months": months}).status_code == 400
    assert not RentalCharge.objects.exists()


def test_is_refused_with_402_when_the_wallet_is_short(
    program: Program, workspace: Workspace, now: datetime
) -> None:
    rental = make_rental(make_number(workspace), now + timedelta(days=1), price="9000")
    assert code(program.post(path(rental.number), {"months": 2})) == (402, "wallet_insufficient")


def test_is_refused_with_402_by_the_keys_cap(workspace: Workspace, rental: Rental, now: datetime) -> None:
    capped = documented(make_program(workspace, now, "numbers:purchase", monthly_spend_cap=Decimal(100)))
    assert capped.post(path(rental.number), {"months": 1}).status_code == 201
    assert code(capped.post(path(rental.number), {"months": 1})) == (402, "spend_cap_reached")


def test_is_refused_with_409_without_a_rent(program: Program, workspace: Workspace, rental: Rental) -> None:
    assert code(program.post(path(make_number(workspace)), {"months": 1})) == (409, "no_rental")
    Rental.objects.filter(pk=rental.pk).update(ended_at=rental.paid_through)
    assert code(program.post(path(rental.number), {"months": 1})) == (409, "rental_ended")


def test_is_refused_with_401_403_and_404(
    program: Program, charlie_program: Program, workspace: Workspace, rental: Rental, now: datetime
) -> None:
    reader = documented(make_program(workspace, now, "numbers:read", "numbers:write"))
    assert code(reader.post(path(rental.number), {"months": 1})) == (403, "key_scope_missing")
    assert charlie_program.post(path(rental.number), {"months": 1}).status_code == 404
    assert charlie_program.get(path(rental.number)).status_code == 404
    program.http.defaults.clear()
    assert program.http.post(path(rental.number), headers={"authorization": ""}).status_code == 401
    assert not RentalCharge.objects.exists()


# --- by itself, and in which order ----------------------------------------------------------------------


def test_switches_renewal_by_itself(program: Program, rental: Rental) -> None:
    one = f"{NUMBERS}/{rental.number_id}"
    assert program.patch(one, {"auto_renew": False}).json()["auto_renew"] is False
    assert not again(rental).auto_renew
    assert program.patch(one, {"auto_renew": None, "nickname": "A"}).json()["auto_renew"] is False
    assert program.patch(one, {"auto_renew": True}).json()["auto_renew"] is True
    assert AuditEntry.objects.filter(subject_id=rental.pk).count() == 2


def test_is_refused_with_409_where_nothing_renews_and_changes_nothing_else(
    program: Program, workspace: Workspace
) -> None:
    number = make_number(workspace, nickname="Old")
    response = program.patch(f"{NUMBERS}/{number.pk}", {"auto_renew": True, "nickname": "New"})
    assert code(response) == (409, "no_rental")
    number.refresh_from_db()
    assert number.nickname == "Old"


def test_puts_numbers_in_order(program: Program, workspace: Workspace, rental: Rental, now: datetime) -> None:
    later = make_rental(make_number(workspace, "+12125550102"), now + timedelta(days=20))
    assert [row["rank"] for row in program.get(ORDER).json()["data"]] == [None, None]
    response = program.put(ORDER, {"numbers": [later.number_id]})
    rows = [(row["phone_number"], row["rank"]) for row in response.json()["data"]]
    assert rows == [("+12125550102", 1), ("+12125550101", None)]
    assert program.get(ORDER).json() == response.json()
    assert program.put(ORDER, {"numbers": []}).json()["data"][0]["rank"] is None


def test_refuses_an_order_of_numbers_that_are_not_rented_here(
    program: Program, charlie_program: Program, rental: Rental
) -> None:
    response = charlie_program.put(ORDER, {"numbers": [rental.number_id]})
    assert code(response) == (400, "numbers_unknown")
    assert program.put(ORDER, {"numbers": "all"}).status_code == 400
    assert program.put(ORDER, {}).status_code == 400
    assert again(rental).renewal_rank is None

"""Behind the wall a web process …

Every view's tests can be run so: ``DIALNEXA_TEST_WALLED=1``. Here are the doors that set the scope in
ways of their own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.api_keys import create_api_key
from dialnexa.invitations import invite
from dialnexa.isolation.scope import current_scope
from dialnexa.models import Membership, User, Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.number_table import table
from tests.conftest import PASSWORD, Program
from tests.numbers.rows import make_number, make_rental

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served_by_web")]


@pytest.fixture
def number(workspace: Workspace, now: datetime) -> PhoneNumber:
    number = make_number(workspace, nickname="Shop front")
    make_rental(number, now)
    return number


@pytest.fixture
def foreign(charlie_workspace: Workspace, now: datetime) -> PhoneNumber:
    number = make_number(charlie_workspace, nickname="Chocolate line")
    make_rental(number, now)
    return number


def program(workspace: Workspace, now: datetime) -> Program:
    return Program(*create_api_key(workspace, "A program", ["numbers:read"], by=SYSTEM, now=now))


@pytest.mark.parametrize("page", ["numbers/", "numbers/export.csv", "wallet/", "wallet/export.csv"])
def test_shows_a_member_the_pages_of_a_workspace(
    page: str, alice_client: Client, number: PhoneNumber, foreign: PhoneNumber
) -> None:
    response = alice_client.get(f"/w/acme/{page}")
    assert response.status_code == 200
    assert page_of(response)
    assert current_scope() == ""


def test_finds_less_where_a_query_forgets_its_workspace(
    alice_client: Client, number: PhoneNumber, foreign: PhoneNumber, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = table._with_keys
    monkeypatch.setattr(table, "_with_keys", lambda numbers: whole(PhoneNumber.objects.all()))
    shown = page_of(alice_client.get("/w/acme/numbers/"))
    assert "Shop front" in shown
    assert "Chocolate line" not in shown


def test_answers_programs(
    workspace: Workspace, number: PhoneNumber, foreign: PhoneNumber, now: datetime
) -> None:
    found = program(workspace, now).get("/v1/organization-phone-numbers").json()
    assert [row["id"] for row in found["data"]] == [number.pk]


def test_shows_support_everybody(staff_client: Client, number: PhoneNumber, foreign: PhoneNumber) -> None:
    shown = page_of(staff_client.get("/admin/numbers/phonenumber/"))
    assert "Shop front" in shown
    assert "Chocolate line" in shown


def test_lets_somebody_sign_up_to_a_workspace_of_their_own(client: Client, db: None) -> None:
    form = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", form).status_code == 302
    (membership,) = Membership.objects.filter(user__email="new@example.com")
    assert client.get(f"/w/{membership.workspace.slug}/numbers/").status_code == 200


def test_lets_the_invited_join(
    workspace: Workspace, alice: User, charlie_client: Client, now: datetime
) -> None:
    by = Actor(Channel.BROWSER, "Alice", alice)
    _, token = invite(workspace, "charlie@example.com", "viewer", by=by, now=now)
    assert charlie_client.get(f"/invitations/{token}/").status_code == 302
    assert charlie_client.post("/invitations/").status_code == 302
    assert charlie_client.get("/w/acme/numbers/").status_code == 200


def page_of(response: Any) -> str:
    return str(response.getvalue().decode())

"""The support desk, towards its own staff, …"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse

from dialnexa.models import AuditEntry, User
from tests.conftest import client_of, make_user
from tests.dialnexa.second_step import BASE, code, give_totp, set_up_totp, sign_in, sign_in_with_code

pytestmark = pytest.mark.django_db
DESK = ("/admin/", "/admin/find/?q=alice", "/admin/dialnexa/user/", "/admin/jsi18n/", "/admin/nothing/")
TURN_OFF = "/admin/dialnexa/user/do/turn-off-second-step/"


@pytest.fixture(autouse=True)
def _production(settings: Any) -> None:
    settings.STAFF_MFA = True


def test_shows_nothing_before_a_second_step_is_set_up(staff_client: Client) -> None:
    for page in DESK:
        answer = staff_client.get(page, follow=True)
        assert answer.redirect_chain[-1][0] == BASE, page
        assert "Support staff sign in with two steps" in answer.content.decode()
    assert staff_client.post("/admin/dialnexa/user/", {"action": "x"}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_opens_once_it_is_set_up(staff_client: Client) -> None:
    set_up_totp(staff_client)
    assert staff_client.get("/admin/").status_code == 200


def test_asks_for_it_in_a_session_that_did_without(staff: User, staff_client: Client) -> None:
    give_totp(staff)
    answer = staff_client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == f"{BASE}reauthenticate/?next=%2Fadmin%2F"
    answer = staff_client.post(answer.redirect_chain[-1][0], {"code": code(), "next": "/admin/"})
    assert answer["Location"] == "/admin/"
    assert staff_client.get("/admin/").status_code == 200


def test_opens_for_who_signed_in_with_two_steps(client: Client, staff: User) -> None:
    give_totp(staff)
    sign_in_with_code(client, staff)
    assert client.get("/admin/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_closes_when_the_second_step_is_turned_off(staff_client: Client) -> None:
    set_up_totp(staff_client)
    assert staff_client.get("/admin/").status_code == 200
    staff_client.post(f"{BASE}totp/deactivate/")
    assert staff_client.get("/admin/", follow=True).redirect_chain[-1][0] == BASE


def test_does_not_let_a_password_alone_in(client: Client, staff: User) -> None:
    give_totp(staff)
    sign_in(client, staff)
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/")
    assert "Support desk" not in answer.content.decode()


def test_is_not_there_from_elsewhere_than_its_networks(staff_client: Client, settings: Any) -> None:
    settings.STAFF_MFA = False
    settings.ADMIN_NETWORKS = [ip_network("203.0.113.0/24")]
    for page in (*DESK, "/admin/login/"):
        assert staff_client.get(page).status_code == 404, page
    assert staff_client.get("/admin/", REMOTE_ADDR="203.0.113.9").status_code == 200


def test_turns_a_customers_second_step_off_with_a_reason(
    staff_client: Client, staff: User, alice: User, settings: Any
) -> None:
    settings.STAFF_MFA = False
    give_totp(alice)
    other = client_of(alice)
    form = {
        "id": alice.pk,
        "reason": "Lost phone; called back at the number in the contract",
        "confirmed": "",
    }
    assert staff_client.post(TURN_OFF, form).status_code == 302
    assert not Authenticator.objects.exists()
    assert other.get(BASE).status_code == 302
    entry = AuditEntry.objects.get(event="turn_off_second_step")
    assert (entry.subject_id, entry.actor, entry.reason) == (alice.pk, staff, form["reason"])
    assert mail.outbox[-1].to == [alice.email]
    assert "turned off by support" in mail.outbox[-1].subject


def test_lets_only_superusers_turn_off_a_colleagues(staff: User, settings: Any) -> None:
    settings.STAFF_MFA = False
    helper = make_user("Helen", is_staff=True)
    helper.user_permissions.add(
        *Permission.objects.filter(codename__in=("delete_authenticator", "view_user"))
    )
    give_totp(staff)
    client_of(helper).post(TURN_OFF, {"id": staff.pk, "reason": "x", "confirmed": ""})
    assert Authenticator.objects.exists()


def test_shows_no_secret_of_a_second_step(staff_client: Client, alice: User, settings: Any) -> None:
    settings.STAFF_MFA = False
    step = give_totp(alice)
    page = staff_client.get(reverse("admin:mfa_authenticator_change", args=[step.pk])).content.decode()
    assert step.data["secret"] not in page
    session = client_of(alice).session.session_key
    sessions = staff_client.get(reverse("admin:usersessions_usersession_changelist")).content.decode()
    assert session
    assert session not in sessions

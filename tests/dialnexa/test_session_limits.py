"""A session …"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from dialnexa import clock
from dialnexa.models import User, Workspace
from tests.conftest import PASSWORD, client_of
from tests.dialnexa.second_step import BASE, is_signed_in, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/w/acme/numbers/"
POLL = {"X-Poll": "1"}


@pytest.fixture
def limits(settings: Any) -> None:
    settings.SESSION_COOKIE_AGE, settings.SESSION_IDLE = 12 * 3600, 3600


def after(client: Client, minutes: float, **headers: Any) -> int:
    """The page's status when it is asked for so much later."""
    with time_machine.travel(clock.wall_now() + timedelta(minutes=minutes), tick=False):
        return client.get(PAGE, **headers).status_code


def test_ends_an_hour_after_its_last_use(alice_client: Client, limits: None) -> None:
    assert after(alice_client, 59) == 200
    assert after(alice_client, 59 + 59) == 200
    with time_machine.travel(clock.wall_now() + timedelta(minutes=59 + 59 + 61), tick=False):
        page = alice_client.get(PAGE, follow=True)
    assert page.redirect_chain[-1][0].startswith("/accounts/login/")
    assert "nobody used the page for a while" in page.content.decode()
    assert not Session.objects.filter(session_key=alice_client.session.session_key).exists()


def test_is_not_kept_alive_by_pages_that_refresh_themselves(alice_client: Client, limits: None) -> None:
    for minutes in range(10, 60, 10):
        assert after(alice_client, minutes, headers=POLL) == 200
    assert after(alice_client, 61, headers=POLL) == 302


def test_ends_half_a_day_after_signing_in_however_busy(alice_client: Client, limits: None) -> None:
    for minutes in range(30, 12 * 60, 30):
        assert after(alice_client, minutes) == 200, minutes
    assert after(alice_client, 12 * 60 + 1) == 302


def test_gets_another_key_at_sign_in(client: Client, alice: User, workspace: Workspace) -> None:
    client.get("/accounts/login/")
    client.session["planted"] = True
    client.session.save()
    before = client.session.session_key
    sign_in(client, alice)
    assert client.session.session_key != before
    assert is_signed_in(client)


def signed_in(alice: User, agent: str) -> Client:
    client = Client(headers={"user-agent": agent})
    sign_in(client, alice)
    return client


LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605.1 Version/18.0 Safari/604.1"


def test_is_listed_with_browser_and_address(alice: User) -> None:
    laptop = signed_in(alice, LAPTOP)
    signed_in(alice, PHONE)
    page = laptop.get(BASE).content.decode()
    assert page.index("Firefox on Linux") < page.index("Safari on iPhone")
    assert "127.0.0.1" in page
    assert "this browser" in page


def test_can_be_ended_from_another(alice: User) -> None:
    laptop, phone = signed_in(alice, LAPTOP), signed_in(alice, PHONE)
    row = UserSession.objects.get(session_key=phone.session.session_key)
    laptop.post(f"{BASE}sessions/end/", {"session": row.pk})
    assert is_signed_in(laptop)
    assert not is_signed_in(phone)


def test_can_not_be_ended_by_somebody_else(alice: User, bob: User) -> None:
    phone = signed_in(alice, PHONE)
    row = UserSession.objects.get(session_key=phone.session.session_key)
    client_of(bob).post(f"{BASE}sessions/end/", {"session": row.pk})
    assert is_signed_in(phone)


def test_ends_with_all_others_listed_or_not(alice: User) -> None:
    laptop, phone, unlisted = signed_in(alice, LAPTOP), signed_in(alice, PHONE), client_of(alice)
    laptop.post(f"{BASE}sessions/end/")
    assert is_signed_in(laptop)
    assert not is_signed_in(phone)
    assert not is_signed_in(unlisted)
    assert UserSession.objects.count() == 1


def test_ends_everywhere_else_when_the_password_changes(alice: User) -> None:
    laptop, phone = signed_in(alice, LAPTOP), signed_in(alice, PHONE)
    new = {
        "oldpassword": PASSWORD,
        "password1": "another long password",
        "password2": "another long password",
    }
    laptop.post("/accounts/password/change/", new)
    assert is_signed_in(laptop)
    assert not is_signed_in(phone)
    assert mail.outbox

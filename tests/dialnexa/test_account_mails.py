"""A mail about an account …"""

from __future__ import annotations

import re
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from dialnexa.models import User, Workspace
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW = {"password1": "another long password", "password2": "another long password"}
PUBLIC = "https://numbers.example"


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.PUBLIC_BASE_URL = PUBLIC
    settings.SUPPORT_EMAIL = "help@numbers.example"


@pytest.fixture
def address(alice: User) -> EmailAddress:
    return EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)


def sent() -> tuple[str, str]:
    """Subject and body of the only mail there is; every mail is held to the common parts."""
    (message,) = mail.outbox
    body = str(message.body)
    assert isinstance(message, EmailMultiAlternatives)
    assert message.alternatives == []
    assert body.rstrip().endswith(f"DialNexa Numbers\n{PUBLIC}\nQuestions? Write to help@numbers.example.")
    assert "not you" in body or "did not sign up" in body
    assert not re.search(r"&#|&amp;|example\.com!|Hello from", body)
    assert all(url.startswith(PUBLIC) for url in re.findall(r"https?://\S+", body))
    assert "\n\n\n" not in body
    return str(message.subject), body


def ask_for_reset(client: Client, email: str) -> str:
    client.post("/accounts/password/reset/", {"email": email}, headers={"host": "localhost"})
    return sent()[1]


def test_leads_to_a_new_password(client: Client, alice: User) -> None:
    body = ask_for_reset(client, alice.email)
    assert mail.outbox[0].subject == "[DialNexa Numbers] Choose a new password"
    assert f"the account {alice.email}." in body
    assert re.search(rf"{PUBLIC}/accounts/password/reset/key/\S+/", body)
    assert "for 2 hours" in body


def test_tells_a_stranger_that_there_is_no_account(client: Client, db: None) -> None:
    body = ask_for_reset(client, "nobody@example.com")
    assert mail.outbox[0].subject == "[DialNexa Numbers] There is no account with this address"
    assert f"{PUBLIC}/accounts/signup/" in body


def test_asks_new_users_to_confirm_their_address(client: Client, db: None) -> None:
    form = {"email": "d.o'hara@example.com", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", form)
    subject, body = sent()
    assert subject == "[DialNexa Numbers] Confirm your e-mail address"
    assert "Your account d.o'hara@example.com is ready." in body
    link = re.search(rf"{PUBLIC}(/accounts/confirm-email/\S+)", body)
    assert link
    client.post(link[1])
    assert EmailAddress.objects.get().verified


def test_says_that_the_password_was_changed_and_from_where(
    client: Client, alice: User, workspace: Workspace, address: EmailAddress
) -> None:
    client.login(email=alice.email, password=PASSWORD)
    form = {"oldpassword": PASSWORD, **NEW}
    client.post("/accounts/password/change/", form, headers={"user-agent": "Firefox/150 <b>"})
    subject, body = sent()
    assert subject == "[DialNexa Numbers] Your password was changed"
    assert "From: 127.0.0.1" in body
    assert "With: Firefox/150 <b>" in body
    assert f"{PUBLIC}/accounts/password/reset/" in body
    assert "IST" in body  # in the user's own time zone


def test_says_that_the_password_was_reset(client: Client, alice: User, address: EmailAddress) -> None:
    link = re.search(rf"{PUBLIC}(/accounts/password/reset/key/\S+)", ask_for_reset(client, alice.email))
    assert link
    mail.outbox.clear()
    client.post(client.get(link[1], follow=True).redirect_chain[-1][0], NEW)
    assert sent()[0] == "[DialNexa Numbers] Your password was reset"


def test_tells_both_sides_of_a_change_of_address(
    client: Client, alice: User, workspace: Workspace, address: EmailAddress
) -> None:
    EmailAddress.objects.create(user=alice, email="new@example.com", verified=True)
    client.login(email=alice.email, password=PASSWORD)
    client.post("/accounts/email/", {"email": "new@example.com", "action_primary": ""})
    assert {str(message.subject) for message in mail.outbox} == {
        "[DialNexa Numbers] Your e-mail address was changed"
    }
    assert f"from {alice.email} to new@example.com" in str(mail.outbox[0].body)
    mail.outbox.clear()
    client.post("/accounts/email/", {"email": alice.email, "action_remove": ""})
    assert sent()[0] == "[DialNexa Numbers] An e-mail address was removed"


def test_that_cannot_be_sent_costs_nobody_the_page(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise SMTPServerDisconnected

    monkeypatch.setattr(EmailBackend, "send_messages", broken)
    for email in (alice.email, "nobody@example.com"):
        page = client.post("/accounts/password/reset/", {"email": email}, follow=True)
        assert page.status_code == 200
        assert "Our mail could not be sent just now." in page.content.decode()

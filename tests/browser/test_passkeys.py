"""A passkey, with Chromium's virtual authenticator, …"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from dialnexa.models import User
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BASE = "/accounts/security/"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def plug_in(page: Any) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


def test_is_added_and_signs_in_with_and_without_the_password(
    open_page: Callable[..., Any], shop: str, alice: User
) -> None:
    page = open_page(f"{BASE}webauthn/add/")
    plug_in(page)
    page.get_by_label("Name").fill("This laptop")
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url(re.compile("recovery-codes"))
    page.get_by_role("link", name="I have kept them").click()
    assert page.get_by_text("This laptop").first.is_visible()
    assert Authenticator.objects.get(type="webauthn").user == alice

    page.context.clear_cookies()
    page.goto(f"{shop}/accounts/login/?next=/w/acme/calls/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{shop}/w/acme/calls/")

    page.context.clear_cookies()
    page.goto(f"{shop}/accounts/login/")
    page.get_by_label("E-mail address").fill(alice.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile("authenticate"))
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{shop}/w/acme/numbers/")


def test_that_is_none_is_explained(open_page: Callable[..., Any], shop: str, complaints: list[str]) -> None:
    page = open_page(BASE)
    page.context.clear_cookies()
    page.goto(f"{shop}/accounts/login/")
    plug_in(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The passkey was not used").wait_for()

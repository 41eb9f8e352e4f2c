"""A page in Hindi …"""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings

from dialnexa.models import User, Workspace
from tests.conftest import client_of
from tests.matrix.hindi import english_on
from tests.matrix.routes import Route, pages
from tests.matrix.test_pages import GO, NO, POLICY

pytestmark = pytest.mark.django_db
READ = [route for route in pages() if POLICY[route.name][0] not in (NO, GO)]
SENT = [route for route in pages() if POLICY[route.name][1] not in (NO, GO)]
STRANGERS = (
    *("login/", "signup/", "password/reset/", "password/reset/done/", "confirm-email/", "inactive/"),
    *("password/reset/key/1-no/", "password/reset/key/done/", "confirm-email/no/", "2fa/nowhere/"),
)
OWN = (
    *("email/", "password/change/", "password/set/", "logout/", "profile/", "reauthenticate/"),
    *("security/", "security/totp/activate/", "security/webauthn/add/", "security/recovery-codes/"),
)


@pytest.fixture(autouse=True)
def hindi(settings: LazySettings, alice: User) -> None:
    settings.LANGUAGES = [("en", "English"), ("hi", "हिन्दी")]
    alice.language = "hi"
    alice.save()


def left_of(response: Any) -> list[str]:
    if response.streaming or "text/html" not in response.get("Content-Type", ""):
        return []
    return english_on(response.content.decode())


@pytest.mark.parametrize("route", READ, ids=str)
def test_has_no_english_left(route: Route, world: dict[str, Any], alice: User) -> None:
    assert left_of(client_of(alice).get(route.url(world))) == []


@pytest.mark.parametrize("route", SENT, ids=str)
def test_refuses_an_empty_form_in_hindi(route: Route, world: dict[str, Any], alice: User) -> None:
    client = client_of(alice)
    assert left_of(client.post(route.url(world))) == []
    assert left_of(client.get("/accounts/profile/")) == []  # what was said in passing


@pytest.mark.parametrize("path", STRANGERS)
def test_greets_strangers_without_english(path: str, client: Any) -> None:
    assert left_of(client.get(f"/accounts/{path}", headers={"accept-language": "hi"})) == []
    assert left_of(client.post(f"/accounts/{path}", headers={"accept-language": "hi"})) == []


@pytest.mark.parametrize("path", OWN)
def test_of_ones_own_has_no_english_left(path: str, workspace: Workspace, alice: User) -> None:
    client = client_of(alice)
    assert left_of(client.get(f"/accounts/{path}", follow=True)) == []
    asked = {"accept-language": "hi"}  # who signs out is a stranger
    assert left_of(client.post(f"/accounts/{path}", {"email": "x"}, follow=True, headers=asked)) == []

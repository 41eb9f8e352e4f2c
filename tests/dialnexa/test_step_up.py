"""What could give an account or its secrets away …"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client

from dialnexa import clock
from dialnexa.actors import SYSTEM
from dialnexa.models import ApiKey, AuditEntry, User, Workspace
from telephony.call_stops import stop_calls, stop_of
from tests.conftest import PASSWORD, Program
from tests.dialnexa.second_step import BASE, code, give_totp, set_up_totp

pytestmark = pytest.mark.django_db
SETTINGS = "/w/acme/settings"
GUARDED = (
    f"{SETTINGS}/keys/new/",
    f"{SETTINGS}/webhooks/new/",
    f"{SETTINGS}/members/invite/",
    f"{BASE}totp/activate/",
    f"{BASE}webauthn/add/",
)


@pytest.fixture
def later() -> Any:
    """Sixteen minutes after the clients of this test signed in."""
    with time_machine.travel(clock.wall_now() + timedelta(minutes=16), tick=False):
        yield


def test_is_open_to_who_has_just_signed_in(alice_client: Client) -> None:
    for page in GUARDED:
        assert alice_client.get(page).status_code == 200, page


def test_asks_again_a_quarter_of_an_hour_later(alice_client: Client, later: None) -> None:
    for page in GUARDED:
        answer = alice_client.get(page)
        assert answer.status_code == 302, page
        assert answer["Location"].startswith("/accounts/reauthenticate/?next="), page


def test_changes_nothing_until_then_and_keeps_nothing_that_was_typed(
    alice_client: Client, later: None
) -> None:
    form = {"name": "CRM", "access": "full", "secret-looking": "hunter2-hunter2"}
    assert alice_client.post(f"{SETTINGS}/keys/new/", form).status_code == 302
    assert not ApiKey.objects.exists()
    assert "hunter2" not in str(dict(alice_client.session))


def test_leads_back_after_the_password(alice_client: Client, later: None) -> None:
    page = GUARDED[0]
    answer = alice_client.post(alice_client.get(page)["Location"], {"password": PASSWORD, "next": page})
    assert answer["Location"] == page
    assert alice_client.get(page).status_code == 200


@pytest.mark.parametrize("switch", ["calls/allow/", "confirm/"])
def test_is_what_keeps_a_thief_from_calling_and_leads_back_to_its_page(
    alice_client: Client, workspace: Workspace, later: None, switch: str
) -> None:
    page, now = "/w/acme/limits/", clock.now()
    stop_calls(workspace, reason="A stolen laptop", by=SYSTEM, now=now)
    came = {"Referer": f"http://testserver{page}"}
    answer = alice_client.post(f"{page}{switch}", {"reason": "All is well"}, headers=came)
    assert answer["Location"] == "/accounts/reauthenticate/?next=%2Fw%2Facme%2Flimits%2F"
    assert stop_of(workspace)
    assert alice_client.post(f"{page}calls/stop/", {"reason": "More"}).status_code == 302  # at any time


def test_leads_a_dialogs_page_there_and_not_the_fragment(alice_client: Client, later: None) -> None:
    here = f"http://testserver{SETTINGS}/members/"
    headers = {"HX-Request": "true", "HX-Current-URL": here}
    answer = alice_client.get(f"{SETTINGS}/members/invite/", headers=headers)
    assert answer["HX-Redirect"] == "/accounts/reauthenticate/?next=%2Fw%2Facme%2Fsettings%2Fmembers%2F"


@pytest.mark.parametrize("button", ["action_add", "action_primary", "action_remove"])
def test_is_an_address_a_new_password_could_be_sent_to(
    alice: User, alice_client: Client, later: None, button: str
) -> None:
    own = {"verified": True, "primary": True}
    EmailAddress.objects.update_or_create(user=alice, email=alice.email, defaults=own)
    EmailAddress.objects.create(user=alice, email="second@example.com", verified=True)
    addresses = EmailAddress.objects.filter(user=alice).order_by("pk")
    before = list(addresses.values("email", "primary"))
    email = "thief@example.com" if button == "action_add" else "second@example.com"
    answer = alice_client.post("/accounts/email/", {button: "", "email": email})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert list(addresses.values("email", "primary")) == before
    alice_client.post(answer["Location"], {"password": PASSWORD})
    assert list(addresses.values("email", "primary")) != before


def test_takes_a_code_in_the_place_of_the_password(alice: User, alice_client: Client, later: None) -> None:
    give_totp(alice)
    page = GUARDED[0]
    alice_client.post(f"{BASE}reauthenticate/?next={page}", {"code": code(), "next": page})
    assert alice_client.get(page).status_code == 200


# --- a workspace that requires it ---------------------------------------------------------------------


def require(client: Client, required: str = "on") -> Any:
    return client.post(f"{SETTINGS}/members/second-step/", {"required": required}, follow=True)


def test_is_kept_from_members_without_a_second_step_where_the_owner_wants_that(
    alice: User, alice_client: Client, bob_client: Client, workspace: Workspace
) -> None:
    refused = require(alice_client).content.decode()
    assert "shut yourself out" in refused
    give_totp(alice)
    require(alice_client)
    assert Workspace.objects.get(slug="acme").requires_mfa
    assert AuditEntry.objects.get(event="require_second_step").after == {"requires_mfa": True}
    answer = bob_client.get("/w/acme/numbers/", follow=True)
    assert answer.redirect_chain[-1][0] == BASE
    assert "Acme asks its members for a second step" in answer.content.decode()
    own = alice_client.get("/w/acme/numbers/")
    assert own["Location"] == f"{BASE}reauthenticate/?next=%2Fw%2Facme%2Fnumbers%2F"


@pytest.mark.django_db(transaction=True)
def test_is_shown_again_once_it_is_set_up(bob_client: Client, workspace: Workspace) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(requires_mfa=True)
    assert bob_client.get("/w/acme/numbers/").status_code == 302
    set_up_totp(bob_client)
    assert bob_client.get("/w/acme/numbers/").status_code == 200


def test_asks_no_api_key_for_a_second_step(program: Program, workspace: Workspace) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(requires_mfa=True)
    assert program.get("/v1/organization-phone-numbers").status_code == 200


def test_lets_only_owners_require_it(bob_client: Client, workspace: Workspace) -> None:
    assert bob_client.post(f"{SETTINGS}/members/second-step/", {"required": "on"}).status_code == 403

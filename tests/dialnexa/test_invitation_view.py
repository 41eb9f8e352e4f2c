"""The link in an invitation …"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.invitations import accept_invitation, invite, renew_invitation, withdraw_invitation
from dialnexa.memberships import remove_member
from dialnexa.models import Invitation, Membership, User, Workspace
from tests.conftest import PASSWORD, client_of, make_user

pytestmark = pytest.mark.django_db
PAGE = "/invitations/"
DANA = "dana@example.com"
NEW = {"email": DANA, "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def dana() -> User:
    return make_user("Dana")


@pytest.fixture
def invited(workspace: Workspace, alice: User, now: datetime) -> tuple[Invitation, str]:
    """Dana, as an admin of Acme, by Alice: the invitation and where its link leads."""
    invitation, token = invite(workspace, DANA, "admin", by=Actor(Channel.BROWSER, "Alice", alice), now=now)
    return invitation, f"{PAGE}{token}/"


def role_of(user: User) -> str | None:
    return Membership.objects.filter(user=user, workspace__slug="acme").values_list("role", flat=True).first()


def test_takes_its_token_out_of_the_address(client: Client, invited: tuple[Invitation, str]) -> None:
    answer = client.get(invited[1])
    assert answer["Location"] == PAGE
    assert "no-store" in answer["Cache-Control"]
    page = client.get(PAGE).content.decode()
    assert "Join Acme" in page
    assert "Alice invites you to this workspace, as admin." in page
    assert f'href="/accounts/login/?next={PAGE}"' in page
    assert f'href="/accounts/signup/?next={PAGE}"' in page
    assert invited[1] not in page
    assert DANA not in page
    assert "d…a@example.com" in page


def test_lets_the_invited_person_in_by_a_button_and_not_by_looking(
    dana: User, invited: tuple[Invitation, str]
) -> None:
    client = client_of(dana)
    page = client.get(invited[1], follow=True).content.decode()
    assert "Join the workspace" in page
    assert role_of(dana) is None
    assert client.post(PAGE)["Location"] == "/w/acme/numbers/"
    assert role_of(dana) == "admin"
    assert client.get("/w/acme/settings/keys/").status_code == 200
    assert client.post(PAGE)["Location"] == "/w/acme/numbers/"  # pressed twice
    assert client.get(invited[1], follow=True).redirect_chain[-1][0] == "/w/acme/numbers/"


def test_comes_back_after_signing_in(client: Client, dana: User, invited: tuple[Invitation, str]) -> None:
    client.get(invited[1], follow=True)
    answer = client.post(
        f"/accounts/login/?next={PAGE}", {"login": DANA, "password": PASSWORD, "next": PAGE}, follow=True
    )
    assert answer.redirect_chain[-1][0] == PAGE
    assert "Join the workspace" in answer.content.decode()
    assert client.post(PAGE)["Location"] == "/w/acme/numbers/"
    assert role_of(dana) == "admin"


def test_promises_the_invited_no_workspace_of_their_own(client: Client) -> None:
    own = "You get a workspace of your own"
    assert own in client.get("/accounts/signup/").content.decode()
    assert own not in client.get(f"/accounts/signup/?next={PAGE}").content.decode()


def test_comes_back_after_signing_up(client: Client, invited: tuple[Invitation, str]) -> None:
    client.get(invited[1], follow=True)
    form = client.get(f"/accounts/signup/?next={PAGE}").content.decode()
    assert f'value="{PAGE}"' in form
    answer = client.post("/accounts/signup/", NEW | {"next": PAGE}, follow=True)
    assert answer.redirect_chain[-1][0] == PAGE
    assert "Join the workspace" in answer.content.decode()
    client.post(PAGE)
    assert role_of(User.objects.get(email=DANA)) == "admin"


def test_is_of_no_use_to_another_person(
    charlie_client: Client, charlie: User, invited: tuple[Invitation, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for answer in (charlie_client.get(invited[1], follow=True), charlie_client.post(PAGE)):
        page = answer.content.decode()
        assert answer.status_code == 403
        assert "This is for somebody else" in page
        assert "d…a@example.com" in page
        assert DANA not in page
        assert "Join" not in page
    assert role_of(charlie) is None
    assert invited[0].accepted_at is None
    assert invited[1].split("/")[2] not in caplog.text


def test_does_not_work_for_the_anonymous(client: Client, invited: tuple[Invitation, str]) -> None:
    client.get(invited[1])
    assert "Sign in" in client.post(PAGE).content.decode()
    invited[0].refresh_from_db()
    assert invited[0].accepted_at is None


@pytest.mark.parametrize("fate", ["expired", "withdrawn", "used", "author gone", "renewed", "nonsense"])
def test_says_why_it_does_not_work(
    dana: User, alice: User, workspace: Workspace, invited: tuple[Invitation, str], now: datetime, fate: str
) -> None:
    invitation, link = invited
    match fate:
        case "expired":
            Invitation.objects.update(expires_at=now - timedelta(seconds=1))
        case "withdrawn":
            withdraw_invitation(invitation, by=SYSTEM, now=now)
        case "used":
            member = accept_invitation(invitation, dana, by=SYSTEM, now=now)
            remove_member(member, by=SYSTEM, now=now)
        case "author gone":
            workspace.memberships.create(user=make_user("Olga"), role="owner")
            remove_member(workspace.memberships.get(user=alice), by=SYSTEM, now=now)
        case "renewed":
            renew_invitation(invitation, by=SYSTEM, now=now)
        case "nonsense":
            link = f"{PAGE}{'x' * 5000}/"
    client = client_of(dana)
    expected = {
        "expired": (410, "has run out"),
        "withdrawn": (410, "was withdrawn"),
        "used": (410, "was used already"),
        "author gone": (410, "may not do so any more"),
        "renewed": (404, "a newer mail has replaced it"),
        "nonsense": (404, "is not valid"),
    }[fate]
    for answer in (client.get(link, follow=True), client.post(PAGE)):
        assert answer.status_code == expected[0]
        assert expected[1] in answer.content.decode()
        assert answer.content.decode().count("Join the workspace") == 0
    assert role_of(dana) is None


def test_explains_itself_to_those_who_come_without_a_link(client: Client) -> None:
    answer = client.get(PAGE)
    assert answer.status_code == 404
    assert "Open the link of the newest mail" in answer.content.decode()

"""The page of members …"""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dialnexa.actors import SYSTEM
from dialnexa.invitations import invite, note_sent, withdraw_invitation
from dialnexa.models import Invitation, Membership, User, Workspace
from tests.conftest import client_of, make_user
from tests.dialnexa.database import database_text

pytestmark = pytest.mark.django_db
URL = "/w/acme/settings/members/"
HTMX = {"HX-Request": "true"}
DANA = "dana@example.com"


@pytest.fixture
def adam_client(workspace: Workspace) -> Client:
    """An admin."""
    adam = make_user("Adam")
    workspace.memberships.create(user=adam, role="admin")
    return client_of(adam)


def text(client: Client, url: str = URL) -> str:
    page = client.get(url).content.decode()
    page = page[page.index("<main") : page.index("</main")]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def of(user: User) -> Membership:
    return Membership.objects.get(user=user, workspace__slug="acme")


def address(user: User, path: str) -> str:
    return f"{URL}{of(user).pk}/{path}/"


# --- looking ------------------------------------------------------------------------------------------


def test_lists_everybody_with_roles_for_everybody(
    alice_client: Client, bob_client: Client, workspace: Workspace
) -> None:
    for client in (alice_client, bob_client):
        page = text(client)
        assert re.search(r"Alice .{0,40}alice@example.com .{0,10}Owner", page)
        assert re.search(r"Bob .{0,40}bob@example.com .{0,10}Member", page)


def test_offers_what_each_role_may_do(
    alice_client: Client, adam_client: Client, bob_client: Client, alice: User, bob: User
) -> None:
    for client, offered in (
        (alice_client, {"invite", "role", "transfer", "remove"}),
        (adam_client, {"invite", "role", "remove"}),
        (bob_client, {"remove"}),
    ):
        page = client.get(URL).content.decode()
        shown = {"invite"} if f'href="{URL}invite/"' in page else set()
        shown |= set(re.findall(rf'href="{URL}{of(bob).pk}/(\w+)/"', page))
        assert shown == offered
        assert f"{URL}{of(alice).pk}/" not in page  # the only owner, from wherever one looks
    assert "Leave the workspace" in bob_client.get(URL).content.decode()


def test_is_linked_from_every_page_for_everybody(bob_client: Client) -> None:
    assert 'href="/w/acme/settings/"' in bob_client.get("/w/acme/numbers/").content.decode()
    assert bob_client.get("/w/acme/settings/")["Location"] == URL


def test_leads_managers_to_the_keys_first(alice_client: Client) -> None:
    assert alice_client.get("/w/acme/settings/")["Location"] == "/w/acme/settings/keys/"


def test_needs_few_queries_for_many_members(
    alice_client: Client,
    workspace: Workspace,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(10):
        workspace.memberships.create(user=make_user(f"Person{n}"), role="viewer")
        invite(workspace, f"guest{n}@example.com", "viewer", by=SYSTEM, now=now)
    alice_client.get(URL)
    with django_assert_max_num_queries(9):
        alice_client.get(URL)


def test_is_404_for_strangers_and_another_workspaces_members(
    alice_client: Client,
    charlie_client: Client,
    charlie: User,
    bob: User,
    now: datetime,
    workspace: Workspace,
) -> None:
    assert charlie_client.get(URL).status_code == 404
    foreign = Membership.objects.get(user=charlie).pk
    invitation, _ = invite(workspace, DANA, "viewer", by=SYSTEM, now=now)
    for path in ("role", "remove", "transfer"):
        for pk in (foreign, 10**30):
            assert alice_client.get(f"{URL}{pk}/{path}/").status_code == 404
            assert alice_client.post(f"{URL}{pk}/{path}/", {"role": "viewer"}).status_code == 404
        theirs = f"/w/chocolate/settings/members/{of(bob).pk}/{path}/"
        assert charlie_client.post(theirs, {"role": "viewer"}).status_code == 404
    for path in ("renew", "withdraw"):
        theirs = f"/w/chocolate/settings/members/invitations/{invitation.pk}/{path}/"
        assert charlie_client.post(theirs).status_code == 404
        assert alice_client.post(f"{URL}invitations/%00/{path}/").status_code == 404
    assert Membership.objects.filter(user=charlie).exists()


# --- roles --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_changes_a_role(alice_client: Client, bob: User, headers: dict[str, str]) -> None:
    asked = alice_client.get(address(bob, "role"), headers=headers).content.decode()
    assert re.search(r'value="member" checked', asked)
    assert ("<html" in asked) == (not headers)
    answer = alice_client.post(address(bob, "role"), {"role": "admin"}, headers=headers)
    assert answer.headers.get("HX-Redirect", answer.headers.get("Location")) == URL
    assert of(bob).role == "admin"
    assert "bob@example.com is Admin now." in alice_client.get(URL).content.decode()


@pytest.mark.parametrize("role, words", [("member", "has this role already"), ("king", "Choose a role")])
def test_comes_back_with_what_was_wrong(alice_client: Client, bob: User, role: str, words: str) -> None:
    answer = alice_client.post(address(bob, "role"), {"role": role}, headers=HTMX)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert of(bob).role == "member"


def test_lets_no_admin_touch_owners(
    adam_client: Client, alice: User, bob: User, workspace: Workspace
) -> None:
    workspace.memberships.create(user=make_user("Olga"), role="owner")
    for url, data in (
        (address(alice, "role"), {"role": "viewer"}),
        (address(bob, "role"), {"role": "owner"}),
        (address(alice, "remove"), {}),
        (address(bob, "transfer"), {}),
        (f"{URL}invite/", {"email": DANA, "role": "owner"}),
    ):
        assert adam_client.post(url, data).status_code == 403
    assert (of(alice).role, of(bob).role) == ("owner", "member")
    assert 'value="owner"' not in adam_client.get(address(bob, "role")).content.decode()
    assert not Invitation.objects.exists()


def test_lets_nobody_raise_themselves(adam_client: Client) -> None:
    adam = User.objects.get(email="adam@example.com")
    answer = adam_client.post(address(adam, "role"), {"role": "owner"})
    assert answer.status_code == 403
    assert "Nobody can raise their own role" in answer.content.decode()
    assert of(adam).role == "admin"


def test_hands_the_workspace_over(alice_client: Client, alice: User, bob: User) -> None:
    assert "You become an admin" in alice_client.get(address(bob, "transfer")).content.decode()
    assert of(bob).role == "member"
    alice_client.post(address(bob, "transfer"))
    assert (of(bob).role, of(alice).role) == ("owner", "admin")
    assert alice_client.post(address(bob, "transfer")).status_code == 403


# --- leaving ------------------------------------------------------------------------------------------


def test_removes_a_member_who_then_sees_nothing(alice_client: Client, bob: User, bob_client: Client) -> None:
    url = address(bob, "remove")
    assert "loses access" in alice_client.get(url).content.decode()
    assert bob_client.get(URL).status_code == 200
    assert alice_client.post(url)["Location"] == URL
    assert bob_client.get(URL).status_code == 404
    assert alice_client.post(url).status_code == 404


@pytest.mark.parametrize("role", ["admin", "member", "viewer"])
def test_lets_everybody_leave(workspace: Workspace, bob: User, role: str) -> None:
    workspace.memberships.filter(user=bob).update(role=role)
    client = client_of(bob)
    assert "Leave Acme?" in client.get(address(bob, "remove")).content.decode()
    assert client.post(address(bob, "remove"))["Location"] == "/"
    assert client.get(URL).status_code == 404
    assert "You belong to no workspace" in client.get("/").content.decode()


def test_keeps_the_only_owner(alice_client: Client, alice: User, bob: User) -> None:
    answer = alice_client.post(address(alice, "remove"))
    assert answer.status_code == 409
    assert "A workspace needs an owner" in answer.content.decode()
    assert alice_client.post(address(alice, "role"), {"role": "admin"}).status_code == 409
    assert of(alice).role == "owner"


# --- inviting -----------------------------------------------------------------------------------------


def test_invites_by_mail(alice_client: Client, workspace: Workspace) -> None:
    assert "<html" not in alice_client.get(f"{URL}invite/", headers=HTMX).content.decode()
    answer = alice_client.post(f"{URL}invite/", {"email": DANA, "role": "admin"}, headers=HTMX)
    assert answer["HX-Redirect"] == URL
    (message,) = mail.outbox
    assert message.to == [DANA]
    assert "Alice invites you to Acme" in message.subject
    link = re.search(r"http://localhost:8000(/invitations/\S+/)", str(message.body))
    assert link
    token = link[1].split("/")[2]
    assert token not in database_text()
    assert token not in answer.content.decode() + str(answer.headers)
    assert f"An invitation is on its way to {DANA}" in alice_client.get(URL).content.decode()
    page = text(alice_client)
    assert re.search(rf"{DANA} Invited by Alice, .{{0,30}}Admin Waiting link ends in 7 days", page)


def test_answers_the_same_whether_the_address_has_an_account(alice_client: Client) -> None:
    make_user("Known")
    seen = []
    for name in ("known", "other"):
        email = f"{name}@example.com"
        answer = alice_client.post(f"{URL}invite/", {"email": email, "role": "viewer"})
        told = re.sub(r"/invitations/\S+", "", f"{mail.outbox[-1].subject} {mail.outbox[-1].body}")
        row = re.search(rf"{email} Invited by .*? Withdraw", text(alice_client))
        assert row
        seen.append(
            (answer.status_code, answer["Location"], told.replace(name, ""), row[0].replace(name, ""))
        )
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "email, words",
    [
        ("bob@example.com", "bob@example.com is a member already"),
        ("nonsense", "Write one e-mail address"),
        ("", "Write one e-mail address"),
    ],
)
def test_explains_whom_it_does_not_invite(alice_client: Client, bob: User, email: str, words: str) -> None:
    answer = alice_client.post(f"{URL}invite/", {"email": email, "role": "viewer"}, headers=HTMX)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert 'id="email-error"' in answer.content.decode()
    assert not mail.outbox


def test_says_when_the_mail_did_not_leave(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise SMTPServerDisconnected("Connection unexpectedly closed")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", refuse)
        alice_client.post(f"{URL}invite/", {"email": DANA, "role": "viewer"})
    page = alice_client.get(URL).content.decode()
    assert "the mail could not be sent" in page
    assert "Not mailed" in page
    assert DANA not in caplog.text
    alice_client.post(f"{URL}invitations/{Invitation.objects.get().pk}/renew/")
    assert len(mail.outbox) == 1
    assert "Waiting" in text(alice_client)


def test_sends_an_invitation_again(
    alice_client: Client, workspace: Workspace, alice: User, now: datetime
) -> None:
    long_ago = now - timedelta(days=9)
    invitation, _ = invite(workspace, DANA, "viewer", by=SYSTEM, now=long_ago)
    note_sent(invitation, now=long_ago)
    assert "Run out" in text(alice_client)
    url = f"{URL}invitations/{invitation.pk}/renew/"
    alice_client.post(url)
    assert len(mail.outbox) == 1
    assert "Waiting" in text(alice_client)
    answer = alice_client.post(url, follow=True)
    assert "left a moment ago" in answer.content.decode()
    assert len(mail.outbox) == 1


def test_withdraws_an_invitation(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    invitation, _ = invite(workspace, DANA, "viewer", by=SYSTEM, now=now)
    url = f"{URL}invitations/{invitation.pk}/withdraw/"
    assert alice_client.post(url)["Location"] == URL
    assert DANA in alice_client.get(URL).content.decode()  # said once, in the toast
    assert DANA not in alice_client.get(URL).content.decode()
    assert "was withdrawn" in alice_client.post(url, follow=True).content.decode()
    assert Invitation.objects.get().withdrawn_at


def test_shows_invitations_to_managers_alone(
    alice_client: Client, bob_client: Client, adam_client: Client, workspace: Workspace, now: datetime
) -> None:
    owners, _ = invite(workspace, DANA, "owner", by=SYSTEM, now=now)
    gone, _ = invite(workspace, "gone@example.com", "viewer", by=SYSTEM, now=now)
    withdraw_invitation(gone, by=SYSTEM, now=now)
    assert DANA not in text(bob_client)
    assert bob_client.post(f"{URL}invitations/{owners.pk}/renew/").status_code == 403
    assert bob_client.get(f"{URL}invite/").status_code == 403
    assert DANA in text(adam_client)
    assert f"{owners.pk}/renew/" not in adam_client.get(URL).content.decode()
    assert adam_client.post(f"{URL}invitations/{owners.pk}/withdraw/").status_code == 403
    assert f"{owners.pk}/renew/" in alice_client.get(URL).content.decode()
    assert "gone@example.com" not in text(alice_client)

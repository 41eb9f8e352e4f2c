"""An account …"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
import redis
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from dialnexa import wallet, workspaces
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, LedgerAccount, User, Workspace
from dialnexa.workspaces import create_workspace
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW = {"email": "dana.reed@example.com", "password1": PASSWORD, "password2": PASSWORD}


def test_signs_in_with_mail_and_password(client: Client, alice: User, workspace: Workspace) -> None:
    response = client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD}, follow=True)
    assert response.redirect_chain[-1][0] == "/w/acme/numbers/"


def test_signs_in_while_redis_is_stopped(
    client: Client, alice: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(redis.connection.AbstractConnection, "connect", refused)
    with pytest.raises(redis.ConnectionError):
        redis.Redis().ping()
    response = client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/")


def test_may_not_guess_passwords_for_ever(client: Client, alice: User) -> None:
    for _ in range(12):
        client.post("/accounts/login/", {"login": alice.email, "password": "wrong"})
    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_is_told_what_is_wrong_with_a_password(client: Client, alice: User) -> None:
    response = client.post("/accounts/login/", {"login": alice.email, "password": "wrong"})
    assert "field-error" in response.content.decode() or 'role="alert"' in response.content.decode()


def test_takes_a_second_address_only_beside_a_confirmed_one(client: Client) -> None:
    """Else a stranger who signed up with it first would keep a way in when its owner takes it over."""
    client.post("/accounts/signup/", NEW)
    second = {"email": "stranger@example.com", "action_add": ""}
    refused = client.post("/accounts/email/", second).content.decode()
    assert "Confirm the address you sign in with first" in refused
    assert not EmailAddress.objects.filter(email=second["email"]).exists()
    EmailAddress.objects.filter(email=NEW["email"]).update(verified=True)
    client.post("/accounts/email/", second)
    assert EmailAddress.objects.filter(email=second["email"]).exists()


def test_gets_a_workspace_of_its_own_when_it_signs_up(client: Client) -> None:
    response = client.post("/accounts/signup/", NEW, follow=True)
    workspace = Workspace.objects.get(memberships__user__email=NEW["email"])
    assert workspace.name == "Dana Reed’s workspace"
    assert workspace.memberships.get().role == "owner"
    assert wallet.balance(workspace) == 0
    assert LedgerAccount.objects.filter(workspace=workspace).count() == 2
    assert response.redirect_chain[-1][0] == f"/w/{workspace.slug}/numbers/"
    assert "No numbers yet" in response.content.decode()


def test_leaves_nothing_behind_when_sign_up_fails(client: Client) -> None:
    response = client.post("/accounts/signup/", NEW | {"password2": "another"})
    assert response.status_code == 200
    assert not User.objects.exists()
    assert not Workspace.objects.exists()


def test_resets_its_password_by_mail(client: Client, alice: User) -> None:
    client.post("/accounts/password/reset/", {"email": alice.email})
    link = re.search(r"http://\S+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link
    page = client.get(link[1], follow=True)
    assert "Choose a new password" in page.content.decode()
    new = {"password1": "another long password", "password2": "another long password"}
    client.post(page.redirect_chain[-1][0], new)
    assert client.login(email=alice.email, password="another long password")


@pytest.mark.parametrize("page", ["login", "signup", "password/reset", "password/reset/done"])
def test_finds_every_page_before_the_door(client: Client, page: str) -> None:
    response = client.get(f"/accounts/{page}/")
    assert response.status_code == 200
    assert "entrance-box" in response.content.decode()


LIBRARY = re.compile(
    r"Email\b|Password \(again\)|New Password|Current Password|Sign In|Verif|successfully|Primary"
)


@pytest.mark.parametrize(
    "page", ["login", "signup", "password/reset", "password/reset/done", "inactive", "confirm-email"]
)
def test_reads_our_own_words_before_the_door(client: Client, page: str) -> None:
    assert not LIBRARY.search(words(client.get(f"/accounts/{page}/")))


@pytest.mark.parametrize("page", ["email", "password/change", "reauthenticate", "logout"])
def test_reads_our_own_words_behind_it(client: Client, alice: User, workspace: Workspace, page: str) -> None:
    client.login(email=alice.email, password=PASSWORD)
    EmailAddress.objects.create(user=alice, email="two@example.com", verified=True)
    EmailAddress.objects.create(user=alice, email="three@example.com")
    assert not LIBRARY.search(words(client.get(f"/accounts/{page}/")))


def words(response: Any) -> str:
    assert response.status_code == 200
    page = response.content.decode()
    return re.sub(r"<[^>]+>", " ", page[page.index("<main") : page.index("</main>")])


@pytest.mark.parametrize(
    ("page", "form", "told"),
    [
        ("login", {"login": "alice@example.com", "password": "wrong"}, "No account has this address"),
        ("signup", NEW | {"email": "alice@example.com"}, "There is an account with this address already."),
        ("signup", NEW | {"password1": "short", "password2": "short"}, "too short"),
        ("signup", NEW | {"password2": "another long password"}, "the same password"),
    ],
)
def test_is_told_in_our_words_what_is_wrong(
    client: Client, alice: User, page: str, form: dict[str, str], told: str
) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    assert told in words(client.post(f"/accounts/{page}/", form))


def test_says_how_long_a_password_has_to_be(client: Client, db: None, settings: Any) -> None:
    (rule,) = [rule for rule in settings.AUTH_PASSWORD_VALIDATORS if "OPTIONS" in rule]
    told = words(client.get("/accounts/signup/"))
    assert f"At least {rule['OPTIONS']['min_length']} characters." in told


def test_keeps_the_address_it_signs_in_with(client: Client, alice: User, workspace: Workspace) -> None:
    client.login(email=alice.email, password=PASSWORD)
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True)
    EmailAddress.objects.create(user=alice, email="two@example.com", verified=True)
    page = client.get("/accounts/email/").content.decode()
    assert page.count('name="action_remove"') == page.count('name="action_primary"') == 1
    for email in (alice.email, "two@example.com"):
        client.post("/accounts/email/", {"email": email, "action_remove": ""})
    assert list(EmailAddress.objects.values_list("email", flat=True)) == [alice.email]


def test_signs_out_by_a_form_only(alice_client: Client) -> None:
    assert "Sign out?" in alice_client.get("/accounts/logout/").content.decode()
    assert alice_client.get("/w/acme/numbers/").status_code == 200
    alice_client.post("/accounts/logout/")
    assert alice_client.get("/w/acme/numbers/").status_code == 302


def test_comes_back_to_the_workspace_it_last_looked_at(
    alice_client: Client, alice: User, charlie_workspace: Workspace
) -> None:
    assert alice_client.get("/")["Location"] == "/w/acme/numbers/"
    charlie_workspace.memberships.create(user=alice, role="viewer")
    alice_client.get("/w/chocolate/numbers/")
    assert alice_client.get("/")["Location"] == "/w/chocolate/numbers/"
    charlie_workspace.memberships.filter(user=alice).delete()
    assert alice_client.get("/")["Location"] == "/w/acme/numbers/"


def test_may_switch_between_its_workspaces(
    alice_client: Client, alice: User, charlie_workspace: Workspace
) -> None:
    charlie_workspace.memberships.create(user=alice, role="viewer")
    assert 'href="/w/chocolate/numbers/"' in alice_client.get("/w/acme/numbers/").content.decode()


def test_leaves_its_pages_in_no_cache(alice_client: Client) -> None:
    for page in ("numbers/", "numbers/export.csv", "wallet/", "numbers/buy/"):
        response = alice_client.get(f"/w/acme/{page}")
        assert response.status_code == 200
        assert response["Cache-Control"] == "private, no-store", page


def test_is_told_when_it_belongs_to_no_workspace(client: Client, alice: User) -> None:
    client.login(email=alice.email, password=PASSWORD)
    assert "You belong to no workspace" in client.get("/").content.decode()


def test_finds_a_free_slug_for_every_workspace(alice: User, now: datetime) -> None:
    slugs = {create_workspace("Acme & Söhne", alice, now=now).slug for _ in range(3)}
    assert len(slugs) == 3
    assert "acme-sohne" in slugs
    assert create_workspace("中文", alice, now=now).slug.startswith("workspace")
    assert AuditEntry.objects.filter(event="create").count() == 4


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "Asia/Kolkata\x00", "asia"])
def test_refuses_a_time_zone_nobody_knows(alice: User, now: datetime, zone: str) -> None:
    with pytest.raises(Refusal, match="time_zone_unknown"):
        create_workspace("Acme", alice, now=now, time_zone=zone)
    for thing in (User(email="z@example.com", time_zone=zone), Workspace(slug="z", name="Z", time_zone=zone)):
        with pytest.raises(ValidationError) as caught:
            thing.full_clean()
        assert "time_zone" in caught.value.message_dict


def test_gets_another_slug_when_somebody_is_quicker(
    alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = create_workspace("Acme", alice, now=now)
    monkeypatch.setattr(workspaces, "free_slug", lambda _: "acme")  # it was free when both looked
    second = create_workspace("Acme", alice, now=now)
    assert (first.slug, second.slug[:5]) == ("acme", "acme-")
    assert second.memberships.get().role == "owner"


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_refuses_a_workspace_without_a_decent_name(alice: User, now: datetime, name: str) -> None:
    with pytest.raises(Refusal, match="workspace_name_invalid"):
        create_workspace(name, alice, now=now)
    assert not Workspace.objects.exists()

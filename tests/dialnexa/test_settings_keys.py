"""The page of API keys …"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dialnexa import wallet
from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.api.keys import find_key
from dialnexa.api_keys import SCOPES, create_api_key, digest, new_key_id, revoke_api_key, rotate_api_key
from dialnexa.models import ApiKey, AuditEntry, User, Workspace
from dialnexa.shell import fix_link
from tests.conftest import client_of
from tests.dialnexa.database import database_text

pytestmark = pytest.mark.django_db
URL = "/w/acme/settings/keys/"
HTMX = {"HX-Request": "true"}
DAY = timedelta(days=1)
SECRET = re.compile(r"dnx_[A-Za-z0-9]{33}")


def make(workspace: Workspace, now: datetime, name: str = "CRM", **extra: Any) -> ApiKey:
    return create_api_key(workspace, name, ["numbers:read", "numbers:purchase"], by=SYSTEM, now=now, **extra)[
        0
    ]


def filled(**changes: Any) -> dict[str, Any]:
    return {"key_id": new_key_id(), "name": "CRM", "access": "read", "expiry": "none", "cap": "", **changes}


def text(client: Client, url: str = URL) -> str:
    """What is on the page, without its frame."""
    page = client.get(url).content.decode()
    page = page[page.index("<main") : page.index("</main")]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def secret_on(page: str) -> str:
    (secret,) = set(SECRET.findall(page))
    return secret


# --- looking ------------------------------------------------------------------------------------------


def test_teaches_when_there_is_no_key(alice_client: Client) -> None:
    page = alice_client.get(URL).content.decode()
    assert "No API keys yet" in page
    assert "Create your first key" in page
    assert "/v1" in page
    assert 'href="/v1/docs"' in page
    assert f'href="{URL}" aria-current="page"' in page


def test_shows_what_a_key_may_do_spends_and_until_when(
    alice_client: Client, alice: User, workspace: Workspace, now: datetime
) -> None:
    by = Actor(Channel.BROWSER, "Alice", alice)
    key, _ = create_api_key(
        workspace,
        "CRM",
        ["numbers:read", "numbers:purchase"],
        by=by,
        now=now,
        expires_at=now + 30 * DAY,
        monthly_spend_cap=Decimal(500),
    )
    spender = Actor(Channel.API, "CRM", None, "", key)
    wallet.hold(workspace, Decimal("92"), subject="ord_a", memo="Purchase", by=spender, now=now)
    ApiKey.objects.update(last_used_at=now - timedelta(minutes=5))
    page = text(alice_client)
    for words in (
        f"CRM …{key.hint}",
        "Made by Alice",
        "Numbers: see, buy",
        "Active",
        "in 30 days",
        "5 min ago",
        "₹92.00 of ₹500.00",
    ):
        assert words in page


def test_tells_the_states_apart(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    make(workspace, now, "Fresh")
    make(workspace, now, "Ending", expires_at=now + 6 * DAY)
    make(workspace, now - 9 * DAY, "Over", expires_at=now - DAY)
    revoke_api_key(make(workspace, now, "Gone"), by=SYSTEM, now=now)
    old = make(workspace, now, "Turning")
    new, _ = rotate_api_key(old, overlap=DAY, by=SYSTEM, now=now)
    page = text(alice_client)
    for words in (
        r"Fresh .{0,80}Active",
        r"Ending .{0,90}Expiring ends in 6 days",
        r"Over .{0,20}Expired",
        r"Gone .{0,20}Revoked",
        rf"Turning …{new.hint} In the place of …{old.hint}.{{0,80}}Active",
        rf"Turning …{old.hint} .{{0,80}}Being replaced stops in 2[34] h; …{new.hint} goes on",
        "2 keys that no longer work",
    ):
        assert re.search(words, page), words
    assert page.index(f"…{new.hint} In the place") < page.index(f"…{old.hint} Made")


def test_keeps_its_queries_few(
    alice_client: Client,
    workspace: Workspace,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    newest = make(workspace, now)
    for n in range(8):
        newest, _ = rotate_api_key(newest, overlap=DAY, by=SYSTEM, now=now)
        make(workspace, now, f"Key {n}")
    alice_client.get(URL)
    with django_assert_max_num_queries(11):
        alice_client.get(URL)


def test_shows_nothing_of_other_workspaces(
    alice_client: Client, charlie_workspace: Workspace, now: datetime
) -> None:
    key = make(charlie_workspace, now, "Chocolate key")
    assert "Chocolate key" not in text(alice_client)
    for path in ("rotate", "cap", "revoke"):
        assert alice_client.get(f"{URL}{key.pk}/{path}/").status_code == 404
        assert alice_client.post(f"{URL}{key.pk}/{path}/", {"overlap": "0", "cap": "5"}).status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_is_for_owners_and_admins(workspace: Workspace, bob: User, now: datetime, role: str) -> None:
    workspace.memberships.filter(user=bob).update(role=role)
    key, client = make(workspace, now), client_of(bob)
    for path in ("", "new/", f"{key.pk}/rotate/", f"{key.pk}/cap/", f"{key.pk}/revoke/"):
        assert client.get(URL + path).status_code == 403
        if path:
            assert client.post(URL + path, filled()).status_code == 403
    assert ApiKey.objects.count() == 1
    assert URL not in client.get("/w/acme/settings/members/").content.decode()


@pytest.mark.parametrize("id", ["nonsense", "%00", "key_" + "0" * 26])
def test_is_404_for_what_is_no_key(alice_client: Client, id: str) -> None:
    assert alice_client.get(f"{URL}{id}/rotate/").status_code == 404
    assert alice_client.post(f"{URL}{id}/revoke/").status_code == 404


# --- creating -----------------------------------------------------------------------------------------


def test_shows_the_secret_once_and_keeps_it_nowhere(
    alice_client: Client, alice: User, workspace: Workspace
) -> None:
    answer = alice_client.post(f"{URL}new/", filled(cap="2,500.50", expiry="90"))
    page = answer.content.decode()
    secret, key = secret_on(page), ApiKey.objects.get()
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert key.digest == digest(secret)
    assert (key.created_by, key.monthly_spend_cap) == (alice, Decimal("2500.50"))
    assert key.expires_at == key.created_at + 90 * DAY
    assert find_key(secret) == key
    assert f'id="secret" tabindex="0" aria-label="Secret of CRM">{secret}</code>' in page
    assert "/v1/organization-phone-numbers" in page
    assert "Bearer $DIALNEXA_KEY" in page
    assert secret not in database_text()
    for url in (URL, f"{URL}new/", "/w/acme/settings/history/", f"{URL}{key.pk}/rotate/"):
        again = alice_client.get(url)
        assert secret not in again.content.decode()
        assert secret not in str(again.headers)


def test_makes_one_key_when_its_form_is_sent_twice(alice_client: Client, workspace: Workspace) -> None:
    form = filled()
    secret = secret_on(alice_client.post(f"{URL}new/", form).content.decode())
    again = alice_client.post(f"{URL}new/", form)
    page = again.content.decode()
    key = ApiKey.objects.get()
    assert again.status_code == 409
    assert not SECRET.search(page)
    assert "This key was made already" in page
    assert f'href="{URL}{key.pk}/rotate/?overlap=0"' in page
    assert find_key(secret) == key
    assert AuditEntry.objects.filter(subject_type="apikey").count() == 1


def test_makes_another_key_with_another_form(alice_client: Client) -> None:
    ids = re.findall(r'name="key_id" value="([^"]+)"', alice_client.get(f"{URL}new/").content.decode())
    ids += re.findall(r'name="key_id" value="([^"]+)"', alice_client.get(f"{URL}new/").content.decode())
    for key_id in ids:
        assert alice_client.post(f"{URL}new/", filled(key_id=key_id)).status_code == 200
    assert set(ApiKey.objects.values_list("pk", flat=True)) == set(ids)
    assert len(ids) == 2


def test_does_not_tell_of_another_workspaces_key(
    alice_client: Client, charlie_workspace: Workspace, now: datetime
) -> None:
    theirs = make(charlie_workspace, now, "Chocolate key")
    answer = alice_client.post(f"{URL}new/", filled(key_id=theirs.pk))
    assert answer.status_code == 404
    assert "Chocolate" not in answer.content.decode()


@pytest.mark.parametrize(
    "access, scopes, expected",
    [
        ("read", ["numbers:release"], [scope for scope in SCOPES if scope.endswith(":read")]),
        ("all", [], list(SCOPES)),
        ("chosen", ["wallet:read", "numbers:write"], ["numbers:write", "wallet:read"]),
    ],
)
def test_gives_what_was_chosen(
    alice_client: Client, access: str, scopes: list[str], expected: list[str]
) -> None:
    alice_client.post(f"{URL}new/", filled(access=access, scopes=scopes))
    assert ApiKey.objects.get().scopes == expected


def test_lets_a_key_work_until_its_last_day_is_over_where_its_maker_is(
    alice_client: Client, alice: User, now: datetime
) -> None:
    alice.time_zone = "America/New_York"
    alice.save()
    day = (now + 60 * DAY).date()
    answer = alice_client.post(f"{URL}new/", filled(expiry="date", expires_on=day.isoformat()))
    assert answer.status_code == 200
    end = ApiKey.objects.get().expires_at
    assert end
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + DAY
    assert end - midnight in (timedelta(hours=4), timedelta(hours=5))


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"name": ""}, "Give the key a name"),
        ({"name": "x" * 81}, "At most 80 characters"),
        ({"name": "a\x07b"}, "Give the key a name of 1 to 80 characters"),
        ({"access": "chosen"}, "Choose at least one thing"),
        ({"access": "root"}, "Select a valid choice"),
        ({"access": "chosen", "scopes": ["root"]}, "Select a valid choice"),
        ({"expiry": "7000"}, "Select a valid choice"),
        ({"expiry": "date"}, "Choose the last day"),
        ({"expiry": "date", "expires_on": "31.12.2030"}, "Write the day like 2027-03-31"),
        ({"expiry": "date", "expires_on": "2020-01-01"}, "would have expired already"),
        ({"expiry": "date", "expires_on": "0001-01-01"}, "would have expired already"),
        ({"expiry": "date", "expires_on": "9999-12-31"}, "within the next ten years"),
        ({"cap": "1e3"}, "plain digits"),
        ({"cap": "NaN"}, "plain digits"),
        ({"cap": "-5"}, "less than zero"),
        ({"cap": "5.001"}, "at most two places"),
        ({"cap": "9" * 60}, "too long"),
    ],
)
def test_says_beside_the_field_what_is_wrong(
    alice_client: Client, changes: dict[str, Any], words: str
) -> None:
    answer = alice_client.post(f"{URL}new/", filled(**changes))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(rf'<p class="field-error"[^>]*>.*?{words}', page)
    assert not SECRET.search(page)
    assert not ApiKey.objects.exists()
    for name, value in changes.items():
        if name in ("name", "cap") and "\x07" not in value:
            assert f'value="{value}"' in page


def test_keeps_what_was_typed_and_the_id_when_it_is_refused(alice_client: Client) -> None:
    form = filled(cap="lots", access="chosen", scopes=["kyc:read"], expiry="30", name="<b>CRM</b>")
    page = alice_client.post(f"{URL}new/", form).content.decode()
    assert f'name="key_id" value="{form["key_id"]}"' in page
    assert 'value="&lt;b&gt;CRM&lt;/b&gt;"' in page
    assert re.search(r'value="kyc:read" checked', page)
    assert re.search(r'value="30" selected', page)


# --- rotating -----------------------------------------------------------------------------------------


def test_rotates_and_shows_the_new_secret_once(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    old = make(workspace, now)
    form = {"overlap": "3600", "key_id": new_key_id()}
    assert "<html" not in alice_client.get(f"{URL}{old.pk}/rotate/", headers=HTMX).content.decode()
    answer = alice_client.post(f"{URL}{old.pk}/rotate/", form)
    page = answer.content.decode()
    secret, new = secret_on(page), ApiKey.objects.get(replaces=old)
    old.refresh_from_db()
    assert "no-store" in answer["Cache-Control"]
    assert find_key(secret) == new
    assert new.pk == form["key_id"]
    assert old.expires_at
    assert old.expires_at - new.created_at == timedelta(hours=1)
    assert f"…{old.hint}, works until" in page
    assert secret not in database_text()
    again = alice_client.post(f"{URL}{old.pk}/rotate/", form)
    assert again.status_code == 409
    assert "This key was made already" in again.content.decode()
    assert not SECRET.search(again.content.decode())
    assert ApiKey.objects.count() == 2


def test_refuses_to_rotate_what_was_rotated(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    old = make(workspace, now)
    new, _ = rotate_api_key(old, overlap=DAY, by=SYSTEM, now=now)
    answer = alice_client.post(f"{URL}{old.pk}/rotate/", {"overlap": "0", "key_id": new_key_id()})
    assert answer.status_code == 409
    assert f"…{new.hint}) takes its place" in answer.content.decode()
    assert f"{URL}{old.pk}/rotate/" not in alice_client.get(URL).content.decode()


@pytest.mark.parametrize("overlap", ["", "5", "-1", "1e9"])
def test_takes_no_overlap_it_did_not_offer(
    alice_client: Client, workspace: Workspace, now: datetime, overlap: str
) -> None:
    key = make(workspace, now)
    assert alice_client.post(f"{URL}{key.pk}/rotate/", {"overlap": overlap}).status_code == 422
    assert ApiKey.objects.count() == 1


# --- the cap, and the end -----------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_changes_the_cap(
    alice_client: Client, workspace: Workspace, now: datetime, headers: dict[str, str]
) -> None:
    key = make(workspace, now, monthly_spend_cap=Decimal(500))
    url = f"{URL}{key.pk}/cap/"
    assert 'value="500.00"' in alice_client.get(url, headers=headers).content.decode()
    for typed, cap in (("750.5", Decimal("750.5")), ("0", Decimal(0)), ("", None)):
        answer = alice_client.post(url, {"cap": typed}, headers=headers)
        assert answer.headers.get("HX-Redirect", answer.headers.get("Location")) == URL
        key.refresh_from_db()
        assert key.monthly_spend_cap == cap
    assert AuditEntry.objects.filter(event="set_spend_cap").count() == 3


@pytest.mark.parametrize("typed", ["1e3", "NaN", "-1", "1.005"])
def test_refuses_a_cap_it_can_not_read(
    alice_client: Client, workspace: Workspace, now: datetime, typed: str
) -> None:
    key = make(workspace, now, monthly_spend_cap=Decimal(500))
    answer = alice_client.post(f"{URL}{key.pk}/cap/", {"cap": typed}, headers=HTMX)
    assert answer.status_code == 422
    assert 'id="cap-error"' in answer.content.decode()
    assert f'value="{typed}"' in answer.content.decode()
    key.refresh_from_db()
    assert key.monthly_spend_cap == 500


def test_says_what_stops_before_it_revokes(
    alice_client: Client, alice: User, workspace: Workspace, now: datetime
) -> None:
    key = make(workspace, now)
    ApiKey.objects.update(last_used_at=now - timedelta(minutes=3))
    asked = alice_client.get(f"{URL}{key.pk}/revoke/", headers=HTMX).content.decode()
    assert "Every program that uses it is refused" in asked
    assert "3 min ago" in asked
    assert ApiKey.objects.get().revoked_at is None
    answer = alice_client.post(f"{URL}{key.pk}/revoke/", headers=HTMX)
    assert answer["HX-Redirect"] == URL
    assert ApiKey.objects.get().revoked_at is not None
    assert AuditEntry.objects.get(event="revoke").actor == alice
    again = alice_client.post(f"{URL}{key.pk}/revoke/", headers=HTMX)
    assert again.status_code == 422
    assert "was revoked before" in again.content.decode()


def test_names_the_key_that_goes_on(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    old = make(workspace, now)
    new, _ = rotate_api_key(old, overlap=DAY, by=SYSTEM, now=now)
    about_old = alice_client.get(f"{URL}{old.pk}/revoke/").content.decode()
    about_new = alice_client.get(f"{URL}{new.pk}/revoke/").content.decode()
    assert f"takes its place, …{new.hint}, goes on" in about_old
    assert f"it replaces, …{old.hint}, goes on until" in about_new


def test_mends_a_refusal_of_the_spend_cap() -> None:
    assert fix_link("api_keys", "acme") == {"url": URL, "label": "Open API keys"}

"""The page of the history …"""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dialnexa import audit
from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.api_keys import create_api_key
from dialnexa.memberships import add_member, change_role, remove_member
from dialnexa.models import AuditEntry, User, Workspace
from phone_numbers.naming import rename_number
from tests.conftest import client_of, make_user
from tests.numbers.rows import make_number

pytestmark = pytest.mark.django_db
URL = "/w/acme/settings/history/"
EXPORT = f"{URL}export.csv"
DAY = timedelta(days=1)


def text(client: Client, url: str = URL) -> str:
    page = client.get(url).content.decode()
    page = page[page.index('id="history"') : page.index("</section>")]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def note(workspace: Workspace, n: int, at: datetime, by: Actor = SYSTEM, **extra: Any) -> None:
    audit.record(workspace, f"note_{n}", by=by, now=at, **extra)


def notes(page: str) -> list[int]:
    return [int(n) for n in re.findall(r"Note (\d+)", page)]


def rows(client: Client, url: str = EXPORT) -> list[dict[str, str]]:
    answer = client.get(url)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="history-acme-2')
    body = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(body)))


# --- reading ------------------------------------------------------------------------------------------


def test_tells_what_who_when_and_why(
    alice_client: Client, workspace: Workspace, alice: User, bob: User, now: datetime
) -> None:
    by = Actor(Channel.BROWSER, "Alice", alice, "req_test0001")
    change_role(workspace.memberships.get(user=bob), "viewer", by=by, now=now, reason="He asked for it.")
    page = text(alice_client)
    assert re.search(
        r"Role changed Member bob@example.com role from “Member” to “Viewer” He asked for it. "
        r"Alice in the browser",
        page,
    )
    assert "membership.change_role" in page
    assert "req_test0001" in page
    assert "Today" in page


def test_shows_everything_of_the_workspace_and_nothing_else(
    alice_client: Client, workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    rename_number(make_number(workspace), nickname="Ours", label="", by=SYSTEM, now=now)
    rename_number(make_number(charlie_workspace), nickname="Theirs", label="", by=SYSTEM, now=now)
    page = text(alice_client)
    assert "“Ours”" in page
    assert "Theirs" not in page
    told = len(re.findall(r'<details class="log-line"', alice_client.get(URL).content.decode()))
    assert told == AuditEntry.objects.filter(workspace=workspace).count()
    theirs = AuditEntry.objects.filter(workspace=charlie_workspace).latest("id")
    assert notes(text(alice_client, f"{URL}?before={theirs.pk}")) == notes(page)
    assert "Theirs" not in text(alice_client, f"{URL}?about={theirs.subject_id}")


def test_turns_pages_forth_and_back(
    alice_client: Client, workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialnexa.settings_pages.history.PAGE_SIZE", 3)
    for n in range(9):
        note(workspace, n, now + timedelta(seconds=n // 2))  # some at the same moment
    seen, url = [], f"{URL}?what=workspace"
    for _ in range(3):
        page = alice_client.get(url).content.decode()
        seen.append(notes(page))
        older = re.search(r'rel="next" href="([^"]+)"', page)
        assert older
        url = html.unescape(older[1])
        assert "what=workspace" in url
    assert seen == [[8, 7, 6], [5, 4, 3], [2, 1, 0]]
    newer = re.search(r'rel="prev" href="([^"]+)"', page)
    assert newer
    assert notes(alice_client.get(html.unescape(newer[1])).content.decode()) == [5, 4, 3]


def test_groups_by_the_readers_days(
    alice_client: Client, alice: User, workspace: Workspace, now: datetime
) -> None:
    alice.time_zone = "Pacific/Auckland"
    alice.save()
    note(workspace, 1, datetime(2026, 3, 3, 10, 59, tzinfo=UTC))
    note(workspace, 2, datetime(2026, 3, 3, 11, 1, tzinfo=UTC))  # after midnight there
    page = text(alice_client, f"{URL}?since=2026-03-01&until=2026-03-31")
    assert re.search(r"Wednesday, 4 March 2026 00:01 Note 2 .*Tuesday, 3 March 2026 23:59 Note 1", page)
    assert notes(text(alice_client, f"{URL}?since=2026-03-04&until=2026-03-04")) == [2]
    assert notes(text(alice_client, f"{URL}?until=2026-03-03")) == [1]


# --- filters ------------------------------------------------------------------------------------------


def test_filters_by_what(alice_client: Client, workspace: Workspace, bob: User, now: datetime) -> None:
    rename_number(make_number(workspace), nickname="Desk", label="", by=SYSTEM, now=now)
    create_api_key(workspace, "CRM", ["calls:read"], by=SYSTEM, now=now)
    change_role(workspace.memberships.get(user=bob), "viewer", by=SYSTEM, now=now)
    sentences = {
        "numbers": "Renamed",
        "keys": "API key made",
        "members": "Role changed",
        "kyc": "Papers verified",
        "workspace": "Wallet credited with 10000 INR",
    }
    for what, sentence in sentences.items():
        page = text(alice_client, f"{URL}?what={what}")
        assert [word for word in sentences.values() if word in page] == [sentence]


def test_filters_by_who(
    alice_client: Client, workspace: Workspace, alice: User, bob: User, staff: User, now: datetime
) -> None:
    key, _ = create_api_key(workspace, "CRM", ["calls:read"], by=SYSTEM, now=now)
    note(workspace, 1, now, Actor(Channel.BROWSER, "Alice", alice))
    note(workspace, 2, now, Actor(Channel.BROWSER, "Bob", bob))
    note(workspace, 3, now, Actor(Channel.API, f"API key {key}", None, "", key))
    note(workspace, 4, now, Actor(Channel.STAFF, "Sam", staff))
    note(workspace, 5, now)
    for who, found in ((alice.pk, 1), (bob.pk, 2), (key.pk, 3), ("api", 3), ("staff", 4), ("system", 5)):
        assert notes(text(alice_client, f"{URL}?who={who}")) == [found]
    options = alice_client.get(URL).content.decode()
    for words in ("Alice", "Bob", f"CRM (…{key.hint})", "Support"):
        assert f">{words}</option>" in options


def test_still_knows_those_who_have_left_and_no_strangers(
    alice_client: Client, workspace: Workspace, bob: User, charlie: User, now: datetime
) -> None:
    note(workspace, 1, now, Actor(Channel.BROWSER, "Bob", bob))
    remove_member(workspace.memberships.get(user=bob), by=SYSTEM, now=now)
    page = alice_client.get(f"{URL}?who={bob.pk}").content.decode()
    assert notes(page) == [1]
    assert f'<option value="{bob.pk}" selected>Bob</option>' in page
    assert "Removed from the workspace Member bob@example.com" in text(alice_client)
    assert "Charlie" not in alice_client.get(f"{URL}?who={charlie.pk}").content.decode()


def test_offers_the_newest_keys_and_the_chosen_one(
    alice_client: Client, workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialnexa.settings_pages.history_filters.KEYS_OFFERED", 1)
    old, _ = create_api_key(workspace, "Old", ["calls:read"], by=SYSTEM, now=now - DAY)
    new, _ = create_api_key(workspace, "New", ["calls:read"], by=SYSTEM, now=now)
    page = alice_client.get(URL).content.decode()
    assert (f'value="{new.pk}"' in page, f'value="{old.pk}"' in page) == (True, False)
    page = alice_client.get(f"{URL}?who={old.pk}").content.decode()
    assert f'<option value="{old.pk}" selected>Old (…{old.hint})</option>' in page


def test_finds_what_an_id_names(
    alice_client: Client, workspace: Workspace, alice: User, now: datetime
) -> None:
    number = make_number(workspace)
    rename_number(number, nickname="Desk", label="", by=SYSTEM, now=now)
    note(workspace, 1, now, Actor(Channel.BROWSER, "Alice", alice, "req_looked_for"))
    assert "Renamed" in text(alice_client, f"{URL}?about={number.pk}")
    assert notes(text(alice_client, f"{URL}?about={number.pk}")) == []
    assert notes(text(alice_client, f"{URL}?about=%20req_looked_for%20")) == [1]
    assert "Nothing fits" in text(alice_client, f"{URL}?about=req_unknown")


@pytest.mark.parametrize(
    "query",
    [
        "what=root",
        "who=nobody",
        "who=%00",
        "since=yesterday",
        "since=9999-12-31&until=",
        "since=0001-01-01",
        "since=2026-1-1",
        "until=2026-02-30",
        "about=%00",
        "about=' OR 1=1",
        "after=x",
        "before=%00",
        "after=99999999999999999999999",
        "after=-1",
        "before=1",
    ],
)
def test_takes_nonsense_in_the_address_for_nothing(alice_client: Client, query: str) -> None:
    answer = alice_client.get(f"{URL}?{query}")
    assert answer.status_code == 200
    assert "Wallet credited" in answer.content.decode()


def test_sends_the_list_alone_when_filters_change(alice_client: Client) -> None:
    answer = alice_client.get(f"{URL}?what=kyc", headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert page.startswith('<section class="log" id="history"')
    assert "Papers verified" in page
    assert f"{EXPORT}?what=kyc" in page


def test_needs_few_queries_for_a_full_page(
    alice_client: Client,
    workspace: Workspace,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(12):
        rename_number(make_number(workspace, f"+121255501{n:02}"), nickname="x", label="", by=SYSTEM, now=now)
        create_api_key(workspace, f"Key {n}", ["calls:read"], by=SYSTEM, now=now)
        add_member(workspace, make_user(f"Person{n}"), "viewer", by=SYSTEM, now=now)
    alice_client.get(URL)
    with django_assert_max_num_queries(16):
        alice_client.get(URL)


@pytest.mark.parametrize("role, status", [("admin", 200), ("member", 403), ("viewer", 403)])
def test_is_for_owners_and_admins(workspace: Workspace, bob: User, role: str, status: int) -> None:
    workspace.memberships.filter(user=bob).update(role=role)
    for url in (URL, EXPORT):
        assert client_of(bob).get(url).status_code == status


def test_does_not_exist_for_strangers(charlie_client: Client, workspace: Workspace) -> None:
    for url in (URL, EXPORT):
        assert charlie_client.get(url).status_code == 404


# --- the export ---------------------------------------------------------------------------------------


def test_exports_what_the_filters_let_through(
    alice_client: Client, workspace: Workspace, alice: User, now: datetime
) -> None:
    number = make_number(workspace, "+12125550177")
    at = datetime(2026, 3, 3, 10, 59, 1, 234000, tzinfo=UTC)
    by = Actor(Channel.BROWSER, "Alice", alice, "req_test0001")
    rename_number(number, nickname="Desk", label="", by=by, now=at)
    (row,) = rows(alice_client, f"{EXPORT}?about={number.pk}")
    assert row == {
        "time_utc": "2026-03-03T10:59:01.234Z",
        "who": "Alice",
        "channel": "browser",
        "what": "Renamed",
        "kind": "Number",
        "subject": "'+1 212-555-0177",
        "changes": "nickname to “Desk”",
        "reason": "",
        "event": "rename",
        "subject_id": number.pk,
        "request_id": "req_test0001",
        "before": '{"nickname": ""}',
        "after": '{"nickname": "Desk"}',
    }
    everything = rows(alice_client)
    assert len(everything) == AuditEntry.objects.filter(workspace=workspace).count()
    assert [row["time_utc"] for row in everything] == sorted(
        (r["time_utc"] for r in everything), reverse=True
    )


def test_exports_in_english_whatever_the_reader_speaks(
    alice_client: Client, workspace: Workspace, bob: User, now: datetime, settings: LazySettings
) -> None:
    settings.LANGUAGES = [("en", "English"), ("hi", "हिन्दी")]
    User.objects.update(language="hi")
    change_role(workspace.memberships.get(user=bob), "admin", by=SYSTEM, now=now)
    assert "भूमिका बदली गई" in text(alice_client)
    assert "Role changed" in [row["what"] for row in rows(alice_client)]


@pytest.mark.parametrize("payload", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "＝1", ";=1"])
def test_exports_no_formulas(
    alice_client: Client, workspace: Workspace, alice: User, now: datetime, payload: str
) -> None:
    note(workspace, 1, now, Actor(Channel.BROWSER, payload, alice), reason=payload)
    row = next(row for row in rows(alice_client) if row["event"] == "note_1")
    for cell in (row["who"], row["reason"]):
        assert cell != payload
        assert "'" in cell
        assert not cell.startswith(("=", "+", "-", "@", "\t", "＝"))


def test_exports_in_pieces(
    alice_client: Client, workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialnexa.settings_pages.history.CHUNK", 4)
    for n in range(11):
        note(workspace, n, now + timedelta(seconds=n))
    found = [row["event"] for row in rows(alice_client, f"{EXPORT}?what=workspace")]
    assert found[:11] == [f"note_{n}" for n in range(10, -1, -1)]

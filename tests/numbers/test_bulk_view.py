"""Many numbers at once, in the browser …"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, User, Workspace
from phone_numbers.models import BulkRouting, PhoneNumber, Rental
from phone_numbers.routes.bulk_routing import assign_bulk, preview_bulk
from phone_numbers.routes.routing import UNCHANGED, route_number
from telephony.agents import edit_draft
from telephony.models import AgentVersion
from tests.conftest import client_of
from tests.numbers.rows import make_number, make_rental
from tests.numbers.test_routing import ENDPOINT, make_version, pair

URL = "/w/acme/numbers/bulk/"
LIST = "/w/acme/numbers/"
HTMX = {"HX-Request": "true"}
ABSENT = "phn_00000000000000000000000000"


@pytest.fixture
def desk(workspace: Workspace, now: datetime) -> AgentVersion:
    return make_version(workspace, "Front desk", now)


@pytest.fixture
def numbers(workspace: Workspace) -> list[PhoneNumber]:
    """Two active ones, and one that is still being bought."""
    return [
        make_number(workspace, "+12125550101"),
        make_number(workspace, "+12125550102", nickname="Night line"),
        make_number(workspace, "+12125550103", status="pending"),
    ]


def ids(numbers: list[PhoneNumber]) -> list[str]:
    return [number.pk for number in numbers]


def fields(response: Any) -> dict[str, str]:
    """What the form carries along: the numbers, and what was shown."""
    page = response.content.decode()
    return {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("numbers", "expected")}  # type: ignore[index]


def preview(
    client: Client, numbers: list[PhoneNumber], headers: dict[str, str] | None = None, **ways: str
) -> Any:
    opened = client.post(URL, {"number": ids(numbers)}, headers=headers)
    return client.post(URL, fields(opened) | ways | {"step": "preview"}, headers=headers)


def assign(
    client: Client, numbers: list[PhoneNumber], headers: dict[str, str] | None = None, **ways: str
) -> Any:
    shown = preview(client, numbers, headers, **ways)
    return client.post(URL, fields(shown) | ways | {"step": "assign"}, headers=headers)


def make_bulk(numbers: list[PhoneNumber], version: AgentVersion, now: datetime) -> BulkRouting:
    workspace, ways = numbers[0].workspace, {"inbound": version, "outbound": UNCHANGED}
    shown = preview_bulk(workspace, ids(numbers), **ways)  # type: ignore[arg-type]
    return assign_bulk(workspace, ids(numbers), **ways, expected=shown.fingerprint, by=SYSTEM, now=now)  # type: ignore[arg-type]


# --- choosing -----------------------------------------------------------------------------------------


def test_opens_with_the_ticked_numbers(
    alice_client: Client, numbers: list[PhoneNumber], desk: AgentVersion
) -> None:
    page = alice_client.post(URL, {"number": ids(numbers[:2])}, headers=HTMX).content.decode()
    assert "<html" not in page
    assert "Route 2 numbers" in page
    assert page.count(f'value="{desk.pk}"') == 2
    assert "Nothing to change" in page


@pytest.mark.parametrize(
    ("scope", "where", "count"),
    [
        ("match", "q=0102", 1),
        ("match", "chip=pending", 1),
        ("match", "", 3),
        ("page", "", 2),
        ("page", "chip=active", 2),
    ],
)
def test_asks_anew_what_matches(
    alice_client: Client,
    numbers: list[PhoneNumber],
    monkeypatch: pytest.MonkeyPatch,
    scope: str,
    where: str,
    count: int,
) -> None:
    monkeypatch.setattr("phone_numbers.number_table.table.PAGE_SIZE", 2)
    opened = alice_client.post(URL, {"scope": scope, "where": where, "number": ids(numbers[:1])})
    assert len(fields(opened)["numbers"].split()) == count


def test_takes_the_page_that_was_shown(
    alice_client: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phone_numbers.number_table.table.PAGE_SIZE", 2)
    a, b, c = (make_number(workspace, f"+1212555010{n}") for n in range(3))
    opened = alice_client.post(URL, {"scope": "page", "where": f"sort=number&after={b.pk}"})
    assert fields(opened)["numbers"].split() == [c.pk]


def test_refuses_more_than_five_hundred_and_says_how_many_match(
    alice_client: Client, numbers: list[PhoneNumber], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phone_numbers.views.bulk.LIMIT", 2)
    answer = alice_client.post(URL, {"scope": "match", "where": ""})
    assert answer.status_code == 400
    assert "3 numbers are too many at once." in answer.content.decode()


def test_asks_to_tick_something_first(alice_client: Client, numbers: list[PhoneNumber]) -> None:
    for url in (URL, f"{URL}protection/"):
        answer = alice_client.post(url, {"protected": "1"})
        assert answer.status_code == 400
        assert "Tick the numbers you mean." in answer.content.decode()


@pytest.mark.parametrize("stranger", ["foreign", ABSENT, "\x00", "1 OR 1=1"])
@pytest.mark.parametrize("step", ["open", "assign", "protect"])
def test_is_404_with_a_number_that_is_not_ours_and_changes_nothing(
    alice_client: Client,
    numbers: list[PhoneNumber],
    desk: AgentVersion,
    charlie_workspace: Workspace,
    stranger: str,
    step: str,
) -> None:
    theirs = make_number(charlie_workspace)
    meant = [*ids(numbers), theirs.pk if stranger == "foreign" else stranger]
    form: dict[str, Any] = {"number": meant, "protected": "1"}
    if step == "assign":
        form = {"numbers": " ".join(meant), "step": "assign", "inbound": desk.pk, "expected": ""}
    url = f"{URL}protection/" if step == "protect" else URL
    assert alice_client.post(url, form).status_code == 404
    assert {pair(number) for number in [*numbers, theirs]} == {(None, None)}
    assert not PhoneNumber.objects.filter(release_protection=True).exists()


# --- preview and change -------------------------------------------------------------------------------


def test_shows_first_what_would_change(
    alice_client: Client, numbers: list[PhoneNumber], desk: AgentVersion, now: datetime
) -> None:
    route_number(numbers[0], inbound=desk, by=SYSTEM, now=now)
    page = preview(alice_client, numbers, HTMX, inbound=desk.pk, outbound="keep").content.decode()
    assert "<strong>1 will change</strong> · 1 is so already · 1 can’t be routed now" in page
    assert "+1 212-555-0103 is still being bought." in page
    assert re.search(r"Night line.*Nobody.*becomes.*Front desk v1", page, re.S)
    assert "Change 1 number<" in page
    assert pair(numbers[1]) == (None, None)


def test_changes_what_was_shown_and_offers_undo(
    alice_client: Client, alice: User, numbers: list[PhoneNumber], desk: AgentVersion
) -> None:
    answer = assign(alice_client, numbers, HTMX, inbound=desk.pk, outbound="keep")
    bulk = BulkRouting.objects.get()
    assert answer.status_code == 204
    for part in ("close-modal", "numbers-changed", "2 numbers routed.", f"{URL}changes/{bulk.pk}/undo/"):
        assert part in answer["HX-Trigger"]
    assert [pair(number) for number in numbers] == [(desk, None), (desk, None), (None, None)]
    assert bulk.made_by == alice
    assert AuditEntry.objects.get(subject_id=numbers[0].pk).actor == alice


def test_works_without_scripts(alice_client: Client, numbers: list[PhoneNumber], desk: AgentVersion) -> None:
    shown = preview(alice_client, numbers, inbound="keep", outbound=desk.pk)
    assert "<html" in shown.content.decode()
    assert "2 will change" in shown.content.decode()
    answer = alice_client.post(
        URL, fields(shown) | {"inbound": "keep", "outbound": desk.pk, "step": "assign"}, follow=True
    )
    page = answer.content.decode()
    assert answer.redirect_chain == [(LIST, 302)]
    assert "2 numbers routed by Alice" in page
    assert [pair(number) for number in numbers[:2]] == [(None, desk)] * 2
    assert alice_client.get(URL)["Location"] == LIST


@pytest.mark.parametrize(("headers", "status"), [(HTMX, 422), ({}, 409)])
def test_shows_it_again_when_somebody_changed_a_number_meanwhile(
    alice_client: Client,
    workspace: Workspace,
    numbers: list[PhoneNumber],
    desk: AgentVersion,
    now: datetime,
    headers: dict[str, str],
    status: int,
) -> None:
    shown = preview(alice_client, numbers, headers, inbound=desk.pk)
    night = make_version(workspace, "Night line", now)
    route_number(numbers[0], inbound=night, by=SYSTEM, now=now)
    form = {"inbound": desk.pk, "step": "assign"}
    answer = alice_client.post(URL, fields(shown) | form, headers=headers)
    page = answer.content.decode()
    assert answer.status_code == status
    assert "This is not what you were shown" in page
    assert re.search(r"Night line v1.*becomes.*Front desk v1", page, re.S)
    assert [pair(number)[0] for number in numbers] == [night, None, None]
    again = alice_client.post(URL, fields(answer) | form, headers=headers)  # after a second look
    assert again.status_code == (204 if headers else 302)
    assert [pair(number)[0] for number in numbers] == [desk, desk, None]


def test_changes_once_when_it_is_sent_twice(
    alice_client: Client, numbers: list[PhoneNumber], desk: AgentVersion
) -> None:
    form = fields(preview(alice_client, numbers, inbound=desk.pk)) | {"inbound": desk.pk, "step": "assign"}
    first, second = (alice_client.post(URL, form) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 409)
    assert "Nothing is left to change" in second.content.decode()
    assert BulkRouting.objects.count() == 1


@pytest.mark.parametrize("chosen", ["draft", "foreign", "nonsense", "\x00"])
def test_says_what_is_wrong_with_a_version(
    alice_client: Client,
    numbers: list[PhoneNumber],
    desk: AgentVersion,
    charlie_workspace: Workspace,
    now: datetime,
    chosen: str,
) -> None:
    if chosen == "draft":
        chosen = edit_draft(desk.agent, runtime_url=ENDPOINT + "/2", by=SYSTEM, now=now).pk
    elif chosen == "foreign":
        chosen = make_version(charlie_workspace, "Theirs", now).pk
    form = {"numbers": " ".join(ids(numbers)), "expected": "", "inbound": desk.pk, "outbound": chosen}
    for step in ("preview", "assign"):
        answer = alice_client.post(URL, form | {"step": step}, headers=HTMX)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
    assert pair(numbers[0]) == (None, None)


def test_opens_five_hundred_with_few_queries(
    alice: User, workspace: Workspace, desk: AgentVersion, django_assert_max_num_queries: Any
) -> None:
    for _ in range(500):
        make_number(workspace)
    client = client_of(alice)
    form = {"scope": "match", "where": "", "inbound": desk.pk}
    client.post(URL, form, headers=HTMX)
    with django_assert_max_num_queries(12):
        shown = client.post(URL, form, headers=HTMX)
    with django_assert_max_num_queries(18):
        answer = client.post(URL, fields(shown) | {"inbound": desk.pk, "step": "assign"}, headers=HTMX)
    assert answer.status_code == 204
    assert PhoneNumber.objects.filter(inbound_version=desk).count() == 500
    with django_assert_max_num_queries(12):
        assert "500 numbers routed" in client.get(LIST).content.decode()


# --- undo ---------------------------------------------------------------------------------------------


def test_takes_it_back(
    alice_client: Client, numbers: list[PhoneNumber], desk: AgentVersion, now: datetime
) -> None:
    bulk = make_bulk(numbers, desk, now)
    undo = f"{URL}changes/{bulk.pk}/undo/"
    assert undo in alice_client.get(LIST).content.decode()
    answer = alice_client.post(undo, headers=HTMX)
    assert answer.status_code == 204
    assert "Undone for 2 numbers." in answer["HX-Trigger"]
    assert "numbers-changed" in answer["HX-Trigger"]
    assert pair(numbers[0]) == (None, None)
    assert undo not in alice_client.get(LIST).content.decode()
    assert alice_client.post(undo).status_code == 409


def test_lists_what_it_left_alone(
    alice_client: Client, numbers: list[PhoneNumber], desk: AgentVersion, now: datetime
) -> None:
    bulk = make_bulk(numbers, desk, now)
    route_number(numbers[0], inbound=None, by=SYSTEM, now=now)
    answer = alice_client.post(f"{URL}changes/{bulk.pk}/undo/", headers=HTMX)
    page = answer.content.decode()
    assert answer["HX-Retarget"] == "#modal-body"
    assert "numbers-changed" in answer["HX-Trigger"]
    assert "Undone for 1 number; 1 left alone." in page
    assert re.search(r"\+1 212-555-0101.*Its routing was changed since\.", page, re.S)
    assert "+1 212-555-0102" not in page
    change = alice_client.get(f"{URL}changes/{bulk.pk}/").content.decode()
    assert re.search(r"0101</a>[^+]*Left alone</span> Its routing was changed since\.", change)
    assert re.search(r"0102</a>[^+]*Went back", change)


def test_takes_it_back_without_scripts(
    alice_client: Client, numbers: list[PhoneNumber], desk: AgentVersion, now: datetime
) -> None:
    bulk = make_bulk(numbers, desk, now)
    here = f"{URL}changes/{bulk.pk}/"
    assert f'action="{here}undo/"' in alice_client.get(here).content.decode()
    answer = alice_client.post(f"{here}undo/", follow=True)
    assert answer.redirect_chain == [(here, 302)]
    assert "Undone for 2 numbers." in answer.content.decode()
    assert f'action="{here}undo/"' not in answer.content.decode()


def test_stays_reachable_for_a_day(
    alice_client: Client, numbers: list[PhoneNumber], desk: AgentVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = make_bulk(numbers, desk, timezone.now())
    undo = f'action="{URL}changes/{bulk.pk}/undo/"'
    pages = (LIST, f"{URL}changes/", f"{URL}changes/{bulk.pk}/")
    assert all(undo in alice_client.get(page).content.decode() for page in pages)
    tomorrow = timezone.now() + timedelta(hours=24)
    monkeypatch.setattr("dialnexa.clock.now", lambda: tomorrow)
    assert not any(undo in alice_client.get(page).content.decode() for page in pages)
    assert alice_client.post(f"{URL}changes/{bulk.pk}/undo/").status_code == 409
    assert pair(numbers[0]) == (desk, None)


def test_tells_members_what_was_changed_and_offers_them_nothing(
    bob_client: Client, numbers: list[PhoneNumber], desk: AgentVersion, now: datetime
) -> None:
    bulk = make_bulk(numbers, desk, now)
    for page in (f"{URL}changes/", f"{URL}changes/{bulk.pk}/"):
        shown = bob_client.get(page)
        assert shown.status_code == 200
        assert "/undo/" not in shown.content.decode()
    listed = bob_client.get(LIST).content.decode()
    assert 'type="checkbox"' not in listed
    assert "/bulk/" not in listed


# --- protection ---------------------------------------------------------------------------------------


def test_protects_many_and_lets_them_go_again(alice_client: Client, numbers: list[PhoneNumber]) -> None:
    gone = make_number(numbers[0].workspace, status="releasing")
    form = {"number": [*ids(numbers), gone.pk]}
    answer = alice_client.post(f"{URL}protection/", form | {"protected": "1"}, headers=HTMX)
    assert "3 numbers protected from release." in answer["HX-Trigger"]
    kept = PhoneNumber.objects.filter(release_protection=True)
    assert set(kept) == set(numbers)
    assert alice_client.get(LIST).content.decode().count('title="Protected from release"') == 3
    again = alice_client.post(f"{URL}protection/", form | {"protected": "1"}, headers=HTMX)
    assert "Nothing was changed." in again["HX-Trigger"]
    answer = alice_client.post(f"{URL}protection/", form | {"protected": "0"}, follow=True)
    assert "3 numbers no longer protected from release." in answer.content.decode()
    events = AuditEntry.objects.filter(subject_id=numbers[0].pk).order_by("id")
    assert [entry.event for entry in events] == ["protect", "unprotect"]


# --- auto-renewal -------------------------------------------------------------------------------------


def test_lets_many_renew_by_themselves_or_not(
    alice_client: Client, numbers: list[PhoneNumber], now: datetime
) -> None:
    renews = now + timedelta(days=9)
    rentals = [make_rental(number, renews) for number in numbers[:2]]
    form = {"number": ids(numbers)}  # one of them costs no rent
    answer = alice_client.post(f"{URL}auto-renew/", form | {"auto_renew": "0"}, headers=HTMX)
    assert "2 numbers switched to renewal by hand." in answer["HX-Trigger"]
    assert not Rental.objects.filter(auto_renew=True).exists()
    assert alice_client.get(LIST).content.decode().count(">by hand<") == 2
    again = alice_client.post(f"{URL}auto-renew/", form | {"auto_renew": "0"}, headers=HTMX)
    assert "Nothing was changed." in again["HX-Trigger"]
    Rental.objects.filter(pk=rentals[0].pk).update(short_since=now, next_run_at=renews)
    answer = alice_client.post(f"{URL}auto-renew/", form | {"auto_renew": "1"}, follow=True)
    assert "2 numbers switched to auto-renew." in answer.content.decode()
    assert Rental.objects.filter(auto_renew=True).count() == 2
    tried = Rental.objects.get(pk=rentals[0].pk).next_run_at
    assert tried is not None  # at once, since it waited for money
    assert tried < renews
    events = AuditEntry.objects.filter(subject_id=rentals[0].pk).order_by("id")
    assert [entry.event for entry in events] == ["auto_renew_off", "auto_renew_on"]


# --- who may ------------------------------------------------------------------------------------------


def test_is_for_owners_and_admins_of_the_workspace(
    bob_client: Client,
    charlie_client: Client,
    charlie: User,
    workspace: Workspace,
    numbers: list[PhoneNumber],
    desk: AgentVersion,
    now: datetime,
) -> None:
    bulk = make_bulk(numbers, desk, now)
    form = {"number": ids(numbers), "inbound": "", "step": "assign", "protected": "1"}
    addresses = [URL, f"{URL}protection/", f"{URL}auto-renew/", f"{URL}changes/{bulk.pk}/undo/"]
    for url in addresses:
        assert bob_client.post(url, form).status_code == 403
        assert charlie_client.post(url, form).status_code == 404
        assert charlie_client.post(url.replace("acme", "chocolate"), form).status_code == 404
    for url in (f"{URL}changes/", f"{URL}changes/{bulk.pk}/"):
        assert charlie_client.get(url).status_code == 404
    assert charlie_client.get(f"/w/chocolate/numbers/bulk/changes/{bulk.pk}/").status_code == 404
    assert charlie_client.get("/w/chocolate/numbers/bulk/changes/%00/").status_code == 404
    workspace.memberships.create(user=charlie, role="viewer")
    assert all(client_of(charlie).post(url, form).status_code == 403 for url in addresses)
    assert pair(numbers[0]) == (desk, None)
    workspace.memberships.filter(user=charlie).update(role="admin")
    assert client_of(charlie).post(addresses[-1]).status_code == 302
    assert pair(numbers[0]) == (None, None)

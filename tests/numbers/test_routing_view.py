"""The routing form …"""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, User, Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import route_number
from telephony.agents import edit_draft
from telephony.models import AgentVersion
from tests.conftest import client_of
from tests.numbers.rows import make_number
from tests.numbers.test_routing import ENDPOINT, make_version, pair

PAGE = {"HX-Request": "true", "HX-Target": "routing-panel"}
DIALOG = {"HX-Request": "true", "HX-Target": "routing-dialog"}


@pytest.fixture
def desk(workspace: Workspace, now: datetime) -> AgentVersion:
    return make_version(workspace, "Front desk", now)


@pytest.fixture
def number(workspace: Workspace) -> PhoneNumber:
    return make_number(workspace, "+12125550177")


def address(number: PhoneNumber) -> str:
    return f"/w/acme/numbers/{number.pk}/routing/"


def form(inbound: str = "", outbound: str = "", was: tuple[str, str] = ("", "")) -> dict[str, str]:
    return {"inbound": inbound, "outbound": outbound, "inbound_was": was[0], "outbound_was": was[1]}


def test_offers_published_versions_only(
    alice_client: Client, number: PhoneNumber, desk: AgentVersion, charlie_workspace: Workspace, now: datetime
) -> None:
    draft = edit_draft(desk.agent, runtime_url=ENDPOINT + "/2", by=SYSTEM, now=now)
    theirs = make_version(charlie_workspace, "Theirs", now)
    page = alice_client.get(f"/w/acme/numbers/{number.pk}/").content.decode()
    assert page.count(f'value="{desk.pk}"') == 2
    assert page.count('<option value="">Nobody</option>') == 2
    assert draft.pk not in page
    assert theirs.pk not in page


def test_routes_on_the_page(alice_client: Client, number: PhoneNumber, desk: AgentVersion) -> None:
    answer = alice_client.post(address(number), form(inbound=desk.pk), headers=PAGE)
    page = answer.content.decode()
    assert pair(number) == (desk, None)
    assert "Front desk v1 answers +1 212-555-0177, nobody calls from it." in answer["HX-Trigger"]
    assert f'<option value="{desk.pk}" selected>' in page
    assert "Routing changed: inbound to “Front desk v1”" in page
    assert 'id="readiness-panel"' in page


def test_routes_in_the_dialog(alice_client: Client, number: PhoneNumber, desk: AgentVersion) -> None:
    shown = alice_client.get(address(number), headers=DIALOG).content.decode()
    assert "<html" not in shown
    assert "Front desk v1" in shown
    answer = alice_client.post(address(number), form(outbound=desk.pk), headers=DIALOG)
    assert answer.status_code == 204
    assert "close-modal" in answer["HX-Trigger"]
    assert "numbers-changed" in answer["HX-Trigger"]
    assert pair(number) == (None, desk)


def test_routes_without_scripts(
    alice_client: Client, alice: User, number: PhoneNumber, desk: AgentVersion
) -> None:
    here = f"/w/acme/numbers/{number.pk}/"
    assert alice_client.get(address(number))["Location"] == f"{here}#routing-panel"
    answer = alice_client.post(address(number), form(inbound=desk.pk), follow=True)
    assert answer.redirect_chain == [(f"{here}#routing-panel", 302)]
    assert "Front desk v1 answers" in answer.content.decode()
    assert AuditEntry.objects.get(event="route").actor == alice


def test_detaches(alice_client: Client, number: PhoneNumber, desk: AgentVersion, now: datetime) -> None:
    route_number(number, inbound=desk, outbound=desk, by=SYSTEM, now=now)
    was = (desk.pk, desk.pk)
    alice_client.post(address(number), form("", desk.pk, was), headers=PAGE)
    assert pair(number) == (None, desk)


def test_leaves_what_was_not_touched_to_whoever_changed_it_meanwhile(
    alice_client: Client, workspace: Workspace, number: PhoneNumber, desk: AgentVersion, now: datetime
) -> None:
    night = make_version(workspace, "Night line", now)
    route_number(number, outbound=night, by=SYSTEM, now=now)  # after Alice opened the page
    alice_client.post(address(number), form(inbound=desk.pk), headers=PAGE)
    assert pair(number) == (desk, night)


@pytest.mark.parametrize("headers", [PAGE, DIALOG, {}])
@pytest.mark.parametrize("chosen", ["draft", "foreign", "nonsense", "\x00"])
def test_says_beside_the_choice_what_is_wrong(
    alice_client: Client,
    number: PhoneNumber,
    desk: AgentVersion,
    charlie_workspace: Workspace,
    now: datetime,
    headers: dict[str, str],
    chosen: str,
) -> None:
    if chosen == "draft":
        chosen = edit_draft(desk.agent, runtime_url=ENDPOINT + "/2", by=SYSTEM, now=now).pk
    elif chosen == "foreign":
        chosen = make_version(charlie_workspace, "Theirs", now).pk
    answer = alice_client.post(address(number), form(inbound=desk.pk, outbound=chosen), headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="routing-error"' in page
    assert f'<option value="{desk.pk}" selected>' in page  # the other choice is kept
    assert pair(number) == (None, None)


def test_says_why_a_number_can_not_be_routed(
    alice_client: Client, workspace: Workspace, desk: AgentVersion
) -> None:
    number = make_number(workspace, "+12125550188", status="releasing")
    answer = alice_client.post(address(number), form(inbound=desk.pk), headers=DIALOG)
    assert answer.status_code == 422
    assert "+1 212-555-0188 is being given back" in answer.content.decode()
    assert "Save routing" not in alice_client.get(f"/w/acme/numbers/{number.pk}/").content.decode()


def test_takes_the_number_out_of_not_routed(
    alice_client: Client, number: PhoneNumber, desk: AgentVersion
) -> None:
    listed = "/w/acme/numbers/?chip=unrouted"
    assert 'Not routed <span class="chip-count">1</span>' in alice_client.get(listed).content.decode()
    alice_client.post(address(number), form(inbound=desk.pk), headers=DIALOG)
    after = alice_client.get("/w/acme/numbers/", headers={"HX-Request": "true"}).content.decode()
    assert 'id="chip-unrouted"' not in after
    assert "Inbound: Front desk v1" in after


def test_lets_members_only_look(bob_client: Client, number: PhoneNumber, desk: AgentVersion) -> None:
    page = bob_client.get(f"/w/acme/numbers/{number.pk}/").content.decode()
    assert "Routing" in page
    assert "Save routing" not in page
    assert address(number) not in bob_client.get("/w/acme/numbers/").content.decode()
    assert bob_client.get(address(number)).status_code == 403
    assert bob_client.post(address(number), form(inbound=desk.pk)).status_code == 403
    assert pair(number) == (None, None)


def test_is_404_for_strangers(charlie_client: Client, number: PhoneNumber, desk: AgentVersion) -> None:
    for url in (address(number), address(number).replace("/acme/", "/chocolate/")):
        assert charlie_client.get(url).status_code == 404
        assert charlie_client.post(url, form(inbound=desk.pk)).status_code == 404
    assert pair(number) == (None, None)


def test_shows_viewers_who_answers(
    workspace: Workspace, charlie: User, number: PhoneNumber, desk: AgentVersion, now: datetime
) -> None:
    workspace.memberships.create(user=charlie, role="viewer")
    route_number(number, inbound=desk, by=SYSTEM, now=now)
    page = client_of(charlie).get(f"/w/acme/numbers/{number.pk}/").content.decode()
    assert f"/w/acme/agents/{desk.agent_id}/" in page

"""The dialog that calls somebody …"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from kyc.models import KycCase
from phone_numbers.models import PhoneNumber
from telephony import agents
from telephony.models import AgentVersion, Call
from tests.conftest import client_of, make_user
from tests.numbers.calls.conftest import LONDON
from tests.numbers.rows import make_call

pytestmark = pytest.mark.django_db
PLACE = "/w/acme/calls/new/"
HTMX = {"HX-Request": "true"}


def key_in(page: Any) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def send(client: Client, number: PhoneNumber, to: str = LONDON, **more: Any) -> Any:
    form = {"from": number.pk, "to": to, "key": "idk_1", "agent_version": "", **more}
    return client.post(PLACE, form, headers=HTMX)


def test_opens_with_the_row_s_number_and_a_key_of_its_own(alice_client: Client, number: PhoneNumber) -> None:
    pages = [alice_client.get(PLACE, {"from": number.pk}, headers=HTMX) for _ in range(2)]
    assert f'value="{number.pk}" selected' in pages[0].content.decode()
    assert key_in(pages[0]) != key_in(pages[1])


def test_is_a_page_without_scripts(alice_client: Client, number: PhoneNumber) -> None:
    page = alice_client.get(PLACE).content.decode()
    assert "<h1" in page
    assert f'value="{number.pk}" selected' in page
    assert "hx-post" not in page[page.index('id="call-form"') :].split(">")[0]
    answer = alice_client.post(PLACE, {"from": number.pk, "to": "+44 20 7946 0018", "key": "idk_1"})
    call = Call.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/w/acme/calls/{call.pk}/")
    assert (call.to_text, call.status) == (LONDON, "created")


def test_says_the_price_as_somebody_types(alice_client: Client, number: PhoneNumber) -> None:
    asked = {"from": number.pk, "to": "+44 20 7946 0018"}
    page = alice_client.get(f"{PLACE}verdict/", asked, headers=HTMX).content.decode()
    assert "₹1.25 a minute" in page
    assert "30 min at most" in page
    assert "Sales v1 speaks" in page
    assert not Call.objects.exists()


def test_says_how_long_the_balance_lasts(
    alice_client: Client, workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    spent = wallet.balance(workspace) - 4
    wallet.hold(workspace, spent, subject="other", memo="", by=SYSTEM, now=now)
    page = alice_client.get(f"{PLACE}verdict/", {"from": number.pk, "to": LONDON}).content.decode()
    assert "for 3 min at most" in page


@pytest.mark.parametrize(
    ("to", "says", "link"),
    [
        ("12", "", ""),
        ("+4930123456", "Germany", "/w/acme/telephony/"),
    ],
)
def test_says_what_stops_the_call_and_where_to_mend_it(
    alice_client: Client, number: PhoneNumber, to: str, says: str, link: str
) -> None:
    page = alice_client.get(f"{PLACE}verdict/", {"from": number.pk, "to": to}).content.decode()
    assert "call-no" in page
    assert says in page
    assert link in page


def test_becomes_the_call_as_it_goes_on(alice_client: Client, number: PhoneNumber) -> None:
    answer = send(alice_client, number)
    call = Call.objects.get()
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f"/w/acme/calls/{call.pk}/live/" in page
    assert "Waiting for a line" in page
    assert call.held
    assert "calls-changed" in answer["HX-Trigger"]


def test_calls_once_for_a_double_click(alice_client: Client, number: PhoneNumber) -> None:
    for _ in range(2):
        assert send(alice_client, number).status_code == 200
    assert Call.objects.count() == 1


def test_calls_somebody_else_from_the_same_form(alice_client: Client, number: PhoneNumber) -> None:
    send(alice_client, number)
    send(alice_client, number, to="+442079460019")
    assert Call.objects.count() == 2


def test_takes_another_published_version(
    alice_client: Client, workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    agent = agents.create_agent(
        workspace, title="Support", runtime_url="wss://agents.example.com/2", by=SYSTEM, now=now
    )
    agents.publish(agents.newest_version(agent), by=SYSTEM, now=now)
    other = AgentVersion.objects.get(agent=agent)
    send(alice_client, number, agent_version=other.pk)
    assert Call.objects.get().agent_version == other


def test_comes_back_with_what_is_wrong_and_what_was_typed(
    alice_client: Client, number: PhoneNumber, workspace: Workspace
) -> None:
    KycCase.objects.filter(workspace=workspace).delete()
    answer = send(alice_client, number)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'value="{LONDON}"' in page
    assert "call-no" in page
    assert key_in(answer) == "idk_1"
    assert not Call.objects.exists()


def test_knows_no_number_of_others(
    alice_client: Client, number: PhoneNumber, charlie_workspace: Workspace
) -> None:
    PhoneNumber.objects.filter(pk=number.pk).update(workspace=charlie_workspace)
    answer = send(alice_client, number)
    assert answer.status_code == 422
    assert number.e164[-7:] not in answer.content.decode()


def test_is_not_for_viewers(workspace: Workspace, number: PhoneNumber) -> None:
    vera = make_user("Vera")
    workspace.memberships.create(user=vera, role="viewer")
    client = client_of(vera)
    assert send(client, number).status_code == 403
    assert f"{number.pk}-call" not in client.get("/w/acme/numbers/").content.decode()


def test_is_reached_from_the_row_and_from_the_number(alice_client: Client, number: PhoneNumber) -> None:
    for page in ("/w/acme/numbers/", f"/w/acme/numbers/{number.pk}/"):
        assert f"{PLACE}?from={number.pk}" in alice_client.get(page).content.decode()


# --- the call it became


def test_shows_only_what_is_new(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    call = make_call(number, now)
    live = f"/w/acme/calls/{call.pk}/live/"
    assert alice_client.get(live, {"had": "created"}, headers=HTMX).status_code == 204
    call.transition("initiate", by=SYSTEM, now=now, initiated_at=now)
    page = alice_client.get(live, {"had": "created"}, headers=HTMX)
    assert "Asking Plivo to dial" in page.content.decode()


def test_ends_with_the_charge(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    call = make_call(number, now)
    call.transition("initiate", by=SYSTEM, now=now, initiated_at=now)
    told: dict[str, Any] = {"answered_at": now, "ended_at": now, "charged": 2, "duration": 65}
    call.transition("complete", by=SYSTEM, now=now, **told)
    answer = alice_client.get(f"/w/acme/calls/{call.pk}/live/", {"had": "sent"}, headers=HTMX)
    page = answer.content.decode()
    assert "1:05" in page
    assert "₹2.00" in page
    assert "data-poll" not in page
    assert "calls-changed" in answer["HX-Trigger"]


def test_hangs_up(alice_client: Client, number: PhoneNumber, settings: LazySettings) -> None:
    send(alice_client, number)
    call = Call.objects.get()
    page = alice_client.post(f"/w/acme/calls/{call.pk}/hang-up/", headers=HTMX).content.decode()
    call.refresh_from_db()
    assert (call.status, call.charged) == ("cancelled", Decimal(0))
    assert wallet.held(call.workspace) == Decimal(0)
    assert "Cancelled before dialling." in page


def test_says_when_it_can_t_hang_up(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    call = make_call(number, now)
    call.transition("initiate", by=SYSTEM, now=now, initiated_at=now)
    for headers in (HTMX, {}):
        answer = alice_client.post(f"/w/acme/calls/{call.pk}/hang-up/", headers=headers)
        assert answer.status_code == 422
        assert "has not confirmed this call yet" in answer.content.decode()

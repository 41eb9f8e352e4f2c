"""The page “Can this number call…?” …"""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.routes.routing import route_number
from telephony import agents
from telephony.models import NetworkGroup
from telephony.switches import enable_group
from tests.conftest import client_of, make_user
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
PAGE = "/w/acme/numbers/check/"
BERLIN = "+4930123456"


@pytest.fixture
def alice_client(workspace: Workspace, alice: Any) -> Client:
    return client_of(alice)


def steps(text: str) -> dict[str, str]:
    """Code → the address of its link."""
    items = re.findall(r'<li class="check [^>]*data-code="(\w+)"(.*?)</li>', text, re.DOTALL)
    links = ((code, re.search(r'<a href="([^"]*)"', rest)) for code, rest in items)
    return {code: html.unescape(link[1]) if link else "" for code, link in links}


def verdict(text: str) -> str:
    found = re.search(r"<h2>(.*?)</h2>", text.partition('id="answer"')[2], re.DOTALL)
    assert found
    return html.unescape(found[1]).strip()


def ask(client: Client, **asked: str) -> str:
    response = client.get(PAGE, {name.rstrip("_"): text for name, text in asked.items()})
    assert response.status_code == 200
    return response.content.decode()


def test_asks_who_is_to_be_called_and_fills_in_the_default_number(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    usual = make_number(workspace, is_default=True)
    make_number(workspace)
    page = ask(alice_client)
    assert verdict(page) == "Who is to be called?"
    assert f'name="from" list="ours" value="{usual.e164}"' in page


def test_gives_the_verdict_every_step_and_a_link_for_each_that_fails(
    alice_client: Client, workspace: Workspace
) -> None:
    number = make_number(workspace, "+12125550123")
    page = ask(alice_client, from_=number.e164, to=BERLIN)
    assert verdict(page) == "This call is not possible: Germany is not enabled at Plivo."
    found = steps(page)
    assert found["country_not_enabled"] == "/w/acme/telephony/?country=DE&carrier=plivo"
    assert found["outbound_version_missing"] == f"/w/acme/numbers/{number.pk}/#routing-panel"
    assert found["kyc_verified"] == ""


def test_says_yes_once_it_is_mended(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    number = make_number(workspace, "+12125550123")
    agent = agents.create_agent(
        workspace, title="Sales", runtime_url="wss://agents.example.com/1", by=SYSTEM, now=now
    )
    version = agents.newest_version(agent)
    agents.publish(version, by=SYSTEM, now=now)
    route_number(number, outbound=version, by=SYSTEM, now=now)
    enable_group(workspace, NetworkGroup.objects.get(country="DE"), enabled=True, by=SYSTEM, now=now)
    page = ask(alice_client, from_=number.pk, to=BERLIN)
    assert verdict(page) == "+1 212-555-0123 can call +49 30 123456."
    assert "₹1.25 a minute" in page
    assert set(steps(page).values()) == {""}


def test_gives_htmx_the_answer_alone_and_keeps_the_question_in_the_address(
    alice_client: Client, workspace: Workspace
) -> None:
    query = {"from": "plivo", "to": BERLIN}
    response = alice_client.get(PAGE, query, headers={"HX-Request": "true"})
    text = response.content.decode()
    assert text.lstrip().startswith('<section class="panel ask-answer" id="answer"')
    assert 'id="announcer" hx-swap-oob="innerHTML">This call is not possible' in text
    kept = response["HX-Replace-Url"]
    assert verdict(alice_client.get(kept).content.decode()) == verdict(text)


@pytest.mark.parametrize("text", ["desk", "555 0123", "2125550123", "+1 (212) 555-0123", "Front Desk"])
def test_finds_the_number_by_what_people_type(alice_client: Client, workspace: Workspace, text: str) -> None:
    number = make_number(workspace, "+12125550123", nickname="Front desk")
    make_number(workspace, "+12125559999", nickname="Sales")
    assert f"/numbers/{number.pk}/#routing" in ask(alice_client, from_=text, to=BERLIN)


@pytest.mark.parametrize("text", ["desk", "+442079460018", "\x00x", "phn_" + "0" * 26])
def test_says_that_no_number_is_meant(
    alice_client: Client, workspace: Workspace, charlie_workspace: Workspace, text: str
) -> None:
    make_number(charlie_workspace, "+442079460018", nickname="desk")
    assert verdict(ask(alice_client, from_=text, to=BERLIN)).startswith("No number of this workspace")


def test_guesses_at_none_of_several(alice_client: Client, workspace: Workspace) -> None:
    for nickname in ("Front desk", "Back desk"):
        make_number(workspace, nickname=nickname)
    assert verdict(ask(alice_client, from_="desk", to=BERLIN)).startswith("No number of this workspace")


def test_answers_for_any_number_of_a_provider(alice_client: Client, workspace: Workspace) -> None:
    assert verdict(ask(alice_client, from_="SIP trunk", to=BERLIN)) == (
        "Any number of SIP trunk can call +49 30 123456."
    )
    assert "country_not_enabled" in steps(ask(alice_client, from_="", to=BERLIN))


def test_tells_who_answers(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    number = make_number(workspace, "+12125550123")
    make_rental(number, now + timedelta(days=9))
    page = ask(alice_client, direction="inbound", to="+1 212 555 0123")
    assert verdict(page).startswith("Nobody answers: No agent is connected to +1 212-555-0123")
    assert steps(page)["inbound_version_missing"] == f"/w/acme/numbers/{number.pk}/#routing-panel"


def test_turns_the_question_round_about_the_same_number(alice_client: Client, workspace: Workspace) -> None:
    make_number(workspace, "+12125550123")
    other = ask(alice_client, from_="+12125550123", to=BERLIN)
    turned = re.search(r'<a class="chip" href="([^"]*)"', other)
    assert turned
    page = alice_client.get(html.unescape(turned[1])).content.decode()
    assert verdict(page).startswith("Nobody answers")


def test_answers_for_a_moment_of_the_reader(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    at = (now - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    page = ask(alice_client, from_="plivo", to=BERLIN, at=at)
    assert verdict(page).startswith("This call was not possible")
    assert "As of " in page


@pytest.mark.parametrize("at", ["yesterday", "2026-13-40T10:00", "0001-01-01T00:00", "9999-01-01T00:00"])
def test_says_what_is_no_moment_in_the_past(alice_client: Client, workspace: Workspace, at: str) -> None:
    said = verdict(ask(alice_client, from_="plivo", to=BERLIN, at=at))
    assert said.startswith(("Write the moment like", "That moment is still to come"))


def test_shows_those_the_wallets_link_who_may_open_it(
    workspace: Workspace, alice_client: Client, settings: LazySettings
) -> None:
    from telephony.models import CallRate

    CallRate.objects.update(per_minute=99999)
    admin = make_user("Ada")
    workspace.memberships.create(user=admin, role="admin")
    links = [
        steps(ask(client, from_="plivo", to="+442079460018"))["wallet_insufficient"]
        for client in (alice_client, client_of(admin))
    ]
    assert [urlsplit(link).path for link in links] == ["/w/acme/wallet/", ""]


def test_is_linked_from_every_page_that_decides(alice_client: Client, workspace: Workspace) -> None:
    number = make_number(workspace)
    for page, query in (
        ("/w/acme/numbers/", f"?from={number.pk}"),
        (f"/w/acme/numbers/{number.pk}/", f"?from={number.pk}"),
        ("/w/acme/telephony/", "?from=plivo"),
        ("/w/acme/kyc/", ""),
    ):
        assert f'href="{PAGE}{query}"' in alice_client.get(page).content.decode(), page

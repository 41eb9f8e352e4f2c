"""The switches of Telephony Config …"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, User, Workspace
from telephony import agents
from telephony.models import Country, NetworkGroup, Prefix, SipRate, SipSwitch
from telephony.switches import country_enabled, sip_switched_on
from tests.conftest import LONG_AGO, client_of
from tests.numbers.rows import make_number

URL = "/w/acme/telephony/"
ON = "/w/acme/telephony/switch/"
OFF = "/w/acme/telephony/switch/off/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def germany(workspace: Workspace) -> NetworkGroup:
    """Off in Acme."""
    return NetworkGroup.objects.get(country="DE")


@pytest.fixture
def india(workspace: Workspace) -> NetworkGroup:
    """On in Acme, beside India mobile, which is off."""
    group = NetworkGroup.objects.create(carrier="plivo", country_id="IN", name="India mobile")
    Prefix.objects.create(network_group=group, digits="9198")
    return NetworkGroup.objects.get(name="India all")


@pytest.fixture
def viewer_client(workspace: Workspace, charlie: User) -> Client:
    workspace.memberships.create(user=charlie, role="viewer")
    return client_of(charlie)


def told(answer: Any) -> dict[str, Any]:
    return json.loads(answer["HX-Trigger"])["toast"]


def shown(client: Client, what: str, **headers: str) -> str:
    """The fingerprint of what the dialog shows."""
    page = client.get(OFF, {"what": what}, headers=headers)
    (fingerprint,) = re.findall(r'name="expected" value="(\w{64})"', page.content.decode())
    return fingerprint


def make_caller(workspace: Workspace, now: Any) -> None:
    """A number that calls over Plivo."""
    agent = agents.create_agent(
        workspace, title="Sales", runtime_url="wss://agents.example.com/1", by=SYSTEM, now=now
    )
    version = agents.newest_version(agent)
    agents.publish(version, by=SYSTEM, now=now)
    make_number(workspace, "+12125550123", outbound_version=version)


# --- on -----------------------------------------------------------------------------------------------


def test_turns_a_group_on_and_answers_with_its_country(
    alice_client: Client, workspace: Workspace, germany: NetworkGroup
) -> None:
    answer = alice_client.post(f"{ON}?open=DE", {"what": germany.id}, headers=HTMX)
    text = answer.content.decode()
    assert text.lstrip().startswith("<tbody")
    assert 'aria-checked="true" aria-label="Germany all"' in text
    assert "/w/acme/numbers/buy/?country=DE" in text
    assert 'On <span class="chip-count">4</span>' in text
    assert "4 network groups on" in text
    assert told(answer)["text"].startswith("Germany all is on. Numbers can’t be rented there yet")
    assert answer["HX-Retarget"] == "#country-DE"
    assert country_enabled(workspace, "plivo", "DE")


def test_turns_a_whole_country_on(alice_client: Client, workspace: Workspace, india: NetworkGroup) -> None:
    answer = alice_client.post(ON, {"what": "IN"}, headers=HTMX)
    assert told(answer)["text"] == "2 network groups of India are on."
    assert workspace.network_groups.filter(network_group__country="IN", enabled=True).count() == 2
    assert 'aria-expanded="false"' in answer.content.decode()


def test_says_which_papers_renting_there_needs(
    alice_client: Client, workspace: Workspace, india: NetworkGroup
) -> None:
    workspace.kyc_cases.all().delete()
    answer = alice_client.post(ON, {"what": "IN"}, headers=HTMX)
    assert "can’t be rented there yet: Acme is not verified for India yet." in told(answer)["text"]


def test_turns_on_one_providers_group_and_no_others(
    alice_client: Client, workspace: Workspace, every_carrier: Any
) -> None:
    workspace.network_groups.update(enabled=False)
    group = NetworkGroup.objects.get(country="DE", carrier="twilio")
    answer = alice_client.post(f"{ON}?open=DE", {"what": group.id}, headers=HTMX)
    assert "DE twilio" in answer.content.decode()
    assert country_enabled(workspace, "twilio", "DE")
    assert not country_enabled(workspace, "plivo", "DE")
    alice_client.post(f"{ON}?carrier=signalwire", {"what": "US"}, headers=HTMX)
    assert country_enabled(workspace, "signalwire", "US")
    assert not country_enabled(workspace, "plivo", "US")


def test_turns_on_without_scripts(alice_client: Client, workspace: Workspace, germany: NetworkGroup) -> None:
    answer = alice_client.post(f"{ON}?q=ger&enabled=1", {"what": germany.id}, follow=True)
    address, status = answer.redirect_chain[0]
    assert (address, status) == (f"{URL}?carrier=plivo&q=ger&enabled=1&open=DE#country-DE", 302)
    assert "Germany all is on." in answer.content.decode()
    assert country_enabled(workspace, "plivo", "DE")


def test_writes_down_who_turned_it_on(alice: User, alice_client: Client, germany: NetworkGroup) -> None:
    for _ in range(2):
        alice_client.post(ON, {"what": germany.id})
    entry = AuditEntry.objects.get(event="network_group_enabled")
    assert (entry.actor, entry.channel, entry.after["country"]) == (alice, "browser", "DE")
    assert entry.request_id


# --- off ----------------------------------------------------------------------------------------------


def test_shows_first_what_goes_with_a_group(
    alice_client: Client, workspace: Workspace, india: NetworkGroup, now: Any
) -> None:
    make_caller(workspace, now)
    text = alice_client.get(f"{OFF}?q=ind", {"what": india.id}, headers=HTMX).content.decode()
    assert text.lstrip().startswith("<form")
    assert "Switch off India all at Plivo?" in text
    assert "No numbers of India can be bought from Plivo." in text
    assert "One number calls over Plivo and could no longer call India all." in text
    assert ">+1 212-555-0123</a>" in text
    assert country_enabled(workspace, "plivo", "IN")


def test_says_when_nothing_stops(alice_client: Client, germany: NetworkGroup, india: NetworkGroup) -> None:
    mobile = NetworkGroup.objects.get(name="India mobile")
    alice_client.post(ON, {"what": mobile.id})
    text = alice_client.get(OFF, {"what": mobile.id}, headers=HTMX).content.decode()
    assert "Nothing that we know of stops" in text


def test_turns_a_group_off(alice_client: Client, workspace: Workspace, india: NetworkGroup) -> None:
    expected = shown(alice_client, india.id)
    answer = alice_client.post(f"{OFF}?open=IN", {"what": india.id, "expected": expected}, headers=HTMX)
    assert 'aria-checked="false" aria-label="India all"' in answer.content.decode()
    assert told(answer)["text"] == "India all is off."
    assert "close-modal" in json.loads(answer["HX-Trigger"])
    assert answer["HX-Retarget"] == "#country-IN"
    assert not country_enabled(workspace, "plivo", "IN")


def test_takes_it_back(alice_client: Client, workspace: Workspace, india: NetworkGroup) -> None:
    expected = shown(alice_client, india.id)
    answer = alice_client.post(OFF, {"what": india.id, "expected": expected}, headers=HTMX)
    back = alice_client.post(told(answer)["undo"], headers=HTMX)
    assert back["HX-Retarget"] == "#country-IN"
    assert country_enabled(workspace, "plivo", "IN")


def test_turns_off_what_is_on_of_a_country(
    alice_client: Client, workspace: Workspace, india: NetworkGroup
) -> None:
    text = alice_client.get(OFF, {"what": "IN"}, headers=HTMX).content.decode()
    assert "Switch off India all at Plivo?" in text
    alice_client.post(ON, {"what": "IN"})
    text = alice_client.get(OFF, {"what": "IN"}, headers=HTMX).content.decode()
    assert "Switch off 2 network groups of India at Plivo?" in text
    what = re.findall(r'name="what" value="(\w+)"', text)
    answer = alice_client.post(OFF, {"what": what, "expected": shown(alice_client, "IN")}, headers=HTMX)
    assert told(answer)["text"] == "2 network groups of India are off."
    assert not country_enabled(workspace, "plivo", "IN")
    alice_client.post(told(answer)["undo"], headers=HTMX)
    assert workspace.network_groups.filter(network_group__country="IN", enabled=True).count() == 2


def test_shows_it_again_when_more_would_stop(
    alice_client: Client, workspace: Workspace, india: NetworkGroup, now: Any
) -> None:
    expected = shown(alice_client, india.id)
    make_caller(workspace, now)
    answer = alice_client.post(OFF, {"what": india.id, "expected": expected}, headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "has changed since it was shown" in text
    assert "+1 212-555-0123" in text
    assert country_enabled(workspace, "plivo", "IN")
    assert f'value="{shown(alice_client, india.id)}"' in text


@pytest.mark.parametrize("expected", [{}, {"expected": ""}, {"expected": "0" * 64}])
def test_turns_nothing_off_that_was_not_shown(
    alice_client: Client, workspace: Workspace, india: NetworkGroup, expected: dict[str, str]
) -> None:
    answer = alice_client.post(OFF, {"what": india.id} | expected)
    assert answer.status_code == 409
    assert "Switch off India all" in answer.content.decode()
    assert country_enabled(workspace, "plivo", "IN")


def test_turns_off_without_scripts(alice_client: Client, workspace: Workspace, india: NetworkGroup) -> None:
    page = alice_client.get(f"{OFF}?carrier=plivo&q=ind", {"what": india.id})
    assert "<h1" in page.content.decode()
    form = {"what": india.id, "expected": shown(alice_client, india.id)}
    answer = alice_client.post(f"{OFF}?carrier=plivo&q=ind", form, follow=True)
    assert answer.redirect_chain[0][0] == f"{URL}?carrier=plivo&q=ind&open=IN#country-IN"
    assert "India all is off." in answer.content.decode()
    assert not country_enabled(workspace, "plivo", "IN")


def test_leads_home_where_nothing_was_named(alice_client: Client) -> None:
    assert alice_client.get(OFF)["Location"] == URL


# --- SIP/BYOC -----------------------------------------------------------------------------------------


def test_says_what_sip_costs(alice_client: Client) -> None:
    assert "No flat rate is set in INR" in alice_client.get(URL).content.decode()
    SipRate.objects.create(currency="INR", per_minute="0.35", valid_from=LONG_AGO)
    assert "₹0.35 a minute" in alice_client.get(URL).content.decode()


def test_turns_sip_on(alice_client: Client, workspace: Workspace) -> None:
    answer = alice_client.post(ON, {"what": "sip"}, headers=HTMX)
    text = answer.content.decode()
    assert answer["HX-Retarget"] == "#providers"
    assert 'id="switch-sip" aria-checked="true"' in text
    assert "calls are not held to these switches" in text
    assert sip_switched_on(workspace)
    assert AuditEntry.objects.get(event="sip_switch_enabled").before == {"enabled": False}


def test_turns_sip_off(alice_client: Client, workspace: Workspace, now: Any) -> None:
    make_caller(workspace, now)
    SipSwitch.objects.create(workspace=workspace, enabled=True)
    text = alice_client.get(OFF, {"what": "sip"}, headers=HTMX).content.decode()
    assert "Switch off SIP/BYOC?" in text
    assert "3 countries are" in text
    answer = alice_client.post(OFF, {"what": "sip", "expected": shown(alice_client, "sip")}, headers=HTMX)
    assert told(answer)["text"] == "SIP/BYOC is off. Calls are held to network groups again."
    assert not sip_switched_on(workspace)


def test_turns_sip_without_scripts(alice_client: Client, workspace: Workspace) -> None:
    answer = alice_client.post(f"{ON}?carrier=plivo", {"what": "sip"}, follow=True)
    assert answer.redirect_chain[0][0] == f"{URL}?carrier=plivo#providers"
    assert "SIP/BYOC is on." in answer.content.decode()
    form = {"what": "sip", "expected": shown(alice_client, "sip")}
    assert alice_client.post(OFF, form, follow=True).redirect_chain[0][0] == f"{URL}?carrier=plivo#providers"
    assert not sip_switched_on(workspace)


# --- who may, and what there is -----------------------------------------------------------------------


@pytest.mark.parametrize("client_name", ["bob_client", "viewer_client"])
def test_is_for_owners_and_admins(
    request: pytest.FixtureRequest, client_name: str, workspace: Workspace, germany: NetworkGroup
) -> None:
    client = request.getfixturevalue(client_name)
    assert client.post(ON, {"what": germany.id}).status_code == 403
    assert client.post(ON, {"what": "sip"}).status_code == 403
    assert client.get(OFF, {"what": germany.id}).status_code == 403
    assert client.post(OFF, {"what": "IN"}).status_code == 403
    assert not country_enabled(workspace, "plivo", "DE")
    assert not sip_switched_on(workspace)


def test_is_404_for_strangers(charlie_client: Client, workspace: Workspace, germany: NetworkGroup) -> None:
    assert charlie_client.post(ON, {"what": germany.id}).status_code == 404
    assert charlie_client.get(OFF, {"what": germany.id}).status_code == 404
    assert not country_enabled(workspace, "plivo", "DE")


def test_sends_the_anonymous_to_sign_in(client: Client, workspace: Workspace) -> None:
    assert client.post(ON, {"what": "sip"}).status_code == 302
    assert client.get(OFF, {"what": "sip"}).status_code == 302


def test_refuses_a_post_without_its_token(alice: User, workspace: Workspace, germany: NetworkGroup) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(ON, {"what": germany.id}).status_code == 403
    assert client.post(OFF, {"what": germany.id}).status_code == 403
    assert not country_enabled(workspace, "plivo", "DE")


def test_refuses_to_be_read_as_a_switch(alice_client: Client) -> None:
    assert alice_client.get(ON).status_code == 405


Breakage = Callable[[NetworkGroup], Any]


@pytest.mark.parametrize(
    "broken",
    [
        lambda group: "",
        lambda group: "nonsense",
        lambda group: "XX",
        lambda group: "\x00\x00",
        lambda group: "nwg_\x00",
        lambda group: "nwg_" + "0" * 26,
        lambda group: group.id + "x" * 10_000,
        lambda group: [group.id, "sip"],
        lambda group: [group.id, NetworkGroup.objects.get(country="GB").id],
    ],
)
def test_is_404_for_what_is_no_group(alice_client: Client, germany: NetworkGroup, broken: Breakage) -> None:
    what = {"what": broken(germany)}
    assert alice_client.post(ON, what).status_code == 404
    assert alice_client.get(OFF, what).status_code == 404
    assert alice_client.post(OFF, what).status_code == 404
    assert not AuditEntry.objects.filter(event="network_group_enabled").exists()


def test_is_404_for_groups_the_page_does_not_offer(alice_client: Client, germany: NetworkGroup) -> None:
    Country.objects.filter(iso="DE").update(is_offered=False)
    for what in (germany.id, "DE"):
        assert alice_client.post(ON, {"what": what}).status_code == 404

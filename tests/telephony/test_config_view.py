"""The Telephony Config page …"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dialnexa.models import AuditEntry, User, Workspace
from telephony.catalogue import load_catalogue
from telephony.config import Config, ConfigFilters, PriceRange
from telephony.models import CallRate, Country, NetworkGroup, Prefix
from telephony.switches import country_enabled
from tests.conftest import client_of

URL = "/w/acme/telephony/"
SWITCH = "/w/acme/telephony/switch/"
HTMX = {"HX-Request": "true"}
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def germany(workspace: Workspace) -> NetworkGroup:
    """Off in Acme."""
    return NetworkGroup.objects.get(country="DE")


@pytest.fixture
def mobile(workspace: Workspace) -> NetworkGroup:
    """A second, finer network group of India, off in Acme."""
    group = NetworkGroup.objects.create(carrier="plivo", country_id="IN", name="India mobile")
    Prefix.objects.create(network_group=group, digits="9198")
    return group


@pytest.fixture
def viewer_client(workspace: Workspace, charlie: User) -> Client:
    workspace.memberships.create(user=charlie, role="viewer")
    return client_of(charlie)


def shown(workspace: Workspace, filters: ConfigFilters) -> list[str]:
    return [row.country.iso for row in Config(workspace, filters, LATER).shown]


# --- looking ------------------------------------------------------------------------------------------


def test_lists_countries_with_their_groups(alice_client: Client, mobile: NetworkGroup) -> None:
    page = alice_client.get(URL)
    assert page.status_code == 200
    text = page.content.decode()
    assert text.count("<tbody") == 4
    for words in ("Germany all", "India all", "India mobile", "+9198", "₹1.25"):
        assert words in text


def test_says_what_is_on(alice_client: Client, germany: NetworkGroup) -> None:
    text = alice_client.get(URL).content.decode()
    assert text.count('aria-checked="true"') == 3
    assert f'aria-checked="false" aria-label="Germany all" name="turn_on" value="{germany.id}"' in text


def test_shows_the_list_alone_to_htmx(alice_client: Client) -> None:
    page = alice_client.get(f"{URL}?q=ger", headers=HTMX)
    text = page.content.decode()
    assert text.lstrip().startswith("<section")
    assert "Germany" in text
    assert "India" not in text
    assert page["HX-Push-Url"] == f"{URL}?carrier=plivo&q=ger"


@pytest.mark.parametrize(
    "q, found",
    [
        ("germ", ["DE"]),
        ("GERM", ["DE"]),
        ("in", ["IN", "GB"]),
        ("+49", ["DE"]),
        ("4930", ["DE"]),
        ("91 98", ["IN"]),
        ("919", ["IN"]),
        ("india mob", ["IN"]),
        ("mobile", ["IN"]),
        ("ünited kingdom", ["GB"]),
        ("atlantis", []),
        ("999", []),
        ("%", []),
    ],
)
def test_searches_countries_groups_and_prefixes(
    workspace: Workspace, mobile: NetworkGroup, q: str, found: list[str]
) -> None:
    assert shown(workspace, ConfigFilters("plivo", q=q)) == found


def test_filters_what_is_on(workspace: Workspace) -> None:
    assert shown(workspace, ConfigFilters("plivo", only_enabled=True)) == ["IN", "GB", "US"]


def test_lists_what_is_on_before_what_is_off(workspace: Workspace) -> None:
    assert shown(workspace, ConfigFilters("plivo")) == ["IN", "GB", "US", "DE"]


def test_offers_the_providers_that_are_configured(alice_client: Client, every_carrier: Any) -> None:
    text = alice_client.get(URL).content.decode()
    options = re.findall(r'<option value="(\w+)" (selected)?>Provider: (\w+)<', text)
    assert [slug for slug, _, _ in options] == ["plivo", "twilio", "signalwire"]
    assert [label for _, _, label in options] == ["Plivo", "Twilio", "SignalWire"]


@pytest.mark.parametrize(("carrier", "countries"), [("twilio", 4), ("signalwire", 1)])
def test_shows_where_the_chosen_provider_sells(
    alice_client: Client, workspace: Workspace, every_carrier: Any, carrier: str, countries: int
) -> None:
    text = alice_client.get(f"{URL}?carrier={carrier}").content.decode()
    assert text.count("<tbody") == countries
    assert f"US {carrier}" in text
    assert "United States all" not in text
    focused = alice_client.get(f"{URL}?carrier={carrier}&country=US").content.decode()
    assert f"/w/acme/numbers/buy/?country=US&amp;provider={carrier}" in focused


def test_turns_on_one_providers_group_and_no_others(
    alice_client: Client, workspace: Workspace, every_carrier: Any
) -> None:
    group = NetworkGroup.objects.get(country="DE", carrier="twilio")
    answer = alice_client.post(SWITCH, {"turn_on": group.id}, headers=HTMX)
    assert "DE twilio" in answer.content.decode()
    assert country_enabled(workspace, "twilio", "DE")
    assert not country_enabled(workspace, "plivo", "DE")


def test_shows_one_country_for_a_link(alice_client: Client) -> None:
    text = alice_client.get(f"{URL}?country=gb").content.decode()
    assert text.count("<tbody") == 1
    assert 'id="country-GB"' in text
    assert "/w/acme/numbers/buy/?country=GB" in text


def test_does_not_offer_to_buy_where_the_country_is_off(alice_client: Client) -> None:
    text = alice_client.get(f"{URL}?country=DE").content.decode()
    assert "Germany is off. Switch on at least one network group" in text
    assert "/numbers/buy/?country=DE" not in text


def test_offers_to_buy_once_the_country_is_on(alice_client: Client, germany: NetworkGroup) -> None:
    answer = alice_client.post(f"{SWITCH}?country=DE", {"turn_on": germany.id}, headers=HTMX)
    assert "/w/acme/numbers/buy/?country=DE" in answer.content.decode()


@pytest.mark.parametrize(
    "query", ["country=XX", "country=%00", "carrier=nobody", "enabled=maybe", "q=%00", "q=" + "x" * 10_000]
)
def test_takes_nonsense_for_not_asked(alice_client: Client, query: str) -> None:
    assert alice_client.get(f"{URL}?{query}").status_code == 200


def test_leaves_out_countries_that_are_not_offered(alice_client: Client) -> None:
    Country.objects.filter(iso="DE").update(is_offered=False)
    assert "Germany" not in alice_client.get(URL).content.decode()


@pytest.mark.parametrize(
    "query, words", [("q=atlantis", "Nothing matches"), ("enabled=1", "Nothing is on yet")]
)
def test_teaches_when_there_is_nothing(
    alice_client: Client, workspace: Workspace, query: str, words: str
) -> None:
    workspace.network_groups.update(enabled=False)
    assert words in alice_client.get(f"{URL}?{query}").content.decode()


def test_shows_the_prices_that_count_now(workspace: Workspace, mobile: NetworkGroup, now: datetime) -> None:
    def rate(prefix: str, price: str, days: int, direction: str = "outbound", currency: str = "INR") -> None:
        CallRate.objects.create(
            network_group=mobile,
            prefix=prefix,
            per_minute=Decimal(price),
            valid_from=now + timedelta(days=days),
            direction=direction,
            currency=currency,
        )

    rate("9198", "0.60", -9)
    rate("9198", "0.65", -1)
    rate("9198", "0.90", 1)
    rate("9199", "0.805", -1)
    rate("9198", "9.00", -1, currency="USD")
    rate("", "0.40", -1, direction="inbound")
    (row,) = Config(workspace, ConfigFilters("plivo"), now).rows(NetworkGroup.objects.filter(pk=mobile.pk))
    assert str(row.outbound) == "₹0.65–₹0.805"
    assert row.inbound == PriceRange(Decimal("0.4"), Decimal("0.4"), "INR")
    assert str(row.inbound) == "₹0.40"


def test_needs_few_queries_for_the_whole_world(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    load_catalogue()
    with django_assert_num_queries(4):
        page = Config(workspace, ConfigFilters("plivo"), now)
        assert len(page.shown) > 240
        assert page.enabled == 3


# --- switching ----------------------------------------------------------------------------------------


def test_turns_a_group_on_and_answers_with_its_row(
    alice_client: Client, workspace: Workspace, germany: NetworkGroup
) -> None:
    answer = alice_client.post(SWITCH, {"turn_on": germany.id}, headers=HTMX)
    text = answer.content.decode()
    assert text.lstrip().startswith("<tbody")
    assert 'aria-checked="true"' in text
    assert 'On <span class="chip-count">4</span>' in text
    assert "Germany all is on." in answer["HX-Trigger"]
    assert country_enabled(workspace, "plivo", "DE")


def test_turns_a_group_off(alice_client: Client, workspace: Workspace) -> None:
    group = NetworkGroup.objects.get(country="GB")
    alice_client.post(SWITCH, {"turn_off": group.id}, headers=HTMX)
    assert not country_enabled(workspace, "plivo", "GB")


def test_works_without_scripts(alice_client: Client, workspace: Workspace, germany: NetworkGroup) -> None:
    answer = alice_client.post(f"{SWITCH}?q=ger&enabled=1", {"turn_on": germany.id}, follow=True)
    address, status = answer.redirect_chain[0]
    assert (address, status) == (f"{URL}?carrier=plivo&q=ger&enabled=1#{germany.id}", 302)
    assert "Germany all is on." in answer.content.decode()
    assert country_enabled(workspace, "plivo", "DE")


def test_writes_down_who_turned_it_on(alice: User, alice_client: Client, germany: NetworkGroup) -> None:
    for _ in range(2):
        alice_client.post(SWITCH, {"turn_on": germany.id})
    entry = AuditEntry.objects.get(event="network_group_enabled")
    assert (entry.actor, entry.channel, entry.after["country"]) == (alice, "browser", "DE")
    assert entry.request_id


@pytest.mark.parametrize("client_name", ["bob_client", "viewer_client"])
def test_lets_members_and_viewers_only_look(
    request: pytest.FixtureRequest, client_name: str, workspace: Workspace, germany: NetworkGroup
) -> None:
    client = request.getfixturevalue(client_name)
    text = client.get(URL).content.decode()
    assert "Germany" in text
    assert 'role="switch"' not in text
    assert client.post(SWITCH, {"turn_on": germany.id}).status_code == 403
    assert not country_enabled(workspace, "plivo", "DE")


def test_is_404_for_strangers(charlie_client: Client, workspace: Workspace, germany: NetworkGroup) -> None:
    assert charlie_client.get(URL).status_code == 404
    assert charlie_client.post(SWITCH, {"turn_on": germany.id}).status_code == 404
    assert not country_enabled(workspace, "plivo", "DE")


def test_sends_the_anonymous_to_sign_in(client: Client, workspace: Workspace) -> None:
    assert client.get(URL).status_code == 302
    assert client.post(SWITCH, {}).status_code == 302


def test_refuses_a_post_without_its_token(alice: User, workspace: Workspace, germany: NetworkGroup) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(SWITCH, {"turn_on": germany.id}).status_code == 403
    assert not country_enabled(workspace, "plivo", "DE")


def test_refuses_to_be_read_as_a_switch(alice_client: Client) -> None:
    assert alice_client.get(SWITCH).status_code == 405


Breakage = Callable[[NetworkGroup], str]


@pytest.mark.parametrize(
    "broken",
    [
        lambda group: "",
        lambda group: "nonsense",
        lambda group: "nwg_\x00",
        lambda group: "nwg_" + "0" * 26,
        lambda group: group.id + "x" * 10_000,
    ],
)
def test_is_404_for_what_is_no_group(alice_client: Client, germany: NetworkGroup, broken: Breakage) -> None:
    assert alice_client.post(SWITCH, {"turn_on": broken(germany)}).status_code == 404
    assert not AuditEntry.objects.filter(event="network_group_enabled").exists()


def test_is_404_for_groups_the_page_does_not_offer(alice_client: Client, germany: NetworkGroup) -> None:
    Country.objects.filter(iso="DE").update(is_offered=False)
    assert alice_client.post(SWITCH, {"turn_on": germany.id}).status_code == 404

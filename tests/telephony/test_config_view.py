"""The Telephony Config page …"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dialnexa.models import User, Workspace
from telephony.catalogue import load_catalogue
from telephony.config import Config, ConfigFilters
from telephony.models import CallRate, Country, NetworkGroup, Prefix
from tests.conftest import client_of

URL = "/w/acme/telephony/"
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
    for words in ("Germany", "India all, India mobile", "₹1.25"):
        assert words in text
    assert "+9198" not in text  # only once the country is opened


def test_says_what_is_on(alice_client: Client, germany: NetworkGroup) -> None:
    text = alice_client.get(f"{URL}?open=DE").content.decode()
    assert text.count('aria-checked="true"') == 3
    assert f'aria-checked="false" aria-label="Germany all" name="what" value="{germany.id}"' in text


def test_says_where_only_a_part_is_on(alice_client: Client, mobile: NetworkGroup) -> None:
    text = alice_client.get(URL).content.decode()
    assert "1 of 2 on:" in text
    assert 'aria-checked="mixed" aria-label="All of India"' in text
    opened = alice_client.get(f"{URL}?open=IN").content.decode()
    assert 'id="all-off-IN"' in opened


def test_opens_a_country_and_closes_it(alice_client: Client, mobile: NetworkGroup) -> None:
    opened = alice_client.get(f"{URL}countries/IN/", headers=HTMX).content.decode()
    assert opened.count("<tbody") == 1
    assert 'aria-expanded="true"' in opened
    assert "+9198" in opened
    closed = alice_client.get(f"{URL}countries/IN/?closed=1", headers=HTMX).content.decode()
    assert 'aria-expanded="false"' in closed
    assert "+9198" not in closed


def test_opens_a_country_without_scripts(alice_client: Client, mobile: NetworkGroup) -> None:
    answer = alice_client.get(f"{URL}countries/IN/?q=ind", follow=True)
    assert answer.redirect_chain[0][0] == f"{URL}?carrier=plivo&q=ind&open=IN#country-IN"
    assert "+9198" in answer.content.decode()


@pytest.mark.parametrize("country", ["XX", "in", "IND", "%00"])
def test_is_404_for_countries_it_does_not_have(alice_client: Client, country: str) -> None:
    assert alice_client.get(f"{URL}countries/{country}/", headers=HTMX).status_code == 404


def test_says_how_many_prefixes_a_group_has(alice_client: Client, mobile: NetworkGroup) -> None:
    Prefix.objects.bulk_create(Prefix(network_group=mobile, digits=f"917{n}") for n in range(7))
    text = alice_client.get(f"{URL}countries/IN/", headers=HTMX).content.decode()
    assert "+9170, +9171, +9172, +9173 and 4 more" in " ".join(text.split())


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
        ("+4930", ["DE"]),
        ("4930", ["IN", "DE"]),  # in India it begins numbers, too
        ("91 98", ["IN"]),
        ("919", ["IN"]),
        ("india mob", ["IN"]),
        ("mobile", ["IN"]),
        ("ünited kingdom", ["GB"]),
        ("atlantis", []),
        ("+999", []),
        ("098", ["IN"]),
        ("uk", ["GB"]),
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


def test_shows_the_match_under_its_country(alice_client: Client, mobile: NetworkGroup) -> None:
    text = alice_client.get(f"{URL}?q=098").content.decode()
    assert "<mark>+9198</mark>" in text
    assert 'aria-expanded="true"' in text
    Prefix.objects.create(network_group=NetworkGroup.objects.get(name="India all"), digits="911")
    text = alice_client.get(f"{URL}?q=098").content.decode()
    assert "India all" not in text
    assert "Show all 2 network groups" in text


def test_says_aloud_what_a_search_found(alice_client: Client) -> None:
    text = alice_client.get(f"{URL}?q=united", headers=HTMX).content.decode()
    assert '<div id="announcer" hx-swap-oob="innerHTML">Plivo: 2 countries for “united”</div>' in text


def test_offers_the_providers_that_are_configured(
    alice_client: Client, workspace: Workspace, every_carrier: Any
) -> None:
    group = NetworkGroup.objects.get(country="DE", carrier="twilio")
    workspace.network_groups.exclude(network_group__carrier="plivo").update(enabled=False)
    workspace.network_groups.filter(network_group=group).update(enabled=True)
    text = " ".join(alice_client.get(URL).content.decode().split())
    cards = re.findall(r'id="provider-(\w+)".*?<strong>(\w+)</strong> <span [^>]*>([^<]*)<', text)
    assert cards == [
        ("plivo", "Plivo", "3 network groups on"),
        ("twilio", "Twilio", "1 network group on"),
        ("signalwire", "SignalWire", "Nothing is on"),
    ]


def test_changes_the_provider_with_all_that_belongs_to_it(alice_client: Client, every_carrier: Any) -> None:
    headers = HTMX | {"HX-Target": "telephony"}
    text = alice_client.get(f"{URL}?carrier=twilio", headers=headers).content.decode()
    assert text.lstrip().startswith('<div class="telephony"')
    assert '<input type="hidden" name="carrier" value="twilio">' in text


@pytest.mark.parametrize(("carrier", "countries"), [("twilio", 4), ("signalwire", 1)])
def test_shows_where_the_chosen_provider_sells(
    alice_client: Client, workspace: Workspace, every_carrier: Any, carrier: str, countries: int
) -> None:
    text = alice_client.get(f"{URL}?carrier={carrier}").content.decode()
    assert text.count("<tbody") == countries
    focused = alice_client.get(f"{URL}?carrier={carrier}&country=US").content.decode()
    assert f"US {carrier}" in focused
    assert "United States all" not in focused
    assert f"/w/acme/numbers/buy/?country=US&amp;provider={carrier}" in focused


def test_shows_one_country_for_a_link(alice_client: Client) -> None:
    text = alice_client.get(f"{URL}?country=gb").content.decode()
    assert text.count("<tbody") == 1
    assert 'id="country-GB"' in text
    assert "/w/acme/numbers/buy/?country=GB" in text


def test_does_not_offer_to_buy_where_the_country_is_off(alice_client: Client) -> None:
    text = alice_client.get(f"{URL}?country=DE").content.decode()
    assert "Germany is off. Switch on at least one network group" in text
    assert "/numbers/buy/?country=DE" not in text


def test_says_which_papers_renting_there_needs(alice_client: Client, workspace: Workspace) -> None:
    workspace.kyc_cases.all().delete()
    text = alice_client.get(f"{URL}?open=IN").content.decode()
    assert "can’t be rented there yet: Acme is not verified for India yet." in text
    assert 'href="/w/acme/kyc/?country=IN">Open KYC' in text


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


def test_says_that_calls_without_a_rate_are_refused(alice_client: Client, mobile: NetworkGroup) -> None:
    text = alice_client.get(f"{URL}?open=IN").content.decode()
    assert 'No rate</span><span class="hint">calls are refused' in text
    closed = alice_client.get(URL).content.decode()
    assert "1 without a rate" in closed


def test_marks_what_costs_much_more_than_usual(
    alice_client: Client, mobile: NetworkGroup, now: datetime
) -> None:
    text = alice_client.get(f"{URL}?open=IN").content.decode()
    assert "High cost" not in text
    price(mobile, "5.00", now)
    text = alice_client.get(f"{URL}?open=IN").content.decode()
    assert text.count("High cost</span>") == 1
    assert "Partly high cost" in alice_client.get(URL).content.decode()


def price(group: NetworkGroup, amount: str, now: datetime) -> None:
    CallRate.objects.create(
        network_group=group, per_minute=Decimal(amount), currency="INR", valid_from=now - timedelta(days=1)
    )


def test_needs_few_queries_for_the_whole_world(
    alice_client: Client, workspace: Workspace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    load_catalogue()
    alice_client.get(URL)
    for query, most in (("", 14), ("?q=080", 17), ("?open=IN", 17), ("?q=whole", 14)):
        with django_assert_max_num_queries(most):
            assert alice_client.get(f"{URL}{query}").status_code == 200
    assert len(shown(workspace, ConfigFilters("plivo"))) > 240


# --- roles --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client_name", ["bob_client", "viewer_client"])
def test_lets_members_and_viewers_only_look(
    request: pytest.FixtureRequest, client_name: str, workspace: Workspace, mobile: NetworkGroup
) -> None:
    client = request.getfixturevalue(client_name)
    text = client.get(f"{URL}?open=IN").content.decode()
    assert "India mobile" in text
    assert "aria-checked" not in text
    assert "<form id=" not in text


def test_is_404_for_strangers(charlie_client: Client, workspace: Workspace) -> None:
    assert charlie_client.get(URL).status_code == 404
    assert charlie_client.get(f"{URL}countries/IN/").status_code == 404


def test_sends_the_anonymous_to_sign_in(client: Client, workspace: Workspace) -> None:
    assert client.get(URL).status_code == 302

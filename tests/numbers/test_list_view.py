"""The Phone Numbers page …"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from dialnexa.models import User, Workspace
from kyc.models import KycCase
from phone_numbers.models import PhoneNumber, Rental, SipTrunk
from telephony.models import Agent, AgentVersion
from tests.conftest import client_of
from tests.numbers.rows import make_number, make_order, make_rental

pytestmark = pytest.mark.django_db
URL = "/w/acme/numbers/"


def shown(response: Any) -> list[str]:
    """The numbers on the page, in order."""
    return re.findall(r'data-copy="(\+\d+)" aria-label', response.content.decode())


def chips(response: Any) -> dict[str, int]:
    found = re.findall(r'id="chip-(\w+)".*?chip-count">(\d+)<', response.content.decode(), re.S)
    return {key: int(count) for key, count in found}


@pytest.fixture
def version(workspace: Workspace) -> AgentVersion:
    agent = Agent.objects.create(workspace=workspace, title="Front desk")
    return AgentVersion.objects.create(
        agent=agent, workspace=agent.workspace, number=3, runtime_url="wss://agents.example/a"
    )


def test_sends_strangers_to_the_sign_in_page(client: Client, workspace: Workspace) -> None:
    response = client.get(URL)
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/w/acme/numbers/"


def test_sends_the_whole_page_to_sign_in_when_htmx_asks(client: Client, workspace: Workspace) -> None:
    here = "http://testserver/w/acme/numbers/?chip=active"
    response = client.get(URL, headers={"HX-Request": "true", "HX-Current-URL": here})
    assert response["HX-Redirect"] == "/accounts/login/?next=/w/acme/numbers/%3Fchip%3Dactive"


def test_is_not_there_for_members_of_other_workspaces(charlie_client: Client, workspace: Workspace) -> None:
    assert charlie_client.get(URL).status_code == 404


def test_teaches_when_there_is_nothing_yet(alice_client: Client) -> None:
    page = alice_client.get(URL).content.decode()
    assert "No numbers yet" in page
    assert "Buy your first number" in page


def test_offers_no_buying_to_members(bob_client: Client) -> None:
    page = bob_client.get(URL).content.decode()
    assert "/numbers/buy/" not in page
    assert "Owners and admins of this workspace can buy one." in page


def test_shows_a_number_with_all_its_columns(
    alice_client: Client, workspace: Workspace, version: AgentVersion, now: datetime
) -> None:
    number = make_number(
        workspace, "+918047182200", calling_code="91", country="IN", nickname="Delhi", inbound_version=version
    )
    make_rental(number, now + timedelta(days=12), price="92")
    page = alice_client.get(URL).content.decode()
    for text in (
        "+91 80 4718 2200",
        "IN</span>",
        "Delhi",
        "Active",
        "Plivo",
        "Local",
        "Inbound",
        "Front desk",
    ):
        assert text in page
    assert "in 12 days" in page
    assert "₹92.00" in page
    assert "v3" in page


def test_shows_only_this_workspace(
    alice_client: Client, workspace: Workspace, charlie_workspace: Workspace
) -> None:
    mine, _ = make_number(workspace), make_number(charlie_workspace)
    assert shown(alice_client.get(URL)) == [mine.e164]


def test_counts_in_chips_and_hides_those_without_rows(
    alice_client: Client, workspace: Workspace, version: AgentVersion, now: datetime
) -> None:
    make_rental(make_number(workspace, inbound_version=version), now + timedelta(days=40))
    make_rental(make_number(workspace, inbound_version=version), now + timedelta(days=13))
    make_rental(make_number(workspace, inbound_version=version), now - timedelta(days=1), status="expired")
    make_number(workspace)
    make_order(make_number(workspace, status="pending"))
    make_number(workspace, status="failed")
    make_number(workspace, status="failed", dismissed_at=now)
    make_number(workspace, status="released")
    counts = {"all": 6, "active": 4, "pending": 1, "unrouted": 1, "expiring": 1, "expired": 1, "failed": 1}
    assert chips(alice_client.get(URL)) == counts


@pytest.mark.parametrize("chip", ["sip", "pending"])
def test_keeps_a_chosen_chip_without_rows(alice_client: Client, workspace: Workspace, chip: str) -> None:
    make_number(workspace)
    response = alice_client.get(f"{URL}?chip={chip}")
    assert chips(response)[chip] == 0
    assert "No number matches" in response.content.decode()


@pytest.mark.parametrize(
    "search",
    ["080 4718", "471822", "+91 80-4718 2200", "(80) 4718", "918047182200", "８０４７", "delhi",
        "DESK, d", "campaign",
    ],
)  # fmt: skip
def test_finds_any_part_of_number_or_names(alice_client: Client, workspace: Workspace, search: str) -> None:
    wanted = make_number(
        workspace,
        "+918047182200",
        calling_code="91",
        country="IN",
        nickname="Front desk, Delhi",
        label="Campaign 7",
    )
    make_number(workspace, "+12125550199", nickname="Night line")
    assert shown(alice_client.get(URL, {"q": search})) == [wanted.e164]


@pytest.mark.parametrize("search", ["%", "_", "\\", "'; --", "zzz", "+", "٣"])
def test_takes_signs_of_the_database_for_plain_text(
    alice_client: Client, workspace: Workspace, search: str
) -> None:
    make_number(workspace, nickname="Plain")
    assert shown(alice_client.get(URL, {"q": search})) == []


def test_filters_by_country_type_provider_and_agent(
    alice_client: Client, workspace: Workspace, version: AgentVersion
) -> None:
    indian = make_number(workspace, "+918047182200", calling_code="91", country="IN")
    free = make_number(workspace, "+18005550101", type="toll_free")
    own = make_number(workspace, "+12125559911", carrier="sip_trunk")
    routed = make_number(workspace, "+12125559922", outbound_version=version)
    for query, number in (
        ("country=IN", indian),
        ("type=toll_free", free),
        ("provider=sip_trunk", own),
        (f"agent={version.agent_id}", routed),
    ):
        assert shown(alice_client.get(f"{URL}?{query}")) == [number.e164], query


def test_sorts_by_each_column_both_ways(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    b = make_number(workspace, "+12125550001", nickname="b", created_at=now - timedelta(days=3))
    c = make_number(workspace, "+12125550002", nickname="C", created_at=now - timedelta(days=1))
    a = make_number(workspace, "+12125550003", nickname="a", created_at=now - timedelta(days=2))
    for number, days, price in ((b, 9, "30"), (c, 3, "20"), (a, 6, "10")):
        make_rental(number, now + timedelta(days=days), price)
    orders = {
        "newest": [c, a, b],
        "number": [b, c, a],
        "nickname": [a, b, c],
        "renewal": [c, a, b],
        "price": [a, c, b],
    }
    for sort, wanted in orders.items():
        assert shown(alice_client.get(URL, {"sort": sort})) == [number.e164 for number in wanted], sort
        back = "oldest" if sort == "newest" else f"-{sort}"
        assert shown(alice_client.get(URL, {"sort": back})) == [number.e164 for number in wanted[::-1]], back


@pytest.mark.parametrize("sort", ["newest", "number", "-nickname", "renewal", "-price"])
def test_turns_pages_forth_and_back_without_losing_a_row(
    alice_client: Client, workspace: Workspace, now: datetime, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phone_numbers.number_table.table.PAGE_SIZE", 4)
    for n in range(11):
        number = make_number(workspace, nickname=f"n{n // 3}" if n % 4 else "", created_at=now)
        if n % 5:
            make_rental(number, now + timedelta(days=n // 2), str(10 + n // 3))
    seen, url, pages = [], f"{URL}?sort={sort}", []
    while url:
        page = alice_client.get(url)
        pages.append(shown(page))
        seen += shown(page)
        url = next_url(page, "next")
    assert len(seen) == len(set(seen)) == 11
    assert "9–11 of 11" in page.content.decode()
    back = alice_client.get(next_url(page, "prev"))
    assert shown(back) == pages[1]
    assert "5–8 of 11" in back.content.decode()


def next_url(response: Any, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', response.content.decode())
    return found[1].replace("&amp;", "&") if found else ""


@pytest.mark.parametrize(
    "query",
    [
        "sort=drop+table", "chip=nonsense", "after=x", "before=phn_00000000000000000000000000",
        "country=XX%00",
        "type=%F0%9F%92%A9", "provider[]=1", "agent=agt_1", "q=%00", "q=" + "9" * 5000, "after=&before=",
        "sort=newest&sort=number", "chip=",
    ],
)  # fmt: skip
def test_takes_nonsense_in_the_address_for_nothing(
    alice_client: Client, workspace: Workspace, query: str
) -> None:
    make_number(workspace)
    assert alice_client.get(f"{URL}?{query}").status_code == 200


def test_gives_htmx_the_table_alone_and_says_what_is_shown(
    alice_client: Client, workspace: Workspace
) -> None:
    make_number(workspace)
    response = alice_client.get(
        f"{URL}?q=&chip=active&country=", headers={"HX-Request": "true", "HX-Target": "numbers"}
    )
    page = response.content.decode()
    assert "<html" not in page
    assert response["HX-Push-Url"] == "/w/acme/numbers/?chip=active"
    assert "HX-Request" in response["Vary"]


def test_says_unavailable_and_why(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    make_rental(make_number(workspace), now - timedelta(days=1), status="expired")
    KycCase.objects.create(workspace=workspace, country="GB", status="suspended")
    make_number(workspace, "+442079460000", calling_code="44", country="GB")
    page = alice_client.get(URL).content.decode()
    assert page.count(">Unavailable<") == 2
    assert "Rent is overdue: calls are off until it is paid." in page
    assert "KYC is suspended for GB." in page


@pytest.mark.parametrize(
    ("health", "reason"),
    [
        ("unreachable", "Your carrier does not answer over SIP."),
        ("unauthorized", "Your carrier refuses the trunk&#x27;s credentials."),
        ("healthy", ""),
        ("unchecked", ""),
    ],
)
def test_says_unavailable_when_the_trunk_fails(
    alice_client: Client, workspace: Workspace, health: str, reason: str
) -> None:
    make_trunk(make_number(workspace, carrier="sip_trunk"), health)
    page = alice_client.get(URL).content.decode()
    assert (">Unavailable<" in page, ">Active<" in page) == (bool(reason), not reason)
    assert reason in page


def make_trunk(number: PhoneNumber, health: str = "healthy", status: str = "linked") -> SipTrunk:
    return SipTrunk.objects.create(
        number=number, workspace=number.workspace, host="sip.example.com", auth_mode="ip",
        status=status, health=health,
    )  # fmt: skip


def test_shows_a_linked_number_that_has_neither_order_nor_rental(
    alice_client: Client, workspace: Workspace, version: AgentVersion
) -> None:
    number = make_number(workspace, carrier="sip_trunk", outbound_version=version)
    make_trunk(number)
    for sort in ("newest", "number", "nickname", "renewal", "-renewal", "price", "-price"):
        page = alice_client.get(URL, {"sort": sort, "chip": "sip", "provider": "sip_trunk"})
        assert shown(page) == [number.e164]
    row = page.content.decode()
    for text in (
        "<span>SIP trunk</span>", ">Outbound<", "Outbound: Front desk v3", 'aria-label="no rent"',
        'title="A number of your own carrier: no rent here"', "Release…",
    ):  # fmt: skip
        assert text in row, text
    assert chips(page) == {"all": 1, "active": 1, "sip": 1}


def test_says_what_is_done_about_a_number_that_is_being_linked(
    alice_client: Client, workspace: Workspace
) -> None:
    make_trunk(make_number(workspace, carrier="sip_trunk", status="pending"), status="linking")
    assert "Asking your carrier whether it answers" in alice_client.get(URL).content.decode()


def test_offers_no_other_number_in_the_place_of_ones_own(alice_client: Client, workspace: Workspace) -> None:
    make_number(workspace, carrier="sip_trunk", status="failed", status_reason="Not linked.")
    page = alice_client.get(URL).content.decode()
    assert "Not linked." in page
    assert "Search again" not in page
    assert "Dismiss" in page


def test_shows_no_rent_of_a_number_that_is_given_back(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    for status in ("active", "expired"):
        rental = make_rental(make_number(workspace, status="releasing"), now, status=status)
        Rental.objects.filter(pk=rental.pk).update(ended_at=now)
    response = alice_client.get(URL)
    page = response.content.decode()
    assert page.count(">Ended<") == 2
    assert "₹92.00" not in page
    assert "due-soon" not in page
    assert chips(response) == {"all": 2}


def test_marks_the_default_number_and_protected_ones(alice_client: Client, workspace: Workspace) -> None:
    make_number(workspace, is_default=True)
    make_number(workspace, release_protection=True)
    page = alice_client.get(URL).content.decode()
    assert page.count(">Default<") == 1
    assert page.count('title="Protected from release"') == 1


def test_leads_to_the_release_of_numbers_that_can_be_released(
    alice_client: Client, bob_client: Client, workspace: Workspace
) -> None:
    active = make_number(workspace)
    refused = make_number(workspace, status="pending", carrier_number_id="1")
    for status in ("pending", "releasing", "failed"):
        make_number(workspace, status=status)
    page = alice_client.get(URL).content.decode()
    assert set(re.findall(r"(phn_\w+)/#release-panel", page)) == {active.pk, refused.pk}
    assert "#release-panel" not in bob_client.get(URL).content.decode()


def test_sorts_without_a_table_head(alice_client: Client, workspace: Workspace) -> None:
    make_number(workspace)
    page = alice_client.get(URL, {"sort": "-price", "q": "555"}).content.decode()
    assert 'href="/w/acme/numbers/?q=555&amp;sort=renewal"' in page
    assert re.search(r'aria-current="true">.*?Dearest first', page)


def test_escapes_what_people_typed(alice_client: Client, workspace: Workspace) -> None:
    make_number(workspace, nickname="<script>alert(1)</script>")
    page = alice_client.get(URL, {"q": "<script>"}).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_asks_the_database_at_most_thirteen_times_for_fifty_rows(
    alice: User,
    workspace: Workspace,
    version: AgentVersion,
    now: datetime,
    django_assert_max_num_queries: Any,
) -> None:
    for n in range(55):
        number = make_number(workspace, inbound_version=version, outbound_version=version)
        make_rental(number, now + timedelta(days=n))
        make_order(number, "fulfilled")
    client = client_of(alice)
    later = next_url(client.get(URL), "next")
    with django_assert_max_num_queries(13):
        client.get(URL)
    with django_assert_max_num_queries(13):
        client.get(later)


def test_lets_open_rows_look_at_themselves(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    fresh = make_number(workspace, status="pending")
    make_order(fresh, created_at=now)
    old = make_number(workspace, status="pending")
    make_order(old, "uncertain", created_at=now - timedelta(minutes=5), doubted_at=now - timedelta(minutes=4))
    done = make_number(workspace)
    page = alice_client.get(URL).content.decode()
    assert re.search(rf'id="{fresh.pk}".*?every 2s', page)
    assert re.search(rf'id="{old.pk}".*?every 5s', page)
    assert "Asking Plivo whether the purchase went through" in page
    assert "4 min" in page
    assert f"{done.pk}/row/" not in page


def test_goes_on_looking_while_the_order_is_open(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    number = make_number(workspace, status="pending")
    make_order(number, created_at=now)
    response = alice_client.get(f"{URL}{number.pk}/row/", headers={"HX-Request": "true"})
    assert "every 2s" in response.content.decode()
    assert "HX-Trigger" not in response


def test_stops_looking_when_it_is_done_and_brings_chips_and_wallet(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    number = make_number(workspace, "+12125550188")
    make_order(number, "fulfilled")
    make_rental(number, now + timedelta(days=30))
    response = alice_client.get(f"{URL}{number.pk}/row/", headers={"HX-Request": "true"})
    page = response.content.decode()
    assert "every" not in page
    assert 'id="chips" aria-label="Views" hx-swap-oob="true"' in page
    assert 'id="wallet-card" hx-swap-oob="true"' in page
    assert "+1 212-555-0188 is active." in response["HX-Trigger"]


def test_says_in_the_row_why_it_failed(alice_client: Client, workspace: Workspace) -> None:
    make_number(workspace, status="failed", status_reason="The number is gone. Nothing was charged.")
    page = alice_client.get(URL).content.decode()
    assert "The number is gone. Nothing was charged." in page
    assert "Search again" in page


def test_puts_a_failed_row_away(alice_client: Client, workspace: Workspace) -> None:
    number = make_number(workspace, status="failed")
    response = alice_client.post(f"{URL}{number.pk}/dismiss/", headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert "numbers-changed" in response["HX-Trigger"]
    assert shown(alice_client.get(URL)) == []
    assert alice_client.post(f"{URL}{number.pk}/dismiss/").status_code == 302


def test_does_not_put_a_living_number_away(alice_client: Client, workspace: Workspace) -> None:
    number = make_number(workspace)
    assert alice_client.post(f"{URL}{number.pk}/dismiss/").status_code == 409
    assert PhoneNumber.objects.get(pk=number.pk).dismissed_at is None


def test_lets_only_managers_put_rows_away(bob_client: Client, workspace: Workspace) -> None:
    number = make_number(workspace, status="failed")
    assert bob_client.post(f"{URL}{number.pk}/dismiss/").status_code == 403
    assert PhoneNumber.objects.get(pk=number.pk).dismissed_at is None


@pytest.mark.parametrize("path", ["", "row/"])
def test_hides_numbers_of_other_workspaces(
    charlie_client: Client, workspace: Workspace, charlie_workspace: Workspace, path: str
) -> None:
    number = make_number(workspace)
    for slug in ("acme", "chocolate"):
        assert charlie_client.get(f"/w/{slug}/numbers/{number.pk}/{path}").status_code == 404
        assert charlie_client.get(f"/w/{slug}/numbers/%00/{path}").status_code == 404

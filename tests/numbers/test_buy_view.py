"""The Buy dialog …"""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import signing
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import User, Workspace
from phone_numbers.buying import quoting
from phone_numbers.buying.quoting import read_offer, sign_offer
from phone_numbers.models import NumberOrder, PhoneNumber
from phone_numbers.views import buying
from telephony.carriers import get_carrier
from telephony.carriers.base import NumberQuery
from tests.conftest import PASSWORD
from tests.numbers.conftest import Carrier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]
URL = "/w/acme/numbers/buy/"
HTMX = {"HX-Request": "true"}
OFFERS = {"HX-Request": "true", "HX-Target": "offers"}


def search(client: Client, **query: str) -> str:
    return client.get(URL, {"provider": "plivo", "country": "US"} | query, headers=OFFERS).content.decode()


def forms(page: str) -> list[dict[str, str]]:
    """The fields of every offer's form, in order."""
    found = re.findall(r'<form class="offer-form".*?</form>', page, re.S)
    return [dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) for form in found]


def spent(workspace: Workspace) -> Decimal:
    return Decimal(10_000) - wallet.balance(workspace)


def test_opens_at_once_and_asks_the_carrier_afterwards(alice_client: Client, carrier: Carrier) -> None:
    response = alice_client.get(URL, headers=HTMX)
    assert "<html" not in response.content.decode()
    assert 'hx-trigger="load,' in response.content.decode()
    assert carrier.requests("GET") == 0


def test_lists_offers_with_price_capabilities_and_what_is_asked(alice_client: Client) -> None:
    page = search(alice_client)
    assert "<html" not in page
    assert "Buy for ₹92.00 today, ₹92.00 monthly" in page
    assert "Voice" in page
    assert len(forms(page)) == 20
    assert len({form["idempotency_key"] for form in forms(page)}) == 20


def test_says_before_an_order_that_there_were_enough_this_hour(
    alice_client: Client, settings: LazySettings
) -> None:
    settings.PURCHASES_AN_HOUR = 1
    page = search(alice_client)
    assert "orders an hour" not in page
    alice_client.post(URL, forms(page)[0])
    assert "This workspace may have 1 orders an hour" in search(alice_client)


def test_works_as_a_page_without_scripts(alice_client: Client, workspace: Workspace) -> None:
    page = alice_client.get(URL, {"country": "US"}).content.decode()
    assert "<html" in page
    response = alice_client.post(URL, forms(page)[0])
    assert response.status_code == 302
    assert response["Location"] == "/w/acme/numbers/"
    assert NumberOrder.objects.get().status == "placed"


def test_finds_digits_however_they_are_spaced(alice_client: Client) -> None:
    wanted = re.findall(r'offer-number">([^<]+)', search(alice_client))[3]
    digits = re.sub(r"\D", "", wanted)[-4:]
    found = re.findall(r'offer-number">([^<]+)', search(alice_client, contains=f"{digits[:2]}-{digits[2:]}"))
    assert wanted in found
    assert all(digits in re.sub(r"\D", "", number) for number in found)


def test_says_when_nothing_is_for_sale(alice_client: Client) -> None:
    assert "Nothing like this for sale right now" in search(alice_client, contains="000000000")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"country": "XX"}, "Pick a country from the list."),
        ({"provider": "nobody"}, "Pick a provider from the list."),
        ({"provider": "pl\x00ivo"}, "Pick a provider from the list."),
        ({"type": "satellite"}, "Pick a type from the list."),
        ({"contains": "abc"}, "Digits only, for example 4567."),
        ({"contains": "1" * 16}, "At most 15 digits."),
        ({"contains": "1" * 10_000}, "At most 15 digits."),
        ({"region": "x" * 10_000}, "At most 60 characters."),
        ({"region": "\x00"}, "Null characters are not allowed."),
    ],
)
def test_says_what_is_wrong_with_a_search(alice_client: Client, query: dict[str, str], sentence: str) -> None:
    assert sentence in search(alice_client, **query)


@pytest.mark.parametrize("kind", ["down", "slow"])
def test_says_so_with_a_way_to_retry_when_the_carrier_does_not_answer(
    alice_client: Client,
    carrier: Carrier,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    if kind == "down":
        settings.CARRIERS["plivo"]["base_url"] = "http://127.0.0.1:9"
    else:
        monkeypatch.setattr(quoting, "SEARCH_DEADLINE", 0.3)
        carrier.breaks("slow", seconds=2, on="search")
    page = search(alice_client)
    assert "can’t be asked right now" in page
    assert "The carrier did not answer." in page
    assert "Try again" in page


def test_leaves_web_threads_free_while_the_carrier_is_slow(alice_client: Client, carrier: Carrier) -> None:
    carrier.breaks("slow", seconds=1.5, on="search", times=2)
    query = NumberQuery(country="US")
    with ThreadPoolExecutor(2) as others:
        waiting = [others.submit(_ask, query) for _ in range(2)]
        while carrier.requests("GET") < 2:
            time.sleep(0.01)
        page = search(alice_client)
        assert not any(other.done() for other in waiting)
    for sentence in ("can’t be asked right now", "Plivo is busy. Try again in a moment.", "Try again"):
        assert sentence in page
    assert "offer-number" in search(alice_client)


def _ask(query: NumberQuery) -> None:
    """What a search of another customer does, without the database."""
    with quoting._line("plivo"):
        get_carrier("plivo").search(query, limit=20)


def test_orders_the_number_and_reserves_the_money(alice_client: Client, workspace: Workspace) -> None:
    form = forms(search(alice_client))[0] | {"nickname": " Night line "}
    response = alice_client.post(URL, form, headers=HTMX)
    assert response.status_code == 204
    for event in ("close-modal", "numbers-changed", "₹92.00 is reserved"):
        assert event in response["HX-Trigger"].encode().decode("unicode_escape")
    number = PhoneNumber.objects.get(workspace=workspace)
    assert (number.status, number.nickname) == ("pending", "Night line")
    assert spent(workspace) == 92
    assert wallet.held(workspace) == 92


def test_prices_an_order_once(alice_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    form = forms(search(alice_client))[0]
    monkeypatch.delattr(buying, "quote_offer")
    assert alice_client.post(URL, form, headers=HTMX).status_code == 204


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_says_that_the_form_was_answered_by_an_order_that_failed(
    alice_client: Client, workspace: Workspace, now: datetime, headers: dict[str, str]
) -> None:
    form = forms(search(alice_client))[0]
    alice_client.post(URL, form, headers=HTMX)
    order = NumberOrder.objects.get()
    order.number.transition("fail", by=SYSTEM, now=now)
    told = "The carrier has run out of it."
    order.transition("reject", by=SYSTEM, now=now, failure_code="gone", failure_reason=told)
    response = alice_client.post(URL, form, headers=headers)
    assert response.status_code == (422 if headers else 409)
    page = response.content.decode()
    assert f"was not bought: {told}" in page
    assert "is reserved" not in page
    again = forms(page)[0]
    assert again["idempotency_key"] != form["idempotency_key"]
    assert alice_client.post(URL, again, headers=HTMX).status_code == 204
    assert NumberOrder.objects.filter(status="placed").count() == 1


def test_says_that_the_number_is_yours_already(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    form = forms(search(alice_client))[0]
    alice_client.post(URL, form, headers=HTMX)
    NumberOrder.objects.get().transition("fulfil", by=SYSTEM, now=now)
    assert "is yours already." in alice_client.post(URL, form, headers=HTMX)["HX-Trigger"]


def test_makes_one_order_of_a_double_click(alice_client: Client, workspace: Workspace) -> None:
    form = forms(search(alice_client))[0]
    for _ in range(2):
        assert alice_client.post(URL, form, headers=HTMX).status_code == 204
    assert NumberOrder.objects.count() == 1
    assert spent(workspace) == 92


def test_says_before_buy_what_blocks_it_and_where_to_mend_it(
    alice_client: Client, workspace: Workspace
) -> None:
    page = search(alice_client, country="DE")
    assert "Germany is switched off for this workspace." in page
    assert 'href="/w/acme/telephony/?country=DE&amp;carrier=plivo"' in page
    assert 'href="/w/acme/kyc/?country=DE"' in page
    assert all(
        "disabled" in button for button in re.findall(r'<button class="button button-primary".*?>', page)
    )


def test_says_before_buy_that_the_wallet_is_short(
    client: Client, charlie_client: Client, charlie_workspace: Workspace, now: Any
) -> None:
    from dialnexa.actors import SYSTEM

    wallet.hold(charlie_workspace, Decimal(9_950), subject="x", memo="x", by=SYSTEM, now=now)
    page = charlie_client.get(
        "/w/chocolate/numbers/buy/", {"provider": "plivo", "country": "US", "type": "local"}, headers=OFFERS
    ).content.decode()
    assert "The wallet holds ₹50.00, and this needs ₹92.00 now." in page
    assert 'href="/w/chocolate/wallet/"' in page


@pytest.mark.parametrize("country", ["DE", "GB"])
def test_refuses_what_is_forced_past_the_form(
    alice_client: Client, workspace: Workspace, country: str
) -> None:
    form = forms(search(alice_client, country=country))[0]
    response = alice_client.post(URL, form, headers=HTMX)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert alice_client.post(URL, form).status_code in (400, 403)
    assert not NumberOrder.objects.exists()
    assert spent(workspace) == 0


def test_says_that_somebody_else_was_quicker(
    alice_client: Client, charlie_client: Client, workspace: Workspace, charlie_workspace: Workspace
) -> None:
    form = forms(search(alice_client))[0]
    page = charlie_client.get(
        "/w/chocolate/numbers/buy/", {"provider": "plivo", "country": "US"}, headers=OFFERS
    ).content.decode()
    assert charlie_client.post("/w/chocolate/numbers/buy/", forms(page)[0], headers=HTMX).status_code == 204
    response = alice_client.post(URL, form, headers=HTMX)
    assert response.status_code == 422
    assert "was taken a moment ago. Nothing was charged." in response.content.decode()
    assert spent(workspace) == 0


def test_leads_to_the_number_a_second_tab_has_bought_already(
    alice_client: Client, workspace: Workspace
) -> None:
    first, second = (forms(search(alice_client))[0] for _ in range(2))
    assert first["idempotency_key"] != second["idempotency_key"]
    assert alice_client.post(URL, first, headers=HTMX).status_code == 204
    number = PhoneNumber.objects.get()
    for headers in (HTMX, {}):
        page = alice_client.post(URL, second, headers=headers).content.decode()
        assert "already. Nothing more was charged." in page
        assert f'href="/w/acme/numbers/{number.pk}/"' in page
    assert NumberOrder.objects.count() == 1


def test_keeps_what_was_typed_when_it_refuses(alice_client: Client, workspace: Workspace) -> None:
    form = forms(search(alice_client))[0]
    response = alice_client.post(URL, form | {"nickname": "x" * 10_000}, headers=HTMX)
    assert response.status_code == 422
    page = response.content.decode()
    assert "A nickname may have at most 255 characters; this one has 10,000." in page
    assert forms(page)[0]["idempotency_key"] == form["idempotency_key"]
    assert "x" * 300 in page
    assert "x" * 301 not in page
    assert not NumberOrder.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"token": ""},
        {"token": "made:up"},
        {"token": signing.dumps({"carrier": "plivo"}, salt="something else")},
        {"idempotency_key": ""},
        {"idempotency_key": "x" * 10_000},
        {"idempotency_key": "\x00"},
        {"nickname": "\x00"},
        {"nickname": "two\nlines"},
        {"nickname": "\u202egnp.exe"},
        {"expected_total": ""},
        {"expected_total": "NaN"},
        {"expected_total": "1e999999"},
        {"expected_total": "0.01"},
    ],
)
@pytest.mark.parametrize("headers", [HTMX, {}])
def test_refuses_a_form_that_was_tampered_with(
    alice_client: Client, workspace: Workspace, change: dict[str, str], headers: dict[str, str]
) -> None:
    form = forms(search(alice_client))[0]
    response = alice_client.post(URL, form | change, headers=headers)
    assert response.status_code in ((422,) if headers else (400, 409, 422))
    assert not NumberOrder.objects.exists()
    assert spent(workspace) == 0


def test_refuses_an_offer_that_is_too_old(
    alice_client: Client, workspace: Workspace, settings: LazySettings
) -> None:
    form = forms(search(alice_client))[0]
    settings.OFFER_VALID = -1
    page = alice_client.post(URL, form, headers=HTMX).content.decode()
    assert "This offer is too old. Search again." in page
    assert not NumberOrder.objects.exists()


def test_is_for_managers_only(bob_client: Client, charlie_client: Client, workspace: Workspace) -> None:
    for method in ("get", "post"):
        response = getattr(bob_client, method)(URL)
        assert response.status_code == 403
        assert "Only owners and admins can do this." in response.content.decode()
        assert getattr(charlie_client, method)(URL).status_code == 404


def test_refuses_a_form_without_its_csrf_token(alice: User, workspace: Workspace) -> None:
    client = Client(enforce_csrf_checks=True)
    client.login(email=alice.email, password=PASSWORD)
    response = client.post(URL, {})
    assert response.status_code == 403
    assert "reload the page and send it again" in response.content.decode()


def test_shows_the_order_of_a_worker_less_shop_as_pending(alice_client: Client, workspace: Workspace) -> None:
    alice_client.post(URL, forms(search(alice_client))[0], headers=HTMX)
    page = alice_client.get("/w/acme/numbers/").content.decode()
    assert "In line to be bought" in page
    assert "₹92.00 reserved" in page


# --- several providers ---------------------------------------------------------------------------------


def countries(page: str) -> list[str]:
    """What the list of countries on the page holds, the chosen one marked with a star."""
    options = re.search(r'<select[^>]*name="country".*?</select>', page, re.S)
    found = re.findall(r'<option value="(\w+)" (selected)?', options[0]) if options else []
    return [f"{iso}*" if chosen else iso for iso, chosen in found]


def test_offers_a_choice_of_providers(alice_client: Client, every_carrier: Any) -> None:
    page = alice_client.get(URL, headers=HTMX).content.decode()
    chooser = re.search(r'<select[^>]*name="provider".*?</select>', page, re.S)
    assert chooser
    assert re.findall(r'value="(\w+)"', chooser[0]) == ["plivo", "twilio", "signalwire"]
    assert countries(page) == ["IN*", "GB", "US", "DE"]


def test_offers_no_choice_of_one(alice_client: Client) -> None:
    page = alice_client.get(URL, headers=HTMX).content.decode()
    assert '<select class="select" id="id_provider"' not in page
    assert 'name="provider" value="plivo"' in page


@pytest.mark.parametrize(("slug", "rent"), [("plivo", "92"), ("twilio", "101"), ("signalwire", "88")])
def test_prices_and_places_orders_with_the_chosen_provider(
    alice_client: Client, workspace: Workspace, every_carrier: Any, slug: str, rent: str
) -> None:
    page = search(alice_client, provider=slug, type="local")
    label = {"plivo": "Plivo", "twilio": "Twilio", "signalwire": "SignalWire"}[slug]
    assert f"Buy for ₹{rent}.00 today, ₹{rent}.00 monthly" in page
    assert f"United States · {label}" in page
    assert page.count(f" · {label}</span>") == 1 + len(forms(page))
    assert alice_client.post(URL, forms(page)[0], headers=HTMX).status_code == 204
    order = NumberOrder.objects.get()
    assert (order.carrier, order.monthly_price) == (slug, Decimal(rent))
    assert PhoneNumber.objects.get().carrier == slug
    assert spent(workspace) == Decimal(rent)


def test_blocks_with_the_provider_that_is_switched_off(alice_client: Client, every_carrier: Any) -> None:
    page = search(alice_client, provider="twilio", country="DE")
    assert "Germany is switched off for this workspace with Twilio." in page
    assert 'href="/w/acme/telephony/?country=DE&amp;carrier=twilio"' in page


def test_says_what_the_chosen_provider_asks_for(alice_client: Client, every_carrier: Any) -> None:
    page = search(alice_client, provider="twilio", country="DE")
    assert "Twilio asks for" in page
    assert "An address in the number&#x27;s country." in page


def test_has_no_price_where_the_provider_has_none(alice_client: Client, every_carrier: Any) -> None:
    page = search(alice_client, provider="twilio", type="toll_free")
    assert "No price yet" in page
    form = forms(page)[0] | {"expected_total": "1"}
    assert alice_client.post(URL, form, headers=HTMX).status_code == 422
    assert not NumberOrder.objects.exists()


def test_changes_the_countries_with_the_provider(alice_client: Client, every_carrier: Any) -> None:
    page = search(alice_client, provider="signalwire", country="IN", countries_of="plivo")
    assert 'id="buy-country" hx-swap-oob="true"' in page
    assert countries(page) == ["US*"]
    assert "At SignalWire: United States and Canada." in page
    assert "United States · SignalWire" in page
    back = search(alice_client, provider="twilio", country="US", countries_of="signalwire")
    assert countries(back) == ["IN", "GB", "US*", "DE"]


def test_leaves_the_countries_alone_while_the_provider_stays(
    alice_client: Client, every_carrier: Any
) -> None:
    for provider in ("plivo", "signalwire"):
        assert "hx-swap-oob" not in search(alice_client, provider=provider, countries_of=provider)


def test_says_where_the_provider_does_not_sell(alice_client: Client, every_carrier: Any) -> None:
    page = search(alice_client, provider="signalwire", country="IN")
    assert "SignalWire does not sell there. Pick a country from the list." in page


def test_changes_the_countries_without_scripts_too(alice_client: Client, every_carrier: Any) -> None:
    query = {"provider": "signalwire", "country": "IN", "countries_of": "plivo"}
    page = alice_client.get(URL, query).content.decode()
    assert countries(page) == ["US*"]
    assert "hx-swap-oob" not in page
    assert len(forms(page)) == 20


def test_opens_where_a_provider_sells(alice_client: Client, every_carrier: Any) -> None:
    page = alice_client.get(URL, {"provider": "signalwire"}, headers=HTMX).content.decode()
    assert countries(page) == ["US*"]


def test_refuses_a_purchase_where_the_provider_does_not_sell(
    alice_client: Client, workspace: Workspace, every_carrier: Any, settings: LazySettings
) -> None:
    """A signed offer outlives a change of what a provider sells."""
    [carrier, offer] = read_offer(forms(search(alice_client, country="IN"))[0]["token"])
    form = {"token": sign_offer(offer, "signalwire"), "idempotency_key": "k", "expected_total": "250"}
    response = alice_client.post(URL, form, headers=HTMX)
    assert response.status_code == 422
    assert "SignalWire has no numbers in India. Pick another provider." in response.content.decode()
    assert carrier == "plivo"
    assert not NumberOrder.objects.exists()


@pytest.mark.parametrize("slug", ["twilio", "signalwire"])
def test_finds_states_by_name(alice_client: Client, every_carrier: Any, slug: str) -> None:
    for region in ("california", "CA", "Los Angeles"):
        page = search(alice_client, provider=slug, type="local", region=region)
        assert "Los Angeles, CA" in page
        assert "New York" not in page

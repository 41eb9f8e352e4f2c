"""In a browser, buying …"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dialnexa.errors import Refusal
from dialnexa.models import User, Workspace
from phone_numbers.models import NumberOrder, PhoneNumber
from tests.browser.conftest import wait_for
from tests.conftest import PASSWORD
from tests.numbers.conftest import Carrier
from tests.numbers.rows import make_number, make_rental

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Any]


def look_for_american_numbers(page: Any) -> None:
    page.keyboard.press("b")
    page.wait_for_selector("#modal[open] #offers .offer, #modal[open] #offers .blank h4")
    page.select_option("#modal #id_country", "US")
    page.wait_for_selector("#offers .offer-number:has-text('+1 ')")


@pytest.fixture
def carrier(sandbox: Any) -> Carrier:
    return Carrier(sandbox)


def test_goes_from_sign_in_to_an_active_row_without_a_reload(
    chromium: Any, shop: str, alice: User, workspace: Workspace, worker: Callable[[], None]
) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(shop)
    page.fill("input[name=login]", alice.email)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/w/acme/numbers/")
    page.evaluate("window.untouched = true")
    look_for_american_numbers(page)
    page.locator(".offer").nth(0).locator("summary").click()
    page.locator(".offer[open] input[name=nickname]").fill("Night line")
    page.get_by_role("button", name=re.compile("^Buy for ₹92.00 today")).click()
    page.wait_for_selector("#modal:not([open])", state="attached")
    page.wait_for_selector("tr:has-text('Pending')")
    page.wait_for_selector("#wallet-card:has-text('₹92.00 reserved')")
    assert page.is_visible("#search")
    worker()
    page.wait_for_selector("tr:has-text('Night line') .status-ok")
    page.wait_for_selector("#toasts :text('is active.')")
    assert page.inner_text("#chip-active .chip-count") == "1"
    assert page.locator("#chip-pending").count() == 0
    assert "₹9,908.00" in page.inner_text("#wallet-card")
    assert page.evaluate("window.untouched") is True
    assert PhoneNumber.objects.get().status == "active"
    context.close()


def test_says_in_the_row_when_the_carrier_refused(
    open_page: Open, worker: Callable[[], None], carrier: Carrier
) -> None:
    carrier.breaks("unavailable")
    page = open_page()
    look_for_american_numbers(page)
    page.locator(".offer summary").nth(1).click()
    page.locator(".offer[open] button[type=submit]").click()
    page.wait_for_selector("tr:has-text('Pending')")
    worker()
    page.wait_for_selector("tr:has-text('Nothing was charged.')")
    page.get_by_role("button", name="Dismiss +").click()
    page.wait_for_selector(":text('No numbers yet')")


def test_makes_one_order_of_an_impatient_double_click(open_page: Open) -> None:
    page = open_page()
    look_for_american_numbers(page)
    page.locator(".offer summary").nth(0).click()
    page.locator(".offer[open] button[type=submit]").dblclick()
    page.wait_for_selector("tr:has-text('Pending')")
    assert NumberOrder.objects.count() == 1


def test_works_with_the_keyboard_alone(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("b")
    page.wait_for_selector("#modal[open] #offers .offer, #modal[open] #offers .blank h4")
    wait_for(page, "document.activeElement.name === 'country'")
    page.keyboard.type("United States")
    page.wait_for_selector("#offers .offer-number:has-text('+1 ')")
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.buy-list, .offer summary')")
    while not page.evaluate("document.activeElement.matches('.offer summary')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("tr:has-text('By keyboard')")
    wait_for(page, "document.activeElement.id === 'buy-button'")


def test_asks_before_it_throws_away_what_was_typed(open_page: Open) -> None:
    page = open_page()
    look_for_american_numbers(page)
    page.locator(".offer summary").nth(0).click()
    page.locator(".offer[open] input[name=nickname]").fill("Half a thought")
    page.keyboard.press("Escape")
    page.wait_for_selector("#leave[open]")
    page.get_by_role("button", name="Keep open").click()
    assert page.input_value(".offer[open] input[name=nickname]") == "Half a thought"
    page.mouse.click(5, 5)
    page.wait_for_selector("#leave[open]")
    page.locator("[data-leave]").click()
    page.wait_for_selector("#modal:not([open])", state="attached")
    wait_for(page, "document.activeElement.id === 'buy-button'")


def test_closes_with_escape_when_nothing_was_typed(open_page: Open) -> None:
    page = open_page()
    look_for_american_numbers(page)
    page.keyboard.press("Escape")
    page.wait_for_selector("#modal:not([open])", state="attached")


def test_offers_to_try_again_when_the_carrier_is_down(open_page: Open, settings: Any) -> None:
    address = settings.CARRIERS["plivo"]["base_url"]
    settings.CARRIERS["plivo"]["base_url"] = "http://127.0.0.1:9"
    page = open_page()
    page.keyboard.press("b")
    page.wait_for_selector("#offers :text('can’t be asked right now')")
    settings.CARRIERS["plivo"]["base_url"] = address
    page.get_by_role("link", name="Try again").click()
    page.wait_for_selector("#offers .offer")


def test_sends_to_the_page_that_mends_what_blocks_it(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("b")
    page.wait_for_selector("#modal[open] #offers .offer")
    page.select_option("#modal #id_country", "DE")
    page.wait_for_selector(".gates-common :text('switched off for this workspace')")
    page.locator(".offer summary").nth(0).click()
    assert page.locator(".offer[open] button[type=submit]").is_disabled()
    page.locator(".gates-common a").first.click()
    page.wait_for_url("**/w/acme/telephony/**")


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_fits_every_width(open_page: Open, workspace: Workspace, width: int, theme: str) -> None:
    now = timezone.now()
    for n in range(8):
        long = "A nickname of quite some length, longer than any column is wide " * 3
        make_rental(make_number(workspace, nickname=long if n == 3 else "Desk"), now + timedelta(days=n))
    failed = make_number(workspace, status="failed", status_reason="Gone. " * 30)
    for path in (
        "",
        "?q=nothing",
        f"{failed.pk}/",
        "buy/?country=US",
        "../wallet/",
        "../telephony/",
        "../kyc/",
    ):
        page = open_page(f"/w/acme/numbers/{path}", width=width, color_scheme=theme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_folds_into_a_drawer_and_cards_on_a_phone(open_page: Open, workspace: Workspace) -> None:
    number = make_number(workspace, nickname="Desk")
    page = open_page(width=390, height=844)
    card = page.get_by_role("row").filter(has_text="Desk")
    assert card.get_by_role("cell").count() > 5  # still a table to a screen reader
    assert card.bounding_box()["width"] > 340
    assert not page.is_visible(".section-link")
    page.get_by_label("Open navigation").click()
    page.wait_for_selector("#rail.is-drawn")
    page.keyboard.press("Escape")
    page.wait_for_selector("#rail:not(.is-drawn)", state="attached")
    card.locator("summary").click()
    page.get_by_role("link", name="Details").click()
    page.wait_for_url(f"**/{number.pk}/")


def test_says_above_the_dialog_when_the_server_broke(
    open_page: Open, complaints: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*args: Any, **kwargs: Any) -> None:
        raise Refusal("broken", "The shop is closed for a moment.", status=503)

    page = open_page()
    look_for_american_numbers(page)
    page.locator(".offer summary").nth(0).click()
    monkeypatch.setattr("phone_numbers.views.buying.order", break_down)
    page.locator(".offer[open] button[type=submit]").click()
    page.wait_for_selector("#toasts:popover-open :text('The shop is closed for a moment.')")
    assert page.is_visible("#modal[open]")
    assert all("503" in said for said in complaints)
    complaints.clear()


def test_changes_the_countries_and_prices_with_the_provider(
    open_page: Open, every_carrier: Any, workspace: Workspace
) -> None:
    page = open_page()
    look_for_american_numbers(page)
    page.focus("#modal #id_provider")
    page.select_option("#modal #id_provider", "signalwire")
    page.wait_for_selector("#offers h3:has-text('SignalWire')")
    assert page.locator("#modal #id_country option").all_inner_texts() == ["United States 🇺🇸 +1"]
    wait_for(page, "document.activeElement.id === 'id_provider'")
    assert "₹88.00" in page.inner_text("#offers .offer-price >> nth=0")
    page.select_option("#modal #id_provider", "twilio")
    page.wait_for_selector("#offers h3:has-text('Twilio')")
    assert page.locator("#modal #id_country option").count() == 4
    page.select_option("#modal #id_country", "IN")
    page.wait_for_selector("#offers h3:has-text('India · Twilio')")
    assert page.locator("#buy-country").count() == 1


def test_buys_from_one_provider_after_another(
    open_page: Open, every_carrier: Any, workspace: Workspace, worker: Callable[[], None]
) -> None:
    page = open_page()
    worker()
    for slug, label in (("twilio", "Twilio"), ("signalwire", "SignalWire")):
        look_for_american_numbers(page)
        page.select_option("#modal #id_provider", slug)
        page.wait_for_selector(f"#offers h3:has-text('{label}')")
        page.locator(".offer").nth(0).locator("summary").click()
        page.get_by_role("button", name=re.compile("^Buy for ₹")).click()
        page.wait_for_selector("#modal:not([open])", state="attached")
        page.wait_for_selector(f"tr:has-text('{label}') .status-ok")
    assert sorted(PhoneNumber.objects.values_list("carrier", flat=True)) == ["signalwire", "twilio"]

"""In a browser, the table …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dialnexa.models import Workspace
from tests.browser.conftest import wait_for
from tests.numbers.rows import make_number, make_order, make_rental

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Any]


@pytest.fixture
def numbers(workspace: Workspace) -> None:
    for n in range(60):
        number = make_number(workspace, f"+1212555{n:04}", nickname=f"Desk {n}")
        make_rental(number, timezone.now() + timedelta(days=n))


def test_searches_while_one_types_and_keeps_the_focus(open_page: Open, numbers: None) -> None:
    page = open_page()
    page.keyboard.press("/")
    page.keyboard.type("555 0042")
    page.wait_for_selector(":text('1–1 of 1')")
    wait_for(page, "document.activeElement.id === 'search'")
    assert page.url.endswith("?q=555+0042")
    assert page.inner_text("#announcer") == "1 number"
    page.reload()
    assert page.input_value("#search") == "555 0042"
    assert page.locator("tbody tr").count() == 1


def test_keeps_chip_sort_and_search_together_in_the_address(open_page: Open, numbers: None) -> None:
    page = open_page()
    page.click("#chip-expiring")
    page.wait_for_selector("#chip-expiring[aria-current]")
    wait_for(page, "document.activeElement.id === 'chip-expiring'")
    page.click("#sort-number")
    page.wait_for_selector("th[aria-sort=ascending]")
    page.fill("#search", "desk 1")
    page.wait_for_selector(":text('1–6 of 6')")
    assert "chip=expiring" in page.url
    assert "sort=number" in page.url
    assert "q=desk+1" in page.url
    page.go_back()
    page.wait_for_selector(":text('of 15')")
    assert page.input_value("#search") == ""


def test_turns_pages_with_the_address(open_page: Open, numbers: None) -> None:
    page = open_page()
    page.click("#page-later")
    page.wait_for_selector(":text('51–60 of 60')")
    assert "after=phn_" in page.url
    page.click("#page-earlier")
    page.wait_for_selector(":text('1–50 of 60')")


def test_opens_a_row_menu_that_is_not_cut_off(open_page: Open, numbers: None) -> None:
    page = open_page(width=900, height=700)
    menu = page.locator("tbody tr").nth(4).locator(".menu")
    menu.locator("summary").click()
    box = menu.locator(".menu-list").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 900
    page.keyboard.press("Escape")
    assert not menu.locator(".menu-list").is_visible()


def test_copies_a_number(open_page: Open, numbers: None) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.locator("tbody tr").first.hover()
    page.locator("tbody tr [data-copy]").first.click()
    page.wait_for_selector("#toasts :text('Copied +1')")
    assert page.evaluate("navigator.clipboard.readText()").startswith("+1212555")


def test_leaves_a_polling_row_alone_while_its_menu_is_open(open_page: Open, workspace: Workspace) -> None:
    number = make_number(workspace, status="pending")
    make_order(number, created_at=timezone.now())
    page = open_page()
    page.click("tbody .menu summary")
    page.wait_for_timeout(2_600)
    assert page.is_visible("tbody .menu-list")


def test_remembers_the_chosen_theme(open_page: Open, numbers: None) -> None:
    page = open_page(color_scheme="light")
    page.click(".user summary")
    page.click("[data-theme-choice=dark]")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_lists_the_shortcuts(open_page: Open, numbers: None) -> None:
    page = open_page()
    page.keyboard.press("?")
    page.wait_for_selector("#shortcuts[open] :text('Buy a number')")
    page.keyboard.press("Escape")
    page.wait_for_selector("#shortcuts:not([open])", state="attached")


def test_sends_to_sign_in_when_the_session_is_over(open_page: Open, numbers: None) -> None:
    page = open_page()
    page.context.clear_cookies()
    page.click("#chip-expiring")
    page.wait_for_url("**/accounts/login/?next=/w/acme/numbers/")


def test_filters_with_the_selects_also_after_they_were_brought_anew(
    open_page: Open, numbers: None, workspace: Workspace
) -> None:
    page = open_page()
    make_number(workspace, "+918047182200", calling_code="91", country="IN", nickname="Delhi")
    page.evaluate("document.body.dispatchEvent(new Event('numbers-changed'))")
    page.select_option("#filter-country", "IN")
    page.wait_for_selector(":text('1–1 of 1')")
    assert page.url.endswith("?country=IN")
    assert "is-set" in page.get_attribute("#filter-country", "class")

"""In a browser, many numbers at once …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.models import BulkRouting, PhoneNumber
from phone_numbers.routes.routing import route_number
from telephony.models import AgentVersion
from tests.browser.conftest import wait_for
from tests.browser.test_routing import two_versions
from tests.numbers.rows import make_number, make_order, make_rental
from tests.numbers.test_routing import pair

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Any]


@pytest.fixture
def versions(workspace: Workspace) -> tuple[AgentVersion, AgentVersion]:
    """The desk, that answers; reminders, that call."""
    return two_versions(workspace)


@pytest.fixture
def numbers(workspace: Workspace, versions: tuple[AgentVersion, AgentVersion]) -> list[PhoneNumber]:
    """Sixty, oldest first; reminders call from each, nobody answers."""
    made = [make_number(workspace, f"+1212555{n:04}", nickname=f"Desk {n}") for n in range(60)]
    PhoneNumber.objects.update(outbound_version=versions[1])
    return made


def choose(page: Any, way: str, label: str) -> None:
    wait_for(page, f"document.querySelector('#bulk-{way}')?.['htmx-internal-data']")  # it listens
    page.select_option(f"#bulk-{way}", label=label)
    page.wait_for_selector("#bulk-outcome :text('will change')")


def test_are_assigned_inbound_after_a_look_and_outbound_stays_until_undone(
    open_page: Open, numbers: list[PhoneNumber], versions: tuple[AgentVersion, AgentVersion]
) -> None:
    desk, reminders = versions
    meant = numbers[-3:]
    page = open_page()
    for number in meant:
        page.check(f"#{number.pk}-pick")
    assert page.inner_text("#bulk-count") == "3"
    assert page.inner_text("#announcer") == "3 chosen"
    page.click("#bulk-route")
    choose(page, "inbound", "Front desk v1")
    assert page.inner_text(".bulk-sums") == "3 will change"
    assert page.text_content("#bulk-heard") == "3 will change"
    assert page.inner_text(".bulk-changes").count("→") == 3
    assert not BulkRouting.objects.exists()
    page.click("#bulk-assign:text('Change 3 numbers')")
    page.wait_for_selector("#modal", state="hidden")
    page.wait_for_selector("#bulk-last")
    assert [pair(number) for number in meant] == [(desk, reminders)] * 3
    assert pair(numbers[0]) == (None, reminders)
    row = page.inner_text(f"#{meant[0].pk}").replace("\n", " ")
    assert "Front desk v1" in row
    assert "Reminders v1" in row
    assert "Both" in row
    assert not page.is_visible("#bulk")
    wait_for(page, "document.activeElement.id === 'pick-page'")
    page.click("#toasts button:text('Undo')")
    page.wait_for_selector("#toasts :text('Undone for 3 numbers.')")
    page.wait_for_selector("#bulk-last", state="detached")
    assert [pair(number) for number in meant] == [(None, reminders)] * 3
    assert "Front desk" not in page.inner_text(f"#{meant[0].pk}")


def test_are_chosen_with_the_keyboard_alone(
    open_page: Open, numbers: list[PhoneNumber], versions: tuple[AgentVersion, AgentVersion]
) -> None:
    page = open_page()
    page.focus(f"#{numbers[-1].pk}-pick")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_selector("#bulk-form")
    wait_for(page, "document.activeElement.id === 'bulk-inbound'")
    page.keyboard.type("Front")
    page.wait_for_selector("#bulk-assign:text('Change 1 number')")
    wait_for(page, "document.activeElement.id === 'bulk-inbound'")
    page.focus("#bulk-assign")
    page.keyboard.press("Enter")
    page.wait_for_selector("#bulk-last")
    assert pair(numbers[-1]) == versions


def test_are_chosen_by_page_range_and_filter(open_page: Open, numbers: list[PhoneNumber]) -> None:
    page = open_page("/w/acme/numbers/?sort=number")
    picks = page.locator("td .pick input")
    picks.nth(2).click()
    picks.nth(6).click(modifiers=["Shift"])
    assert page.inner_text("#bulk-count") == "5"
    assert page.evaluate("document.querySelector('#pick-page').indeterminate")
    page.click("#bulk-clear")
    assert not page.is_visible("#bulk")
    page.check("#pick-page")
    assert page.inner_text("#bulk-count") == "50"
    page.click("#bulk-match:text('Choose all 60 that match')")
    assert page.inner_text("#bulk-count") == "60"
    picks.first.uncheck()
    assert page.inner_text("#bulk-count") == "49"
    page.check("#pick-page")
    page.click("#bulk-match")
    page.click("#bulk-protect")
    page.wait_for_selector("#toasts :text('60 numbers protected from release.')")
    page.wait_for_selector("#bulk", state="hidden")
    assert PhoneNumber.objects.filter(release_protection=True).count() == 60


def test_show_what_was_left_alone(
    open_page: Open, numbers: list[PhoneNumber], versions: tuple[AgentVersion, AgentVersion]
) -> None:
    page = open_page("/w/acme/numbers/?q=555000")
    page.check("#pick-page")
    page.click("#bulk-route")
    choose(page, "outbound", "Nobody")
    page.click("#bulk-assign")
    page.wait_for_selector("#bulk-last")
    route_number(numbers[3], outbound=versions[0], by=SYSTEM, now=timezone.now())
    page.click("#undo-last")
    page.wait_for_selector("#modal h2:text('Undone for 9 numbers; 1 left alone.')")
    assert "+1 212-555-0003" in page.inner_text("#modal")
    page.click("#modal button:text('Close')")
    page.wait_for_selector("#modal", state="hidden")
    assert pair(numbers[3]) == (None, versions[0])


def test_are_looked_at_again_when_somebody_was_quicker(
    open_page: Open,
    numbers: list[PhoneNumber],
    versions: tuple[AgentVersion, AgentVersion],
    complaints: list[str],
) -> None:
    desk, reminders = versions
    page = open_page()
    page.check(f"#{numbers[-1].pk}-pick")
    page.click("#bulk-route")
    choose(page, "inbound", "Front desk v1")
    route_number(numbers[-1], inbound=reminders, by=SYSTEM, now=timezone.now())
    page.click("#bulk-assign")
    page.wait_for_selector("#modal [role=alert] :text('This is not what you were shown')")
    assert "Reminders v1" in page.inner_text(".bulk-changes")
    assert any("422" in said for said in complaints)  # the browser itself says so
    complaints.clear()
    page.click("#bulk-assign")
    page.wait_for_selector("#bulk-last")
    assert pair(numbers[-1]) == (desk, reminders)


def test_stay_ticked_while_their_row_looks_at_itself(open_page: Open, workspace: Workspace) -> None:
    number = make_number(workspace, status="pending")
    make_order(number, created_at=timezone.now())
    page = open_page()
    page.check(f"#{number.pk}-pick")
    with page.expect_response("**/row/**"):
        pass
    page.wait_for_timeout(300)
    assert page.is_checked(f"#{number.pk}-pick")
    assert page.inner_text("#bulk-count") == "1"


def test_keep_the_page_in_place(open_page: Open, numbers: list[PhoneNumber]) -> None:
    page = open_page()
    page.evaluate("scrollTo(0, 400)")
    page.click(f"#{numbers[-15].pk}-pick")
    before = page.evaluate("scrollY")
    page.click("#bulk-protect")
    page.wait_for_selector("[title='Protected from release']")
    assert page.evaluate("scrollY") == before


def test_work_without_scripts(
    open_page: Open, numbers: list[PhoneNumber], versions: tuple[AgentVersion, AgentVersion]
) -> None:
    page = open_page("/w/acme/numbers/?q=555000", java_script_enabled=False)
    page.select_option("#bulk-scope", label="All 10 that match")
    page.click("#bulk-route")
    page.select_option("#bulk-inbound", label="Front desk v1")
    page.click("text=Show what would change")
    page.click("#bulk-assign:text('Change 10 numbers')")
    page.click("text=Details")
    assert page.inner_text("h1") == "10 numbers routed at once"
    page.click("button:text('Undo')")
    assert page.locator(".badge:text('Went back')").count() == 10
    assert pair(numbers[0]) == (None, versions[1])


def test_show_three_numbers_at_once_on_a_phone(
    open_page: Open, workspace: Workspace, versions: tuple[AgentVersion, AgentVersion]
) -> None:
    for n in range(5):
        number = make_number(workspace, nickname=f"Desk {n}", inbound_version=versions[0])
        make_rental(number, timezone.now() + timedelta(days=12))
    PhoneNumber.objects.update(outbound_version=versions[1])
    page = open_page(width=390, height=844, has_touch=True, is_mobile=True)
    third = page.locator("tbody tr").nth(2)
    box = third.bounding_box()
    assert box["y"] + box["height"] <= 844
    told = third.inner_text()
    for text in (
        "+1 212",
        "Desk",
        "Active",
        "Front desk",
        "v1",
        "Reminders",
        "Plivo",
        "Local",
        "Both",
        "in 12 days",
        "₹92.00",
    ):
        assert text in told
    page.click("#sort-menu")
    page.click(".sort-menu a:text('Nickname, A to Z')")
    page.wait_for_url("**/?sort=nickname")
    page.locator("tbody .pick input").first.check()
    assert page.locator("#bulk").bounding_box()["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") == 390

"""In a browser, Telephony Config …"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from telephony import agents
from telephony.models import NetworkGroup, Prefix, SipSwitch
from telephony.switches import country_enabled, sip_switched_on
from tests.browser.conftest import wait_for
from tests.numbers.rows import make_number

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Any]
URL = "/w/acme/telephony/"
FOCUSED = "document.activeElement.id === '{}'"


@pytest.fixture
def india(workspace: Workspace) -> NetworkGroup:
    """On, beside India mobile, which is off."""
    group = NetworkGroup.objects.create(carrier="plivo", country_id="IN", name="India mobile")
    Prefix.objects.create(network_group=group, digits="9180")
    return NetworkGroup.objects.get(name="India all")


def make_caller(workspace: Workspace, e164: str = "+12125550123") -> None:
    """A number that calls over Plivo."""
    now = timezone.now()
    agent = agents.create_agent(
        workspace, title="Sales", runtime_url="wss://agents.example.com/1", by=SYSTEM, now=now
    )
    version = agents.newest_version(agent)
    agents.publish(version, by=SYSTEM, now=now)
    make_number(workspace, e164, outbound_version=version)


def test_finds_a_group_by_the_way_it_is_dialled(open_page: Open, india: NetworkGroup) -> None:
    page = open_page(URL)
    page.keyboard.press("/")
    page.keyboard.type("080")
    page.wait_for_selector("mark:text('+9180')")
    assert page.locator("tbody").count() == 1
    assert page.inner_text("#announcer") == "Plivo: 1 country for “080”"
    assert page.evaluate(FOCUSED.format("search"))
    assert "q=080" in page.url
    page.reload()
    assert page.locator("mark").count() == 1


def test_opens_and_closes_a_country_from_the_keyboard(open_page: Open, india: NetworkGroup) -> None:
    page = open_page(URL)
    page.focus("#open-IN")
    page.keyboard.press("Enter")
    page.wait_for_selector("#country-IN.is-open th:has-text('India mobile')")
    wait_for(page, FOCUSED.format("open-IN"))
    page.keyboard.press("Enter")
    page.wait_for_selector("#country-IN:not(.is-open)")
    wait_for(page, FOCUSED.format("open-IN"))


def test_switches_on_at_once_and_keeps_the_focus(
    open_page: Open, workspace: Workspace, india: NetworkGroup
) -> None:
    page = open_page(URL)
    page.focus("#switch-DE")
    page.keyboard.press("Space")
    page.wait_for_selector("#switch-DE[aria-checked=true]")
    wait_for(page, FOCUSED.format("switch-DE"))
    assert "Germany all is on." in page.inner_text("#toasts")
    assert page.inner_text("#chip-enabled .chip-count") == "4"
    assert page.inner_text("#provider-plivo .status") == "4 network groups on"
    assert country_enabled(workspace, "plivo", "DE")


def test_shows_what_stops_before_it_switches_off(
    open_page: Open, workspace: Workspace, india: NetworkGroup
) -> None:
    make_caller(workspace)
    page = open_page(f"{URL}?open=IN")
    switch = f"switch-{india.pk}"
    page.click(f"#{switch}")
    page.wait_for_selector("#modal li:has-text('One number calls over Plivo and could no longer call')")
    page.keyboard.press("Escape")
    wait_for(page, FOCUSED.format(switch))
    assert country_enabled(workspace, "plivo", "IN")
    page.keyboard.press("Enter")
    page.wait_for_selector("#modal-title")
    page.click("#modal button:text('Switch off')")
    page.wait_for_selector(f"#{switch}[aria-checked=false]")
    page.wait_for_selector("#modal:not([open])", state="attached")
    wait_for(page, FOCUSED.format(switch))
    assert not country_enabled(workspace, "plivo", "IN")
    page.click("#toasts button:text('Undo')")
    page.wait_for_selector(f"#{switch}[aria-checked=true]")
    assert country_enabled(workspace, "plivo", "IN")


def test_shows_it_again_when_more_would_stop(
    open_page: Open, workspace: Workspace, india: NetworkGroup, complaints: list[str]
) -> None:
    page = open_page(URL)
    page.click("#switch-US")
    page.wait_for_selector("#modal li:has-text('No numbers of United States')")
    make_caller(workspace)
    page.click("#modal button:text('Switch off')")
    page.wait_for_selector("#modal [role=alert]:has-text('has changed since it was shown')")
    page.wait_for_selector("#modal li:has-text('One number calls over Plivo')")
    page.click("#modal button:text('Switch off')")
    page.wait_for_selector("#switch-US[aria-checked=false]")
    assert not country_enabled(workspace, "plivo", "US")
    assert [line for line in complaints if "422" not in line] == []
    complaints.clear()


def test_switches_a_whole_country(open_page: Open, workspace: Workspace, india: NetworkGroup) -> None:
    page = open_page(URL)
    page.wait_for_selector("#switch-IN[aria-checked=mixed]")
    page.click("#switch-IN")
    page.wait_for_selector("#switch-IN[aria-checked=true]")
    page.click("#switch-IN")
    page.wait_for_selector("#modal-title:text('Switch off 2 network groups of India at Plivo?')")
    page.click("#modal button:text('Switch off')")
    page.wait_for_selector("#switch-IN[aria-checked=false]")
    assert not country_enabled(workspace, "plivo", "IN")


def test_switches_sip(open_page: Open, workspace: Workspace) -> None:
    page = open_page(URL)
    page.click("#switch-sip")
    page.wait_for_selector("#switch-sip[aria-checked=true]")
    page.wait_for_selector("#sip-note:has-text('calls are not held to these switches')")
    assert sip_switched_on(workspace)
    page.click("#switch-sip")
    page.wait_for_selector("#modal-title:text('Switch off SIP/BYOC?')")
    page.click("#modal button:text('Switch off')")
    page.wait_for_selector("#switch-sip[aria-checked=false]")
    page.wait_for_selector("#sip-note", state="hidden")
    wait_for(page, FOCUSED.format("switch-sip"))
    assert not sip_switched_on(workspace)


def test_says_when_an_answer_does_not_come(
    open_page: Open, workspace: Workspace, complaints: list[str]
) -> None:
    page = open_page(URL)
    page.route("**/switch/**", lambda route: route.abort())
    page.click("#switch-DE")
    page.wait_for_selector("#toasts:has-text('The connection broke')")
    assert page.get_attribute("#switch-DE", "aria-checked") == "false"
    complaints.clear()


def test_works_without_script(open_page: Open, workspace: Workspace, india: NetworkGroup) -> None:
    page = open_page(URL, java_script_enabled=False)
    page.fill("#search", "080")
    page.click("button:text('Search')")
    assert page.inner_text("mark") == "+9180"
    page.goto(page.url.partition("?")[0])
    page.click("#open-IN")
    assert page.locator("#country-IN .config-group").count() == 2
    page.click(f"#switch-{india.pk}")
    page.click("button:text('Switch off')")
    assert not country_enabled(workspace, "plivo", "IN")
    assert page.get_attribute(f"#switch-{india.pk}", "aria-checked") == "false"
    page.click("#switch-IN")
    assert country_enabled(workspace, "plivo", "IN")
    page.click("#switch-sip")
    assert SipSwitch.objects.get().enabled
    page.click("#switch-sip")
    page.click("a:text('Keep it on')")
    assert SipSwitch.objects.get().enabled


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_fits_the_screen(open_page: Open, india: NetworkGroup, width: int) -> None:
    page = open_page(f"{URL}?open=IN", width=width, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click(f"#switch-{india.pk}")
    page.wait_for_selector("#modal-title")
    assert page.evaluate("document.documentElement.scrollWidth") <= width

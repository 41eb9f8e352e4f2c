"""In a browser, “can this number call…?” …"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import route_number
from telephony import agents
from telephony.models import NetworkGroup
from tests.browser.conftest import wait_for
from tests.numbers.rows import make_number

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Any]


@pytest.fixture
def number(workspace: Workspace) -> PhoneNumber:
    now = timezone.now()
    agent = agents.create_agent(
        workspace, title="Sales", runtime_url="wss://agents.example.com/1", by=SYSTEM, now=now
    )
    version = agents.newest_version(agent)
    agents.publish(version, by=SYSTEM, now=now)
    number = make_number(workspace, "+12125550123", nickname="Front desk")
    route_number(number, outbound=version, by=SYSTEM, now=now)
    return number


def test_says_no_leads_to_the_switch_and_says_yes_afterwards(open_page: Open, number: PhoneNumber) -> None:
    germany = NetworkGroup.objects.get(country="DE")
    page = open_page(f"/w/acme/numbers/{number.pk}/")
    page.click("#check-call")
    page.wait_for_selector("#ask")
    assert page.input_value("#from") == "+12125550123"
    wait_for(page, "document.activeElement.id === 'to'")
    page.keyboard.type("+49 30 123456")
    page.wait_for_selector("h2:text('Germany is not enabled at Plivo')")
    assert "Germany is not enabled" in page.inner_text("#announcer")
    assert "to=%2B49+30+123456" in page.url
    wait_for(page, "document.activeElement.id === 'to'")
    page.click("a:text('Germany in Telephony Config')")
    page.click(f"#switch-{germany.pk}")
    page.wait_for_selector(f"#switch-{germany.pk}[aria-checked=true]")
    page.go_back()
    page.wait_for_selector("h2:text('+1 212-555-0123 can call +49 30 123456')")
    assert page.input_value("#to") == "+49 30 123456"
    assert page.locator("#answer .check-fail").count() == 0


def test_asks_again_about_calls_that_come_in(open_page: Open, number: PhoneNumber) -> None:
    page = open_page(f"/w/acme/numbers/check/?from={number.pk}&to=%2B4930123456")
    page.click("a:text('Calls coming in')")
    page.wait_for_selector("h2:text('Nobody answers')")
    assert page.input_value("#to") == "+12125550123"
    page.click("#answer a:text('Choose an agent')")
    page.wait_for_url("**/#routing-panel")


def test_works_without_script(open_page: Open, number: PhoneNumber) -> None:
    page = open_page("/w/acme/numbers/check/", java_script_enabled=False)
    page.fill("#to", "+49 30 123456")
    page.click("button:text('Check')")
    assert "Germany is not enabled" in page.inner_text("#answer h2")

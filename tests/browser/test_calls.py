"""In a browser, calling …"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections

from dialnexa import clock, wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.calls.dialling import advance_call
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import route_number
from telephony import agents
from telephony.carriers.sandbox.faults import Fault
from telephony.models import Call
from tests.numbers.rows import make_number, make_rental

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Any]
HOUR = timedelta(hours=1)


@pytest.fixture
def number(workspace: Workspace, now: datetime) -> PhoneNumber:
    """Paid, and with an agent that calls from it."""
    agent = agents.create_agent(
        workspace, title="Sales", runtime_url="wss://agents.example.com/1", by=SYSTEM, now=now - HOUR
    )
    version = agents.newest_version(agent)
    agents.publish(version, by=SYSTEM, now=now - HOUR)
    version.refresh_from_db()
    number = make_number(workspace, nickname="Front desk")
    make_rental(number, now + timedelta(days=20))
    route_number(number, inbound=version, outbound=version, by=SYSTEM, now=now - HOUR)
    return number


@pytest.fixture
def dialler(shop: str, sandbox: Any, settings: LazySettings) -> Iterator[None]:
    """A thread that does what workers and sweepers do; webhooks come to the site, at ten times the pace."""
    settings.PUBLIC_BASE_URL = shop
    sandbox.state.set_mode(call_pace=0.1)
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.wait(0.1):
                for pk in Call.objects.filter(status__in=Call.OPEN).values_list("pk", flat=True):
                    advance_call(pk, tell=clock.now)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    sandbox.state.reset()
    stop.set()
    thread.join(10)


def open_dialog(page: Any, number: PhoneNumber) -> None:
    page.locator(f"#{number.pk}-menu").click()
    page.locator(f"#{number.pk}-call").click()
    page.wait_for_selector("#modal[open] #call-form")


def test_goes_from_the_row_through_the_states_to_the_charge(
    open_page: Open, number: PhoneNumber, dialler: None, workspace: Workspace, sandbox: Any
) -> None:
    page = open_page()
    page.evaluate("window.untouched = true")
    open_dialog(page, number)
    assert page.evaluate("document.activeElement.id") == "call-to"
    page.keyboard.type("+49 30 123456")
    page.wait_for_selector("#call-verdict .call-no:has-text('Germany')")
    page.fill("#call-to", "+44 20 7946 0018")
    page.wait_for_selector("#call-verdict .call-yes:has-text('₹1.25 a minute')")
    page.get_by_role("button", name="Call", exact=True).click()
    page.wait_for_selector("#call-live .status:has-text('In progress')")
    page.wait_for_selector("#call-live .status:has-text('Completed')")
    page.wait_for_selector("#call-live dd:has-text('₹1.25')")
    page.wait_for_selector("#wallet-card:has-text('₹9,998.75')")
    assert page.evaluate("window.untouched") is True
    call = Call.objects.get()
    assert call.status == "completed"
    assert wallet.held(workspace) == Decimal(0)
    page.get_by_role("link", name="See the call").click()
    page.wait_for_selector("h1:has-text('+44 20 7946 0018')")
    assert page.locator(".check-pass").count() >= 8
    page.get_by_role("link", name="Calls", exact=True).first.click()
    page.wait_for_selector(f"#{call.pk} .status:has-text('Completed')")


def test_ends_when_somebody_hangs_up(
    open_page: Open, number: PhoneNumber, dialler: None, sandbox: Any, workspace: Workspace
) -> None:
    with sandbox.state.locked() as contents:
        contents.plan.force("callee", Fault.of("talks_long", 3000))
    page = open_page()
    open_dialog(page, number)
    page.fill("#call-to", "+44 20 7946 0018")
    page.wait_for_selector(".call-yes")
    page.keyboard.press("Enter")
    page.wait_for_selector("#call-live .status:has-text('In progress')")
    page.get_by_role("button", name="Hang up").click()
    page.wait_for_selector("#call-live .status:has-text('Completed')")
    page.keyboard.press("Escape")
    page.wait_for_selector("#modal:not([open])", state="attached")
    assert wallet.held(workspace) == 0


def test_shows_rows_as_they_go_on(open_page: Open, number: PhoneNumber, dialler: None) -> None:
    page = open_page("/w/acme/calls/")
    page.get_by_role("link", name="Call somebody").first.click()
    page.fill("#modal #call-to", "+44 20 7946 8001")
    page.wait_for_selector(".call-yes")
    page.keyboard.press("Enter")
    page.wait_for_selector("#calls tr .status")
    page.wait_for_selector("#calls tr .status:has-text('Busy')")

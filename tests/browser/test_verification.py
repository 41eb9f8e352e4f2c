"""In a browser, the verification number …"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.routes.routing import route_number
from telephony import agents
from tests.browser.conftest import wait_for
from tests.numbers.rows import make_number

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Any]
MINE = "+919820012345"
SPOKEN = re.compile(rf"Said to \{MINE}: Your \S+ \S+ code is: ((?:\d ){{5}}\d)\.")


@pytest.fixture(autouse=True)
def _unverified(shop: str, sandbox: Any, workspace: Workspace, settings: LazySettings) -> None:
    """Acme lives where it is not verified, it has a number, and the carrier can reach this site."""
    settings.VERIFICATION_CARRIER, settings.VERIFICATION_CALLER_ID = "plivo", "+918035340000"
    settings.PUBLIC_BASE_URL = shop
    sandbox.state.set_mode(call_pace=0.01)
    Workspace.objects.filter(pk=workspace.pk).update(country="GB")
    now = timezone.now()
    agents.create_agent(workspace, title="A", runtime_url="wss://a.example.com/1", by=SYSTEM, now=now)
    version = agents.newest_version(workspace.agents.get())
    agents.publish(version, by=SYSTEM, now=now)
    route_number(make_number(workspace, "+12125550123"), outbound=version, by=SYSTEM, now=now)


def spoken_code(open_page: Open, sandbox: Any) -> str:
    """Six digits, read at the carrier's own page."""
    console = open_page("/healthz")
    console.goto(f"{sandbox.url}/calls")
    for _ in range(20):
        if found := SPOKEN.search(console.inner_text("body")):
            return found[1].replace(" ", "")
        console.wait_for_timeout(250)
        console.reload()
    raise AssertionError(console.inner_text("body"))


@pytest.mark.parametrize("javascript", [True, False])
def test_is_confirmed_with_the_code_and_can_be_called_alone(
    open_page: Open, sandbox: Any, complaints: list[str], javascript: bool
) -> None:
    page = open_page("/w/acme/kyc/", java_script_enabled=javascript)
    page.get_by_label("Your phone number").fill("98200 12345")
    page.get_by_role("button", name="Call me with a code").click()
    page.locator("#own-number-error").wait_for()
    page.get_by_label("Your phone number").fill("+91 98200 12345")
    page.get_by_role("button", name="Call me with a code").click()
    page.locator(".own-calling", has_text="We are calling +91 98200 12345").wait_for()
    if javascript:
        wait_for(page, "document.activeElement.id === 'own-code-field'")
        assert "We are calling" in page.inner_text("#announcer")
    page.get_by_label("Code").fill("000000" if spoken_code(open_page, sandbox) != "000000" else "111111")
    page.get_by_role("button", name="Confirm the number").click()
    page.locator("#own-code-error", has_text="4 tries are left").wait_for()
    page.get_by_label("Code").fill(spoken_code(open_page, sandbox))
    page.get_by_role("button", name="Confirm the number").click()
    page.locator("#verification-number .status-ok", has_text="Confirmed").wait_for()
    complaints.clear()  # the browser says 422 twice
    for number, verdict in ((MINE, "can call"), ("+919820099999", "can’t call|cannot call|not verified")):
        page.goto(page.url.partition("/kyc/")[0] + f"/numbers/check/?from=%2B12125550123&to=%2B{number[1:]}")
        page.locator("#answer h2", has_text=re.compile(verdict)).wait_for()

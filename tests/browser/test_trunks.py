"""In a browser, SIP trunks …"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from dialnexa.models import Workspace
from phone_numbers.linking.health import check_when_due
from phone_numbers.models import PhoneNumber, SipTrunk
from telephony.models import SipRate
from tests.browser.conftest import wait_for
from tests.numbers.rows import make_number
from tests.numbers.trunks import SECRET, link, trunk_of
from tests.pbx import Pbx
from tests.telephony.sip.certificates import Authority
from tests.telephony.sip.software import PASSWORD, USER, Kamailio, kamailio

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Open = Callable[..., Any]
NUMBER = "+91 80 4718 2255"


@pytest.fixture
def trunks(loopback: None, settings: Any) -> None:
    settings.SIP_INBOUND_DOMAIN = "sip.here.example"
    settings.SIP_SIGNALLING_ADDRESSES = ["198.51.100.20"]
    settings.TRUNK_TEST_LIMIT = "100/minute"


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Kamailio]:
    """A Kamailio that demands digest."""
    with kamailio(tmp_path, *Authority(tmp_path).certify("127.0.0.1")) as running:
        yield running


def fill(page: Any, **fields: str) -> None:
    for name, text in fields.items():
        page.fill(f"#trunk-form [name={name}]", text)


def refused(page: Any, complaints: list[str], selector: str) -> str:
    """What it says there; the browser itself complains of the answer's status."""
    page.wait_for_selector(selector)
    assert any("422" in said for said in complaints)
    complaints.clear()
    return page.inner_text(selector)


@pytest.mark.sip
def test_are_tested_against_kamailio(open_page: Open, trunks: None, exchange: Kamailio) -> None:
    page = open_page()
    page.click("#link-first")
    fill(page, phone_number=NUMBER, termination=f"127.0.0.1:{exchange.plain}", username=USER)

    def try_it(password: str) -> str:
        fill(page, password=password)
        page.click("#try-trunk")
        page.wait_for_selector("#try-trunk:not([disabled])")
        page.wait_for_selector("#trunk-result .trunk-found:not(.is-outdated)")
        return page.inner_text("#trunk-result")

    right, wrong = try_it(PASSWORD), try_it("something else")
    assert "Healthy" in right
    assert "SIP 200" in right
    assert "Unauthorized" in wrong
    assert "SIP 401" in wrong
    exchange.pause()
    began = time.monotonic()
    assert "Unreachable" in try_it(PASSWORD)
    assert time.monotonic() - began < 8  # the check itself ends after 4.5; the rest is browser and server
    assert page.input_value("#password") == PASSWORD  # a test takes nothing away that was typed
    assert not PhoneNumber.objects.exists()


def test_say_that_a_test_was_before_the_last_change(open_page: Open, trunks: None, pbx: Pbx) -> None:
    page = open_page("/w/acme/numbers/link/")
    fill(page, phone_number=NUMBER, termination=pbx.uri, username="desk", password=SECRET)
    page.click("#try-trunk")
    page.wait_for_selector("#trunk-result .status-ok")
    assert page.locator(".is-outdated").count() == 0
    fill(page, password="another")
    page.wait_for_selector("#trunk-result .is-outdated")


@pytest.mark.parametrize("scripts", [True, False])
def test_are_saved_by_enter_not_tested(scripts: bool, open_page: Open, trunks: None, pbx: Pbx) -> None:
    pbx.secret = SECRET
    page = open_page("/w/acme/numbers/link/", java_script_enabled=scripts)
    fill(page, phone_number=NUMBER, termination=pbx.uri, username="desk", password=SECRET)
    page.press("[name=termination]", "Enter")
    page.wait_for_url("**/numbers/phn_*/")
    assert SipTrunk.objects.get().status == "linked"


def test_are_linked_with_user_and_password(open_page: Open, trunks: None, pbx: Pbx) -> None:
    SipRate.objects.create(currency="INR", per_minute=Decimal("0.35"), valid_from=timezone.now())
    pbx.secret = SECRET
    page = open_page()
    page.click("text=Link your own number")
    page.wait_for_selector("#phone_number:focus")
    assert "₹0.35/min" in page.inner_text(".trunk-facts")
    fill(page, phone_number=NUMBER, termination=pbx.uri, username="desk", password=SECRET)
    page.click("#link-number")
    page.wait_for_selector(".number-link:has-text('+91 80 4718 2255')")
    page.wait_for_selector("#modal", state="hidden")
    trunk = SipTrunk.objects.get()
    assert (trunk.status, trunk.health) == ("linked", "healthy")
    page.click(".number-link:has-text('+91 80 4718 2255')")
    panel = page.inner_text("#trunk-panel")
    for words in ("desk", "never shown", "SIP 200", "sip:+918047182255@sip.here.example", "₹0.35/min"):
        assert words in panel
    assert SECRET not in page.content()


def test_are_linked_by_address(open_page: Open, trunks: None, pbx: Pbx) -> None:
    page = open_page("/w/acme/numbers/link/")
    assert page.is_visible("#username")
    assert not page.is_visible(".trunk-facts :text('198.51.100.20')")
    fill(page, username="left over")
    page.click("label:has-text('IP address')")
    assert not page.is_visible("#username")
    assert not page.is_visible("#password")
    assert page.is_visible(".trunk-facts :text('198.51.100.20')")
    fill(page, phone_number=NUMBER, termination=pbx.uri)
    page.click("#link-number")
    page.wait_for_selector("#trunk-panel :text('Allow from')")
    assert SipTrunk.objects.get().auth_mode == "ip"
    assert SipTrunk.objects.get().username == ""


def test_are_refused_each_in_its_own_words(
    open_page: Open, trunks: None, pbx: Pbx, complaints: list[str], charlie_workspace: Workspace
) -> None:
    make_number(charlie_workspace, "+12125550100")
    page = open_page("/w/acme/numbers/link/")
    fill(page, phone_number=NUMBER, nickname="Front desk", username="desk")
    told = []
    for changes, where in (
        ({"termination": "sip:carrier.example"}, "#termination-error"),
        ({"termination": "10.0.0.7"}, "#termination-error"),
        ({"termination": "no host at all"}, "#termination-error"),
        ({"termination": pbx.uri, "password": ""}, "#password-error"),
        ({"username": ""}, "#username-error"),
        ({"username": "desk", "phone_number": "+1 212-555-0100"}, "#phone_number-error"),
    ):
        fill(page, **{"password": SECRET} | changes)
        page.click("#link-number")
        page.wait_for_selector("#link-number:not([disabled])")
        told.append(refused(page, complaints, where))
        field = where.removeprefix("#").removesuffix("-error")
        wait_for(page, "field => document.activeElement.id === field", arg=field)
        assert page.input_value("#nickname") == "Front desk"
        assert page.input_value("#password") == ""
    assert len(set(told)) == len(told)
    pbx.stop()
    fill(page, phone_number=NUMBER, password=SECRET)
    page.click("#link-number")
    assert "The number was not linked." in refused(page, complaints, ".trunk-fields .note")
    assert not PhoneNumber.objects.filter(status="active").exclude(e164="+12125550100").exists()


def test_show_the_first_check_without_a_reload(
    open_page: Open, trunks: None, pbx: Pbx, workspace: Workspace
) -> None:
    number = link(workspace, timezone.now(), termination_uri=pbx.uri)
    page = open_page(f"/w/acme/numbers/{number.pk}/")
    assert "Not checked yet" in page.inner_text("#trunk-panel")
    page.fill("#nickname", "Half a thought")
    pbx.code = 200
    check_when_due(trunk_of(number).pk, now=timezone.now())
    page.wait_for_selector("#trunk-panel :text('Healthy')")
    page.wait_for_selector("#readiness-panel :text('answered over SIP')")
    assert page.input_value("#nickname") == "Half a thought"


def test_are_tested_and_changed_on_the_numbers_page(
    open_page: Open, trunks: None, pbx: Pbx, workspace: Workspace
) -> None:
    pbx.secret = SECRET
    number = link(workspace, timezone.now(), termination_uri=pbx.uri)
    page = open_page(f"/w/acme/numbers/{number.pk}/")
    page.click("#check-trunk")
    page.wait_for_selector("#trunk-panel :text('Healthy')")
    pbx.secret = "changed at the carrier"
    page.click("#check-trunk")
    page.wait_for_selector("#title :text('Unavailable')")
    page.click("#edit-trunk")
    page.fill("#modal #password", pbx.secret)
    page.click("#modal #try-trunk")
    page.wait_for_selector("#modal #trunk-result .status-ok")
    page.click("#save-trunk")
    page.wait_for_selector(".toast:has-text('Saved.')")
    page.click("#check-trunk")
    page.wait_for_selector("#title :text('Active')")
    assert "password replaced" in page.inner_text("#history-panel")
    assert "changed at the carrier" not in page.content()


def test_work_without_scripts(open_page: Open, trunks: None, pbx: Pbx) -> None:
    pbx.secret = SECRET
    page = open_page("/w/acme/numbers/", java_script_enabled=False)
    page.click("text=Link your own number")
    fill(page, phone_number=NUMBER, termination=pbx.uri, username="desk", password=SECRET)
    page.click("#try-trunk")
    page.wait_for_selector("#trunk-result .status-ok")
    assert page.input_value("#username") == "desk"
    assert page.input_value("#password") == ""
    fill(page, password=SECRET)
    page.click("#link-number")
    page.wait_for_selector("#trunk-panel .status-ok")
    page.click("#check-trunk")
    page.wait_for_selector("#trunk-panel .status-ok")
    page.click("#edit-trunk")
    page.click("label:has-text('IP address')")
    page.click("#save-trunk")
    page.wait_for_selector("#trunk-panel :text('IP address')")


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fit_every_width(
    width: int, scheme: str, open_page: Open, trunks: None, pbx: Pbx, workspace: Workspace
) -> None:
    number = link(workspace, timezone.now(), termination_uri=pbx.uri)
    page = open_page(width=width, color_scheme=scheme)
    page.click("#link-button")
    page.wait_for_selector("#trunk-form")
    for path in ("", "link/", f"{number.pk}/", f"{number.pk}/trunk/"):
        if path:
            page.goto(page.url.partition("/numbers/")[0] + f"/numbers/{path}")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path

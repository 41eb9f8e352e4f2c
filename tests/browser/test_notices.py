"""In a browser, notices …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dialnexa.access import Right
from dialnexa.models import Notice, NoticeCopy, Workspace
from dialnexa.notices import tell

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Open = Callable[..., Any]
URL = "/w/acme/notices/"
BELL = "#bell-rail"


def say(workspace: Workspace, title: str, body: str = "It happened.", **more: Any) -> Notice:
    more = {"now": timezone.now(), **more}
    notice = tell(workspace, reference=title, right=Right.MANAGE, title=title, body=body, **more)
    assert notice is not None
    return notice


def unread() -> int:
    return NoticeCopy.objects.filter(read_at=None).count()


@pytest.fixture
def three(workspace: Workspace) -> list[Notice]:
    """Told yesterday and today, as different things are."""
    tone, now = Notice.Tone, timezone.now()
    fails = "The trunk at pbx.example.com does not answer. Check that it is on and that 203.0.113.9 may call."
    return [
        say(workspace, "Verified for India", tone=tone.GOOD, now=now - timedelta(days=1)),
        say(
            workspace,
            "The SIP trunk of +91 80 4718 2200 fails",
            fails,
            tone=tone.TROUBLE,
            page="/w/acme/numbers/",
        ),
        say(
            workspace, "+1 415 555 0123 has gone back", "Plivo has taken it back. It costs nothing any more."
        ),
    ]


def test_are_found_by_the_bell_and_read_in_place(open_page: Open, three: list[Notice]) -> None:
    page = open_page()
    bell = page.get_by_role("link", name="Notices, 3 unread")
    bell.click()
    page.wait_for_selector("h1:text('Notices')")
    button = f"#mark-{three[2].pk}"
    page.focus(button)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{BELL}[aria-label='Notices, 2 unread']")
    assert page.evaluate("document.activeElement.id") == button[1:]
    assert page.inner_text("#unread") == "2 unread"
    assert unread() == 2
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{BELL}[aria-label='Notices, 3 unread']")
    assert unread() == 3


def test_lead_to_what_they_are_about(open_page: Open, three: list[Notice]) -> None:
    page = open_page(URL)
    page.get_by_role("button", name="Open: The SIP trunk of +91 80 4718 2200 fails").click()
    page.wait_for_url("**/w/acme/numbers/")
    page.wait_for_selector(f"{BELL}[aria-label='Notices, 2 unread']")


def test_that_come_while_a_page_is_open_show_on_the_bell(
    open_page: Open, three: list[Notice], workspace: Workspace
) -> None:
    page = open_page()
    page.clock.install()
    page.reload()
    page.wait_for_selector(f"{BELL}[aria-label='Notices, 3 unread']")
    say(workspace, "And another")
    page.clock.fast_forward(61_000)
    page.wait_for_selector(f"{BELL}[aria-label='Notices, 4 unread']")
    assert page.inner_text("#announcer") == "1 new notice"
    page.get_by_role("link", name="Notices, 4 unread").click()
    page.wait_for_selector("h1:text('Notices')")


def test_work_without_scripts(open_page: Open, three: list[Notice]) -> None:
    page = open_page(URL, java_script_enabled=False)
    page.click(f"#mark-{three[0].pk}")
    page.wait_for_selector(f"{BELL}[aria-label='Notices, 2 unread']")
    page.click("text=Mark all read")
    page.wait_for_selector(f"{BELL}[aria-label='Notices']")
    assert unread() == 0


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_fit_every_screen(width: int, open_page: Open, three: list[Notice], workspace: Workspace) -> None:
    say(workspace, "A" * 160, "B" * 300)
    page = open_page(URL, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_role("link", name="Notices, 4 unread").count() == 1

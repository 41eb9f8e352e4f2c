"""A real Chromium, a live server, a worker in a thread, and Alice signed in."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections

from dialnexa import clock
from dialnexa.models import User, Workspace
from phone_numbers.buying.fulfilment import advance_order
from phone_numbers.models import NumberOrder
from tests.conftest import chromium as find_chromium
from tests.conftest import client_of

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE = 30_000  # milliseconds: the first page takes long on a busy machine
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright runs an event loop in this thread


def wait_for(page: Any, expression: str, arg: object = None) -> None:
    """Until it is true. Playwright's own waiting evaluates inside the page, whose policy forbids that."""
    end = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(expression, arg):
        assert time.monotonic() < end, f"not true in time: {expression}"
        page.wait_for_timeout(20)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def shop(live_server: Any, sandbox: Any, settings: LazySettings) -> str:
    """The site's address, with the sandbox carrier behind it. ``worker`` does what workers would.

    The carrier may take long: on a busy machine a missed deadline would leave a call in doubt for minutes.
    """
    settings.CARRIERS = {slug: own | {"deadline": 30.0} for slug, own in settings.CARRIERS.items()}
    return live_server.url


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said. A test that provokes something clears it."""
    return []


@pytest.fixture
def open_page(
    chromium: Any, shop: str, alice: User, workspace: Workspace, complaints: list[str]
) -> Iterator[Callable[..., Any]]:
    """Open pages as Alice. Afterwards the console must have said nothing."""
    contexts = []

    def open_page(
        path: str = "/w/acme/numbers/", width: int = 1440, height: int = 900, **options: Any
    ) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(PATIENCE)
        session = client_of(alice).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": shop}])
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(shop + path)
        return page

    yield open_page
    said = complaints.copy()  # before pages are closed while they ask for something
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def open_desk(chromium: Any, shop: str, staff: User, complaints: list[str]) -> Iterator[Callable[..., Any]]:
    """Open pages of the support desk as Sam."""
    contexts = []

    def open_desk(path: str = "/admin/", width: int = 1440, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(PATIENCE)
        session = client_of(staff).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": shop}])
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(shop + path)
        return page

    yield open_desk
    for context in contexts:
        context.close()


@pytest.fixture
def worker(shop: str) -> Iterator[Callable[[], None]]:
    """Call it to start: a thread that moves open orders along, as worker and sweeper do together."""
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.wait(0.1):
                for order in NumberOrder.objects.filter(status__in=NumberOrder.OPEN):
                    advance_order(order.pk, tell=clock.now)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work, daemon=True)
    yield thread.start
    stop.set()
    if thread.is_alive():
        thread.join(10)

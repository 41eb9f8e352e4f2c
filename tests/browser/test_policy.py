"""In a browser, no page …"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from dialnexa.models import User, Workspace
from tests.browser.conftest import wait_for
from tests.conftest import client_of
from tests.matrix.routes import pages, routes
from tests.matrix.test_pages import GO, NO, POLICY
from tests.matrix.world import make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FILES = ("export", "corrected", "rejected", "results", "document", "row", "bell", "live", "verdict")
ACCOUNT = {
    "account_email",
    "account_change_password",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
}
LISTEN = """addEventListener("securitypolicyviolation",
  (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`))"""


def addresses(world: dict[str, Any]) -> Iterator[str]:
    """Every page of a member. Files to keep, and fragments of pages, are no pages."""
    for route in pages():
        if POLICY.get(route.name, ("",))[0] not in (NO, GO) and not route.name.endswith(FILES):
            yield route.url(world)
    yield from (reverse(name) for name in sorted({route.name for route in routes()} & ACCOUNT))
    yield from ("/v1/docs", "/nowhere/")


def desk() -> Iterator[str]:
    """The desk's own pages, and every third list with one of its objects: they share their scripts."""
    yield from (reverse(f"admin:{name}") for name in ("index", "find", "carriers", "drift"))
    for model in list(admin.site._registry)[::3]:
        stem = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{stem}_changelist")
        row = model._default_manager.first()
        if row is not None:
            yield reverse(f"{stem}_change", args=[row.pk])


@pytest.fixture
def visit(chromium: Any, live_server: Any) -> Callable[[User, list[str]], list[str]]:
    def visit(user: User, paths: list[str]) -> list[str]:
        """What the browser complained about, with the page it happened on."""
        context = chromium.new_context()
        session = client_of(user).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        context.add_init_script(LISTEN)
        page, said, where = context.new_page(), [], ""
        page.on("console", lambda m: said.append(f"{where}: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda error: said.append(f"{where}: {error}"))
        for where in paths:  # noqa: B007  the listeners read it
            page.goto(live_server.url + where)
        context.close()
        return said

    return visit


Visit = Callable[[User, list[str]], list[str]]


def test_of_a_member_breaks_the_policy_or_complains(
    visit: Visit, alice: User, workspace: Workspace, now: datetime, movable_clock: Path
) -> None:
    paths = list(addresses(make_world(workspace, now)))
    missing = f"{paths[-1]}: Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert visit(alice, paths) == [missing]
    assert len(paths) > 40


def test_of_the_desk_breaks_the_policy_or_complains(
    visit: Visit, staff: User, workspace: Workspace, now: datetime
) -> None:
    make_world(workspace, now)
    assert visit(staff, list(desk())) == []


def test_runs_what_somebody_smuggled_into_it(live_server: Any, chromium: Any) -> None:
    page = chromium.new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'ran = 1'}))")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('a'), {href: 'javascript:ran=1'}))"
    )
    page.evaluate("document.querySelector('a[href^=javascript]').click()")
    wait_for(page, "document.images[document.images.length - 1].complete")
    assert page.evaluate("window.ran") is None
    page.close()

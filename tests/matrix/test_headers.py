"""Every answer, whoever asks for it …"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from dialnexa.actors import SYSTEM
from dialnexa.api_keys import create_api_key
from dialnexa.models import User, Workspace
from dialnexa.webhooks.endpoints import create_endpoint
from tests.conftest import Program, client_of
from tests.matrix.routes import endpoints, pages, routes
from tests.matrix.snapshot import snapshot
from tests.matrix.test_api import authorization
from tests.numbers.trunks import SECRET, link

pytestmark = pytest.mark.django_db
POLICY = {  # what must stand in it, word for word; more may
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "report-uri": "/csp-reports",
}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OF_PAGES = ALWAYS | {
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
AUDIT = "dialnexa_auditentry"  # records who looked at whose papers
OUTSIDE = ["home", "openapi", "api-docs", "invitation"]


class Inline(HTMLParser):
    """What a page has that our policy would not let run, and what it fetches from elsewhere."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        data = given.get("type", "").endswith("json")
        if tag == "style" or (tag == "script" and not given.get("src") and not data):
            self.found.append(f"<{tag}>")
        for name, value in given.items():
            inline = name == "style" or name.startswith("on") or name.startswith("hx-on")
            if inline or value.strip().lower().startswith("javascript:"):
                self.found.append(f"{name}={value[:40]}")
        source = given.get("src") or (given.get("href", "") if tag == "link" else "")
        if urlsplit(source).netloc:
            self.found.append(f"from {source}")


def body(response: Any) -> str:
    parts = response.streaming_content if response.streaming else [response.content]
    return b"".join(parts).decode(errors="replace")


def faults(response: Any, secrets: tuple[str, ...] = ()) -> list[str]:
    found = [f"{name}: {response.get(name)}" for name in OF_PAGES if response.get(name) != OF_PAGES[name]]
    if "no-store" not in response.get("Cache-Control", ""):
        found.append(f"may be kept: {response.get('Cache-Control')}")
    if "camera=()" not in response.get("Permissions-Policy", ""):
        found.append("no Permissions-Policy")
    policy = response.get("Content-Security-Policy", "")
    told = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    sandboxed = told.get("sandbox") is not None  # an uploaded paper: stricter still
    if not sandboxed and {name: told.get(name) for name in POLICY} != POLICY:
        found.append(f"policy: {policy}")
    text = body(response)
    found += [f"a secret: {secret[:6]}…" for secret in secrets if secret in text]
    html = "html" in response.get("Content-Type", "")
    return found + (Inline(text).found if html else [])


def addresses_of_people(world: dict[str, Any]) -> Iterator[str]:
    yield from (route.url(world) for route in pages())
    yield from (reverse(name) for name in OUTSIDE)
    names = {route.name for route in routes() if not route.parameters}
    yield from (reverse(name) for name in sorted(names) if name.startswith(("account_", "mfa_")))
    yield from ("/nowhere/", "/v1/nowhere", "/w/nobody/numbers/", "/admin/nowhere/")


def addresses_of_staff() -> Iterator[str]:
    yield from (reverse(f"admin:{name}") for name in ("index", "find", "carriers", "drift", "login"))
    for model in admin.site._registry:
        stem = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{stem}_changelist")
        yield reverse(f"{stem}_add")
        row = model._default_manager.order_by("pk").last()
        if row is not None:
            yield reverse(f"{stem}_change", args=[row.pk])
            yield reverse(f"{stem}_history", args=[row.pk])


@dataclass(frozen=True)
class Seeded:
    """A world whose secrets are known. ``values`` lead to the things that have them."""

    values: dict[str, Any]
    secrets: tuple[str, ...]


@pytest.fixture
def seeded(world: dict[str, Any], workspace: Workspace, alice: User, now: datetime, loopback: None) -> Seeded:
    key, told = create_api_key(workspace, "seeded", ["numbers:read"], by=SYSTEM, now=now)
    endpoint, signing = create_endpoint(workspace, "https://hooks.example.com/2", ["*"], by=SYSTEM, now=now)
    number = link(workspace, now)
    values = world | {
        "number_id": number.pk,
        "key_id": key.pk,
        "endpoint_id": endpoint.pk,
        "delivery_id": endpoint.deliveries.get().pk,
    }
    return Seeded(values, (told, signing, SECRET, alice.password))


def crawl(client: Client, addresses: Iterator[str], secrets: tuple[str, ...]) -> dict[str, list[str]]:
    """What is wrong with which answer; and the tables that looking at pages changed."""
    before = snapshot()
    found = {address: faults(client.get(address), secrets) for address in addresses}
    after = snapshot()
    found |= {table: ["changed"] for table in after if table != AUDIT and after[table] != before[table]}
    return {address: wrong for address, wrong in found.items() if wrong}


def test_to_a_member_lets_nobody_run_or_frame_or_keep_it_tells_no_secret_and_changes_nothing(
    seeded: Seeded, alice_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert crawl(alice_client, addresses_of_people(seeded.values), seeded.secrets) == {}
    assert [secret for secret in seeded.secrets if secret in caplog.text] == []


def test_to_somebody_not_signed_in_lets_nobody_run_or_frame_or_keep_it(
    world: dict[str, Any], client: Client
) -> None:
    assert crawl(client, addresses_of_people(world), ()) == {}


def test_to_staff_lets_nobody_run_or_frame_or_keep_it_tells_no_secret_and_changes_nothing(
    seeded: Seeded, staff: User, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_of(staff)
    assert client.get("/admin/").status_code == 200  # two steps and all
    assert crawl(client, addresses_of_staff(), seeded.secrets) == {}
    assert [secret for secret in seeded.secrets if secret in caplog.text] == []


def test_of_the_api_is_kept_nowhere(world: dict[str, Any], program: Program) -> None:
    wrong = {}
    for endpoint in endpoints():
        url = endpoint.route.url(world)
        for headers in ({}, authorization(program, url)):
            answer = program.http.generic(endpoint.method, url, "{}", "application/json", headers=headers)
            wrong[f"{endpoint} {len(headers)}"] = faults(answer)
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize(
    "url", ["/healthz", "/readyz", "/carrier/plivo/inbound/answer/", "/carrier/nothing/"]
)
def test_before_every_other_middleware_is_not_guessed_at(client: Client, url: str) -> None:
    answer = client.get(url)
    assert {name: answer.get(name) for name in ALWAYS} == ALWAYS
    assert "no-store" in answer["Cache-Control"]


def test_with_a_style_sheet_is_for_our_pages_and_may_be_kept(client: Client) -> None:
    answer = client.get("/static/css/tokens.css")
    assert {name: answer.get(name) for name in ALWAYS} == ALWAYS
    assert answer.get("Access-Control-Allow-Origin") is None
    assert "no-store" not in answer["Cache-Control"]


@pytest.mark.parametrize(
    "page",
    ["<script>x()</script>", "<style></style>", '<p style="">', '<p onclick="x()">',
     '<a href="javascript:x">', '<script src="//cdn.example/x.js"></script>', '<p hx-on:click="x()">'],
)  # fmt: skip
def test_is_looked_into_by_a_judge_who_sees(page: str) -> None:
    assert Inline(page).found

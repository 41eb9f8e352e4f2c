"""No address there is …

Those inside a workspace are tried in ``test_pages``, the API's in ``test_api``; here are all the others, and
what holds for every one. An address of no known kind fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.test import Client

from dialnexa.models import User
from tests.conftest import client_of, make_user
from tests.matrix.routes import Route, routes
from tests.matrix.snapshot import snapshot

pytestmark = pytest.mark.django_db
KINDS: dict[str, str] = {  # how the address begins → who guards it
    "w/<slug:slug>/": "test_pages.POLICY",
    "v1/": "test_api: keys and scopes",
    "api/": "test_api: keys and scopes",
    "admin/": "staff",
    "carrier/": "a signature, and a token in the address",
    "accounts/": "allauth: open, or one's own account",
    "^accounts/": "allauth: a token in the address",
}
OPEN = {  # what anybody may ask for
    "healthz": "a load balancer asks",
    "readyz": "a load balancer asks",
    "csp-reports": "browsers report",
    "home": "leads to the sign-in page",
    "invitation": "tells what became of a link",
    "invitation-link": "a token in the address",
    "metrics": "a token, or the machine itself",
}
WITHOUT_TOKEN = {  # the address takes what a form's token does not come with, and why
    "v1/": "a key in a header, never a cookie",
    "api/": "a key in a header, never a cookie",
    "^(?:v1|api)": "says that nothing is there",
    "carrier/": "signed by the carrier or the engine",
    "csp-reports": "a browser's report; changes nothing",
}
CHECKS_LATER = {"kyc:upload", "batches:upload", "admin:import-call-rates"}  # see dialnexa.uploads
ADMIN_OPEN = {"admin:login", "admin:logout", "admin:jsi18n"}


def of_kind(*beginnings: str) -> list[Route]:
    return [route for route in routes() if route.template.startswith(beginnings)]


def address(route: Route, values: dict[str, Any]) -> str:
    """The address with these values; a parameter nobody knows gets a word, or a number where it has to."""
    values = {"object_id": values["number_id"], "pk": values["document_id"], "event": "verify"} | values

    def fill(found: re.Match[str]) -> str:
        value = values.get(found["name"], "plivo")
        return "1" if found["kind"] == "int" and not isinstance(value, int) else str(value)

    return "/" + re.sub(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>", fill, route.template)


def test_is_of_no_known_kind() -> None:
    unknown = {
        route.template
        for route in routes()
        if not route.template.startswith(tuple(KINDS))
        and route.name not in OPEN
        and route.template != "^(?:v1|api)(?:/.*)?$"
    }
    assert unknown == set()


def attempts(
    addresses: Iterable[str], client: Client, fine: Callable[[Any], bool], **options: Any
) -> list[str]:
    """What was not refused, or changed something, of looking at and sending to every address."""
    before = snapshot()
    wrong = [
        f"{method} {url}: {response.status_code}"
        for url in addresses
        for method in ("GET", "POST")
        if not fine(response := client.generic(method, url, "", **options))
    ]
    return wrong + [f"{table} changed" for table, rows in snapshot().items() if rows != before[table]]


@pytest.mark.parametrize("signed_in", [False, True])
def test_of_the_desk_is_for_those_who_are_not_staff(
    signed_in: bool, world: dict[str, Any], alice: User, client: Client
) -> None:
    client = client_of(alice) if signed_in else client
    desk = [route for route in of_kind("admin/") if route.name not in ADMIN_OPEN]
    assert len(desk) > 300
    assert attempts((address(route, world) for route in desk), client, is_turned_away) == []


def is_turned_away(response: Any) -> bool:
    to_sign_in = response.status_code == 302 and "login" in response["Location"]
    return to_sign_in or response.status_code in (403, 404, 405)


def test_of_the_desk_shows_things_to_staff_without_permissions(world: dict[str, Any]) -> None:
    """They see the desk's own pages, and nobody's data."""
    client = client_of(make_user("Nina", is_staff=True))
    assert client.get("/admin/").status_code == 200
    shows = ("_changelist", "_change", "_decide", "_file", "find", "drift", "carriers")
    things = [route for route in of_kind("admin/") if route.name.endswith(shows)]
    secret = [
        url
        for route in things
        if (response := client.get(url := address(route, world))).status_code == 200
        and ("Shop front" in response.content.decode() or "alice@example.com" in response.content.decode())
    ]
    assert secret == []


def test_of_carriers_believes_what_is_not_signed(world: dict[str, Any], client: Client) -> None:
    calls = [address(route, world | {"token": "0" * 43}) for route in of_kind("carrier/")]
    assert len(calls) >= 9
    assert attempts(calls, client, lambda response: response.status_code in (400, 401, 403, 404, 405)) == []


def test_of_the_api_believes_a_cookie(world: dict[str, Any], alice_client: Client) -> None:
    public = ("/v1/openapi.json", "/v1/docs")
    calls = [url for route in of_kind("v1/", "api/") if (url := address(route, world)) not in public]
    kind = {"content_type": "application/json"}
    refused = attempts(calls, alice_client, lambda response: response.status_code in (401, 405), **kind)
    assert refused == []


def test_takes_a_form_without_its_token(world: dict[str, Any], staff: User, alice: User) -> None:
    """Only those that take no cookie for an answer, or check after they have read the file."""
    member, desk = careful(alice), careful(staff)
    before, taken = snapshot(), set()
    for route in routes():
        exempt = route.template.startswith(tuple(WITHOUT_TOKEN)) or route.name in {"healthz", "readyz"}
        if exempt or "^" in route.template:
            continue
        client = desk if route.template.startswith("admin/") else member
        if client.post(address(route, world)).status_code != 403:
            taken.add(f"{route.name} {route.template}")
    assert taken == set()
    assert snapshot() == before


def careful(user: User) -> Client:
    """A browser's requests, checked as in production."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_escapes_the_check_of_tokens_unnoticed() -> None:
    exempt = {
        route.name or route.template
        for route in routes()
        if getattr(route.view, "csrf_exempt", False) and not route.template.startswith(tuple(WITHOUT_TOKEN))
    }
    assert exempt == CHECKS_LATER

"""The compatible endpoints refuse …"""

from __future__ import annotations

import base64
from datetime import datetime

import pytest
from django.conf import LazySettings
from django.test import Client

from dialnexa.ids import uuid_of
from dialnexa.models import AuditEntry, Workspace
from phone_numbers.models import PhoneNumber
from tests.conftest import Program, make_program
from tests.numbers.rows import make_number

from .relay import ROOT, Relay, refused

NOBODY = "00000000-0000-0000-0000-000000000000"
REQUESTS = [
    ("GET", "", "numbers:read"),
    ("POST", "", "numbers:purchase"),
    ("GET", "/search", "numbers:read"),
    ("GET", "/{id}", "numbers:read"),
    ("PUT", "/{id}", "numbers:write"),
    ("DELETE", "/{id}", "numbers:release"),
]


@pytest.fixture
def number(workspace: Workspace) -> PhoneNumber:
    return make_number(workspace, "+12125550123", nickname="Front desk")


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


# --- strangers ----------------------------------------------------------------------------------------


def test_let_in_the_workspace_by_each_of_its_names(program: Program, workspace: Workspace) -> None:
    for project in (workspace.slug, workspace.pk, str(uuid_of(workspace.pk))):
        assert Relay(program, project).get().status_code == 200


@pytest.mark.parametrize("method, path, scope", REQUESTS)
def test_whoever_has_no_key(number: PhoneNumber, method: str, path: str, scope: str) -> None:
    response = Client().generic(method, ROOT + path.format(id=number.uuid), "{}", "application/json")
    assert (response.status_code, response.json()) == (401, {"error": "Unauthorized"})
    assert response["WWW-Authenticate"] == 'Basic realm="DialNexa"'


def test_whoever_has_another_key_or_name(
    program: Program, workspace: Workspace, charlie_workspace: Workspace
) -> None:
    for header in (
        basic(workspace.slug, "dnx_wrong"),
        basic(charlie_workspace.slug, program.secret),
        basic("", program.secret),
        basic(NOBODY, program.secret),
        f"Bearer {program.secret}",
        "Basic !",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        "",
    ):
        response = Client().get(ROOT, headers={"authorization": header})
        assert (response.status_code, response.json()) == (401, {"error": "Unauthorized"})


@pytest.mark.parametrize("method, path, scope", REQUESTS)
def test_a_key_without_the_scope(
    workspace: Workspace, number: PhoneNumber, now: datetime, method: str, path: str, scope: str
) -> None:
    scopes = {"numbers:read", "numbers:write", "numbers:purchase", "numbers:release"} - {scope}
    relay = Relay(make_program(workspace, now, *scopes))
    before = AuditEntry.objects.count()
    response = relay.send(method, path.format(id=number.uuid), {"number": "+12125550000", "name": "x"})
    assert refused(response) == (403, "key_scope_missing")
    assert scope in response.json()["errors"][0]["detail"]
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_workspaces_number_like_none(charlie_relay: Relay, number: PhoneNumber, method: str) -> None:
    for asked in (number.uuid, NOBODY):
        response = charlie_relay.send(method, f"/{asked}", {"name": "Mine"})
        assert (response.status_code, response.json()) == (404, {"error": "Not Found"})
    number.refresh_from_db()
    assert (number.status, number.nickname) == ("active", "Front desk")


@pytest.mark.parametrize("number_id", ["x", "%00", "phn_x", "{" + NOBODY + "}", NOBODY + "%0A", "é" * 100])
def test_what_is_no_id(relay: Relay, number: PhoneNumber, number_id: str) -> None:
    response = Client(headers=relay.headers).get(f"{ROOT}/{number_id}")
    assert (response.status_code, response.json()) == (404, {"error": "Not Found"})


# --- what can't be read -------------------------------------------------------------------------------


@pytest.mark.parametrize("method, path", [("POST", ""), ("PUT", "/{id}")])
@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', "NaN", '{"name": "\\u0000"}', '{"name": "\\ud800"}'])
def test_bodies_that_are_no_json_objects(
    relay: Relay, number: PhoneNumber, method: str, path: str, body: str
) -> None:
    address = ROOT + path.format(id=number.uuid)
    response = Client(headers=relay.headers).generic(method, address, body, "application/json")
    if body:
        assert (response.status_code, response.json()) == (400, {"error": "Bad Request"})
    else:
        assert response.status_code == (422 if method == "POST" else 200)


def test_bodies_that_are_forms_or_too_large(relay: Relay) -> None:
    client = Client(headers=relay.headers)
    assert refused(client.post(ROOT, {"number": "+12125550000"}))[0] == 415
    large = client.post(ROOT, '{"number": "' + "1" * 1_100_000 + '"}', "application/json")
    assert refused(large) == (413, "body_too_large")


@pytest.mark.parametrize("method, path", [("DELETE", ""), ("PATCH", "/{id}"), ("POST", "/search")])
def test_methods_that_are_none(relay: Relay, number: PhoneNumber, method: str, path: str) -> None:
    address = ROOT + path.format(id=number.uuid)
    response = Client(headers=relay.headers).generic(method, address, "{}", "application/json")
    assert refused(response) == (405, "method_not_allowed")


# --- too much -----------------------------------------------------------------------------------------


def test_more_purchases_than_a_key_may_send(relay: Relay, settings: LazySettings) -> None:
    settings.API_LIMITS = settings.API_LIMITS | {"purchase": "1/minute"}
    assert refused(relay.post({}))[0] == 422
    response = relay.post({})
    assert refused(response) == (429, "rate_limit_exceeded")
    assert int(response["Retry-After"]) > 0
    assert relay.get().status_code == 200


def test_every_wrong_field_by_its_name(relay: Relay) -> None:
    errors = relay.get(page_size="x", page_number="y").json()["errors"]
    said = {"status": "422", "title": "Invalid request", "code": "invalid_request"}
    assert [{name: error[name] for name in said} for error in errors] == [said, said]
    assert [error["detail"].partition(":")[0] for error in errors] == ["page_number", "page_size"]

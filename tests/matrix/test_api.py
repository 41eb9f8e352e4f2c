"""Every endpoint of the API, whichever they are …"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from dialnexa.api_keys import SCOPES
from dialnexa.models import Workspace
from tests.conftest import Program, make_program
from tests.matrix.routes import Endpoint, endpoints, routes
from tests.matrix.snapshot import snapshot
from tests.matrix.world import absent

pytestmark = pytest.mark.django_db
ENDPOINTS = endpoints()
WITH_IDS = [endpoint for endpoint in ENDPOINTS if endpoint.route.parameters]
PUBLIC = {"openapi", "api-docs"}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def said(response: Any) -> tuple[int, dict[str, Any]]:
    body = response.json()
    body.pop("requestId", None)
    return response.status_code, body


def test_are_known_here() -> None:
    assert len(ENDPOINTS) >= 2
    unknown = [
        route.name
        for route in routes()
        if route.template.startswith(("v1/", "api/"))
        and route.name not in PUBLIC
        and route.name not in {endpoint.route.name for endpoint in ENDPOINTS}
    ]
    assert unknown == []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_name_a_scope_that_exists_for_a_method_that_exists(endpoint: Endpoint) -> None:
    view = endpoint.route.view.cls
    implemented = {name for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)}
    assert endpoint.scope in SCOPES
    assert {method.lower() for method in view.scopes} == implemented


@pytest.mark.parametrize(
    "endpoint", [endpoint for endpoint in ENDPOINTS if endpoint.method == "POST"], ids=str
)
def test_keep_their_answer_for_an_idempotency_key(endpoint: Endpoint) -> None:
    assert getattr(endpoint.route.view.cls.post, "is_idempotent", False)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_refuse_those_without_a_key(endpoint: Endpoint, world: dict[str, Any], client: Client) -> None:
    before = snapshot()
    response = client.generic(endpoint.method, endpoint.route.url(world), "{}", "application/json")
    assert (response.status_code, response.json().get("id")) == (401, None)
    assert snapshot() == before


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_refuse_a_key_with_every_scope_but_theirs(
    endpoint: Endpoint, world: dict[str, Any], workspace: Workspace, now: datetime
) -> None:
    program = make_program(workspace, now, *(scope for scope in SCOPES if scope != endpoint.scope))
    before = snapshot()
    response = call(program, endpoint, world)
    assert response.status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("endpoint", WITH_IDS, ids=str)
def test_know_nothing_of_another_workspaces_ids(
    endpoint: Endpoint, world: dict[str, Any], charlie_program: Program
) -> None:
    if set(endpoint.route.parameters) <= {"group_id"}:
        pytest.skip("the catalogue is everybody's")
    nothing = {name: absent(value) for name, value in world.items()}
    before = snapshot()
    foreign, unknown = (call(charlie_program, endpoint, values) for values in (world, nothing))
    assert foreign.status_code == 404
    assert said(foreign) == said(unknown)
    assert snapshot() == before


def call(program: Program, endpoint: Endpoint, values: dict[str, Any]) -> Any:
    """With a body that would do something if it were let."""
    url = endpoint.route.url(values)
    body = {"nickname": "stolen", "title": "stolen", "enabled": True, "runtime_url": "wss://evil.example/1"}
    return program.http.generic(
        endpoint.method, url, json.dumps(body), "application/json", headers=authorization(program, url)
    )


def authorization(program: Program, url: str) -> dict[str, str]:
    """The compatible endpoints take Basic."""
    if not url.startswith("/api/"):
        return {"authorization": f"Bearer {program.secret}"}
    credentials = f"{program.key.workspace.slug}:{program.secret}".encode()
    return {"authorization": f"Basic {base64.b64encode(credentials).decode()}"}

"""A request to the API …"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.api_keys import revoke_api_key
from dialnexa.models import ApiKey, Workspace
from tests.conftest import Program, make_program

pytestmark = pytest.mark.django_db
NUMBERS = "/v1/organization-phone-numbers"


def codes(response: object) -> tuple[int, str]:
    return response.status_code, response.json()["code"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "dnx_abc", "Basic abc", "Bearer " + "x" * 10_000, "Token dnx_abc"],
)
def test_is_refused_without_a_bearer_key(client: Client, header: str) -> None:
    response = client.get(NUMBERS, headers={"authorization": header})
    assert codes(response) == (401, "key_missing")
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("secret", ["dnx_wrong", "dnx_\x7f", "é", "' OR 1=1 --"])
def test_is_refused_with_a_wrong_key(db: None, client: Client, secret: str) -> None:
    response = client.get(NUMBERS, headers={"authorization": f"Bearer {secret}"})
    assert codes(response) == (401, "key_invalid")


def test_is_refused_with_a_revoked_key(program: Program, now: datetime) -> None:
    revoke_api_key(program.key, by=SYSTEM, now=now)
    assert codes(program.get(NUMBERS)) == (401, "key_revoked")


def test_is_refused_with_an_expired_key_and_not_before(workspace: Workspace, now: datetime) -> None:
    program = make_program(workspace, now, expires_at=now + timedelta(hours=1))
    assert program.get(NUMBERS).status_code == 200
    ApiKey.objects.filter(pk=program.key.pk).update(expires_at=now - timedelta(seconds=1))
    assert codes(program.get(NUMBERS)) == (401, "key_expired")


def test_is_refused_without_the_scope_and_says_which(workspace: Workspace, now: datetime) -> None:
    response = make_program(workspace, now, "agents:read").get(NUMBERS)
    assert codes(response) == (403, "key_scope_missing")
    assert "numbers:read" in response.json()["message"]


def test_is_refused_and_counted_as_well_when_only_the_headers_are_wanted(
    workspace: Workspace, program: Program, now: datetime
) -> None:
    assert make_program(workspace, now, "agents:read").http.head(NUMBERS).status_code == 403
    response = program.http.head(NUMBERS)
    assert (response.status_code, response.content) == (200, b"")
    assert response["X-RateLimit-Limit"] == program.get(NUMBERS)["X-RateLimit-Limit"]


def test_does_not_take_a_browsers_session_for_a_key(alice_client: Client) -> None:
    assert codes(alice_client.get(NUMBERS)) == (401, "key_missing")


def test_notes_when_the_key_was_last_used_but_not_each_time(program: Program) -> None:
    program.get(NUMBERS)
    first = ApiKey.objects.get(pk=program.key.pk).last_used_at
    program.get(NUMBERS)
    assert first is not None
    assert ApiKey.objects.get(pk=program.key.pk).last_used_at == first


def test_carries_no_secret_into_the_answer(program: Program) -> None:
    response = program.get(NUMBERS, search=program.secret)
    assert program.secret not in response.content.decode()
    assert response["Cache-Control"] == "no-store"


def test_does_not_take_basic_for_bearer(program: Program, client: Client) -> None:
    basic = base64.b64encode(f"acme:{program.secret}".encode()).decode()
    assert codes(client.get(NUMBERS, headers={"authorization": f"Basic {basic}"})) == (401, "key_missing")

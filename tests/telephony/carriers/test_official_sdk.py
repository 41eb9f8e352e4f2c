"""Plivo's own SDK, as a second client of the sandbox: it …"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import plivo
import plivo.exceptions
import plivo.rest.client as sdk
import pytest

from telephony.carriers.base import NumberConfig
from telephony.carriers.sandbox.carrier_api import TOKEN

from .conftest import OURS, Sandbox

BASES = (
    "PLIVO_API_BASE_URI",
    "API_VOICE_BASE_URI",
    "API_VOICE_BASE_URI_FALLBACK_1",
    "API_VOICE_BASE_URI_FALLBACK_2",
)


@pytest.fixture
def client(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in BASES:
        monkeypatch.setattr(sdk, name, f"{sandbox.url}/v1/Account")
    with plivo.RestClient(OURS, TOKEN) as client:
        client.session.trust_env = False
        yield client


def free_number(client: Any) -> str:
    return client.numbers.search("US", type="local", pattern="415")["objects"][0]["number"]


def test_searches(client: Any) -> None:
    found = client.numbers.search("IN", type="mobile", limit=5, offset=5)
    assert len(found["objects"]) == 5
    assert found["meta"]["previous"] is not None
    assert all(item["number"].startswith("91") for item in found["objects"])


def test_buys_gets_lists_updates_and_releases(client: Any) -> None:
    number = free_number(client)
    bought = client.numbers.buy(number)
    assert bought["status"] == "fulfilled"
    assert bought["numbers"][0]["status"] == "Success"
    assert client.numbers.get(number).number == number
    assert [owned.number for owned in client.numbers.list()] == [number]
    app_id = client.applications.create("sdk", answer_url="https://a.example/")["app_id"]
    assert client.numbers.update(number, app_id=app_id, alias="mine")["message"] == "changed"
    assert app_id in client.numbers.get(number).application
    client.numbers.delete(number)
    with pytest.raises(plivo.exceptions.ResourceNotFoundError, match="not found"):
        client.numbers.get(number)


def test_does_not_get_a_number_that_is_taken(client: Any, sandbox: Sandbox) -> None:
    number = free_number(client)
    sandbox.control("POST", "take", number=number)
    with pytest.raises(plivo.exceptions.ResourceNotFoundError):
        client.numbers.buy(number)


def test_is_told_what_is_wrong(client: Any) -> None:
    with pytest.raises(plivo.exceptions.ValidationError, match="country_iso"):
        client.numbers.search("ZZ")


def test_is_refused_with_a_wrong_token(sandbox: Sandbox, client: Any) -> None:
    with plivo.RestClient(OURS, "wrong") as stranger, pytest.raises(plivo.exceptions.AuthenticationError):
        stranger.account.get()


def test_creates_lists_gets_and_updates_applications(client: Any) -> None:
    app_id = client.applications.create("sdk", answer_url="https://a.example/")["app_id"]
    assert [app.app_name for app in client.applications.list()] == ["sdk"]
    client.applications.update(app_id, answer_url="https://b.example/")
    assert client.applications.get(app_id).answer_url == "https://b.example/"


def test_reads_the_account(client: Any) -> None:
    assert client.account.get().cash_credits == "1000.00000"


def test_sees_what_our_adapter_did(client: Any, sandbox: Sandbox, number: str) -> None:
    sandbox.carrier().buy(number, intent_id="o", config=NumberConfig())
    assert client.numbers.get(number[1:]).number == number[1:]

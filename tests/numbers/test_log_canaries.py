"""The logs of pages, API, worker and carrier …"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from django.conf import LazySettings
from django.test import Client

from dialnexa.logs.lines import formatter
from dialnexa.models import Workspace
from phone_numbers.models import NumberOrder
from phone_numbers.tasks import fulfil_order
from tests.conftest import Program
from tests.numbers.conftest import Carrier

TYPED, TOKEN, PHONE = "canary-typed-in", "canary-in-a-link", "+919820098765"


@pytest.fixture
def written(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Everything that is logged, from DEBUG on, as production writes it."""
    settings.LOG_FORMAT = "json"
    monkeypatch.setenv("DIALNEXA_PLIVO_AUTH_TOKEN", settings.CARRIERS["plivo"]["auth_token"])
    stream, root = StringIO(), logging.getLogger()
    levels = {logger: logger.level for logger in (root, logging.getLogger("dialnexa.work"))}
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter())
    root.addHandler(handler)
    for logger in levels:
        logger.setLevel(logging.DEBUG)
    yield stream
    for logger, level in levels.items():
        logger.setLevel(level)
    root.removeHandler(handler)


def test_hold_no_secret_and_no_telephone_number(
    client: Client,
    alice_client: Client,
    program: Program,
    workspace: Workspace,
    order: NumberOrder,
    carrier: Carrier,
    settings: LazySettings,
    written: StringIO,
) -> None:
    client.post("/accounts/login/", {"login": "alice@acme.example", "password": TYPED})
    client.get(f"/invitations/{TOKEN}/")
    client.get(f"/nothing/?number={PHONE}&token={TOKEN}")
    numbers = f"/w/{workspace.slug}/numbers/"
    alice_client.get(numbers, {"q": PHONE})
    alice_client.post(f"{numbers}link/", {"e164": PHONE, "username": "u", "password": TYPED})
    program.get("/v1/organization-phone-numbers/search", country_iso="US", type="local")
    program.post("/v1/calls", {"phone_number": PHONE, "agent_id": "agt_of_nobody"})
    carrier.breaks("error_before")
    fulfil_order.apply(kwargs={"order_id": order.pk})
    logging.getLogger("phone_numbers").warning("%s of %s: %r", order.e164, PHONE, settings.CARRIERS)
    text = written.getvalue()
    assert text.count("\n") > 8
    assert order.pk in text
    canaries = [TYPED, TOKEN, PHONE, PHONE[1:], order.e164, order.e164[1:], program.secret]
    canaries += [settings.CARRIERS["plivo"]["auth_token"], "alice@acme.example"]
    assert [canary for canary in canaries if canary in text] == []

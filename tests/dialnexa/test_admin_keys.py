"""An API key on the support desk …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.api_keys import create_api_key
from dialnexa.models import ApiKey, IdempotencyRecord, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(workspace: Workspace, now: datetime) -> ApiKey:
    key = create_api_key(workspace, "CRM", ["numbers:purchase"], by=SYSTEM, now=now)[0]
    ApiKey.objects.filter(pk=key.pk).update(monthly_spend_cap=Decimal(5000))
    return key


def page(client: Client, key: ApiKey) -> str:
    return client.get(f"/admin/dialnexa/apikey/{key.pk}/change/").content.decode()


def answer(key: ApiKey, now: datetime, name: str, **fields: object) -> IdempotencyRecord:
    soon = now + timedelta(minutes=1)
    fresh = {"route": "/v1/agents", "key": name, "locked_until": soon, "created_at": now}
    return IdempotencyRecord.objects.create(api_key=key, **fresh | fields)


def test_shows_its_cap_and_what_is_spent_of_it(
    staff_client: Client, key: ApiKey, workspace: Workspace, now: datetime
) -> None:
    by = Actor(Channel.API, "CRM", None, "req_1", key)
    wallet.hold(workspace, Decimal(92), subject="ord_a", memo="Purchase of a number", by=by, now=now)
    shown = page(staff_client, key)
    assert "₹5,000.00" in shown
    assert "₹92.00" in shown
    assert "Purchase of a number" in shown
    for url in ("/admin/dialnexa/apikey/", f"/admin/dialnexa/workspace/{workspace.pk}/change/"):
        assert "₹5,000.00" in staff_client.get(url).content.decode()


def test_says_what_became_of_each_request_with_an_idempotency_key(
    staff_client: Client, key: ApiKey, now: datetime
) -> None:
    answer(key, now, "fine", status=201, body='{"id": "agt_1"}')
    answer(key, now, "refused", status=409)
    answer(key, now, "runs")
    answer(key, now, "died", locked_until=now - timedelta(seconds=1))
    shown = page(staff_client, key)
    for word in ("201", "409", "Running", "Broke off"):
        assert f">{word}</span>" in shown, word


def test_is_found_by_an_idempotency_key(staff_client: Client, key: ApiKey, now: datetime) -> None:
    record = answer(key, now, "order-4711", status=201, body='{"id": "agt_1"}')
    found = staff_client.get("/admin/find/", {"q": "order-4711"})
    assert found["Location"] == f"/admin/dialnexa/idempotencyrecord/{record.pk}/change/"
    assert "agt_1" in staff_client.get(found["Location"]).content.decode()


def test_leads_to_the_key_it_replaced(
    staff_client: Client, key: ApiKey, workspace: Workspace, now: datetime
) -> None:
    newer = create_api_key(workspace, "CRM, new", ["numbers:purchase"], by=SYSTEM, now=now)[0]
    ApiKey.objects.filter(pk=newer.pk).update(replaces=key)
    assert f"/{newer.pk}/change/" in page(staff_client, key)
    assert f"/{key.pk}/change/" in page(staff_client, newer)


def test_is_filtered_by_its_state(staff_client: Client, key: ApiKey, now: datetime) -> None:
    def shown(state: str) -> list[str]:
        answer = staff_client.get("/admin/dialnexa/apikey/", {"state": state})
        return [row.pk for row in answer.context["cl"].result_list]

    states = ("active", "expired", "revoked")
    assert [shown(state) for state in states] == [[key.pk], [], []]
    ApiKey.objects.update(expires_at=now - timedelta(seconds=1))
    assert [shown(state) for state in states] == [[], [key.pk], []]
    ApiKey.objects.update(revoked_at=now)
    assert [shown(state) for state in states] == [[], [], [key.pk]]


def test_is_called_what_we_call_it(staff_client: Client, key: ApiKey) -> None:
    page = staff_client.get("/admin/dialnexa/apikey/").content.decode()
    assert "<h1>API keys</h1>" in page
    assert "Choose an action" in page
    assert "E-mail addresses" in page  # in the rail

"""A purchase at the compatible endpoints …"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.ids import uuid_of
from dialnexa.models import ApiKey, Workspace
from phone_numbers.buying import ordering
from phone_numbers.buying.fulfilment import advance_order
from phone_numbers.models import NumberOrder, PhoneNumber
from telephony.carriers import get_carrier
from telephony.carriers.base import NumberQuery, NumberType
from tests.numbers.api.conftest import OPENING, spent
from tests.numbers.conftest import Carrier

from .relay import Relay, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("workspace", "sandbox")]
RENT = Decimal(92)


@pytest.fixture
def hurried(settings: LazySettings) -> None:
    """Nobody waits long for a carrier here."""
    settings.API_WAIT = 0.1


def nothing_happened(workspace: Workspace, carrier: Carrier) -> bool:
    return (
        not NumberOrder.objects.exists()
        and not PhoneNumber.objects.exists()
        and wallet.balance(workspace) == OPENING
        and not carrier.requests("POST")
    )


# --- it is bought -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("worker")
def test_answers_200_with_the_number(
    relay: Relay, workspace: Workspace, number: str, carrier: Carrier
) -> None:
    response = relay.post({"number": number})
    body, row = response.json(), PhoneNumber.objects.get()
    assert response.status_code == 200
    assert (body["id"], body["number"]) == (str(uuid_of(row.pk)), number)
    assert body == relay.get(f"/{body['id']}").json()
    assert body["next_billed_at"] is not None
    order = NumberOrder.objects.get()
    assert (row.status, order.status, order.api_key) == ("active", "fulfilled", relay.program.key)
    assert (carrier.sales(number), spent(workspace)) == (1, RENT)


@pytest.mark.usefixtures("worker")
def test_answers_200_when_it_is_sold_and_its_papers_are_checked(
    relay: Relay, workspace: Workspace, number: str, carrier: Carrier
) -> None:
    carrier.breaks("pending", 60)
    response = relay.post({"number": number})
    assert response.status_code == 200
    assert PhoneNumber.objects.get().status == "pending"
    assert relay.get(f"/{response.json()['id']}").status_code == 200
    assert spent(workspace) == 92


@pytest.mark.usefixtures("worker")
def test_takes_any_number_the_carrier_sells(relay: Relay, workspace: Workspace) -> None:
    (offer,) = get_carrier("plivo").search(NumberQuery("IN", NumberType.MOBILE), limit=1)
    response = relay.post({"number": offer.e164})
    assert (response.status_code, response.json()["country_code"]) == (200, "IN")


# --- nobody knows yet ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("hurried")
def test_answers_504_while_nobody_knows_and_goes_on(
    relay: Relay, workspace: Workspace, number: str, carrier: Carrier
) -> None:
    began = time.monotonic()
    response = relay.post({"number": number})
    assert time.monotonic() - began >= 0.1
    assert refused(response) == (504, "purchase_pending")
    assert response["Retry-After"] == "5"
    assert relay.get(filter_number=number).json()["data"] == []
    assert wallet.held(workspace) == 92
    advance_order(NumberOrder.objects.get().pk)
    (found,) = relay.get(filter_number=number).json()["data"]
    assert found["number"] == number
    assert (carrier.sales(number), spent(workspace)) == (1, RENT)


@pytest.mark.usefixtures("hurried")
def test_waits_for_the_same_order_when_it_is_sent_again(
    relay: Relay, number: str, settings: LazySettings, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert relay.post({"number": number}).status_code == 504
    monkeypatch.setattr(
        "phone_numbers.buying.ordering.time.sleep", lambda _: advance_order(NumberOrder.objects.get().pk)
    )
    again = relay.post({"number": f" {number[:2]} {number[2:]}"})
    assert (again.status_code, again.json()["number"]) == (200, number)
    assert NumberOrder.objects.count() == 1
    assert carrier.sales(number) == 1


@pytest.mark.usefixtures("hurried")
def test_says_that_it_is_ours_already(relay: Relay, number: str, carrier: Carrier) -> None:
    relay.post({"number": number})
    advance_order(NumberOrder.objects.get().pk)
    response = relay.post({"number": number})
    assert refused(response) == (422, "could_not_purchase")
    assert "in this workspace already" in response.json()["errors"][0]["detail"]
    assert carrier.sales(number) == 1


@pytest.mark.usefixtures("worker")
def test_buys_once_when_it_is_sent_many_times_at_once(
    relay: Relay, workspace: Workspace, number: str, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "PATIENCE", 20.0)

    def post(_: int) -> int:
        try:
            return relay.post({"number": number}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(post, range(12)))
    assert set(statuses) <= {200, 422, 504}
    assert 200 in statuses
    assert NumberOrder.objects.count() == 1
    assert (carrier.sales(number), spent(workspace)) == (1, RENT)


# --- with a key, as in our own API --------------------------------------------------------------------


@pytest.mark.usefixtures("worker")
def test_gives_the_same_answer_for_the_same_key(relay: Relay, number: str, carrier: Carrier) -> None:
    first, again = (relay.post({"number": number}, idempotency_key="k") for _ in range(2))
    assert (first.status_code, again.json()) == (200, first.json())
    assert again["Idempotency-Replayed"] == "true"
    other = relay.post({"number": "+12125550000"}, idempotency_key="k")
    assert refused(other) == (422, "idempotency_key_reused")
    assert carrier.sales(number) == 1


@pytest.mark.usefixtures("hurried")
def test_finds_its_order_by_the_key_after_504(relay: Relay, number: str) -> None:
    assert relay.post({"number": number}, idempotency_key="k").status_code == 504
    advance_order(NumberOrder.objects.get().pk)
    assert relay.post({"number": number}, idempotency_key="k").status_code == 200
    assert NumberOrder.objects.count() == 1


# --- it is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, code",
    [
        ({}, "invalid_request"),
        ({"number": None}, "invalid_request"),
        ({"number": 12125550123}, "invalid_request"),
        ({"number": ""}, "invalid_request"),
        ({"phone_number": "+12125550123"}, "invalid_request"),
        ({"number": "call me"}, "number_invalid"),
        ({"number": "2125550123"}, "number_invalid"),
        ({"number": "+12125550000"}, "could_not_purchase"),
        ({"number": "+33142685300"}, "country_unknown"),
        ({"number": "+493012345678"}, "country_not_enabled"),
    ],
)
def test_is_refused_before_anything_is_ordered(
    relay: Relay, workspace: Workspace, carrier: Carrier, body: dict[str, Any], code: str
) -> None:
    assert refused(relay.post(body)) == (422, code)
    assert nothing_happened(workspace, carrier)


def test_is_refused_when_the_wallet_does_not_cover_it(
    relay: Relay, workspace: Workspace, number: str, now: datetime, carrier: Carrier
) -> None:
    wallet.hold(workspace, Decimal(9_950), subject="x", memo="x", by=SYSTEM, now=now)
    response = relay.post({"number": number})
    assert refused(response) == (422, "insufficient_balance")
    assert "₹" in response.json()["errors"][0]["detail"]
    assert not NumberOrder.objects.exists()


def test_is_refused_when_the_key_may_not_spend_as_much(relay: Relay, number: str) -> None:
    ApiKey.objects.filter(pk=relay.program.key.pk).update(monthly_spend_cap=91)
    assert refused(relay.post({"number": number})) == (422, "insufficient_balance")


def test_is_refused_without_papers(charlie_relay: Relay) -> None:
    (offer,) = get_carrier("plivo").search(NumberQuery("IN", NumberType.MOBILE), limit=1)
    assert refused(charlie_relay.post({"number": offer.e164})) == (422, "kyc_required")


@pytest.mark.usefixtures("hurried")
def test_is_refused_when_another_buyer_has_it(relay: Relay, charlie_relay: Relay, number: str) -> None:
    relay.post({"number": number})
    response = charlie_relay.post({"number": number})
    assert refused(response) == (422, "could_not_purchase")
    assert "workspace" not in response.json()["errors"][0]["detail"]
    assert NumberOrder.objects.count() == 1


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("fault", ["unavailable", "out_of_credit", "compliance_required"])
def test_is_refused_when_the_carrier_sells_it_not(
    relay: Relay, workspace: Workspace, number: str, carrier: Carrier, fault: str
) -> None:
    carrier.breaks(fault)
    response = relay.post({"number": number})
    assert refused(response) == (422, "could_not_purchase")
    assert "Nothing was charged." in response.json()["errors"][0]["detail"]
    assert wallet.balance(workspace) == OPENING
    assert relay.get().json()["data"] == []

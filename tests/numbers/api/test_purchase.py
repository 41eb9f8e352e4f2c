"""A purchase over the API …"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.api_keys import revoke_api_key
from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.models import ApiKey, IdempotencyRecord, LedgerEntry, Workspace
from phone_numbers.api.purchase import read_preference
from phone_numbers.buying import activating, ordering, quoting
from phone_numbers.buying.fulfilment import advance_order
from phone_numbers.buying.papers import confirm_number
from phone_numbers.models import NumberOrder, PhoneNumber, Rental, RentalCharge
from telephony.carriers import get_carrier
from telephony.carriers.base import NumberQuery, NumberType
from telephony.models import RentalRate
from tests.conftest import Program, make_program
from tests.numbers.api.conftest import NUMBERS, OPENING, PURCHASE, MakeAgent, code, spent
from tests.numbers.conftest import Carrier, Turned

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("workspace", "sandbox")]
LATER = {"prefer": "respond-async"}


def nothing_happened(workspace: Workspace, carrier: Carrier) -> bool:
    return (
        not NumberOrder.objects.exists()
        and not PhoneNumber.objects.exists()
        and wallet.balance(workspace) == OPENING
        and not carrier.requests("POST")
    )


# --- it is bought ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("worker")
def test_answers_201_with_the_active_number(
    program: Program, workspace: Workspace, number: str, carrier: Carrier
) -> None:
    response = program.post(PURCHASE, {"phone_number": number, "nickname": " Front desk ", "label": "x1"})
    body = response.json()
    row = PhoneNumber.objects.get()
    order, rental = NumberOrder.objects.get(), Rental.objects.get()
    assert response.status_code == 201
    assert body == program.get(f"{NUMBERS}/{row.pk}").json()
    assert (body["phone_number"], body["status"], body["nickname"]) == (number, "active", "Front desk")
    assert (body["label"], body["agent_id"], body["rental_status"]) == ("x1", None, "active")
    assert (body["monthly_price"], body["currency"], body["provider"]) == ("92.00", "INR", "plivo")
    assert response["Location"] == f"{NUMBERS}/{row.pk}"
    assert "Preference-Applied" not in response
    assert (row.status, order.status, order.api_key) == ("active", "fulfilled", program.key)
    assert RentalCharge.objects.get(rental=rental).amount == 92
    assert spent(workspace) == 92
    assert carrier.sales(number) == 1
    placed = entries_about([order.pk]).get(event="place")
    assert (placed.channel, placed.api_key) == ("api", program.key)


def test_answers_202_when_it_takes_longer_than_the_wait_and_goes_on(
    program: Program, workspace: Workspace, number: str, carrier: Carrier, settings: LazySettings
) -> None:
    settings.API_WAIT = 0.3
    began = time.monotonic()
    response = program.post(PURCHASE, {"phone_number": number})
    assert time.monotonic() - began >= 0.3
    assert (response.status_code, response.json()["status"]) == (202, "pending")
    assert wallet.held(workspace) == 92
    assert carrier.sales(number) == 0
    advance_order(NumberOrder.objects.get().pk)
    assert program.get(response["Location"]).json()["status"] == "active"
    assert carrier.sales(number) == 1
    assert spent(workspace) == 92


def test_wakes_a_worker_once(
    program: Program,
    number: str,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    rung = []
    monkeypatch.setattr("dialnexa.doorbell.ring", lambda task, **ids: rung.append((task.name, ids)))
    with django_capture_on_commit_callbacks(execute=True):
        program.post(PURCHASE, {"phone_number": number}, **LATER)
    assert rung == [("phone_numbers.tasks.fulfil_order", {"order_id": NumberOrder.objects.get().pk})]


@pytest.mark.parametrize(
    "header, wait, applied",
    [
        ("", 10, ""),
        ("wait=0", 0, "wait=0"),
        ("wait=7", 7, "wait=7"),
        ('Wait = "7"', 7, "wait=7"),
        ("wait=3600", 30, "wait=30"),
        ("respond-async", 0, "respond-async"),
        ("respond-async, wait=5", 5, "respond-async, wait=5"),
        ("wait=5; strict, wait=9", 5, "wait=5"),
        ("return=minimal, handling=lenient", 10, ""),
        ("wait=-1", 10, ""),
        ("wait=soon", 10, ""),
        ("wait=1.5", 10, ""),
        ("wait=" + "9" * 400, 10, ""),
        ("wait=٣", 10, ""),
        (";=,=,,", 10, ""),
    ],
)
def test_waits_as_long_as_is_preferred(header: str, wait: float, applied: str) -> None:
    preference = read_preference(header)
    assert (preference.wait, preference.applied) == (wait, applied)


@pytest.mark.parametrize("prefer", ["respond-async", "wait=0"])
def test_does_not_wait_when_it_need_not(program: Program, number: str, prefer: str) -> None:
    began = time.monotonic()
    response = program.post(PURCHASE, {"phone_number": number}, prefer=prefer)
    assert time.monotonic() - began < 3
    assert (response.status_code, response["Preference-Applied"]) == (202, prefer)


@pytest.mark.usefixtures("worker")
def test_waits_through_a_slow_carrier(program: Program, number: str, carrier: Carrier) -> None:
    carrier.breaks("slow", 1.2)
    response = program.post(PURCHASE, {"phone_number": number}, prefer="wait=20")
    assert (response.status_code, response.json()["status"]) == (201, "active")


def test_answers_202_at_once_when_too_many_wait_already(
    program: Program, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering._waiters, "_value", 0)
    began = time.monotonic()
    assert program.post(PURCHASE, {"phone_number": number}).status_code == 202
    assert time.monotonic() - began < 3


@pytest.mark.django_db(transaction=True)
def test_holds_no_transaction_open_while_it_waits(
    program: Program, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look(seconds: float) -> None:
        seen.append((connection.in_atomic_block, seconds))
        if len(seen) == 3:
            advance_order(NumberOrder.objects.get().pk)

    monkeypatch.setattr("phone_numbers.buying.ordering.time.sleep", look)
    assert program.post(PURCHASE, {"phone_number": number}).status_code == 201
    assert len(seen) == 3
    assert all(not atomic and seconds >= 0.1 for atomic, seconds in seen)


@pytest.mark.parametrize(
    "body",
    [
        lambda number: {"phoneNumber": number, "telephonyProviderId": "plivo"},
        lambda number: {"phone_number": number, "phoneNumber": number, "provider": None, "agent_id": None},
        lambda number: {"phone_number": f"{number[:2]} ({number[2:5]}) {number[5:8]}-{number[8:]}"},
        lambda number: {"phone_number": number, "nickname": None, "label": None, "colour": {"deep": [1]}},
    ],
)
def test_takes_either_name_of_a_field_and_ignores_what_it_does_not_know(
    program: Program, number: str, body: Any
) -> None:
    response = program.post(PURCHASE, body(number), **LATER)
    assert (response.status_code, response.json()["phone_number"]) == (202, number)
    assert NumberOrder.objects.get().carrier == "plivo"


def test_waits_for_papers_without_holding_up_the_answer(
    program: Program, workspace: Workspace, number: str, carrier: Carrier, clock: Turned
) -> None:
    carrier.breaks("pending", 1)
    program.post(PURCHASE, {"phone_number": number}, **LATER)
    advance_order(NumberOrder.objects.get().pk)
    again = program.post(PURCHASE, {"phone_number": number}, **LATER)
    assert code(again) == (409, "number_taken")
    row = PhoneNumber.objects.get()
    assert program.get(f"{NUMBERS}/{row.pk}").json()["status"] == "pending"
    assert spent(workspace) == 92


# --- who answers it -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("worker")
def test_routes_the_number_to_the_agents_latest_published_version(
    program: Program, number: str, make_agent: MakeAgent
) -> None:
    agent = make_agent(published=2, draft=True)
    body = program.post(PURCHASE, {"phone_number": number, "agent_id": agent.pk}).json()
    assert (body["agent_id"], body["inbound_agent_id"], body["inbound_agent_version"]) == (agent.pk,) * 2 + (
        2,
    )
    assert (body["outbound_agent_id"], body["outbound_agent_version"]) == (None, None)
    routed = entries_about([body["id"]]).get(event="route")
    assert routed.after["inbound"] == "Front desk v2"
    assert routed.reason == "Asked for with the purchase."


def test_routes_it_later_when_it_becomes_active_later(
    program: Program, number: str, carrier: Carrier, make_agent: MakeAgent
) -> None:
    """Also after its papers were looked at, and although another version was published meanwhile."""
    agent = make_agent()
    carrier.breaks("pending", 0)
    response = program.post(PURCHASE, {"phone_number": number, "agent_id": agent.pk}, **LATER)
    assert response.json()["agent_id"] is None
    advance_order(NumberOrder.objects.get().pk)
    assert program.get(response["Location"]).json()["agent_id"] is None
    confirm_number(PhoneNumber.objects.get().pk)
    body = program.get(response["Location"]).json()
    assert (body["status"], body["agent_id"], body["inbound_agent_version"]) == ("active", agent.pk, 1)


def test_buys_the_number_even_if_it_can_not_be_routed(
    program: Program,
    workspace: Workspace,
    number: str,
    carrier: Carrier,
    make_agent: MakeAgent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A sale is a fact; nothing that comes after it may lose it."""

    def refuse(*arguments: Any, **options: Any) -> None:
        raise Refusal("version_not_published", "It is a draft.", status=409)

    program.post(PURCHASE, {"phone_number": number, "agent_id": make_agent().pk}, **LATER)
    monkeypatch.setattr(activating, "route_number", refuse)
    advance_order(NumberOrder.objects.get().pk)
    row = PhoneNumber.objects.get()
    assert (row.status, row.inbound_version) == ("active", None)
    assert carrier.sales(number) == 1
    assert spent(workspace) == 92


def test_is_refused_before_anything_is_ordered_when_the_agent_can_not_answer(
    program: Program,
    workspace: Workspace,
    charlie_workspace: Workspace,
    number: str,
    carrier: Carrier,
    make_agent: MakeAgent,
) -> None:
    draft = make_agent("Draft", 0)
    foreign = make_agent("Foreign", workspace=charlie_workspace)
    for agent, expected in (
        (draft.pk, "agent_not_published"),
        (foreign.pk, "agent_not_found"),
        ("agt_nobody", "agent_not_found"),
    ):
        response = program.post(PURCHASE, {"phone_number": number, "agent_id": agent})
        assert code(response) == (400, expected)
        assert "agent_id" in response.json()["message"]
    assert nothing_happened(workspace, carrier)


# --- it is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, field",
    [
        ({}, "phone_number"),
        ({"phone_number": None}, "phone_number"),
        ({"phone_number": 12125550123}, "phone_number"),
        ({"phone_number": ["+12125550123"]}, "phone_number"),
        ({"phone_number": ""}, "phone_number"),
        ({"phoneNumber": True}, "phoneNumber"),
        ({"phone_number": "+12125550123", "phoneNumber": "+12125550124"}, "phoneNumber"),
        ({"phone_number": "+12125550123", "provider": 5}, "provider"),
        (
            {"phone_number": "+12125550123", "provider": "plivo", "telephonyProviderId": "x"},
            "telephonyProviderId",
        ),
        ({"phone_number": "+12125550123", "nickname": ["a"]}, "nickname"),
        ({"phone_number": "+12125550123", "nickname": "x" * 256}, "nickname"),
        ({"phone_number": "+12125550123", "label": {}}, "label"),
        ({"phone_number": "+12125550123", "agent_id": 7}, "agent_id"),
    ],
)
def test_is_refused_for_a_wrong_type_and_names_the_field(
    program: Program, workspace: Workspace, carrier: Carrier, body: dict[str, Any], field: str
) -> None:
    response = program.post(PURCHASE, body)
    assert code(response) == (400, "invalid_request")
    assert response.json()["message"].startswith(f"{field}: ")
    assert nothing_happened(workspace, carrier)


@pytest.mark.parametrize(
    "body, expected",
    [
        ({"phone_number": "call me"}, "number_invalid"),
        ({"phone_number": "2125550123"}, "number_invalid"),
        ({"phone_number": "+1212555"}, "number_invalid"),
        ({"phone_number": "+870773111632"}, "country_unknown"),
        ({"phone_number": "+33142685300"}, "country_unknown"),
        ({"phone_number": "+493012345678"}, "country_not_enabled"),
        ({"phone_number": "+12125550123", "provider": "twilio"}, "carrier_unknown"),
        ({"phone_number": "+12125550123", "provider": "sip_trunk"}, "carrier_unknown"),
        ({"phone_number": "+12125550123", "nickname": "two\nlines"}, "nickname_invalid"),
        ({"phone_number": "+12125550000"}, "number_unavailable"),
    ],
)
def test_is_refused_with_400(
    program: Program, workspace: Workspace, carrier: Carrier, body: dict[str, Any], expected: str
) -> None:
    assert code(program.post(PURCHASE, body)) == (400, expected)
    assert nothing_happened(workspace, carrier)


def test_asks_no_carrier_about_a_country_that_is_switched_off(program: Program, carrier: Carrier) -> None:
    program.post(PURCHASE, {"phone_number": "+493012345678"})
    assert carrier.requests("GET") == 0


def test_is_refused_with_400_where_there_is_no_price(program: Program, number: str) -> None:
    RentalRate.objects.filter(country="US").delete()
    assert code(program.post(PURCHASE, {"phone_number": number})) == (400, "price_unknown")


def test_is_refused_with_402_when_the_wallet_does_not_cover_it(
    program: Program, workspace: Workspace, number: str, now: datetime, carrier: Carrier
) -> None:
    wallet.hold(workspace, Decimal(9_950), subject="x", memo="x", by=SYSTEM, now=now)
    response = program.post(PURCHASE, {"phone_number": number})
    assert code(response) == (402, "wallet_insufficient")
    assert response.json()["details"] == {"needed": "92.000000", "balance": "50.000000"}
    assert not NumberOrder.objects.exists()
    assert not carrier.requests("POST")


def test_is_refused_with_402_beyond_the_keys_monthly_cap(
    program: Program, workspace: Workspace, number: str, offers: Iterator[Any]
) -> None:
    ApiKey.objects.filter(pk=program.key.pk).update(monthly_spend_cap=Decimal(100))
    assert program.post(PURCHASE, {"phone_number": number}, **LATER).status_code == 202
    response = program.post(PURCHASE, {"phone_number": next(offers).e164}, **LATER)
    assert code(response) == (402, "spend_cap_reached")
    assert "₹8.00" in response.json()["message"]
    assert NumberOrder.objects.count() == 1
    assert wallet.held(workspace) == 92


def test_is_refused_with_403_without_the_papers(
    program: Program, workspace: Workspace, carrier: Carrier
) -> None:
    query = NumberQuery(country="GB", type=NumberType.LOCAL)
    british = get_carrier("plivo").search(query, limit=1)[0].e164
    response = program.post(PURCHASE, {"phone_number": british})
    assert code(response) == (403, "kyc_required")
    assert "United Kingdom" in response.json()["message"]
    assert nothing_happened(workspace, carrier)


def test_is_refused_with_403_without_the_scope(
    workspace: Workspace, now: datetime, number: str, carrier: Carrier
) -> None:
    program = make_program(workspace, now, "numbers:read", "numbers:write", "numbers:release")
    assert code(program.post(PURCHASE, {"phone_number": number})) == (403, "key_scope_missing")
    assert nothing_happened(workspace, carrier)


def test_is_refused_with_401_once_the_key_is_revoked_or_expired(
    program: Program, workspace: Workspace, number: str, now: datetime, carrier: Carrier
) -> None:
    late = make_program(workspace, now, expires_at=now + timedelta(hours=1))
    ApiKey.objects.filter(pk=late.key.pk).update(expires_at=now)
    revoke_api_key(program.key, by=SYSTEM, now=now)
    assert code(program.post(PURCHASE, {"phone_number": number})) == (401, "key_revoked")
    assert code(late.post(PURCHASE, {"phone_number": number})) == (401, "key_expired")
    assert nothing_happened(workspace, carrier)


def test_is_refused_with_409_when_somebody_here_has_the_number(
    program: Program, charlie_program: Program, charlie_workspace: Workspace, number: str, carrier: Carrier
) -> None:
    program.post(PURCHASE, {"phone_number": number}, **LATER)
    asked = carrier.requests("GET")
    response = charlie_program.post(PURCHASE, {"phone_number": number})
    assert code(response) == (409, "number_taken")
    assert carrier.requests("GET") == asked
    assert wallet.balance(charlie_workspace) == OPENING
    assert response.json()["message"].startswith(f"{number} was taken a moment ago.")
    assert "details" not in response.json()
    own = program.post(PURCHASE, {"phone_number": number}, **LATER)
    assert code(own) == (409, "number_taken")
    assert own.json()["message"] == f"You are buying {number} already. Nothing more was charged."
    assert own.json()["details"] == {"number_id": PhoneNumber.objects.get().pk}


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    "fault, status, expected",
    [
        ("unavailable", 409, "number_taken"),
        ("compliance_required", 403, "carrier_compliance_required"),
        ("out_of_credit", 502, "carrier_out_of_credit"),
    ],
)
def test_is_refused_when_the_carrier_refuses_meanwhile(
    program: Program,
    workspace: Workspace,
    number: str,
    carrier: Carrier,
    fault: str,
    status: int,
    expected: str,
) -> None:
    carrier.breaks(fault)
    response = program.post(PURCHASE, {"phone_number": number})
    assert code(response) == (status, expected)
    assert response.json()["message"].startswith(f"{number} was not bought. ")
    assert response.json()["message"].endswith("Nothing was charged.")
    failed = PhoneNumber.objects.get()
    assert (failed.status, response.json()["details"]) == ("failed", {"number_id": failed.pk})
    assert wallet.balance(workspace) == OPENING
    assert not carrier.owns(number)


def test_is_refused_with_502_when_the_carrier_can_not_be_asked(
    program: Program, workspace: Workspace, number: str, carrier: Carrier, settings: LazySettings
) -> None:
    settings.CARRIERS["plivo"]["base_url"] = "http://127.0.0.1:9"
    assert code(program.post(PURCHASE, {"phone_number": number})) == (502, "carrier_unreachable")
    assert nothing_happened(workspace, carrier)


def test_is_refused_with_503_when_too_many_ask_the_carrier_already(
    program: Program, workspace: Workspace, number: str, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "PATIENCE", 0.2)
    with quoting._line("plivo"), quoting._line("plivo"):
        assert code(program.post(PURCHASE, {"phone_number": number})) == (503, "carrier_busy")
    assert nothing_happened(workspace, carrier)


def test_is_refused_with_503_where_no_provider_is_connected(program: Program, settings: LazySettings) -> None:
    settings.CARRIERS = {}
    assert code(program.post(PURCHASE, {"phone_number": "+12125550123"})) == (503, "no_carrier")


def test_is_refused_with_429_beyond_the_limit_of_purchases(
    program: Program, settings: LazySettings, number: str
) -> None:
    settings.API_LIMITS = {**settings.API_LIMITS, "purchase": "1/minute"}
    program.post(PURCHASE, {"phone_number": number}, **LATER)
    assert code(program.post(PURCHASE, {"phone_number": number})) == (429, "rate_limited")


# --- it is sent again -----------------------------------------------------------------------------------


def test_gets_the_same_answer_for_the_same_key(
    program: Program, workspace: Workspace, number: str, carrier: Carrier
) -> None:
    first = program.post(PURCHASE, {"phone_number": number}, idempotency_key="k" * 255, **LATER)
    advance_order(NumberOrder.objects.get().pk)
    again = program.post(PURCHASE, {"phone_number": number}, idempotency_key="k" * 255, **LATER)
    assert (again.status_code, again.content) == (202, first.content)
    assert (again["Location"], again["Preference-Applied"]) == (first["Location"], "respond-async")
    assert NumberOrder.objects.count() == 1
    assert spent(workspace) == 92


def test_is_refused_with_422_for_the_same_key_and_another_body(
    program: Program, number: str, offers: Iterator[Any]
) -> None:
    program.post(PURCHASE, {"phone_number": number}, idempotency_key="k1", **LATER)
    other = program.post(PURCHASE, {"phone_number": next(offers).e164}, idempotency_key="k1", **LATER)
    assert code(other) == (422, "idempotency_key_reused")
    assert NumberOrder.objects.count() == 1


def test_finds_its_order_again_although_the_answer_was_lost(
    program: Program, workspace: Workspace, number: str, carrier: Carrier
) -> None:
    """Whatever took the record of the answer away, the order knows the key it was placed with."""
    program.post(PURCHASE, {"phone_number": number}, idempotency_key="k1", **LATER)
    advance_order(NumberOrder.objects.get().pk)
    IdempotencyRecord.objects.all().delete()
    again = program.post(PURCHASE, {"phone_number": number}, idempotency_key="k1")
    assert (again.status_code, again.json()["status"]) == (201, "active")
    assert NumberOrder.objects.count() == LedgerEntry.objects.filter(kind="hold").count() == 1
    assert carrier.sales(number) == 1
    assert spent(workspace) == 92


def test_stays_refused_for_the_same_key_and_may_be_tried_with_another(
    program: Program, number: str, carrier: Carrier
) -> None:
    carrier.breaks("out_of_credit")
    program.post(PURCHASE, {"phone_number": number}, idempotency_key="k1", **LATER)
    advance_order(NumberOrder.objects.get().pk)
    IdempotencyRecord.objects.all().delete()
    refused = program.post(PURCHASE, {"phone_number": number}, idempotency_key="k1")
    assert code(refused) == (502, "carrier_out_of_credit")
    assert program.post(PURCHASE, {"phone_number": number}, idempotency_key="k2", **LATER).status_code == 202


def test_keeps_keys_of_two_api_keys_and_of_people_apart(
    program: Program, workspace: Workspace, now: datetime, offers: Iterator[Any]
) -> None:
    other = make_program(workspace, now)
    for sender in (program, other):
        response = sender.post(PURCHASE, {"phone_number": next(offers).e164}, idempotency_key="k1", **LATER)
        assert response.status_code == 202
    keys = set(NumberOrder.objects.values_list("idempotency_key", flat=True))
    assert len(keys) == 2
    assert all(len(key) <= 120 and key.startswith("key_") for key in keys)


def test_means_another_order_when_the_key_is_used_again_after_a_day(
    program: Program, number: str, offers: Iterator[Any], now: datetime
) -> None:
    for _ in range(3):
        NumberOrder.objects.update(created_at=now - timedelta(hours=25))
        IdempotencyRecord.objects.update(created_at=now - timedelta(hours=25))
        response = program.post(PURCHASE, {"phone_number": next(offers).e164}, idempotency_key="k1", **LATER)
        assert response.status_code == 202
    assert NumberOrder.objects.count() == 3

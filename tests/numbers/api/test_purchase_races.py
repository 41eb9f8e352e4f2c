"""Many purchases at once …"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections

from dialnexa import wallet
from dialnexa.models import LedgerEntry, Workspace
from phone_numbers.models import NumberOrder, PhoneNumber
from tests.conftest import Program
from tests.numbers.api.conftest import OPENING, PURCHASE, spent
from tests.numbers.conftest import Carrier

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("workspace", "sandbox")]
MANY = 50
Sent = tuple[Program, dict[str, Any], dict[str, str]]


@pytest.fixture(autouse=True)
def _no_limit(settings: LazySettings) -> None:
    settings.API_LIMITS = {**settings.API_LIMITS, "purchase": "100000/minute"}


def at_once(sent: list[Sent]) -> list[Any]:
    """Send them all at the same moment, each in a thread with a client and a connection of its own."""
    barrier, answers = threading.Barrier(len(sent)), []

    def run(program: Program, body: dict[str, Any], headers: dict[str, str]) -> None:
        own = Program(program.key, program.secret)
        barrier.wait()
        try:
            answers.append(own.post(PURCHASE, body, **headers))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=arguments) for arguments in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(sent)
    return answers


def told(answers: list[Any]) -> Counter[str]:
    return Counter(
        str(answer.status_code) if answer.status_code < 300 else answer.json()["code"] for answer in answers
    )


def assert_bought_once(workspace: Workspace, number: str, carrier: Carrier) -> None:
    order = NumberOrder.objects.get()
    assert PhoneNumber.objects.get().status == "active"
    kinds = LedgerEntry.objects.filter(subject_id=order.pk).values_list("kind", flat=True)
    assert sorted(kinds) == ["capture", "hold"]
    assert not LedgerEntry.objects.filter(kind="hold").exclude(subject_id=order.pk).exists()
    assert spent(workspace) == 92
    assert wallet.held(workspace) == 0
    assert carrier.sales(number) == 1
    assert carrier.requests("POST") == 1


@pytest.mark.usefixtures("worker")
def test_with_one_key_are_one_order_one_charge_and_one_answer(
    program: Program, workspace: Workspace, number: str, carrier: Carrier
) -> None:
    body, headers = {"phone_number": number}, {"idempotency_key": "k1"}
    answers = at_once([(program, body, headers)] * MANY)
    counted = told(answers)
    assert set(counted) <= {"201", "request_in_progress"}
    assert counted["201"] >= 1
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert {answer["Retry-After"] for answer in answers if answer.status_code == 409} <= {"1"}
    assert_bought_once(workspace, number, carrier)
    later = at_once([(program, body, headers)] * 10)
    assert {answer.content for answer in later} == {
        answer.content for answer in answers if answer.status_code == 201
    }


@pytest.mark.usefixtures("worker")
def test_with_a_key_each_for_one_number_are_one_order_and_the_rest_conflicts(
    program: Program, workspace: Workspace, number: str, carrier: Carrier
) -> None:
    sent = [(program, {"phone_number": number}, {"idempotency_key": f"k{n}"}) for n in range(MANY)]
    assert told(at_once(sent)) == {"201": 1, "number_taken": MANY - 1}
    assert_bought_once(workspace, number, carrier)


@pytest.mark.usefixtures("worker")
def test_without_keys_and_of_two_workspaces_are_one_order_too(
    program: Program,
    charlie_program: Program,
    workspace: Workspace,
    charlie_workspace: Workspace,
    number: str,
) -> None:
    sent: list[Sent] = [
        (program, {"phone_number": number}, {}),
        (charlie_program, {"phone_number": number}, {}),
    ] * 10
    assert told(at_once(sent)) == {"201": 1, "number_taken": 19}
    order = NumberOrder.objects.get()
    loser = charlie_workspace if order.workspace == workspace else workspace
    assert wallet.balance(loser) == OPENING
    assert wallet.balance(order.workspace) == OPENING - order.total


def test_of_one_key_with_a_cap_never_pass_it(
    program: Program, workspace: Workspace, offers: Iterator[Any]
) -> None:
    type(program.key).objects.filter(pk=program.key.pk).update(monthly_spend_cap=92 * 3)
    sent = [(program, {"phone_number": next(offers).e164}, {"prefer": "wait=0"}) for _ in range(10)]
    assert told(at_once(sent)) == {"202": 3, "spend_cap_reached": 7}
    assert wallet.held(workspace) == 92 * 3

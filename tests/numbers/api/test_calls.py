"""A program that calls …"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import IdempotencyRecord, Workspace
from kyc.models import KycCase
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.defaults import set_default
from telephony.models import AgentVersion, Call
from tests.conftest import Program, make_program
from tests.numbers.api.conftest import code
from tests.numbers.calls.conftest import LONDON
from tests.numbers.calls.conftest import number as number
from tests.numbers.calls.conftest import version as version
from tests.numbers.rows import make_call, make_number, make_rental

pytestmark = pytest.mark.django_db
CALLS = "/v1/calls"


@pytest.fixture
def wish(number: PhoneNumber, version: AgentVersion) -> dict[str, Any]:
    return {"phone_number": "+44 20 7946 0018", "agent_id": version.agent_id}


def test_places_a_call(program: Program, wish: dict[str, Any], number: PhoneNumber) -> None:
    answer = program.post(CALLS, wish | {"metadata": {"ticket": 4711}, "notes": {"mood": "good"}})
    said, call = answer.json(), Call.objects.get()
    assert (answer.status_code, answer["Location"]) == (201, f"{CALLS}/{call.pk}")
    assert (said["id"], said["status"], said["to_phone_number"]) == (call.pk, "created", LONDON)
    assert (said["from_phone_number"], said["agent_version_number"]) == (number.e164, 1)
    assert (said["held"], said["charged"], said["price_per_minute"]) == ("37.50", None, "1.25")
    assert (said["metadata"], said["notes"]) == ({"ticket": 4711}, {"mood": "good"})
    assert call.api_key == program.key


def test_takes_the_other_name_of_the_destination(program: Program, wish: dict[str, Any]) -> None:
    number = wish.pop("phone_number")
    assert program.post(CALLS, wish | {"to_number": number}).status_code == 201
    assert code(program.post(CALLS, wish)) == (400, "invalid_request")
    disagreeing = {"phone_number": number, "to_number": "+442079460019"}
    assert code(program.post(CALLS, wish | disagreeing)) == (400, "invalid_request")


def test_is_placed_once_for_an_idempotency_key(program: Program, wish: dict[str, Any]) -> None:
    answers = [program.post(CALLS, wish, idempotency_key="call-1") for _ in range(3)]
    assert {answer.json()["id"] for answer in answers} == {Call.objects.get().pk}
    other = program.post(CALLS, wish | {"phone_number": "+442079460019"}, idempotency_key="call-1")
    assert code(other) == (422, "idempotency_key_reused")


def test_finds_its_call_again_when_its_process_died(program: Program, wish: dict[str, Any]) -> None:
    first = program.post(CALLS, wish, idempotency_key="call-1").json()
    IdempotencyRecord.objects.all().delete()
    assert program.post(CALLS, wish, idempotency_key="call-1").json()["id"] == first["id"]
    IdempotencyRecord.objects.all().delete()
    Call.objects.update(created_at=datetime(2026, 1, 1, tzinfo=Call.objects.get().created_at.tzinfo))
    assert program.post(CALLS, wish, idempotency_key="call-1").json()["id"] != first["id"]


@pytest.mark.django_db(transaction=True)
def test_is_placed_once_however_often_it_is_sent_at_the_same_time(
    program: Program, wish: dict[str, Any]
) -> None:
    codes: list[int] = []

    def send() -> None:
        codes.append(
            Program(program.key, program.secret).post(CALLS, wish, idempotency_key="call-1").status_code
        )
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) <= {201, 409}
    assert Call.objects.count() == 1


# --- which number it leaves from


def test_calls_from_the_default_number(
    program: Program, wish: dict[str, Any], workspace: Workspace, now: datetime
) -> None:
    other = make_number(workspace)
    make_rental(other, now + timedelta(days=9))
    set_default(other, is_default=True, by=SYSTEM, now=now)
    assert program.post(CALLS, wish).json()["from_phone_number"] == other.e164


def test_calls_from_the_number_it_names(
    program: Program, wish: dict[str, Any], workspace: Workspace, now: datetime
) -> None:
    other = make_number(workspace)
    make_rental(other, now + timedelta(days=9))
    for named in (other.pk, other.e164):
        assert program.post(CALLS, wish | {"from_number": named}).json()["from_phone_number"] == other.e164


def test_says_when_there_is_no_number_to_call_from(
    program: Program, wish: dict[str, Any], number: PhoneNumber, charlie_workspace: Workspace
) -> None:
    foreign = make_number(charlie_workspace)
    assert code(program.post(CALLS, wish | {"from_number": foreign.e164})) == (404, "number_not_found")
    PhoneNumber.objects.filter(pk=number.pk).update(outbound_version=None)
    assert code(program.post(CALLS, wish)) == (400, "from_number_missing")
    assert not Call.objects.exists()


# --- refusals


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"phone_number": ""}, (400, "destination_missing")),
        ({"phone_number": "98200"}, (400, "destination_unparseable")),
        ({"phone_number": "+4930123456"}, (403, "country_not_enabled")),
        ({"agent_id": "agt_00000000000000000000000000"}, (400, "agent_not_found")),
        ({"agent_version_number": 9}, (400, "version_not_found")),
        ({"metadata": {str(n): n for n in range(16)}}, (400, "invalid_request")),
        ({"metadata": []}, (400, "invalid_request")),
        ({"notes": {"long": "x" * 9000}}, (400, "invalid_request")),
        ({"notes": {"x" * 65: 1}}, (400, "invalid_request")),
    ],
)
def test_is_refused(
    program: Program, wish: dict[str, Any], changed: dict[str, Any], refused: tuple[int, str]
) -> None:
    assert code(program.post(CALLS, wish | changed)) == refused
    assert not Call.objects.exists()


def test_is_refused_before_the_papers_are_verified(
    program: Program, wish: dict[str, Any], workspace: Workspace
) -> None:
    KycCase.objects.filter(workspace=workspace).delete()
    assert code(program.post(CALLS, wish)) == (403, "kyc_not_verified")


def test_is_refused_without_money(
    program: Program, wish: dict[str, Any], workspace: Workspace, now: datetime
) -> None:
    wallet.hold(workspace, wallet.balance(workspace), subject="other", memo="", by=SYSTEM, now=now)
    assert code(program.post(CALLS, wish)) == (402, "wallet_insufficient")


def test_is_refused_over_the_cap_of_its_key(
    wish: dict[str, Any], workspace: Workspace, now: datetime
) -> None:
    poor = make_program(workspace, now, "calls:write", monthly_spend_cap=Decimal(1))
    assert code(poor.post(CALLS, wish)) == (402, "spend_cap_reached")


# --- looking


def test_lists_the_newest_first_with_totals_in_headers(
    program: Program, number: PhoneNumber, now: datetime
) -> None:
    made = [make_call(number, now - timedelta(minutes=n)).pk for n in range(5)]
    answer = program.get(CALLS, limit=2, page=2)
    assert [call["id"] for call in answer.json()] == made[2:4]
    heads = [answer[f"X-{name}"] for name in ("Total-Count", "Total-Pages", "Page", "Limit")]
    assert heads == ["5", "3", "2", "2"]
    assert code(program.get(CALLS, limit=201)) == (400, "invalid_request")


def test_filters(
    program: Program, number: PhoneNumber, version: AgentVersion, workspace: Workspace, now: datetime
) -> None:
    other = make_number(workspace)
    old = make_call(number, now - timedelta(days=3), agent_version=version, status="busy").pk
    told = {"direction": "inbound", "from_text": "+919820012345", "to_text": other.e164}
    new = make_call(other, now, **told).pk

    def listed(**query: Any) -> list[str]:
        return [call["id"] for call in program.get(CALLS, **query).json()]

    assert listed() == [new, old]
    assert listed(agent_id=version.agent_id) == [old]
    assert listed(call_id=new) == [new]
    assert listed(call_direction="inbound") == [new]
    assert listed(status="busy") == [old]
    assert listed(to=LONDON) == listed(to="+44 20 7946 0018") == [old]
    assert listed(**{"from": "919820012345"}) == [new]
    assert listed(start_date=f"{now - timedelta(days=1):%Y-%m-%d}") == [new]
    assert listed(end_date=f"{now - timedelta(days=3):%Y-%m-%d}") == [old]
    assert listed(end_date=f"{now:%Y-%m-%dT%H:%M:%SZ}") == [old]
    assert listed(batch_call_id="batch_none") == []
    assert code(program.get(CALLS, status="nonsense")) == (400, "invalid_request")
    assert code(program.get(CALLS, start_date="yesterday")) == (400, "invalid_request")


def test_shows_one_with_every_question(program: Program, wish: dict[str, Any]) -> None:
    call = program.post(CALLS, wish).json()
    one = program.get(f"{CALLS}/{call['id']}").json()
    assert {step["outcome"] for step in one["steps"]} <= {"pass", "skipped", "warning"}
    assert "kyc" in [step["name"] for step in one["steps"]]
    assert one["charged"] is None


def test_knows_nothing_of_other_workspaces(
    charlie_program: Program, number: PhoneNumber, now: datetime
) -> None:
    call = make_call(number, now)
    assert charlie_program.get(CALLS).json() == []
    assert charlie_program.get(f"{CALLS}/{call.pk}").status_code == 404
    assert charlie_program.post(f"{CALLS}/{call.pk}/hang-up").status_code == 404


def test_asks_the_same_however_many_there_are(
    program: Program,
    number: PhoneNumber,
    version: AgentVersion,
    now: datetime,
    django_assert_max_num_queries: Any,
) -> None:
    for n in range(20):
        make_call(number, now - timedelta(minutes=n), agent_version=version)
    program.get(CALLS)  # notes that the key was used
    with django_assert_max_num_queries(3):  # the key, how many there are, a page of them
        program.get(CALLS)


# --- ending


def test_hangs_up(program: Program, wish: dict[str, Any], workspace: Workspace) -> None:
    call = program.post(CALLS, wish).json()
    ended = program.post(f"{CALLS}/{call['id']}/hang-up").json()
    assert (ended["status"], ended["charged"], ended["code"]) == ("cancelled", "0.00", "cancelled")
    assert wallet.held(workspace) == 0
    assert code(program.post(f"{CALLS}/{call['id']}/hang-up")) == (409, "call_over")

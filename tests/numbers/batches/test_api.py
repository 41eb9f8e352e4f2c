"""Batches over the API …"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from dialnexa.models import Workspace
from phone_numbers.batch_dialling.running import advance_batch
from telephony.models import BatchCall, BatchFile, BatchRow
from tests.conftest import make_program
from tests.documented import DocumentedProgram, documented
from tests.numbers.batches.conftest import GOOD, Dialler, make_list

pytestmark = pytest.mark.django_db
BATCHES = "/v1/batch-calls"


@pytest.fixture
def program(workspace: Workspace, now: datetime) -> DocumentedProgram:
    return documented(make_program(workspace, now, "calls:read", "calls:write"))


def order(program: DocumentedProgram, dialler: Dialler, data: bytes = b"", **fields: Any) -> Any:
    wanted = {"title": "Guests", "agent_id": dialler.version.agent_id, **fields}
    return program.upload(BATCHES, data or make_list(GOOD[:3]), **wanted)


def test_starts_a_list(program: DocumentedProgram, dialler: Dialler) -> None:
    fields: dict[str, Any] = {
        "calling_hours_start": "09:00",
        "calling_hours_end": "18:00",
        "time_zone": "Asia/Kolkata",
    }
    response = order(program, dialler, attempts="2", calls_at_once="4", **fields)
    assert response.status_code == 201, response.content
    told, batch = response.json(), BatchCall.objects.get()
    assert response["Location"] == f"{BATCHES}/{batch.pk}"
    assert (told["id"], told["total_records"], told["status"]) == (batch.pk, 3, "waiting")
    assert (told["from_number"], told["warning"]) == (dialler.number.e164, None)
    assert (batch.attempts, batch.at_once, batch.time_zone, batch.api_key) == (
        2,
        4,
        "Asia/Kolkata",
        program.key,
    )
    assert BatchRow.objects.filter(batch=batch).count() == 3


def test_refuses_a_list_with_bad_rows_and_says_which(program: DocumentedProgram, dialler: Dialler) -> None:
    mixed = make_list([GOOD[0], "no number"])
    response = order(program, dialler, mixed)
    assert (response.status_code, response.json()["code"]) == (400, "batch_rows_invalid")
    (error,) = response.json()["errors"]
    assert (error["code"], error["rows"], error["count"]) == ("destination_unparseable", [3], 1)
    assert not BatchFile.objects.exists()
    told = order(program, dialler, mixed, on_invalid="skip").json()
    assert (told["total_records"], told["warning"]) == (1, "1 row can't be called and will be skipped.")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"attempts": "9"}, "invalid_request"),
        ({"calling_hours_start": "09:00"}, "batch_plan_invalid"),
        ({"agent_id": "agt_other"}, "agent_not_found"),
        ({"from_number": "+12025550199"}, "number_not_found"),
        ({"ends_at": "2001-01-01T00:00:00Z"}, "batch_plan_invalid"),
    ],
)
def test_refuses_what_makes_no_sense(
    program: DocumentedProgram, dialler: Dialler, fields: dict[str, Any], code: str
) -> None:
    response = order(program, dialler, **fields)
    assert (response.status_code in (400, 404), response.json()["code"]) == (True, code)
    assert not BatchCall.objects.exists()


def test_starts_once_for_the_same_idempotency_key(program: DocumentedProgram, dialler: Dialler) -> None:
    told = [order(program, dialler, idempotency_key="once").json()["id"] for _ in range(2)]
    assert told[0] == told[1]
    other = order(program, dialler, make_list(GOOD[3:5]), idempotency_key="once")
    assert other.status_code == 422
    assert BatchCall.objects.count() == 1


def test_shows_how_far_it_is_and_lists_it(program: DocumentedProgram, dialler: Dialler) -> None:
    pk = order(program, dialler, calls_at_once="2").json()["id"]
    dialler.upload()  # a draft, which is no batch yet
    advance_batch(pk)
    told = program.get(f"{BATCHES}/{pk}").json()
    assert told["counts"] == {"waiting": 1, "calling": 2, "done": 0, "failed": 0, "refused": 0}
    assert (told["status"], told["cost"], told["currency"]) == ("running", "0.00", "INR")
    listed = program.get(BATCHES).json()
    assert (listed["total"], [item["id"] for item in listed["items"]]) == (1, [pk])
    assert program.get(BATCHES, status="paused").json()["total"] == 0


def test_pauses_resumes_and_cancels(program: DocumentedProgram, dialler: Dialler) -> None:
    path = f"{BATCHES}/{order(program, dialler).json()['id']}/status"
    changed = program.patch(path, {"action": "pause", "reason": "Lunch."}).json()
    assert (changed["status"], changed["reason"]) == ("paused", "Lunch.")
    assert program.patch(path, {"action": "pause"}).json()["code"] == "batch_not_pausable"
    assert program.patch(path, {"action": "resume"}).json()["status"] == "waiting"
    assert program.patch(path, {"action": "cancel"}).json()["status"] == "cancelled"
    assert program.patch(path, {"action": "resume"}).status_code == 409
    assert program.patch(path, {"action": "explode"}).status_code == 400

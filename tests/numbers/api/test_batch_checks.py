"""Checking a list over the API …"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dialnexa.models import IdempotencyRecord, Workspace
from telephony.models import BatchCall, BatchFile
from tests.conftest import Program, make_program
from tests.documented import DocumentedProgram
from tests.matrix.snapshot import snapshot
from tests.numbers.api.conftest import MakeAgent, code
from tests.numbers.rows import make_number
from tests.telephony.batches.test_judging import MESSY
from tests.telephony.batches.test_reading import packed

pytestmark = pytest.mark.django_db
CHECKS = "/v1/batch-calls/checks"
GOOD, BERLIN = b"+919876543210", b"+4930123456"
LIST = b"phone_number,Name\n+919876543210,Asha\n+4930123456,Uwe\n"


def check(program: Any, data: bytes, **fields: str) -> dict[str, Any]:
    response = program.upload(CHECKS, data, **fields)
    assert response.status_code == 200, response.content
    return dict(response.json())


def test_groups_what_is_wrong_with_row_numbers_and_keeps_nothing(program: DocumentedProgram) -> None:
    before = snapshot()
    found = check(program, MESSY.read_bytes(), title="Winter")
    assert (found["accepted"], found["title"], found["provider"]) == (False, "Winter", "plivo")
    assert (found["total_records"], found["valid_records"], found["rejected_records"]) == (28, 12, 16)
    assert (found["duplicate_records"], found["variables"]) == (1, ["Name", "city"])
    errors = {(error["code"], error["country_iso"]): error for error in found["errors"]}
    germany = errors["country_not_enabled", "DE"]
    assert (germany["rows"], germany["count"]) == ([21, 22], 2)
    assert germany["message"] == "Germany is not enabled at Plivo."
    assert germany["fix_url"].endswith("/w/acme/telephony/?country=DE&carrier=plivo")
    assert errors["destination_duplicate", None]["rows"] == [17]
    assert found["estimate"]["lowest_cost"] == "15.00"
    assert snapshot() == before


def test_names_no_more_than_a_hundred_rows_of_a_reason(program: DocumentedProgram) -> None:
    (error,) = check(program, b"phone\n" + b"nonsense\n" * 150)["errors"]
    assert (error["count"], len(error["rows"]), error["rows"][-1]) == (150, 100, 101)


def test_takes_repairs_and_a_country_for_the_whole_list(program: DocumentedProgram) -> None:
    offered = check(program, MESSY.read_bytes(), default_country="in")["repairs"]
    assert {repair["kind"]: repair["count"] for repair in offered} == {
        "missing_plus": 3,
        "double_zero": 1,
        "trunk_zero": 1,
        "national": 1,
    }
    kinds = ", ".join(repair["kind"] for repair in offered)
    found = check(program, MESSY.read_bytes(), default_country="IN", repairs=kinds)
    assert (found["valid_records"], found["repaired_records"]) == (17, 5)


@pytest.mark.parametrize(
    "data, on_invalid, accepted",
    [
        (b"phone\n" + GOOD, "reject", True),
        (LIST, "reject", False),
        (LIST, "skip", True),
        (b"phone\n" + BERLIN, "skip", False),
    ],
)
def test_says_whether_a_batch_would_be_taken(
    program: DocumentedProgram, data: bytes, on_invalid: str, accepted: bool
) -> None:
    assert check(program, data, on_invalid=on_invalid)["accepted"] is accepted


def test_judges_by_the_number_that_calls(
    program: DocumentedProgram, workspace: Workspace, make_agent: MakeAgent
) -> None:
    number, agent = make_number(workspace, carrier="twilio"), make_agent(published=2)
    found = check(program, LIST, from_number=number.pk, agent_id=agent.pk, agent_version_number="1")
    assert (found["from_number"], found["provider"], found["valid_records"]) == (number.e164, "twilio", 0)
    assert (found["agent_id"], found["agent_version_number"]) == (agent.pk, 1)


@pytest.mark.parametrize(
    "fields, status, word",
    [
        ({"from_number": "+12125550123"}, 404, "not_found"),
        ({"agent_id": "agt_1"}, 400, "agent_not_found"),
        ({"default_country": "XX"}, 400, "batch_choice_unknown"),
        ({"repairs": "magic"}, 400, "batch_choice_unknown"),
        ({"title": "x" * 36}, 400, "invalid_request"),
        ({"on_invalid": "maybe"}, 400, "invalid_request"),
        ({"file": "text"}, 400, "invalid_request"),
    ],
)
def test_refuses_fields_that_name_nothing(
    program: Program, fields: dict[str, str], status: int, word: str
) -> None:
    response = program.http.post(CHECKS, {"file": _file(LIST), **fields})
    assert code(response) == (status, word)


def test_refuses_a_number_that_is_not_active(program: DocumentedProgram, workspace: Workspace) -> None:
    number = make_number(workspace, status="pending")
    assert code(program.upload(CHECKS, LIST, from_number=number.pk)) == (409, "number_not_active")


@pytest.mark.parametrize(
    "data, word",
    [
        (b"%PDF-1.7\n1 0 obj<</S/JavaScript/JS(app.alert(1))>>", "batch_file_type"),
        (LIST + b"PK\x03\x04", "batch_file_type"),
        (",".join(["phone", *(f"v{n}" for n in range(29))]).encode("utf-16"), "batch_too_many_columns"),
        (packed(**{"xl/media/x.bin": b"0" * 30_000_000}), "batch_workbook_unsafe"),
        (b"name\nAsha\n", "batch_header_missing"),
        (b"phone\n", "batch_no_rows"),
        (b" ", "batch_file_empty"),
    ],
    ids=["pdf", "polyglot", "30 columns in UTF-16", "zip bomb", "no numbers", "no rows", "empty"],
)
def test_refuses_what_is_no_list_with_the_reason_and_keeps_nothing(
    program: DocumentedProgram, data: bytes, word: str
) -> None:
    assert code(program.upload(CHECKS, data)) == (400, word)
    assert not BatchCall.objects.exists()
    assert not BatchFile.objects.exists()


def test_refuses_a_file_that_is_too_large(program: DocumentedProgram, settings: LazySettings) -> None:
    settings.BATCH_MOST_BYTES = 100
    assert code(program.upload(CHECKS, b"phone\n" + b"1" * 95)) == (413, "batch_file_too_large")
    assert code(program.upload(CHECKS, b"phone\n" + b"1" * 300_000)) == (413, "batch_file_too_large")


def test_is_locked_before_the_workspace_is_verified(program: DocumentedProgram, workspace: Workspace) -> None:
    workspace.kyc_cases.all().delete()
    assert code(program.upload(CHECKS, LIST)) == (403, "kyc_not_verified")


def test_takes_forms_only(program: Program) -> None:
    assert code(program.post(CHECKS, {"file": "phone"})) == (415, "unsupported_media_type")
    assert code(program.http.generic("POST", CHECKS)) == (400, "invalid_request")


def part(named: str, content: bytes = b"1") -> bytes:
    return f"--x\r\nContent-Disposition: form-data; {named}\r\n\r\n".encode() + content + b"\r\n"


@pytest.mark.parametrize(
    "body, kind",
    [
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data"),
        (b"--x\r\n", "Multipart/Form-Data; boundary=\xe4"),
        (part('name="title"', b"\x00") + b"--x--\r\n", "x"),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 2 + b"--x--\r\n", "x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n1\r\n' * 2 + b"--x--\r\n",
            "x",
        ),
    ],
    ids=["no parts", "no boundary", "odd boundary", "NUL", "a field twice", "two files"],
)
def test_refuses_forms_that_are_none(program: Program, body: bytes, kind: str) -> None:
    content_type = "multipart/form-data; boundary=x" if kind == "x" else kind
    assert program.http.generic("POST", CHECKS, body, content_type).status_code == 400


def test_answers_the_same_file_with_the_same_key_once(program: DocumentedProgram) -> None:
    first = program.upload(CHECKS, LIST, idempotency_key="one")
    again = program.http.post(CHECKS, {"file": _file(LIST)}, headers={"idempotency-key": "one"})
    assert (again.json(), again["Idempotency-Replayed"]) == (first.json(), "true")
    other = program.http.post(CHECKS, {"file": _file(LIST + b"\n1,2")}, headers={"idempotency-key": "one"})
    assert code(other) == (422, "idempotency_key_reused")
    assert "Asha" not in json.dumps(list(IdempotencyRecord.objects.values()), default=str)


def test_needs_the_scope_for_calls(workspace: Workspace, now: datetime) -> None:
    reader = make_program(workspace, now, "calls:read", "numbers:write")
    assert reader.http.post(CHECKS, {"file": _file(LIST)}).status_code == 403
    assert Client().post(CHECKS, {"file": _file(LIST)}).status_code == 401


def _file(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("list.csv", data)

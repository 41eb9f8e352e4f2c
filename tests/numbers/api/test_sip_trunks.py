"""Linking a number over the API …"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.conf import LazySettings

from dialnexa import wallet
from dialnexa.models import AuditEntry, IdempotencyRecord, Workspace
from dialnexa.sealing import place, unseal
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.releasing import tell_carrier
from tests.conftest import Program, make_program
from tests.numbers.api.conftest import NUMBERS, OPENING, code
from tests.numbers.rows import make_number
from tests.pbx import Pbx

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("workspace", "loopback")]
TRUNKS = f"{NUMBERS}/sip-trunks"
NUMBER = "+918047182200"
SECRET = "canary-Zx91-horse-battery"
BODY: dict[str, Any] = {
    "phoneNumber": NUMBER,
    "terminationUri": "127.0.0.1:5070",
    "sipTrunkUserName": "desk",
    "sipTrunkPassword": SECRET,
}
BY_ADDRESS: dict[str, Any] = {"phoneNumber": NUMBER, "terminationUri": "127.0.0.1", "authMode": "ip"}


def nothing_linked() -> bool:
    return not PhoneNumber.objects.exists() and not SipTrunk.objects.exists()


# --- it is linked -----------------------------------------------------------------------------------------


def test_answers_201_with_the_active_number(program: Program, workspace: Workspace) -> None:
    response = program.post(TRUNKS, BODY | {"nickname": "Desk", "transport": "tcp", "colour": "red"})
    body = response.json()
    trunk = SipTrunk.objects.get()
    assert response.status_code == 201
    assert body == program.get(f"{NUMBERS}/{trunk.number_id}").json()
    assert (body["phone_number"], body["status"], body["provider"]) == (NUMBER, "active", "sip_trunk")
    assert (body["sip_trunk_enabled"], body["nickname"], body["country_code"]) == (True, "Desk", "IN")
    assert (body["rental_status"], body["monthly_price"], body["renews_at"]) == (None, None, None)
    assert (trunk.status, trunk.transport, trunk.auth_mode) == ("linked", "tcp", "userpass")
    assert (trunk.termination, trunk.username) == ("127.0.0.1:5070", "desk")
    assert unseal(trunk.sealed_password, **place(trunk, "sealed_password")) == SECRET
    assert wallet.balance(workspace) == OPENING
    assert AuditEntry.objects.get(subject_id=trunk.number_id, event="create").api_key == program.key


def test_needs_no_credentials_when_the_carrier_knows_the_address(program: Program) -> None:
    assert program.post(TRUNKS, BY_ADDRESS | {"sipTrunkPassword": None}).status_code == 201
    trunk = SipTrunk.objects.get()
    assert (trunk.auth_mode, trunk.username, trunk.sealed_password) == ("ip", "", None)
    assert trunk.transport == "udp"


def test_keeps_a_caller_id_and_blanks_in_a_password(program: Program) -> None:
    caller = {"callerId": "+91 80 4718 2201", "sipTrunkPassword": f" {SECRET} "}
    assert program.post(TRUNKS, BODY | caller).status_code == 201
    trunk = SipTrunk.objects.get()
    assert trunk.caller_id == "+918047182201"
    assert unseal(trunk.sealed_password, **place(trunk, "sealed_password")) == f" {SECRET} "


def test_keeps_where_calls_may_come_from(program: Program) -> None:
    assert (
        program.post(TRUNKS, BODY | {"sourceAddresses": ["203.0.113.0/24", "2001:DB8::7"]}).status_code == 201
    )
    assert SipTrunk.objects.get().sources == ["203.0.113.0/24", "2001:db8::7"]


@pytest.mark.parametrize(
    "sources", ["203.0.113.7", ["carrier.example"], [7], [None], [f"203.0.113.{last}" for last in range(21)]]
)
def test_refuses_what_is_no_list_of_addresses(program: Program, sources: Any) -> None:
    response = program.post(TRUNKS, BODY | {"sourceAddresses": sources})
    assert response.status_code == 400
    assert "sourceAddresses" in response.text
    assert nothing_linked()


@pytest.mark.parametrize("secret", ["", SECRET])
def test_is_linked_after_a_check_that_goes_well(program: Program, pbx: Pbx, secret: str) -> None:
    pbx.secret = secret
    response = program.post(TRUNKS, BODY | {"terminationUri": pbx.uri, "check": True})
    assert (response.status_code, response.json()["status"]) == (201, "active")
    assert SipTrunk.objects.get().health == "healthy"
    assert pbx.calls


def test_does_not_ask_the_carrier_unless_told(program: Program, pbx: Pbx) -> None:
    assert program.post(TRUNKS, BODY | {"terminationUri": pbx.uri}).status_code == 201
    assert pbx.calls == 0


def test_can_be_routed_renamed_and_released_like_any_other(program: Program) -> None:
    path = f"{NUMBERS}/{program.post(TRUNKS, BODY).json()['id']}"
    assert program.patch(path, {"nickname": "x", "is_default": True}).status_code == 200
    assert code(program.delete(path)) == (409, "number_in_use")
    program.patch(path, {"is_default": False})
    assert program.delete(path).status_code == 200
    tell_carrier(path.rpartition("/")[2])
    assert program.get(path).json()["status"] == "released"
    assert SipTrunk.objects.get().sealed_password is None
    assert program.post(TRUNKS, BODY).status_code == 201


def test_says_the_password_nowhere(
    program: Program, pbx: Pbx, caplog: pytest.LogCaptureFixture, workspace: Workspace
) -> None:
    pbx.secret = "another"
    refused: tuple[dict[str, Any], ...] = (
        {"terminationUri": "sip:x"},
        {"sipTrunkUserName": ""},
        {"terminationUri": pbx.uri, "check": True},
    )
    said = [program.post(TRUNKS, BODY | change, idempotency_key=f"k{n}") for n, change in enumerate(refused)]
    said += [program.post(TRUNKS, BODY, idempotency_key="k9"), program.get(NUMBERS)]
    told = [str(row) for row in [*AuditEntry.objects.values(), *IdempotencyRecord.objects.values()]]
    assert SECRET not in " ".join([response.content.decode() for response in said] + told + [caplog.text])


# --- it is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, expected, field",
    [
        ({"phoneNumber": "080 4718 2200"}, "number_invalid", "phoneNumber"),
        ({"terminationUri": "sip:carrier.example"}, "sip_host_scheme", "terminationUri"),
        ({"terminationUri": "10.0.0.7"}, "sip_host_private", "terminationUri"),
        ({"terminationUri": "169.254.169.254"}, "sip_host_private", "terminationUri"),
        ({"terminationUri": "127.0.0.1:25"}, "sip_host_port", "terminationUri"),
        ({"sipTrunkUserName": None}, "sip_credentials_missing", "sipTrunkUserName"),
        ({"sipTrunkPassword": ""}, "sip_credentials_missing", "sipTrunkPassword"),
        ({"authMode": "ip"}, "sip_credentials_forbidden", "sipTrunkUserName"),
        ({"authMode": "ip", "sipTrunkUserName": ""}, "sip_credentials_forbidden", "sipTrunkPassword"),
        ({"sipTrunkPassword": "a\nb"}, "sip_credentials_invalid", "sipTrunkPassword"),
        ({"nickname": "a\nb"}, "nickname_invalid", "nickname"),
        ({"callerId": "1234"}, "caller_id_invalid", "callerId"),
    ],
)
def test_is_refused_with_400_each_for_its_own_reason(
    program: Program, change: dict[str, Any], expected: str, field: str
) -> None:
    response = program.post(TRUNKS, BODY | change)
    assert code(response) == (400, expected)
    assert response.json()["details"]["field"] == field
    assert nothing_linked()


@pytest.mark.parametrize(
    "change, field",
    [
        ({"phoneNumber": 918047182200}, "phoneNumber"),
        ({"phoneNumber": None}, "phoneNumber"),
        ({"terminationUri": ["127.0.0.1"]}, "terminationUri"),
        ({"terminationUri": ""}, "terminationUri"),
        ({"authMode": "oauth"}, "authMode"),
        ({"authMode": 1}, "authMode"),
        ({"transport": "ws"}, "transport"),
        ({"sipTrunkUserName": {}}, "sipTrunkUserName"),
        ({"sipTrunkPassword": 12345678}, "sipTrunkPassword"),
        ({"nickname": "x" * 256}, "nickname"),
        ({"check": "yes"}, "check"),
    ],
)
def test_is_refused_with_400_for_a_wrong_type_and_names_the_field(
    program: Program, change: dict[str, Any], field: str
) -> None:
    response = program.post(TRUNKS, BODY | change)
    assert code(response) == (400, "invalid_request")
    assert response.json()["message"].startswith(f"{field}: ")
    assert nothing_linked()


def test_is_refused_with_400_and_lists_what_is_missing(program: Program) -> None:
    response = program.post(TRUNKS, {})
    assert response.status_code == 400
    fields = [sentence.partition(":")[0] for sentence in response.json()["message"]]
    assert fields == ["phoneNumber", "terminationUri"]


def test_is_refused_with_409_while_anybody_has_the_number(
    program: Program, charlie_program: Program, workspace: Workspace
) -> None:
    make_number(workspace, NUMBER, calling_code="91", country="IN")
    for sender in (program, charlie_program):
        assert code(sender.post(TRUNKS, BODY)) == (409, "number_already_registered")
    assert not SipTrunk.objects.exists()


def test_is_refused_with_502_when_the_check_finds_nobody(program: Program, pbx: Pbx) -> None:
    pbx.stop()
    body = BODY | {"terminationUri": pbx.uri, "check": True}
    response = program.post(TRUNKS, body, idempotency_key="k1")
    assert code(response) == (502, "sip_trunk_unreachable")
    assert program.get(NUMBERS).json()["total"] == 0
    assert program.post(TRUNKS, BODY).status_code == 201  # nothing keeps the number from being linked


def test_is_refused_with_502_when_the_carrier_does_not_take_the_password(program: Program, pbx: Pbx) -> None:
    pbx.secret = "another"
    response = program.post(TRUNKS, BODY | {"terminationUri": pbx.uri, "check": True})
    assert code(response) == (502, "sip_trunk_unauthorized")
    assert response.json()["details"]["sip_code"] == 401
    assert program.get(NUMBERS).json()["total"] == 0


def test_is_refused_with_429_when_it_tests_too_often(
    program: Program, pbx: Pbx, settings: LazySettings
) -> None:
    settings.TRUNK_TEST_LIMIT = "1/minute"
    bodies = [
        BODY | {"terminationUri": pbx.uri, "check": True, "phoneNumber": f"+91804718220{n}"} for n in (1, 2)
    ]
    responses = [program.post(TRUNKS, body) for body in bodies]
    assert responses[0].status_code == 201
    assert code(responses[1]) == (429, "sip_checks_too_many")
    assert int(responses[1]["Retry-After"]) > 0


def test_is_refused_with_401_and_403(program: Program, workspace: Workspace, now: datetime) -> None:
    nobody = program.http.post(TRUNKS, "{}", "application/json", headers={"authorization": ""})
    assert code(nobody) == (401, "key_missing")
    other = make_program(workspace, now, "numbers:read", "numbers:purchase")
    assert code(other.post(TRUNKS, BODY)) == (403, "key_scope_missing")
    assert nothing_linked()


# --- it is sent again -------------------------------------------------------------------------------------


def test_gets_the_same_answer_for_the_same_key_and_422_for_another_body(program: Program) -> None:
    first = program.post(TRUNKS, BODY, idempotency_key="k1")
    again = program.post(TRUNKS, BODY, idempotency_key="k1")
    assert (again.status_code, again.content) == (201, first.content)
    other = program.post(TRUNKS, BODY | {"sipTrunkPassword": "other"}, idempotency_key="k1")
    assert code(other) == (422, "idempotency_key_reused")
    assert SipTrunk.objects.count() == 1

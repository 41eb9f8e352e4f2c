"""The Plivo adapter's purchase …"""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from telephony.carriers import base
from telephony.carriers.base import BuyResult, BuyStatus, CarrierError, NumberConfig, Outcome
from telephony.carriers.plivo import PlivoCarrier

from .conftest import Sandbox
from .scripted import AUTH_ID, TOKEN, Scripted, raw_server, response, scripted

NUMBER = "+14155550100"


def buy(carrier: PlivoCarrier, e164: str = NUMBER) -> BuyResult:
    return carrier.buy(e164, intent_id="ord_1", config=NumberConfig())


def sold(**changes: Any) -> dict[str, Any]:
    one = {"number": NUMBER[1:], "status": "Success"} | changes
    return {"api_id": "a", "message": "created", "numbers": [one], "status": "fulfilled"}


def test_sells_the_number(sandbox: Sandbox, carrier: PlivoCarrier, number: str) -> None:
    result = buy(carrier, number)
    assert (result.status, result.e164, result.number_id) == (BuyStatus.ACTIVE, number, number[1:])
    assert result.raw["message"] == "created"
    assert sandbox.sales_of(number) == 1


def test_points_the_number_at_the_route_at_once(carrier: PlivoCarrier, number: str) -> None:
    route = carrier.ensure_route(base.InboundRoute("r", "https://a.example/", "https://h.example/"))
    carrier.buy(number, intent_id="ord_1", config=NumberConfig(route=route.id))
    owned = carrier.find_owned(number)
    assert owned is not None
    assert owned.route == route.id


SURELY_NOT = [
    ("9005", base.RateLimited),
    ("9006", base.NumberUnavailable),
    ("9009", base.InsufficientCredit),
    ("9014", base.ComplianceRequired),
]
SOLD_IN_DOUBT = [
    ("9001", base.TransportError),
    ("9002", base.TransportError),  # slower than these tests wait
    ("9004", base.ServerError),
    ("9011", base.TransportError),
    ("9012", base.UnexpectedReply),
    ("9013", base.TransportError),
    ("9017", base.TransportError),
]
NOT_SOLD_IN_DOUBT = [
    ("9003", base.ServerError),
    ("9010", base.TransportError),
    ("9015", base.TransportError),
    ("9016", base.UnexpectedReply),
]
SILENT = ("9001", "9002", "9010", "9015", "9017")
ALL = [
    *((*case, Outcome.NOT_DONE, False) for case in SURELY_NOT),
    *((*case, Outcome.UNKNOWN, True) for case in SOLD_IN_DOUBT),
    *((*case, Outcome.UNKNOWN, False) for case in NOT_SOLD_IN_DOUBT),
]


@pytest.mark.parametrize("country", ["US", "GB", "IN"])
@pytest.mark.parametrize(("ending", "error", "outcome", "owned"), ALL)
def test_says_what_is_known_of_a_magic_number(
    sandbox: Sandbox,
    carrier: PlivoCarrier,
    impatient: PlivoCarrier,
    country: str,
    ending: str,
    error: type[CarrierError],
    outcome: Outcome,
    owned: bool,
) -> None:
    number = sandbox.magic(ending, country)
    with pytest.raises(CarrierError) as caught:
        buy(impatient if ending in SILENT else carrier, number)
    assert type(caught.value) is error
    assert caught.value.outcome is outcome
    assert (carrier.find_owned(number) is not None) is owned
    assert sandbox.sales_of(number) == owned


def test_sells_after_a_pause_that_is_short_enough(
    sandbox: Sandbox, carrier: PlivoCarrier, number: str
) -> None:
    sandbox.break_next("buy", "slow", seconds=0.2)
    assert buy(carrier, number).status is BuyStatus.ACTIVE


@pytest.mark.parametrize(("ending", "verdict"), [("9007", "accepted"), ("9008", "rejected")])
def test_reports_outstanding_papers_until_they_are_accepted(
    sandbox: Sandbox, carrier: PlivoCarrier, ending: str, verdict: str
) -> None:
    number = sandbox.magic(ending, "IN")
    assert buy(carrier, number).status is BuyStatus.PENDING_COMPLIANCE
    waiting = carrier.find_owned(number)
    sandbox.control("PUT", "clock", advance_seconds=61)
    decided = carrier.find_owned(number)
    assert waiting
    assert decided
    assert waiting.status is BuyStatus.PENDING_COMPLIANCE
    assert decided.raw["compliance_status"] == verdict
    assert (decided.status is BuyStatus.ACTIVE) is (verdict == "accepted")


@pytest.mark.parametrize("ending", ["9003", "9005", "9015"])
def test_sells_at_the_second_purchase_after_a_passing_fault(
    sandbox: Sandbox, carrier: PlivoCarrier, impatient: PlivoCarrier, ending: str
) -> None:
    number = sandbox.magic(ending)
    with pytest.raises(CarrierError):
        buy(impatient, number)
    assert buy(carrier, number).status is BuyStatus.ACTIVE


def test_owns_a_number_that_was_sold_late(
    sandbox: Sandbox, carrier: PlivoCarrier, impatient: PlivoCarrier
) -> None:
    number = sandbox.magic("9010")
    with pytest.raises(base.TransportError):
        buy(impatient, number)
    assert carrier.find_owned(number) is None
    sandbox.control("PUT", "clock", advance_seconds=11)
    assert carrier.find_owned(number) is not None


@pytest.mark.parametrize(
    "kind", ["sold_then_silent", "silent", "error_before", "reset_after", "reset_before"]
)
def test_sends_one_request_whatever_happens(
    sandbox: Sandbox, carrier: PlivoCarrier, number: str, kind: str
) -> None:
    sandbox.break_next("buy", kind, seconds=0.1)
    with pytest.raises(CarrierError):
        buy(carrier, number)
    assert [seen.method for seen in sandbox.state.requests].count("POST") == 1


def test_sends_one_request_after_a_429() -> None:
    script = scripted(429, {"error": "slow down"}, retry_after="0")
    with pytest.raises(base.RateLimited) as caught:
        buy(script.carrier())
    assert len(script.requests) == 1
    assert caught.value.retry_after == 0


def test_rejects_a_number_taken_a_moment_ago(sandbox: Sandbox, carrier: PlivoCarrier, number: str) -> None:
    buy(sandbox.carrier("MAANOTHER00000000000"), number)
    with pytest.raises(base.NumberUnavailable):
        buy(carrier, number)


def test_cannot_buy_its_own_number_again(carrier: PlivoCarrier, number: str) -> None:
    buy(carrier, number)
    with pytest.raises(base.NumberUnavailable):
        buy(carrier, number)


REFUSALS: list[tuple[int, Any, type[CarrierError], Outcome]] = [
    (400, {"error": "compliance_application_id is required"}, base.ComplianceRequired, Outcome.NOT_DONE),
    (400, {"Error": "Insufficient funds"}, base.InsufficientCredit, Outcome.NOT_DONE),
    (400, {"error": "app_id is invalid"}, base.BadRequest, Outcome.NOT_DONE),
    (401, b"", base.AuthFailed, Outcome.NOT_DONE),
    (402, b"", base.InsufficientCredit, Outcome.NOT_DONE),
    (403, {"error": "not for your plan"}, base.NotPermitted, Outcome.NOT_DONE),
    (404, {"error": "not found"}, base.NumberUnavailable, Outcome.NOT_DONE),
    (404, b"<html>no such page</html>", base.UnexpectedReply, Outcome.UNKNOWN),
    (405, b"", base.BadRequest, Outcome.NOT_DONE),
    (408, b"", base.TransportError, Outcome.UNKNOWN),
    (422, {"error": "no"}, base.BadRequest, Outcome.NOT_DONE),
    (500, {"error": "not found"}, base.ServerError, Outcome.UNKNOWN),
    (503, {"error": "insufficient"}, base.ServerError, Outcome.UNKNOWN),
    (301, b"", base.UnexpectedReply, Outcome.UNKNOWN),
    (304, b"", base.UnexpectedReply, Outcome.UNKNOWN),
]


@pytest.mark.parametrize(("status", "body", "error", "outcome"), REFUSALS)
def test_reads_the_status_before_the_text(
    status: int, body: Any, error: type[CarrierError], outcome: Outcome
) -> None:
    with pytest.raises(CarrierError) as caught:
        buy(scripted(status, body).carrier())
    assert type(caught.value) is error
    assert caught.value.outcome is outcome
    assert caught.value.http_status == status


UNREADABLE = [
    sold(number="14155550199"),
    sold(status="failed"),
    sold(status=None),
    sold(number=14155550100),
    {"message": "created", "numbers": []},
    {"message": "created", "numbers": [sold()["numbers"][0], {"number": "14155550199", "status": "Success"}]},
    {"message": "created", "numbers": ["14155550100"]},
    {"message": "async api spawned", "api_id": "a"},
    [],
    b"",
    b"null",
    b'{"numbers": ' + b"[" * 100_000,
    b'{"price": NaN, "numbers": [{"number": "14155550100", "status": "Success"}]}',
    b'{"message": "\\u0000", "numbers": [{"number": "14155550100", "status": "Success"}]}',
    b'{"message": "\\ud800", "numbers": [{"number": "14155550100", "status": "Success"}]}',
    b'{"message": %s}' % (b"9" * 5000),
    b'{"numbers": [{"number": "14155550100", "status": "Success"}]}' + b" " * (2 << 20),
    b"\xff\xfe\x00",
]


@pytest.mark.parametrize("body", UNREADABLE)
def test_holds_a_success_it_cannot_read_for_a_possible_sale(body: Any) -> None:
    with pytest.raises(base.UnexpectedReply) as caught:
        buy(scripted(201, body).carrier())
    assert caught.value.outcome is Outcome.UNKNOWN


def test_does_not_unpack_what_it_did_not_ask_to_be_packed() -> None:
    packed = gzip.compress(json.dumps(sold()).encode())
    head = f"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    with raw_server(lambda connection: connection.sendall(head.encode() + packed)) as (url, received):
        with pytest.raises(base.UnexpectedReply):
            buy(PlivoCarrier(url, AUTH_ID, TOKEN))
        assert b"accept-encoding: identity" in received[0].lower()


def test_ignores_a_fallback_number_beside_the_right_one() -> None:
    assert buy(scripted(201, sold(fallback_number="14155550199")).carrier()).e164 == NUMBER


@pytest.mark.parametrize("status", [200, 201, 202])
def test_accepts_every_success_status(status: int) -> None:
    assert buy(scripted(status, sold()).carrier()).status is BuyStatus.ACTIVE


@pytest.mark.parametrize(
    "text", ["14155550100", "+1", "+1415555010\n0", "+14155550100/../x", "", "+٣٣٣٣٣٣٣٣"]
)
def test_never_sends_what_is_no_number(text: str) -> None:
    script = scripted(201, sold())
    with pytest.raises(base.BadRequest):
        buy(script.carrier(), text)
    assert script.requests == []


def test_knows_that_nothing_was_done_when_nobody_listens() -> None:
    carrier = PlivoCarrier("http://127.0.0.1:1", "MA" + "0" * 18, "token")
    with pytest.raises(base.TransportError) as caught:
        buy(carrier)
    assert caught.value.outcome is Outcome.NOT_DONE


def test_carries_the_carriers_words_without_control_characters() -> None:
    script = Scripted([response(400, {"error": "bad\x1b[31m\r\nline " + "x" * 9000, "api_id": "req-1"})])
    with pytest.raises(base.BadRequest) as caught:
        buy(script.carrier())
    assert caught.value.text.startswith("bad [31m  line")
    assert len(caught.value.text) <= 500
    assert caught.value.request_id == "req-1"

"""The record of what was said to a carrier …"""

from __future__ import annotations

import base64

import django.db
import pytest

from telephony.carriers.base import CarrierError, Exchange, NumberConfig, NumberQuery
from telephony.carriers.plivo import PlivoCarrier

from .scripted import AUTH_ID, TOKEN, Scripted, response

SOLD = {"numbers": [{"number": "14155550100", "status": "Success"}]}


def record(script: Scripted) -> list[Exchange]:
    exchanges: list[Exchange] = []
    carrier = script.carrier(recorder=exchanges.append)
    carrier.buy("+14155550100", intent_id="o", config=NumberConfig(route="42"))
    return exchanges


def test_has_the_request_and_its_answer() -> None:
    [exchange] = record(Scripted([response(201, SOLD)]))
    assert (exchange.carrier, exchange.method, exchange.status) == ("plivo", "POST", 201)
    assert exchange.url.endswith("/PhoneNumber/14155550100/")
    assert exchange.request_body == '{"app_id":"42"}'
    assert '"Success"' in exchange.response_body
    assert exchange.duration_ms >= 0


def test_has_no_secrets() -> None:
    leak = SOLD | {"echo": [AUTH_ID, TOKEN]}
    [exchange] = record(Scripted([response(201, leak)]))
    basic = base64.b64encode(f"{AUTH_ID}:{TOKEN}".encode()).decode()
    for secret in (AUTH_ID, TOKEN, basic, "authorization"):
        assert secret not in repr(exchange)
    assert "MASC…00" in exchange.url


def test_keeps_secrets_out_of_errors_and_logs(caplog: pytest.LogCaptureFixture) -> None:
    script = Scripted([response(400, {"error": f"{TOKEN} of {AUTH_ID} is odd"})])
    with pytest.raises(CarrierError) as caught:
        script.carrier().balance()
    assert TOKEN not in f"{caught.value!r} {caplog.text}"
    assert AUTH_ID not in f"{caught.value!r} {caplog.text}"


def test_can_be_stored() -> None:
    script = Scripted([response(400, b"\x00\xff" + b"x" * 200_000)])
    exchanges: list[Exchange] = []
    with pytest.raises(CarrierError):
        script.carrier(recorder=exchanges.append).balance()
    assert "\x00" not in exchanges[0].response_body
    assert len(exchanges[0].response_body) <= 1 << 16


def test_has_every_attempt() -> None:
    exchanges: list[Exchange] = []
    script = Scripted([response(429, b"", retry_after="0.01"), response(200, {"cash_credits": "1"})])
    script.carrier(recorder=exchanges.append).balance()
    assert [exchange.status for exchange in exchanges] == [429, 200]


def test_has_requests_that_nobody_answered() -> None:
    exchanges: list[Exchange] = []
    carrier = PlivoCarrier("http://127.0.0.1:1", AUTH_ID, TOKEN, recorder=exchanges.append)
    with pytest.raises(CarrierError):
        carrier.search(NumberQuery("US"), limit=1)
    assert [(exchange.status, exchange.error) for exchange in exchanges] == [(None, "ConnectError")] * 2


@pytest.mark.parametrize("failure", [django.db.OperationalError("gone"), OSError("disk full")])
def test_does_not_hide_a_sale_when_it_cannot_be_written(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(exchange: Exchange) -> None:
        raise failure

    carrier = Scripted([response(201, SOLD)]).carrier(recorder=fail)
    assert carrier.buy("+14155550100", intent_id="o", config=NumberConfig()).e164 == "+14155550100"
    assert "not recorded" in caplog.text
    assert TOKEN not in caplog.text

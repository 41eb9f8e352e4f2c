"""A call's total deadline …"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from telephony.carriers.base import NumberConfig, Outcome, TransportError
from telephony.carriers.deadline import DeadlineTransport, deadline
from telephony.carriers.http import Timeouts
from telephony.carriers.plivo import PlivoCarrier

from .scripted import AUTH_ID, TOKEN, raw_server

DEADLINE = 0.4
BODY = b'{"numbers": [{"number": "14155550100", "status": "Success"}], "message": "created"}'
HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)


def drip(data: bytes) -> Callable[[socket.socket], None]:
    """Sends a byte well before any single read would time out."""

    def speak(connection: socket.socket) -> None:
        for index in range(len(data)):
            connection.sendall(data[index : index + 1])
            time.sleep(0.05)

    return speak


def drip_body(connection: socket.socket) -> None:
    connection.sendall(HEAD)
    drip(BODY)(connection)


def drip_interim_answers(connection: socket.socket) -> None:
    for _ in range(200):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)


def carrier_at(url: str) -> PlivoCarrier:
    return PlivoCarrier(url, AUTH_ID, TOKEN, timeouts=Timeouts(deadline=DEADLINE))


@pytest.mark.parametrize("speak", [drip(HEAD + BODY), drip_body, drip_interim_answers])
def test_ends_a_purchase_that_is_answered_byte_by_byte(speak: Callable[[socket.socket], None]) -> None:
    with raw_server(speak) as (url, _):
        started = time.monotonic()
        with pytest.raises(TransportError) as caught:
            carrier_at(url).buy("+14155550100", intent_id="o", config=NumberConfig())
    assert time.monotonic() - started < DEADLINE + 0.3
    assert caught.value.outcome is Outcome.UNKNOWN


def test_includes_the_repetition_of_a_get() -> None:
    with raw_server(drip_body) as (url, received):
        started = time.monotonic()
        with pytest.raises(TransportError):
            carrier_at(url).find_owned("+14155550100")
    assert time.monotonic() - started < DEADLINE + 0.3
    assert len(received) == 1


def test_stops_reading_a_body_that_never_ends() -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            sent += connection.send(b"x" * 65536)

    with raw_server(flood) as (url, _), pytest.raises(Exception, match="x{500}"):
        carrier_at(url).find_owned("+14155550100")
    assert sent < 32 << 20


def test_sends_nothing_once_it_has_passed() -> None:
    with raw_server(drip_body) as (url, received), httpx.Client(transport=DeadlineTransport()) as client:
        with deadline(0), pytest.raises(httpx.ConnectTimeout):
            client.get(url)
        assert received == []


def test_is_each_thread_s_own() -> None:
    """One slow call must not shorten the others, which share the client."""
    released = threading.Event()

    def wait_then_answer(connection: socket.socket) -> None:
        released.wait(0.8)
        connection.sendall(HEAD + BODY)

    with raw_server(wait_then_answer) as (url, _), ThreadPoolExecutor() as pool:
        hurried = pool.submit(carrier_at(url).buy, "+14155550100", intent_id="o", config=NumberConfig())
        patient = PlivoCarrier(url, AUTH_ID, TOKEN, timeouts=Timeouts(deadline=5.0))
        bought = pool.submit(patient.buy, "+14155550100", intent_id="o", config=NumberConfig())
        with pytest.raises(TransportError):
            hurried.result()
        assert bought.result().e164 == "+14155550100"

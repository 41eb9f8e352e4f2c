"""Posting to a customer's server …"""

from __future__ import annotations

import gzip
import itertools
import socket
import ssl
import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from dialnexa.webhooks import posting
from dialnexa.webhooks.posting import Answer, post
from tests.dialnexa.webhooks.receiver import always, receiving
from tests.telephony.sip.certificates import Authority
from tests.telephony.sip.zone import Zone


@pytest.fixture(autouse=True)
def _loopback(settings: LazySettings) -> None:
    settings.DEBUG = True
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.1")]


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    found = Authority(tmp_path)
    context = ssl.create_default_context(cafile=str(found.ca))
    monkeypatch.setattr(posting, "tls", lambda: context)
    return found


def send(url: str, seconds: float = 5.0, **options: Any) -> Answer:
    return post(url, b'{"a": 1}', {"webhook-id": "msg_1"}, seconds=seconds, **options)


def test_sends_the_body_and_its_headers() -> None:
    with receiving() as receiver:
        answer = send(f"{receiver.url}?a=b")
    heard = receiver.heard[0]
    assert (heard.line, heard.body) == ("POST /in?a=b HTTP/1.1", '{"a": 1}')
    assert heard.headers["webhook-id"] == "msg_1"
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert (answer.http_status, answer.is_success, answer.body) == (200, True, "ok")


def test_follows_no_redirect() -> None:
    with receiving() as inside:
        moved = always("302 Found", "Location: http://169.254.169.254/latest", f"X-Or: {inside.url}")
        with receiving(moved) as receiver:
            answer = send(receiver.url)
    assert (answer.http_status, answer.is_success) == (302, False)
    assert "Redirects are not followed" in answer.sentence
    assert (receiver.connections, inside.connections) == (1, 0)


@pytest.mark.parametrize("status", ["400 No", "404 No", "410 Gone", "429 No", "500 No", "503 No"])
def test_calls_nothing_but_2xx_a_success(status: str) -> None:
    with receiving(always(status)) as receiver:
        answer = send(receiver.url)
    assert (answer.http_status, answer.is_success) == (int(status[:3]), False)
    assert status[:3] in answer.sentence


def test_gives_a_dripping_server_no_more_than_its_deadline() -> None:
    def drip(_heard: object) -> Any:
        yield b"HTTP/1.1 200 OK\r\n"
        for nth in itertools.count():
            yield 0.05
            yield f"X-{nth}: y\r\n".encode()

    with receiving(drip) as receiver:
        began = time.monotonic()
        answer = send(receiver.url, seconds=0.6)
        took = time.monotonic() - began
    assert answer.http_status is None
    assert "0.6 seconds" in answer.sentence
    assert 0.5 < took < 1.5


def test_takes_a_status_for_an_answer_when_the_body_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "BODY_PATIENCE", 0.3)

    def drip(_heard: object) -> Any:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        for _ in range(100):
            yield b"x"
            yield 0.05

    with receiving(drip) as receiver:
        began = time.monotonic()
        answer = send(receiver.url)
    assert answer.is_success
    assert time.monotonic() - began < 2


def test_reads_little_of_an_endless_body() -> None:
    sent = []

    def flood(_heard: object) -> Any:
        yield b"HTTP/1.1 500 No\r\n\r\n"
        for _ in range(2000):
            sent.append(1)
            yield b"x" * 65536

    with receiving(flood) as receiver:
        answer = send(receiver.url)
    assert answer.body == "x" * 500
    assert len(sent) < 500


def test_never_unpacks_a_bomb() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    with receiving(always("200 OK", "Content-Encoding: gzip", body=bomb)) as receiver:
        answer = send(receiver.url)
    assert (answer.http_status, answer.body) == (200, "")
    assert receiver.heard[0].headers["accept-encoding"] == "identity"


def test_keeps_what_can_be_shown() -> None:
    with receiving(always("500 No", body=b"a\x00b\xff\x1b[31m")) as receiver:
        answer = send(receiver.url)
    assert answer.body == "a\ufffdb\ufffd\ufffd[31m"


def test_says_so_when_it_is_not_http() -> None:
    with receiving(lambda _heard: [b"SSH-2.0-OpenSSH_9\r\n\r\n"]) as receiver:
        answer = send(receiver.url)
    assert (answer.http_status, answer.sentence) == (None, "What it answered is not HTTP.")


def test_says_so_when_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    answer = send(f"http://127.0.0.1:{port}/")
    assert (answer.http_status, answer.sentence) == (None, "It refused the connection.")


def test_connects_to_the_address_it_judged_and_asks_for_the_name(authority: Authority) -> None:
    zone = Zone({"hooks.example.com A": ["127.0.0.1"]})
    with receiving(tls=authority.server("hooks.example.com")) as receiver:
        answer = send(f"https://hooks.example.com:{receiver.port}/in", resolver=zone)
    assert answer.is_success, answer
    assert receiver.heard[0].headers["host"] == f"hooks.example.com:{receiver.port}"


def test_refuses_a_certificate_for_another_name(authority: Authority) -> None:
    zone = Zone({"hooks.example.com A": ["127.0.0.1"]})
    with receiving(tls=authority.server("other.example.com")) as receiver:
        answer = send(f"https://hooks.example.com:{receiver.port}/in", resolver=zone)
    assert answer.http_status is None
    assert answer.sentence.startswith("Its certificate is not accepted")
    assert receiver.heard == []


def test_is_not_led_inside_by_a_name_that_changes_its_mind(settings: LazySettings) -> None:
    """127.0.0.2 plays the public address; the next time the name is asked for, it points inside."""
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.2")]
    zone = Zone({"hooks.example.com A": [["127.0.0.2"], ["127.0.0.1"]]})
    with receiving() as inside:
        url = f"https://hooks.example.com:{inside.port}/in"
        first = send(url, resolver=zone)
        asked = list(zone.asked)
        second = send(url, resolver=zone)
    assert first.sentence == "It refused the connection."
    assert asked == ["hooks.example.com A", "hooks.example.com AAAA"], "a name is looked up once"
    assert "public address" in second.sentence
    assert inside.connections == 0


def test_refuses_a_name_with_one_foot_inside() -> None:
    zone = Zone({"hooks.example.com A": ["8.8.8.8"], "hooks.example.com AAAA": ["::ffff:169.254.169.254"]})
    answer = send("https://hooks.example.com/in", resolver=zone)
    assert (answer.http_status, "public address" in answer.sentence) == (None, True)


def test_tries_the_next_address_when_one_takes_no_connection(
    authority: Authority, settings: LazySettings
) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    zone = Zone({"hooks.example.com A": ["127.0.0.9", "127.0.0.1"]})
    with receiving(tls=authority.server("hooks.example.com")) as receiver:
        answer = send(f"https://hooks.example.com:{receiver.port}/in", resolver=zone)
    assert answer.is_success

"""The sandbox's SIP trunk …"""

from __future__ import annotations

import re
import socket
from ipaddress import ip_network

import httpx
import pytest
from django.conf import LazySettings

from telephony.carriers.sandbox import server
from telephony.carriers.sandbox.server import RunningSandbox
from telephony.carriers.sandbox.sip import PASSWORD, USER, Trunk
from telephony.sip import Check, Termination, check_trunk


@pytest.fixture(autouse=True)
def _this_machine(settings: LazySettings) -> None:
    settings.SIP_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]


def check(
    running: RunningSandbox, transport: str = "udp", user: str = USER, password: str = PASSWORD
) -> Check:
    termination = Termination("127.0.0.1", running.trunk.port)
    return check_trunk(termination, transport=transport, username=user, password=password, deadline=2)


def send(running: RunningSandbox, message: str) -> str:
    """What it answers to this datagram, or nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.sendto(message.replace("\n", "\r\n").encode(), ("127.0.0.1", running.trunk.port))
        try:
            return client.recv(65_535).decode()
        except TimeoutError:
            return ""


OPTIONS = """OPTIONS sip:x SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK1
From: <sip:me@x>;tag=1
To: <sip:x>
Call-ID: abc
CSeq: 1 OPTIONS

"""


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_answers_who_knows_the_password(running: RunningSandbox, transport: str) -> None:
    found = check(running, transport)
    assert (found.health, found.code) == ("healthy", 200), found
    assert "accepts the user name and password" in found.sentence


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), ("other", PASSWORD)])
def test_refuses_who_does_not(running: RunningSandbox, transport: str, user: str, password: str) -> None:
    found = check(running, transport, user, password)
    assert (found.health, found.code) == ("unauthorized", 401)
    assert "Wrong user name or password" in found.sentence
    assert "asks for a user name" in check(running, transport, "", "").sentence


def test_takes_no_proof_for_a_challenge_that_was_never_made(running: RunningSandbox) -> None:
    proof = (
        'Authorization: Digest username="demo", realm="sandbox", nonce="mine", uri="sip:x", '
        'algorithm=MD5, qop=auth, nc=00000001, cnonce="c", response="x"\n'
    )
    assert send(running, OPTIONS.replace("\n\n", f"\n{proof}\n")).startswith("SIP/2.0 401 ")


def test_offers_the_strong_digest_first_and_tells_how_it_was_reached(running: RunningSandbox) -> None:
    answer = send(running, OPTIONS)
    assert re.findall(r"algorithm=([\w-]+)", answer) == ["SHA-256", "MD5"]
    assert re.search(
        r"via: SIP/2.0/UDP 192.0.2.1:5060;rport=\d+;received=127.0.0.1;branch=z9hG4bK1\r\n", answer
    )
    assert re.search(r"to: <sip:x>;tag=\w+\r\n", answer)


def test_has_no_calls(running: RunningSandbox) -> None:
    assert send(running, OPTIONS.replace("OPTIONS", "INVITE")).startswith("SIP/2.0 405 ")
    assert send(running, OPTIONS.replace("OPTIONS", "ACK")) == ""


@pytest.mark.parametrize("message", ["", "hello", "SIP/2.0 200 OK\n\n", "OPTIONS\n\n", "\0" * 3000, "\n" * 9])
def test_says_nothing_to_what_is_no_request(running: RunningSandbox, message: str) -> None:
    assert send(running, message) == ""
    assert check(running).health == "healthy"


def test_can_fall_silent_and_shows_who_asked(running: RunningSandbox) -> None:
    with httpx.Client(base_url=running.url, follow_redirects=True, trust_env=False) as http:
        page = http.get("/").text
        for text in (f"127.0.0.1:{running.trunk.port}", USER, PASSWORD, "It answers."):
            assert text in page
        send(running, OPTIONS.replace("OPTIONS", "<b>"))
        check(running)
        page = http.post("/console/trunk", data={"silent": "yes"}).text
        assert "says nothing" in page
        assert "<td>demo</td><td>200 OK</td>" in page
        assert "&lt;b&gt;" in page
        assert check(running).health == "unreachable"
        assert "It answers." in http.post("/console/trunk", data={"silent": "no"}).text
        assert check(running).health == "healthy"


def test_is_next_to_the_sandbox_or_elsewhere_when_that_is_taken() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        near = probe.getsockname()[1] - 1
        elsewhere = Trunk("127.0.0.1", near)
    next_to_it = Trunk("127.0.0.1", near)
    try:
        assert elsewhere.port not in (near, near + 1)
        assert next_to_it.port == near + 1
    finally:
        elsewhere.stop()
        next_to_it.stop()


def test_ends_with_the_sandbox() -> None:
    sandbox = server.start()
    assert check(sandbox, "tcp").health == "healthy"
    sandbox.stop()
    for transport in ("udp", "tcp"):
        assert "Nothing takes" in check(sandbox, transport).sentence

"""A check of a server that means no good …"""

from __future__ import annotations

import re
import resource
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from telephony.sip import Check, Termination, check_trunk
from tests.telephony.sip.stub import always, datagrams, header, reply, streams

pytestmark = pytest.mark.usefixtures("this_machine")

DEADLINE = 0.6


def check(port: int, transport: str, deadline: float = DEADLINE) -> Check:
    """Ask, and see that it ends in time and without a feast of memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    found = check_trunk(Termination("127.0.0.1", port), transport=transport, deadline=deadline)
    assert time.monotonic() - began < deadline + 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KB
    return found


def found_no_sip(found: Check) -> bool:
    return found.health == "unreachable" and "not with SIP" in found.sentence


@pytest.mark.parametrize("cut", [0, 1])
def test_ends_in_time_when_the_reply_drips(cut: int) -> None:
    def drip(request: str) -> Iterator[bytes | float]:
        whole = reply(request, "200 OK") if request else b""
        for at in range(len(whole)):
            yield whole[at : at + 1]
            yield 0.05

    with streams(drip) as stub:
        assert check(stub.port, "tcp").health == "unreachable"


@pytest.mark.parametrize(
    "part",
    [b"A", b"X: y\r\n", b"\r\n", b"SIP/2.0 100 Trying\r\n\r\n", b"OPTIONS sip:a SIP/2.0\r\n\r\n", b"\0\xff"],
)
@pytest.mark.parametrize("start", [b"", b"SIP/2.0 200 OK\r\n"])
def test_ends_when_the_reply_does_not(start: bytes, part: bytes) -> None:
    def flood(request: str) -> Iterator[bytes | float]:
        yield start
        while True:
            yield part * 1000

    with streams(flood) as stub:
        assert check(stub.port, "tcp").health == "unreachable"


@pytest.mark.parametrize("part", [b"\r\n", b"SIP/2.0 100 Trying\r\n\r\n"])
def test_has_enough_of_a_flood_long_before_its_time_is_up(part: bytes) -> None:
    def flood(request: str) -> Iterator[bytes | float]:
        while True:
            yield part * 1000

    began = time.monotonic()
    with streams(flood) as stub:
        assert check(stub.port, "tcp", deadline=4.5).health == "unreachable"
        assert time.monotonic() - began < 3


def test_reads_no_megabyte() -> None:
    body = b"x" * 1_000_000
    with streams(lambda asked: [reply(asked, "200 OK", body=body)] if asked else []) as stub:
        assert found_no_sip(check(stub.port, "tcp"))


def test_takes_a_reply_as_large_as_a_datagram_can_be() -> None:
    with datagrams(lambda asked: [reply(asked, "200 OK", body=b"x" * 60_000)]) as stub:
        assert check(stub.port, "udp").health == "healthy"


def test_leaves_a_reply_that_was_cut_to_a_datagram() -> None:
    with datagrams(lambda asked: [reply(asked, "200 OK", body=b"x" * 9000)[:1400]]) as stub:
        assert found_no_sip(check(stub.port, "udp"))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(
    "garbage",
    [
        b"\0" * 100,
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"220 mail ESMTP\r\n",
        b"\r\n",
        b"SIP/2.0 999 x\r\n\r\n",
    ],
)
def test_knows_that_it_is_not_sip(transport: str, garbage: bytes) -> None:
    serve = datagrams if transport == "udp" else streams
    with serve(lambda asked: [garbage]) as stub:
        found = check(stub.port, transport)
    assert found_no_sip(found) or (garbage == b"\r\n" and found.health == "unreachable")


def test_finds_the_reply_among_strays() -> None:
    def respond(asked: str) -> Iterator[bytes | float]:
        good = reply(asked, "200 OK")
        branch = re.search(r"branch=(\S+)", header(asked, "Via"))
        assert branch
        yield b"garbage"
        yield good.replace(b"200 OK", b"403 No").replace(branch[1].encode(), b"z9hG4bKother")
        yield good.replace(b"200 OK", b"403 No").replace(b"1 OPTIONS", b"2 OPTIONS")
        yield good.replace(b"200 OK", b"403 No").replace(b"1 OPTIONS", b"1 INVITE")
        yield b"OPTIONS sip:you SIP/2.0\r\nVia: x\r\nContent-Length: 0\r\n\r\n"
        yield good

    with datagrams(respond) as stub:
        assert check(stub.port, "udp").code == 200


def test_finds_the_reply_among_strays_on_a_stream() -> None:
    def respond(asked: str) -> Iterator[bytes | float]:
        if asked:
            good = reply(asked, "200 OK", body=b"body")
            yield (
                b"\r\n\r\n"
                + good.replace(b"1 OPTIONS", b"9 OPTIONS").replace(b"200 OK", b"500 No")
                + good[:40]
            )
            yield 0.05
            yield good[40:]

    with streams(respond) as stub:
        assert check(stub.port, "tcp").code == 200


def test_gives_up_on_a_flood_of_strays() -> None:
    stray = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKno\r\nCSeq: 1 OPTIONS\r\n\r\n"

    def flood(asked: str) -> Iterator[bytes | float]:
        while True:
            yield from [stray] * 50
            yield 0.001

    with datagrams(flood) as stub:
        assert check(stub.port, "udp").health == "unreachable"


def test_hears_nobody_but_the_target() -> None:
    heard = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))

        def respond(asked: str) -> list[bytes | float]:
            host, port = header(asked, "Via").split()[1].partition(";")[0].split(":")
            stranger.sendto(reply(asked, "200 OK"), (host, int(port)))
            heard.set()
            return []

        with datagrams(respond) as stub:
            found = check(stub.port, "udp")
    assert heard.is_set()
    assert (found.health, found.code) == ("unreachable", None)


def test_follows_no_redirection() -> None:
    with datagrams(always("200 OK")) as elsewhere:
        contact = f"Contact: <sip:127.0.0.1:{elsewhere.port}>"
        with datagrams(always("302 Moved", contact)) as stub:
            found = check(stub.port, "udp")
    assert (found.health, found.code, elsewhere.heard) == ("unreachable", 302, [])


@contextmanager
def slamming(*, reset: bool) -> Iterator[int]:
    """A server that hangs up on everybody."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def serve() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    connection.recv(10)
                    if reset:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.close()
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("transport", ["tcp", "tls"])
@pytest.mark.parametrize("reset", [True, False])
def test_knows_that_it_hangs_up(transport: str, *, reset: bool) -> None:
    with slamming(reset=reset) as port:
        found = check(port, transport)
    assert found.health == "unreachable"
    assert "closed the connection" in found.sentence


def test_knows_a_reply_that_ends_in_the_middle() -> None:
    def respond(asked: str) -> Iterator[bytes | float]:
        if asked:
            yield reply(asked, "200 OK")[:30]
            raise EOFError

    with streams(respond) as stub:
        assert found_no_sip(check(stub.port, "tcp"))


@pytest.mark.parametrize(
    "challenge", ["x" * 20_000, 'Digest realm="' + '\\"' * 7000, "Digest " + "a=b," * 3000]
)
def test_is_not_kept_busy_by_a_challenge(challenge: str) -> None:
    with streams(
        lambda asked: [reply(asked, "401 No", f"WWW-Authenticate: {challenge}")] if asked else []
    ) as stub:
        began = time.monotonic()
        found = check_trunk(
            Termination("127.0.0.1", stub.port), transport="tcp", username="me", password="p", deadline=1
        )
    assert found.health != "healthy"
    assert time.monotonic() - began < 1.5

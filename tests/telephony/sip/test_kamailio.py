"""A check of a real Kamailio that wants a digest …"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from telephony.sip import Check, Termination, check_trunk
from tests.telephony.sip.certificates import Authority
from tests.telephony.sip.software import PASSWORD, USER, Kamailio, kamailio

pytestmark = [
    pytest.mark.sip,
    pytest.mark.processes,
    pytest.mark.usefixtures("this_machine", "trusted"),
]
TRANSPORTS = ("udp", "tcp", "tls")


@pytest.fixture(scope="module")
def server(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kamailio]:
    folder = tmp_path_factory.mktemp("kamailio")
    with kamailio(folder, *authority.certify("127.0.0.1")) as running:
        yield running


def check(server: Kamailio, transport: str, username: str = USER, password: str = PASSWORD) -> Check:
    termination = Termination("127.0.0.1", server.port(transport))
    return check_trunk(termination, transport=transport, username=username, password=password)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_is_healthy_with_the_right_password(server: Kamailio, transport: str) -> None:
    found = check(server, transport)
    assert (found.health, found.code, found.reason) == ("healthy", 200, "Welcome"), found
    assert "accepts the user name and password" in found.sentence
    assert found.round_trip_ms is not None
    assert found.round_trip_ms < 1000


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(("username", "password"), [(USER, "wrong"), ("bob", PASSWORD), (USER, "")])
def test_is_unauthorized_with_a_wrong_password(
    server: Kamailio, transport: str, username: str, password: str
) -> None:
    found = check(server, transport, username, password)
    assert (found.health, found.code) == ("unauthorized", 401)
    assert found.sentence.startswith("Wrong user name or password.")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_is_unauthorized_without_credentials(server: Kamailio, transport: str) -> None:
    found = check(server, transport, "", "")
    assert (found.health, found.code) == ("unauthorized", 401)
    assert "asks for a user name and password" in found.sentence


def test_does_not_take_a_nonce_for_the_password_twice(server: Kamailio) -> None:
    assert [check(server, "udp").health for _ in range(3)] == ["healthy"] * 3


@pytest.mark.parametrize(("algorithm", "proxy"), [("SHA-256", False), ("SHA-256", True), ("MD5", True)])
def test_answers_other_challenges_too(
    authority: Authority, tmp_path: Path, algorithm: str, *, proxy: bool
) -> None:
    with kamailio(tmp_path, *authority.certify("127.0.0.1"), algorithm=algorithm, proxy=proxy) as running:
        assert check(running, "tcp").health == "healthy"
        wrong = check(running, "udp", password="wrong")
    assert (wrong.health, wrong.code) == ("unauthorized", 407 if proxy else 401)


def test_is_unreachable_within_five_seconds_once_it_hangs_or_has_stopped(
    authority: Authority, tmp_path: Path
) -> None:
    with kamailio(tmp_path, *authority.certify("127.0.0.1")) as running:
        assert check(running, "udp").health == "healthy"
        running.pause()
        hanging = [timed(running, transport) for transport in TRANSPORTS]
        running.stop()
        stopped = [timed(running, transport) for transport in TRANSPORTS]
    for found, seconds in [*hanging, *stopped]:
        assert (found.health, found.code) == ("unreachable", None)
        assert seconds < 5
    assert all("Nothing takes" in found.sentence for found, _ in stopped)


def timed(server: Kamailio, transport: str) -> tuple[Check, float]:
    began = time.monotonic()
    found = check(server, transport)
    return found, time.monotonic() - began

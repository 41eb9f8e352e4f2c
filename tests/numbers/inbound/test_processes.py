"""Real processes that answer calls …"""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from phone_numbers.inbound.answers import IN_A_MINUTE
from tests.numbers.inbound.asking import Asking
from tests.numbers.inbound.furnish import NUMBERS, VERSIONS
from tests.numbers.inbound.installation import Installation, Web, installed
from tests.processes import wait_for

SERIAL = count(1)
UNUSED = iter(NUMBERS)
ROUTE = """
UPDATE numbers_phonenumber n SET inbound_version_id = v.id
FROM telephony_agentversion v WHERE v.runtime_url = %s AND n.e164 = %s
"""


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with installed() as made:
        yield made


@pytest.fixture(scope="module")
def first(installation: Installation) -> Web:
    return installation.start_web(free_port())


@pytest.fixture(scope="module")
def second(installation: Installation) -> Web:
    return installation.start_web(free_port())


@pytest.fixture
def dial() -> Callable[[], Asking]:
    """A new call each time, all to a number that nobody has called before this test."""
    e164 = next(UNUSED)
    return lambda: Asking("plivo", e164, next(SERIAL))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def noted(installation: Installation, calls: list[Asking]) -> list[tuple[str, str]]:
    ids = [call.id for call in calls]
    query = "SELECT carrier_call_id, status FROM telephony_call WHERE carrier_call_id = ANY(%s)"
    return installation.rows(query, ids)


def test_go_on_answering_while_postgresql_is_away(
    installation: Installation, first: Web, dial: Callable[[], Asking]
) -> None:
    first.post(dial())
    first.post(dial())  # warm, and the watch runs
    time.sleep(0.5)
    calls = []
    with installation.without_postgres():
        stranger = Asking("plivo", next(UNUSED), next(SERIAL))
        end = time.monotonic() + 4
        while time.monotonic() < end:
            calls.append(dial())
            answer = first.post(calls[-1])
            assert (answer.status_code, VERSIONS[0] in answer.text) == (200, True)
        apology, told = first.post(stranger), first.post(calls[0], "status")
        assert (apology.status_code, IN_A_MINUTE in apology.text) == (200, True)
        assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
        assert apology.elapsed.total_seconds() < 5
    assert wait_for(lambda: VERSIONS[0] in first.post(stranger).text)
    assert wait_for(lambda: len(noted(installation, calls)) == len(calls)), len(calls)
    assert first.post(calls[0], "status").status_code == 204
    assert dict(noted(installation, calls))[calls[0].id] == "completed"


def test_lose_no_call_while_postgresql_crashes_again_and_again(
    installation: Installation, first: Web, dial: Callable[[], Asking]
) -> None:
    first.post(dial())
    time.sleep(0.5)
    calls = []
    for _ in range(3):
        installation.crash_postgres()
        for _ in range(20):
            calls.append(dial())
            assert VERSIONS[0] in first.post(calls[-1]).text
            time.sleep(0.05)
    assert wait_for(lambda: len(noted(installation, calls)) == len(calls))


def test_hear_of_a_changed_routing_within_a_second(
    installation: Installation, first: Web, second: Web, dial: Callable[[], Asking]
) -> None:
    e164, slowest = dial().to, 0.0
    for turn in range(6):
        for web in (first, second):
            web.post(dial())
        wanted = VERSIONS[(turn + 1) % 2]
        installation.rows(ROUTE, wanted, e164)
        changed = time.monotonic()
        for web in (first, second):
            assert wait_until(lambda web=web, wanted=wanted: wanted in web.post(dial()).text)  # type: ignore[misc]
        slowest = max(slowest, time.monotonic() - changed)
    print(f"the slowest of two processes heard of it after {slowest:.2f} s")
    assert slowest < 1.5  # 1 s, and something for a busy machine


def wait_until(happens: Callable[[], bool]) -> bool:
    """As ``wait_for``, more impatiently."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if happens():
            return True
        time.sleep(0.02)
    return False


def test_do_not_trust_what_they_knew_before_they_slept(
    installation: Installation, first: Web, dial: Callable[[], Asking]
) -> None:
    first.post(dial())
    time.sleep(0.7)
    assert VERSIONS[0] in first.post(dial()).text
    first.send(signal.SIGSTOP)
    installation.rows(ROUTE, VERSIONS[1], dial().to)
    time.sleep(2)
    first.send(signal.SIGCONT)
    assert VERSIONS[1] in first.post(dial()).text


def test_leave_a_row_with_the_same_id_when_they_are_killed(
    installation: Installation, second: Web, dial: Callable[[], Asking]
) -> None:
    doomed = installation.start_web(free_port())
    doomed.post(dial())
    call = dial()
    answer = doomed.post(call)
    doomed.send(signal.SIGKILL)
    assert second.post(call, "status").status_code == 204
    (pk, status), *others = installation.rows(
        "SELECT id, status FROM telephony_call WHERE carrier_call_id = %s", call.id
    )
    assert (status, others) == ("completed", [])
    assert pk.removeprefix("call_") in answer.text


def test_write_down_everything_before_they_end(
    installation: Installation, dial: Callable[[], Asking]
) -> None:
    ending = installation.start_web(free_port())
    calls = [dial() for _ in range(30)]
    for call in calls:
        ending.post(call)
    ending.send(signal.SIGTERM)
    ending.process.wait(20)
    assert len(noted(installation, calls)) == len(calls)

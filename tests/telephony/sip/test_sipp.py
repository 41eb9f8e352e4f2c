"""A check against scenes that sipp plays …"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from telephony.sip import Check, Termination, check_trunk
from tests.telephony.sip.software import sipp

pytestmark = [pytest.mark.sip, pytest.mark.processes, pytest.mark.usefixtures("this_machine")]

ASKED = '<recv request="OPTIONS"></recv>'


def says(status: str, *headers: str) -> str:
    """A step in which sipp replies."""
    lines = [f"SIP/2.0 {status}", "[last_Via:]", "[last_From:]", "[last_To:];tag=[pid]", "[last_Call-ID:]"]
    text = "\n".join([*lines, "[last_CSeq:]", *headers, "Content-Length: 0", "", ""])
    return f"<send><![CDATA[\n{text}\n]]></send>"


def check(
    folder: Path, scene: str, transport: str = "udp", *, deadline: float = 1.2, **credentials: Any
) -> Check:
    with sipp(folder, scene, transport=transport) as port:
        return check_trunk(
            Termination("127.0.0.1", port), transport=transport, deadline=deadline, **credentials
        )


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(
    ("scene", "health", "code", "said"),
    [
        (says("200 OK", "Allow: INVITE, OPTIONS", "Accept: application/sdp"), "healthy", 200, "It answers."),
        (says("404 Not Found"), "healthy", 404, "does not stop calls"),
        (says("403 Forbidden"), "unauthorized", 403, "Ask your carrier to let our address in"),
        (says("503 Service Unavailable", "Retry-After: 30"), "unreachable", 503, "in 30 seconds"),
        (says("100 Trying") + '<pause milliseconds="300"/>' + says("200 OK"), "healthy", 200, "It answers."),
        (says("183 Wait"), "unreachable", None, "did not get done with it in time"),
    ],
)
def test_understands_what_it_says(
    tmp_path: Path, scene: str, health: str, code: int | None, said: str, transport: str
) -> None:
    found = check(tmp_path, ASKED + scene + '<pause milliseconds="4000"/>', transport)
    assert (found.health, found.code) == (health, code), found
    assert said in found.sentence


def test_takes_a_reply_that_comes_after_it_has_asked_three_times(tmp_path: Path) -> None:
    found = check(tmp_path, ASKED + '<pause milliseconds="1800"/>' + says("200 OK"), deadline=4.5)
    assert (found.health, found.code) == ("healthy", 200), found
    assert found.round_trip_ms is not None
    assert found.round_trip_ms >= 1500


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_is_unreachable_when_it_says_nothing(tmp_path: Path, transport: str) -> None:
    found = check(tmp_path, ASKED + '<pause milliseconds="9000"/>', transport)
    assert (found.health, found.code) == ("unreachable", None)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_is_unreachable_when_it_talks_nonsense(tmp_path: Path, transport: str) -> None:
    nonsense = "<send><![CDATA[\nHELLO THERE 200\nWhat: ever\n\n]]></send>"
    found = check(tmp_path, ASKED + nonsense + '<pause milliseconds="4000"/>', transport)
    assert (found.health, found.code) == ("unreachable", None)
    assert "not with SIP" in found.sentence


def test_answers_the_challenge_it_makes_and_takes_no_for_an_answer(tmp_path: Path) -> None:
    challenge = 'WWW-Authenticate: Digest realm="scene", nonce="[pid]", algorithm=MD5, qop="auth"'
    scene = ASKED + says("401 Unauthorized", challenge)
    accepted = check(tmp_path, scene + ASKED + says("200 OK"), username="me", password="secret")
    assert accepted.health == "healthy", accepted
    again = check(
        tmp_path, scene + ASKED + says("401 Unauthorized", challenge), username="me", password="secret"
    )
    assert (again.health, again.code) == ("unauthorized", 401)

"""Whether a call comes from a host …"""

from __future__ import annotations

import pytest

from dialnexa.errors import Refusal
from telephony.sip import Target, Termination, origins
from telephony.sip.origins import Unresolved, comes_from

HOST = Termination("sip.carrier.example")
ADDRESS = "8.8.4.4"


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What it answers from now on, one for each look-up: an address, or a Refusal."""
    answers: list[object] = []

    def resolve(*_: object, **__: object) -> list[Target]:
        answer = answers.pop(0)
        if isinstance(answer, Refusal):
            raise answer
        return [Target(str(answer), 5060, "udp", HOST.host)]

    monkeypatch.setattr(origins, "resolve", resolve)
    monkeypatch.setattr(origins, "_known", {})
    return answers


def no(status: int) -> Refusal:
    return Refusal("sip_host_unresolved" if status == 502 else "sip_host_unknown", "No.", status=status)


def test_is_known_by_its_addresses(dns: list[object]) -> None:
    dns.append(ADDRESS)
    assert comes_from(ADDRESS, HOST, "udp")
    assert comes_from(f"::ffff:{ADDRESS}", HOST, "udp")
    assert not comes_from("8.8.8.8", HOST, "udp")
    assert not comes_from("nonsense", HOST, "udp")


def test_is_looked_up_again_after_a_while(dns: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    dns += [ADDRESS, "8.8.8.8"]
    assert comes_from(ADDRESS, HOST, "udp")
    monkeypatch.setattr(origins, "FRESH", -1.0)
    assert not comes_from(ADDRESS, HOST, "udp")


def test_stays_as_it_was_while_dns_does_not_answer(
    dns: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(origins, "FRESH", -1.0)
    dns += [ADDRESS, no(502)]
    assert comes_from(ADDRESS, HOST, "udp")
    assert comes_from(ADDRESS, HOST, "udp")


def test_is_not_said_when_dns_never_answered(dns: list[object]) -> None:
    dns.append(no(502))
    with pytest.raises(Unresolved):
        comes_from(ADDRESS, HOST, "udp")


def test_is_not_asked_for_at_each_call_while_dns_is_silent(
    dns: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look-up may last a second, in which somebody else's call waits."""
    dns += [no(502), ADDRESS]
    for _ in range(3):
        with pytest.raises(Unresolved):
            comes_from(ADDRESS, HOST, "udp")
    assert dns == [ADDRESS]
    monkeypatch.setattr(origins, "AGAIN", -1.0)
    assert comes_from(ADDRESS, HOST, "udp")


def test_is_nowhere_when_there_is_no_such_host(dns: list[object]) -> None:
    dns.append(no(400))
    assert not comes_from(ADDRESS, HOST, "udp")

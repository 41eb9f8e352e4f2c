"""A check over TLS …"""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from telephony.sip import Check, Termination, check_trunk
from tests.telephony.sip.certificates import DAY, Authority
from tests.telephony.sip.stub import always, datagrams, header, reply, streams
from tests.telephony.sip.zone import Zone

pytestmark = pytest.mark.usefixtures("this_machine", "trusted")

NAME = "sip.carrier.example"


def respond(asked: str) -> list[bytes | float]:
    return [reply(asked, "200 OK")] if asked else []


def check(server: ssl.SSLContext, **options: object) -> Check:
    with streams(respond, secured=server) as stub:
        zone = Zone({f"{NAME} A": ["127.0.0.1"]})
        termination = Termination(NAME, stub.port)
        return check_trunk(termination, transport="tls", resolver=zone, deadline=2, **options)  # type: ignore[arg-type]


def test_is_healthy_when_the_certificate_is_for_the_host(authority: Authority) -> None:
    found = check(authority.server(NAME))
    assert (found.health, found.code) == ("healthy", 200), found.sentence
    assert found.target.endswith("(TLS)")


def test_writes_that_it_came_over_tls(authority: Authority) -> None:
    with streams(respond, secured=authority.server("127.0.0.1")) as stub:
        found = check_trunk(Termination("127.0.0.1", stub.port), transport="tls")
    assert found.health == "healthy", found.sentence
    assert header(stub.heard[0], "Via").startswith("SIP/2.0/TLS 127.0.0.1:")
    assert ";transport=tls SIP/2.0\r\n" in stub.heard[0]


def test_says_which_host_it_wants(authority: Authority) -> None:
    server = authority.server(NAME)
    asked_for: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    check(server)
    assert asked_for == [NAME]


def test_judges_the_certificate_by_the_customers_name_and_not_by_what_dns_names(authority: Authority) -> None:
    with streams(respond, secured=authority.server("node7.example")) as stub:
        records = {
            f"_sips._tcp.{NAME} SRV": [f"0 0 {stub.port} node7.example."],
            "node7.example A": ["127.0.0.1"],
        }
        found = check_trunk(Termination(NAME), transport="tls", resolver=Zone(records))
    assert found.health == "unreachable"
    assert "for another name" in found.sentence


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("other.example", {}, "for another name"),
        ("carrier.example", {}, "for another name"),
        (NAME, {"ends": timedelta(hours=-1)}, "has expired"),
        (NAME, {"begins": DAY, "ends": 2 * DAY}, "not valid yet"),
        (NAME, {"self_signed": True}, "signed by itself"),
    ],
)
def test_does_not_trust_a_certificate_that_is_not_right(
    authority: Authority, name: str, options: dict[str, timedelta], said: str
) -> None:
    found = check(authority.server(name, **options), username="me", password="secret")  # type: ignore[arg-type]
    assert (found.health, found.code) == ("unreachable", None)
    assert said in found.sentence


def test_does_not_trust_an_address_under_a_name(authority: Authority) -> None:
    with streams(respond, secured=authority.server(NAME)) as stub:
        found = check_trunk(Termination("127.0.0.1", stub.port), transport="tls")
    assert "for another name" in found.sentence


def test_trusts_no_authority_of_its_own_accord(authority: Authority, settings: LazySettings) -> None:
    settings.SIP_CA_FILE = ""
    found = check(authority.server(NAME))
    assert found.health == "unreachable"
    assert "not from an authority we trust" in found.sentence


def test_sends_nothing_before_the_certificate_is_trusted(authority: Authority) -> None:
    with streams(respond, secured=authority.server("other.example")) as stub:
        zone = Zone({f"{NAME} A": ["127.0.0.1"]})
        check_trunk(Termination(NAME, stub.port), transport="tls", resolver=zone, username="me", password="p")
    assert stub.heard == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_does_not_speak_an_old_tls(authority: Authority) -> None:
    server = authority.server(NAME)
    server.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    server.maximum_version = ssl.TLSVersion.TLSv1_1
    assert "does not speak TLS that we understand" in check(server).sentence


def test_says_that_a_certificate_of_ours_is_wanted(authority: Authority, trusted: Path) -> None:
    server = authority.server(NAME)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(trusted)
    assert "a certificate of ours" in check(server).sentence


def test_knows_a_server_that_does_not_speak_tls() -> None:
    with streams(lambda asked: [b"220 mail.example ESMTP\r\n"]) as stub:
        found = check_trunk(Termination("127.0.0.1", stub.port), transport="tls", deadline=1)
    assert "does not speak TLS that we understand" in found.sentence


def test_knows_a_server_that_takes_the_connection_and_says_nothing() -> None:
    with streams(lambda asked: []) as stub:
        found = check_trunk(Termination("127.0.0.1", stub.port), transport="tls", deadline=1)
    assert "takes connections over TLS, but does not answer" in found.sentence


def test_is_not_what_a_udp_port_speaks() -> None:
    with datagrams(always("200 OK")) as stub:
        found = check_trunk(Termination("127.0.0.1", stub.port), transport="tls", deadline=1)
    assert "Nothing takes TLS" in found.sentence

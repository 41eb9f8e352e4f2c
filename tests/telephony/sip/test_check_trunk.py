"""Checking a trunk …"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import LazySettings

from dialnexa.errors import Refusal
from dialnexa.keeper import free_port
from telephony.sip import Check, Termination, check_trunk
from telephony.sip.verdicts import TROUBLES
from tests.telephony.sip.stub import Respond, always, datagrams, header, reply, streams
from tests.telephony.sip.zone import Zone

pytestmark = pytest.mark.usefixtures("this_machine")

CHALLENGE = 'Digest realm="carrier", nonce="abc", algorithm=SHA-256, qop="auth"'
WANTED = f"WWW-Authenticate: {CHALLENGE}"


def check(port: int, transport: str = "udp", host: str = "127.0.0.1", **options: Any) -> Check:
    return check_trunk(Termination(host, port), transport=transport, **options)


def check_reply(status: str, *headers: str, **options: Any) -> Check:
    with datagrams(always(status, *headers)) as stub:
        return check(stub.port, **options)


def wants_proof(status: str = "200 OK") -> Respond:
    """A server that challenges, and answers so whatever the proof."""

    def respond(request: str) -> Iterator[bytes | float]:
        yield reply(request, status) if "Authorization:" in request else reply(request, "401 No", WANTED)

    return respond


# --- what is asked --------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_asks_for_options_as_rfc_3261_writes_them(transport: str) -> None:
    with (datagrams if transport == "udp" else streams)(always("200 OK")) as stub:
        found = check(stub.port, transport)
    assert (found.health, found.code, found.reason) == ("healthy", 200, "OK")
    (asked,) = stub.heard
    place = f"127.0.0.1:{stub.port}"
    options = {"udp": "", "tcp": ";transport=tcp"}[transport]
    assert asked.startswith(f"OPTIONS sip:{place}{options} SIP/2.0\r\n")
    assert asked.endswith("\r\nContent-Length: 0\r\n\r\n")
    via = header(asked, "Via")
    assert via.startswith(f"SIP/2.0/{transport.upper()} 127.0.0.1:")
    assert ";rport;branch=z9hG4bK" in via
    assert (header(asked, "CSeq"), header(asked, "Max-Forwards")) == ("1 OPTIONS", "70")
    assert header(asked, "To") == f"<sip:{place}>"
    assert header(asked, "From").startswith("<sip:options@anonymous.invalid>;tag=")


def test_names_the_account_and_the_installation(settings: LazySettings) -> None:
    settings.SIP_INBOUND_DOMAIN = "sip.ours.example"
    with datagrams(always("200 OK")) as stub:
        check(stub.port)
        check(stub.port, username="al ice@x", password="p")
    assert header(stub.heard[0], "From").startswith("<sip:options@sip.ours.example>;tag=")
    assert header(stub.heard[1], "From").startswith(f"<sip:al%20ice%40x@127.0.0.1:{stub.port}>;tag=")


def test_asks_again_with_proof_in_the_same_conversation() -> None:
    with datagrams(wants_proof()) as stub:
        found = check(stub.port, username="me", password="secret")
    assert (found.health, found.code) == ("healthy", 200)
    assert "accepts the user name and password" in found.sentence
    first, second = stub.heard
    assert header(first, "Call-ID") == header(second, "Call-ID")
    assert header(first, "From") == header(second, "From")
    assert [header(asked, "CSeq") for asked in stub.heard] == ["1 OPTIONS", "2 OPTIONS"]
    assert header(first, "Via") != header(second, "Via")
    assert 'username="me", realm="carrier", nonce="abc"' in header(second, "Authorization")


def test_answers_a_server_and_a_proxy_before_it() -> None:
    def respond(request: str) -> Iterator[bytes | float]:
        if "\r\nAuthorization:" not in request:
            yield reply(request, "401 No", WANTED)
        elif "Proxy-Authorization:" not in request:
            yield reply(request, "407 No", f"Proxy-Authenticate: {CHALLENGE}")
        else:
            yield reply(request, "200 OK")

    with datagrams(respond) as stub:
        assert check(stub.port, username="me", password="p").health == "healthy"
    assert len(stub.heard) == 3


def test_proves_itself_anew_when_only_the_nonce_was_old() -> None:
    def respond(request: str) -> Iterator[bytes | float]:
        if 'nonce="new"' in request:
            yield reply(request, "200 OK")
        elif "Authorization:" in request:
            yield reply(
                request, "401 No", 'WWW-Authenticate: Digest realm="carrier", nonce="new", stale=true'
            )
        else:
            yield reply(request, "401 No", WANTED)

    with datagrams(respond) as stub:
        assert check(stub.port, username="me", password="p").health == "healthy"


# --- what comes back --------------------------------------------------------------------------------------

REPLIES = [
    ("200 OK", "healthy", "It answers."),
    ("202 Accepted", "healthy", "It answers."),
    ("302 Moved Temporarily", "unreachable", "which host takes calls"),
    ("400 Bad Request", "healthy", "need not stop calls"),
    ("403 Forbidden", "unauthorized", "let our address in: 198.51.100.5"),
    ("404 Not Found", "healthy", "does not stop calls"),
    ("405 Method Not Allowed", "healthy", "takes no test questions"),
    ("408 Request Timeout", "unreachable", "what is behind it"),
    ("420 Bad Extension", "healthy", "need not stop calls"),
    ("480 Temporarily Unavailable", "unreachable", "not available"),
    ("483 Too Many Hops", "unreachable", "round in circles"),
    ("486 Busy Here", "healthy", "is busy"),
    ("488 Not Acceptable Here", "healthy", "does not stop calls"),
    ("500 Server Internal Error", "unreachable", "an error of its own"),
    ("501 Not Implemented", "healthy", "does not know test questions"),
    ("502 Bad Gateway", "unreachable", "an error of its own"),
    ("503 Service Unavailable", "unreachable", "Try again in a few minutes"),
    ("504 Server Time-out", "unreachable", "what is behind it"),
    ("505 Version Not Supported", "healthy", "another version"),
    ("600 Busy Everywhere", "healthy", "is busy"),
    ("603 Decline", "unauthorized", "declines"),
    ("604 Does Not Exist Anywhere", "healthy", "does not stop calls"),
    ("606 Not Acceptable", "healthy", "does not stop calls"),
    ("607 Unwanted", "unauthorized", "does not want"),
    ("608 Rejected", "unauthorized", "rejects"),
    ("699 Odd", "unreachable", "refuses everywhere"),
]


@pytest.mark.parametrize(("status", "health", "said"), REPLIES)
def test_says_what_a_reply_means(status: str, health: str, said: str) -> None:
    found = check_reply(status)
    assert (found.health, found.code) == (health, int(status[:3]))
    assert found.reason == status[4:]
    assert said in found.sentence
    assert "{" not in found.sentence
    assert found.round_trip_ms is not None
    assert found.round_trip_ms < 1000
    assert found.target.startswith("127.0.0.1:")


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        ("30", "tried again in 30 seconds"),
        ("18000;duration=3600", "tried again in 300 minutes"),
        ("120 (in maintenance)", "tried again in 2 minutes"),
        ("0", "Try again in a few minutes"),
        ("99999999999", "Try again in a few minutes"),
        ("soon", "Try again in a few minutes"),
    ],
)
def test_says_when_the_carrier_wants_to_be_asked_again(wait: str, said: str) -> None:
    assert said in check_reply("503 Service Unavailable", f"Retry-After: {wait}").sentence


@pytest.mark.parametrize("code", [401, 407])
def test_wants_credentials_where_there_are_none(code: int) -> None:
    name = {401: "WWW", 407: "Proxy"}[code]
    found = check_reply(f"{code} No", f"{name}-Authenticate: {CHALLENGE}")
    assert (found.health, found.code) == ("unauthorized", code)
    assert "asks for a user name and password" in found.sentence
    assert "198.51.100.5" in found.sentence


def test_calls_a_password_wrong_when_it_is_asked_for_again() -> None:
    found = check_reply("401 No", WANTED, username="me", password="wrong")
    assert (found.health, found.code) == ("unauthorized", 401)
    assert found.sentence.startswith("Wrong user name or password.")


def test_says_when_the_challenge_is_none_that_can_be_answered() -> None:
    unknown = 'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA3-512'
    for headers in ([unknown], ['WWW-Authenticate: Basic realm="r"'], []):
        found = check_reply("401 No", *headers, username="me", password="p")
        assert (found.health, found.code) == ("unauthorized", 401)
        assert "in a way we can't answer" in found.sentence


def test_ends_with_a_server_whose_nonces_are_always_old() -> None:
    with datagrams(always("401 No", f"{WANTED}, stale=true")) as stub:
        found = check(stub.port, username="me", password="p")
    assert found.health == "unauthorized"
    assert len(stub.heard) == 3


def test_ends_with_a_server_that_asks_for_another_realm_each_time() -> None:
    def respond(request: str) -> Iterator[bytes | float]:
        number = header(request, "CSeq")[0]
        yield reply(request, "401 No", f'WWW-Authenticate: Digest realm="{number}", nonce="n"')

    with datagrams(respond) as stub:
        assert check(stub.port, username="me", password="p").health == "unauthorized"
    assert len(stub.heard) == 5


def test_says_that_a_refusal_came_after_the_password() -> None:
    with datagrams(wants_proof("403 Forbidden")) as stub:
        found = check(stub.port, username="me", password="p")
    assert (found.health, found.code) == ("unauthorized", 403)
    assert "after user name and password were sent" in found.sentence


def test_says_that_a_password_nobody_asked_for_is_not_tested() -> None:
    assert "so that is not tested" in check_reply("200 OK", username="me", password="p").sentence
    assert "tested" not in check_reply("200 OK").sentence


def test_says_that_silence_came_after_the_password() -> None:
    def respond(request: str) -> list[bytes | float]:
        return [] if "Authorization:" in request else [reply(request, "401 No", WANTED)]

    with datagrams(respond) as stub:
        found = check(stub.port, username="me", password="p", deadline=0.6)
    assert found.health == "unreachable"
    assert "asked for the password and then answered no more" in found.sentence


def test_sends_no_line_break_in_a_user_name() -> None:
    with datagrams(always("200 OK")) as stub:
        found = check(stub.port, username="me\r\nRoute: <sip:evil>", password="p")
    assert (found.health, found.code, stub.heard) == ("unauthorized", None, [])
    assert "line breaks" in found.sentence


def test_shows_no_more_of_a_reason_than_one_clean_line() -> None:
    assert check_reply("404 a\x07\x1b[31m  b\u202ec <script>" + "x" * 500).reason.startswith(
        "a [31m b c <script>x"
    )
    assert len(check_reply("404 " + "x" * 500).reason) == 80


def test_never_shows_or_logs_the_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "correct horse"
    with datagrams(wants_proof(f"403 {secret} is wrong")) as stub:
        found = check(stub.port, username="me", password=secret)
    assert found.reason == "… is wrong"
    assert secret not in f"{found} {caplog.text} {''.join(stub.heard)}"


# --- time and loss ----------------------------------------------------------------------------------------


def test_sends_a_datagram_again_after_half_a_second_then_one_then_two() -> None:
    with datagrams(lambda request: []) as stub:
        found = check(stub.port, deadline=3.7)
    assert found.health == "unreachable"
    assert "No answer over UDP" in found.sentence
    assert len(set(stub.heard)) == 1
    gaps = [round(after - before, 1) for before, after in zip(stub.at, stub.at[1:], strict=False)]
    assert gaps == [pytest.approx(0.5, abs=0.3), pytest.approx(1.0, abs=0.3), pytest.approx(2.0, abs=0.3)]


def test_finds_a_server_whose_first_datagrams_get_lost() -> None:
    lost = iter([True, True])

    def respond(request: str) -> list[bytes | float]:
        return [] if next(lost, False) else [reply(request, "200 OK")]

    with datagrams(respond) as stub:
        found = check(stub.port)
    assert (found.health, len(stub.heard)) == ("healthy", 3)


def test_sends_less_often_once_something_is_being_done() -> None:
    with datagrams(always("100 Trying")) as stub:
        found = check(stub.port, deadline=3.0)
    assert (found.health, found.code, len(stub.heard)) == ("unreachable", None, 2)
    assert "did not get done" in found.sentence


def test_waits_for_the_final_reply_after_a_provisional_one() -> None:
    with datagrams(lambda asked: [reply(asked, "100 Trying"), 0.2, reply(asked, "200 OK")]) as stub:
        found = check(stub.port)
    assert (found.health, found.code) == ("healthy", 200)
    assert found.round_trip_ms is not None
    assert found.round_trip_ms >= 200


def test_never_sends_twice_on_a_stream() -> None:
    with streams(lambda request: []) as stub:
        found = check(stub.port, "tcp", deadline=1.5)
    assert len(stub.heard) == 1
    assert "takes connections over TCP, but does not answer" in found.sentence


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_says_at_once_that_nobody_listens(transport: str) -> None:
    began = time.monotonic()
    found = check(free_port(), transport)
    assert (found.health, found.code, found.round_trip_ms) == ("unreachable", None, None)
    assert f"Nothing takes {transport.upper()}" in found.sentence
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_ends_in_time_when_connections_are_not_even_taken(transport: str) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # the queue is full
            began = time.monotonic()
            found = check(port, transport, deadline=1.0)
    assert found.health == "unreachable"
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("serve", [datagrams, streams])
def test_speaks_ipv6_too(serve: object, host: str) -> None:
    try:
        with serve(always("200 OK"), host=host) as stub:  # type: ignore[operator]
            found = check(stub.port, "udp" if serve is datagrams else "tcp", host)
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert found.health == "healthy"
    if host == "::1":
        assert stub.heard[0].startswith(f"OPTIONS sip:[::1]:{stub.port}")
        assert " [::1]:" in header(stub.heard[0], "Via")


# --- which target -----------------------------------------------------------------------------------------

NAME = "sip.carrier.example"


def services(*ports: int) -> Zone:
    records = [f"{nth} 0 {port} h.example." for nth, port in enumerate(ports)]
    return Zone({f"_sip._udp.{NAME} SRV": records, "h.example A": ["127.0.0.1"]})


def test_tries_the_next_target_when_one_fails() -> None:
    with datagrams(always("503 Full")) as full, datagrams(always("200 OK")) as good:
        zone = services(free_port(), full.port, good.port)
        found = check_trunk(Termination(NAME), transport="udp", resolver=zone)
    assert (found.health, found.target) == ("healthy", f"127.0.0.1:{good.port} (UDP)")


def test_tries_the_next_target_when_one_is_silent() -> None:
    with datagrams(lambda request: []) as silent, datagrams(always("200 OK")) as good:
        began = time.monotonic()
        found = check_trunk(Termination(NAME), transport="udp", resolver=services(silent.port, good.port))
    assert (found.health, len(good.heard)) == ("healthy", 1)
    assert time.monotonic() - began < 3


def test_tells_of_the_failure_that_says_most() -> None:
    with datagrams(lambda request: []) as silent, datagrams(always("503 Full")) as full:
        zone = services(silent.port, full.port, free_port())
        found = check_trunk(Termination(NAME), transport="udp", resolver=zone, deadline=3)
    assert (found.health, found.code) == ("unreachable", 503)


def test_stops_at_the_first_answer_that_decides() -> None:
    with datagrams(always("403 No")) as first, datagrams(always("200 OK")) as second:
        found = check_trunk(Termination(NAME), transport="udp", resolver=services(first.port, second.port))
    assert (found.code, second.heard) == (403, [])


def test_ends_in_time_however_many_targets_are_silent() -> None:
    with datagrams(lambda request: []) as silent:
        began = time.monotonic()
        zone = services(*[silent.port] * 9)
        found = check_trunk(Termination(NAME), transport="udp", resolver=zone, deadline=3)
    assert found.health == "unreachable"
    assert time.monotonic() - began < 3.3


def test_ends_in_time_when_dns_is_slow_and_the_server_silent() -> None:
    with datagrams(lambda request: []) as silent:
        zone = Zone({f"{NAME} A": ["127.0.0.1"]}, seconds=0.9)
        began = time.monotonic()
        found = check_trunk(Termination(NAME, silent.port), transport="udp", resolver=zone, deadline=3)
    assert found.health == "unreachable"
    assert time.monotonic() - began < 3.3


def test_is_unreachable_when_dns_does_not_answer() -> None:
    found = check_trunk(Termination(NAME), transport="udp", resolver=Zone({}, seconds=60), deadline=0.6)
    assert (found.health, found.code, found.target) == ("unreachable", None, NAME)
    assert "DNS did not say" in found.sentence


def test_goes_where_the_name_led_when_it_was_judged(settings: LazySettings) -> None:
    settings.SIP_ALLOWED_NETWORKS = [ip_network("127.0.0.2")]
    moves = Zone({f"{NAME} A": [["127.0.0.2"], ["127.0.0.1"]], f"{NAME} AAAA": []})
    with datagrams(always("200 OK")) as inside:
        found = check_trunk(Termination(NAME, inside.port), transport="udp", resolver=moves, deadline=0.3)
        assert found.target == f"127.0.0.2:{inside.port} (UDP)"
        with pytest.raises(Refusal, match="sip_host_private"):
            check_trunk(Termination(NAME, inside.port), transport="udp", resolver=moves)
    assert inside.heard == []


def test_refuses_hosts_that_are_unknown_or_inside(settings: LazySettings) -> None:
    settings.SIP_ALLOWED_NETWORKS = []
    with pytest.raises(Refusal, match="sip_host_unknown"):
        check_trunk(Termination(NAME), transport="udp", resolver=Zone({}))
    with pytest.raises(Refusal, match="sip_host_private"):
        check(5060)


def test_has_a_sentence_for_every_trouble(settings: LazySettings) -> None:
    settings.SIP_SIGNALLING_ADDRESSES = [f"198.51.100.{n}" for n in range(100)]
    from telephony.sip.verdicts import explain
    from telephony.sip.wire import Trouble

    for kind in TROUBLES:
        sentence = explain(Trouble(kind), "udp")
        assert sentence.endswith(".")
        assert "{" not in sentence
    assert len(check(free_port()).sentence) <= 500
    assert len(check_reply("403 No").sentence) == 500

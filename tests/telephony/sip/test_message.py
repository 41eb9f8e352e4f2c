"""A SIP message …"""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from telephony.sip.message import (
    MOST_BODY,
    MOST_HEAD,
    MOST_HEADERS,
    NotSip,
    Reply,
    build_request,
    parse_reply,
    take_message,
)

OK = (
    b"SIP/2.0 200 OK\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1:5060;rport=5060;branch=z9hG4bKabc\r\n"
    b"CSeq: 7 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


def read(data: bytes) -> Reply:
    reply = parse_reply(data)
    assert reply
    return reply


def test_is_written_with_its_headers_in_order_and_no_body() -> None:
    written = build_request("OPTIONS", "sip:a.example", [("Via", "x"), ("Max-Forwards", "70")])
    assert (
        written == b"OPTIONS sip:a.example SIP/2.0\r\nVia: x\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )


@pytest.mark.parametrize("value", ["a\r\nRoute: <sip:evil>", "a\n", "a\0", "a\x7f", "a\u2028b"])
def test_is_not_written_with_a_smuggled_line(value: str) -> None:
    with pytest.raises(ValueError, match="control characters"):
        build_request("OPTIONS", "sip:a.example", [("From", value)])
    with pytest.raises(ValueError, match="control characters"):
        build_request("OPTIONS", value, [])


def test_is_read_whole() -> None:
    reply = read(OK)
    assert (reply.code, reply.reason, reply.first("cseq"), reply.is_final) == (200, "OK", "7 OPTIONS", True)
    assert not read(b"SIP/2.0 183 Session Progress\r\n\r\n").is_final


def test_is_read_in_compact_folded_and_careless_spelling() -> None:
    reply = read(
        b"sip/2.0 401  Not\t you \r\nv:SIP/2.0/UDP a;branch=z9hG4bK1\r\nVIA : b\r\n"
        b"WWW-Authenticate: Digest\r\n realm=x,\r\n\tnonce=y\r\ni: 1\r\nl: 0\r\n\r\n"
    )
    assert reply.all("via") == ["SIP/2.0/UDP a;branch=z9hG4bK1", "b"]
    assert reply.first("www-authenticate") == "Digest realm=x, nonce=y"
    assert (reply.first("call-id"), reply.first("content-length"), reply.first("route")) == ("1", "0", "")


def test_is_read_without_a_reason_or_a_length() -> None:
    assert read(b"SIP/2.0 200\r\n\r\n").reason == ""
    assert read(b"SIP/2.0 200 \r\n\r\nbody").code == 200


def test_is_read_with_bytes_that_are_no_text() -> None:
    assert read(b"SIP/2.0 200 \xff\xfe\r\nA: \x80\r\n\r\n").code == 200


def test_is_told_from_a_request() -> None:
    assert parse_reply(build_request("OPTIONS", "sip:a.example", [])) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"SIP/2.0 200 OK",
        b"SIP/2.0 200 OK\r\n",
        b"SIP/2.0 200 OK\n\n",
        b"SIP/1.0 200 OK\r\n\r\n",
        b"SIP/2.0 99 x\r\n\r\n",
        b"SIP/2.0 700 x\r\n\r\n",
        b"SIP/2.0 2000 x\r\n\r\n",
        b"SIP/2.0 \xd9\xa2\xd9\xa0\xd9\xa0 x\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"220 mail.example ESMTP\r\n\r\n",
        b"SIP/2.0 200 OK\r\nno header\r\n\r\n",
        b"SIP/2.0 200 OK\r\n: nameless\r\n\r\n",
        b"SIP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nfour",
        b"SIP/2.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"SIP/2.0 200 OK\r\nContent-Length: 1e3\r\n\r\n",
        b"SIP/2.0 200 OK\r\nContent-Length: 0\r\nl: 1\r\n\r\nx",
        b"SIP/2.0 200 OK\r\nContent-Length: 9999999999\r\n\r\n",
        b"SIP/2.0 200 OK\r\n" + b"A: b\r\n" * (MOST_HEADERS + 1) + b"\r\n",
        b"SIP/2.0 200 OK\r\nA: " + b"b" * MOST_HEAD + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        bytes(range(256)) * 10,
    ],
)
def test_is_refused_when_it_is_not_sip_or_too_much(data: bytes) -> None:
    with pytest.raises(NotSip):
        parse_reply(data)


@pytest.mark.parametrize(
    ("via", "cseq", "ours"),
    [
        ("SIP/2.0/UDP a;branch=z9hG4bKabc", "7 OPTIONS", True),
        ("SIP/2.0/UDP a ; rport=1 ; Branch = z9hG4bKabc ;x", "7  options", True),
        ("SIP/2.0/UDP a;branch=z9hG4bKabc, SIP/2.0/UDP b;branch=z9hG4bKxyz", "7 OPTIONS", True),
        ("SIP/2.0/UDP a;branch=z9hG4bKxyz, SIP/2.0/UDP b;branch=z9hG4bKabc", "7 OPTIONS", False),
        ("SIP/2.0/UDP a;branch=z9hG4bKabcd", "7 OPTIONS", False),
        ("SIP/2.0/UDP a;xbranch=z9hG4bKabc", "7 OPTIONS", False),
        ("SIP/2.0/UDP a", "7 OPTIONS", False),
        ("SIP/2.0/UDP a;branch=z9hG4bKabc", "8 OPTIONS", False),
        ("SIP/2.0/UDP a;branch=z9hG4bKabc", "7 INVITE", False),
        ("SIP/2.0/UDP a;branch=z9hG4bKabc", "", False),
    ],
)
def test_answers_only_its_own_request(via: str, cseq: str, ours: bool) -> None:
    reply = read(f"SIP/2.0 200 OK\r\nVia: {via}\r\nCSeq: {cseq}\r\n\r\n".encode())
    assert reply.answers("z9hG4bKabc", 7, "OPTIONS") is ours


# --- on a stream --------------------------------------------------------------------------------------

LONG = OK.replace(b"Content-Length: 0", b"Content-Length: 4") + b"body"


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_is_cut_off_a_stream_however_it_arrives(size: int) -> None:
    stream = b"\r\n\r\n" + OK + LONG + b"\r\n" + OK
    buffer, messages = bytearray(), []
    for at in range(0, len(stream), size):
        buffer += stream[at : at + size]
        while (message := take_message(buffer)) is not None:
            messages.append(message)
    assert messages == [OK, LONG, OK]
    assert not buffer


def test_without_a_length_has_no_body_on_a_stream() -> None:
    buffer = bytearray(b"SIP/2.0 200 OK\r\n\r\nSIP/2.0")
    assert take_message(buffer) == b"SIP/2.0 200 OK\r\n\r\n"
    assert take_message(buffer) is None


@pytest.mark.parametrize(
    "stream",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"220 mail.example ESMTP\r\n",
        b"\x16\x03\x01\x02",
        b"\0",
        b"A" * (MOST_HEAD + 1),
        b"SIP/2.0 200 OK\r\n" + b"A: b\r\n" * MOST_HEAD,
        b"SIP/2.0 200 OK\r\n" + b"A: b\r\n" * MOST_HEAD + b"\r\n",
        b"SIP/2.0 200 OK\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY + 1),
    ],
)
def test_is_not_waited_for_when_it_cannot_become_one(stream: bytes) -> None:
    with pytest.raises(NotSip):
        take_message(bytearray(stream))


# --- whatever is sent ---------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        b"SIP/2.0 200 OK", b"SIP/2.0", b" ", b"\r\n", b"\r\n\r\n", b"\r", b"\n", b"\t", b":", b"Via", b"v",
        b"CSeq: 1 OPTIONS", b";branch=", b"Content-Length: ", b"l:", b"0", b"99", b"-",
        b"OPTIONS sip:a SIP/2.0", b"\x00", b"\xff", b",", b'"', b"\\",
    ]
)  # fmt: skip
SOUP = st.binary(max_size=2000) | st.lists(PIECES | st.binary(max_size=5), max_size=60).map(b"".join)


@effort(deadline=None)
@given(SOUP)
@example(OK[:-2])
def test_is_read_or_refused_whatever_is_sent(data: bytes) -> None:
    try:
        reply = parse_reply(data)
    except NotSip:
        return
    assert reply is None or reply.answers("x", 1, "OPTIONS") in (True, False)


@effort(deadline=None)
@given(SOUP)
def test_never_keeps_a_stream_busy(data: bytes) -> None:
    buffer = bytearray(data)
    try:
        while buffer and (message := take_message(buffer)):
            assert len(message) + len(buffer) <= len(data)
    except NotSip:
        return


@pytest.mark.parametrize("filler", [b" ", b"\t", b";", b"=", b":", b"\r\n ", b"; ", b"a ", b'"', b"\\"])
def test_is_refused_or_read_quickly_when_made_to_be_slow(filler: bytes) -> None:
    began = time.process_time()
    for start in (b"SIP/2.0 200 OK\r\nVia:", b"SIP/2.0 200", b"X"):
        data = start + filler * (MOST_HEAD // len(filler) - 10) + b"x\r\n\r\n"
        try:
            reply = parse_reply(data)
            assert reply is None or not reply.answers("z9hG4bK", 1, "OPTIONS")
        except NotSip:
            pass
    assert time.process_time() - began < 0.5

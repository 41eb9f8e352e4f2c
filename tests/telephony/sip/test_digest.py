"""Answering a digest challenge …"""

from __future__ import annotations

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from telephony.sip.digest import (
    Challenge,
    Credentials,
    authorize,
    parse_challenge,
    quoted,
    strongest_challenge,
)
from telephony.sip.message import Reply

MUFASA = Credentials("Mufasa", "Circle of Life")
JASON = Credentials("J\u00e4s\u00f8n Doe", "Secret, or not?")
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def part(header: str, name: str) -> str:
    return header.partition(f' {name}="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_computes_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    challenge = Challenge("http-auth@example.org", NONCE, algorithm, "auth", OPAQUE)
    name, value = authorize(challenge, MUFASA, method="GET", uri="/dir/index.html", cnonce=CNONCE)
    assert name == "Authorization"
    assert value == (
        f'Digest username="Mufasa", realm="http-auth@example.org", nonce="{NONCE}", uri="/dir/index.html", '
        f'response="{response}", algorithm={algorithm}, opaque="{OPAQUE}", qop=auth, nc=00000001, '
        f'cnonce="{CNONCE}"'
    )


def test_computes_the_example_with_sha_512_256_as_its_erratum_corrects_it() -> None:
    nonce = "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK"
    challenge = Challenge("api@example.org", nonce, "SHA-512-256", "auth")
    cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"
    _, value = authorize(challenge, JASON, method="GET", uri="/doe.json", cnonce=cnonce)
    assert part(value, "response") == "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"


def test_computes_the_example_of_rfc_2617() -> None:
    nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    challenge = Challenge("testrealm@host.com", nonce, "MD5", "auth")
    lion = Credentials("Mufasa", "Circle Of Life")
    _, value = authorize(challenge, lion, method="GET", uri="/dir/index.html", cnonce="0a4f113b")
    assert part(value, "response") == "6629fae49393a05397450978507c4ef1"


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_computes_the_old_way_without_qop() -> None:
    _, value = authorize(Challenge("r", "n"), Credentials("u", "p"), method="OPTIONS", uri="sip:a")
    assert part(value, "response") == md5(f"{md5('u:r:p')}:n:{md5('OPTIONS:sip:a')}")
    assert not any(name in value for name in ("qop", "nc=", "cnonce", "opaque"))


def test_computes_a_session_key() -> None:
    challenge = Challenge("r", "n", "MD5-sess", "auth")
    _, value = authorize(challenge, Credentials("u", "p"), method="OPTIONS", uri="sip:a", cnonce="c")
    key = md5(f"{md5('u:r:p')}:n:c")
    assert part(value, "response") == md5(f"{key}:n:00000001:c:auth:{md5('OPTIONS:sip:a')}")
    assert "algorithm=MD5-sess" in value


def test_covers_the_empty_body_where_that_is_all_there_is_to_choose() -> None:
    challenge = parse_challenge('Digest realm="r", nonce="n", qop="auth-int"')
    assert challenge
    _, value = authorize(challenge, Credentials("u", "p"), method="OPTIONS", uri="sip:a", cnonce="c")
    asked = md5(f"OPTIONS:sip:a:{md5('')}")
    assert part(value, "response") == md5(f"{md5('u:r:p')}:n:00000001:c:auth-int:{asked}")


def test_sends_neither_the_password_nor_the_same_cnonce_twice() -> None:
    challenge = Challenge("r", "n", "SHA-256", "auth")
    values = [authorize(challenge, MUFASA, method="OPTIONS", uri="sip:a")[1] for _ in range(2)]
    assert part(values[0], "cnonce") != part(values[1], "cnonce")
    assert not any("Circle" in value for value in values)
    assert "Circle" not in repr(MUFASA)


def test_escapes_what_it_quotes() -> None:
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'
    challenge = parse_challenge(r'Digest realm="the \"best\" \\ realm", nonce="n"')
    assert challenge
    assert challenge.realm == 'the "best" \\ realm'
    odd = Credentials('al"ice\\', "p")
    _, value = authorize(challenge, odd, method="OPTIONS", uri="sip:a")
    assert value.startswith(r'Digest username="al\"ice\\", realm="the \"best\" \\ realm", ')
    response = value.partition('response="')[2].partition('"')[0]
    secret = md5('al"ice\\:the "best" \\ realm:p')
    assert response == md5(f"{secret}:n:{md5('OPTIONS:sip:a')}")


# --- choosing -----------------------------------------------------------------------------------------


def reply(code: int, *values: str, name: str = "www-authenticate") -> Reply:
    return Reply(code, "", tuple((name, value) for value in values))


MD5 = 'Digest realm="r", nonce="1", algorithm=MD5, qop="auth"'
SHA = 'Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth,auth-int"'
SHA512 = 'digest algorithm=sha-512-256-sess, realm="r",nonce="3",qop=auth'
BROKEN = 'Digest realm="r", nonce="4", algorithm=SHA-512-256, qop="auth'


def test_chooses_the_strongest_it_can() -> None:
    assert getattr(strongest_challenge(reply(401, MD5, SHA)), "nonce", "") == "2"
    chosen = strongest_challenge(reply(401, SHA, SHA512, MD5))
    assert chosen == Challenge("r", "3", "SHA-512-256-sess", "auth")
    without = 'Digest realm="r", nonce="5", algorithm=MD5'
    assert getattr(strongest_challenge(reply(401, without, MD5)), "nonce", "") == "1"


def test_passes_over_what_it_cannot_answer() -> None:
    unknown = 'Digest realm="r", nonce="6", algorithm=SHA3-512'
    strange = 'Digest realm="r", nonce="7", qop="token"'
    values = ['Basic realm="r"', unknown, strange, BROKEN, "Digest", "", MD5]
    assert getattr(strongest_challenge(reply(401, *values)), "nonce", "") == "1"
    assert strongest_challenge(reply(401, *values[:-1])) is None


def test_answers_a_proxy_in_a_proxys_header() -> None:
    challenge = strongest_challenge(reply(407, SHA, name="proxy-authenticate"))
    assert challenge
    assert authorize(challenge, MUFASA, method="OPTIONS", uri="sip:a")[0] == "Proxy-Authorization"
    assert strongest_challenge(reply(407, SHA)) is None
    assert strongest_challenge(reply(401, SHA, name="proxy-authenticate")) is None


@pytest.mark.parametrize(
    ("text", "stale"), [("stale=TRUE", True), ('stale="true"', True), ("stale=false", False)]
)
def test_sees_that_only_the_nonce_was_old(text: str, stale: bool) -> None:
    challenge = parse_challenge(f'Digest realm="r", nonce="n", {text}')
    assert challenge
    assert challenge.stale is stale


@pytest.mark.parametrize(
    "value",
    [
        'Digest realm="r"',
        'Digest nonce="n"',
        'Digest realm="r", nonce=""',
        'Digest realm="r", nonce="n", nonce="m"',
        'Digest realm="r" nonce="n"',
        'Digest realm="r", nonce="n", =x',
        'Digest realm="r", nonce="n\x00"',
        f'Digest realm="r", nonce="{"n" * 1025}"',
        'Digestrealm="r", nonce="n"',
        'Bearer realm="r", nonce="n"',
    ],
)
def test_leaves_malformed_and_huge_challenges(value: str) -> None:
    assert parse_challenge(value) is None


@effort(deadline=None)
@given(
    st.text(max_size=300)
    | st.from_regex(r'Digest ([a-z]{1,6}=("[^"]{0,5}"|[a-z]{0,4}),? ?){0,9}', fullmatch=True)
)
def test_never_fails_whatever_the_challenge(value: str) -> None:
    challenge = parse_challenge(value)
    if challenge:
        assert authorize(challenge, MUFASA, method="OPTIONS", uri="sip:a")[1].isprintable()


@pytest.mark.parametrize("filler", ['"', "\\", '\\"', "a=", "a=b,", " ", ",", "="])
def test_is_quick_with_challenges_made_to_be_slow(filler: str) -> None:
    began = time.process_time()
    assert parse_challenge('Digest realm="' + filler * (16_000 // len(filler))) is None
    assert parse_challenge("Digest " + filler * (16_000 // len(filler))) is None
    assert time.process_time() - began < 0.5

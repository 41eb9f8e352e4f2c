"""The signature of a webhook …"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import plivo.utils
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from telephony.carriers.signatures import signed_by_plivo, signed_by_signalwire, signed_by_twilio
from telephony.carriers.voice import SignedRequest

from .contracts import CONTRACTS
from .scripted import TOKEN
from .signing import FORM, SIGNING_KEY, posted, signed

Verify = Callable[[SignedRequest, str], bool]
SCHEMES: dict[str, tuple[Verify, str, str]] = {  # how to check, with which secret, in which header
    "plivo": (signed_by_plivo, TOKEN, "x-plivo-signature-v3"),
    "twilio": (signed_by_twilio, TOKEN, "x-twilio-signature"),
    "signalwire": (signed_by_signalwire, SIGNING_KEY, "x-signalwire-signature"),
}
FIELDS = {"From": "+14155550100", "To": "+14155550101", "Name": "Zoë & Søn 中文", "Empty": "", "A": "1"}
NONCE = "x-plivo-signature-v3-nonce"


def is_accepted(slug: str, request: SignedRequest, secret: str = "") -> bool:
    verify, right, _ = SCHEMES[slug]
    return verify(request, secret or right)


def with_headers(request: SignedRequest, **headers: str) -> SignedRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(request, headers={**request.headers, **named})


# --- the carriers' own vectors


def vectors(path: str) -> dict[str, Any]:
    if not (CONTRACTS / path).exists():
        pytest.skip(f"no vectors beside the repository, in ../shared/contracts/{path}: not compared")
    return json.loads(Path(CONTRACTS / path).read_text())


def as_request(url: str, vector: dict[str, Any], header: str) -> SignedRequest:
    fields = [tuple(pair) for pair in vector.get("params_list") or vector.get("params", {}).items()]
    body = vector["raw_body"] if "raw_body" in vector else urlencode(fields)
    kind = "application/json" if "raw_body" in vector else FORM
    return SignedRequest("POST", url, {"content-type": kind, header: vector["signature"]}, body.encode())


@pytest.mark.parametrize("index", range(4))
def test_is_plivos_as_its_sdk_publishes_it(index: int) -> None:
    published = vectors("plivo/vectors/signature_v3.json")
    vector = published["vectors"][index]
    request = posted(published["params"], vector["url"])
    if vector["method"] == "GET":  # the published one has its parameters in neither body nor query
        query = urlencode(published["params"])
        joined = f"{vector['url']}{'&' if '?' in vector['url'] else '?'}{query}"
        request = SignedRequest("GET", joined, {}, b"")
    headers = {**request.headers, NONCE: published["nonce"], "x-plivo-signature-v3": vector["signature"]}
    assert signed_by_plivo(replace(request, headers=headers), published["auth_token"])
    assert not signed_by_plivo(replace(request, headers=headers), published["auth_token"] + "x")


@pytest.mark.parametrize("index", range(7))
def test_is_twilios_as_its_sdk_publishes_it(index: int) -> None:
    published = vectors("twilio/vectors/x_twilio_signature.json")
    vector = published["vectors"][index]
    request = as_request(vector["url"], vector, "x-twilio-signature")
    assert signed_by_twilio(request, published["auth_token"])
    assert not signed_by_twilio(request, "12346")


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("header", ["x-signalwire-signature", "x-twilio-signature"])
def test_is_signalwires_as_its_sdk_publishes_it(index: int, header: str) -> None:
    vector = vectors("signalwire/vectors/x_signalwire_signature.json")["vectors"][index]
    request = as_request(vector["url"], vector, header)
    assert signed_by_signalwire(request, vector["signing_key"])
    assert not signed_by_signalwire(request, vector["signing_key"] + "x")
    assert not signed_by_signalwire(replace(request, body=request.body + b"x"), vector["signing_key"])


NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=6)
VALUES = st.text(st.characters(codec="utf-8"), max_size=12)


@effort(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6), st.dictionaries(NAMES, NAMES, max_size=3), st.booleans())
def test_is_plivos_where_its_sdk_says_so(posted_fields: Any, query: Any, asked: bool) -> None:
    url = "https://voice.example/hook" + (f"?{urlencode(query)}" if query else "")
    base = plivo.utils.signature_v3
    if asked:
        request, text = SignedRequest("GET", url, {}, b""), base.construct_get_url(url, {})
    else:
        request, text = posted(posted_fields, url), base.construct_post_url(url, posted_fields)
    signature = base.get_signature_v3(TOKEN.encode(), text.decode(), b"77").decode()
    assert is_accepted("plivo", with_headers(request, x_plivo_signature_v3=signature, **{NONCE: "77"}))


# --- every carrier's


@pytest.fixture(params=list(SCHEMES))
def slug(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("fields", [FIELDS, {}, {"Only": ""}, {f"F{index}": "x" * 9 for index in range(300)}])
def test_is_accepted_for_what_was_signed(slug: str, fields: dict[str, str]) -> None:
    assert is_accepted(slug, signed(slug, fields))


def test_is_refused_with_another_secret(slug: str) -> None:
    request = signed(slug, FIELDS)
    for secret in (TOKEN + "x", TOKEN.upper(), "é" * 20, " "):
        assert not is_accepted(slug, request, secret)


@pytest.mark.parametrize(
    "change",
    [
        {"From": "+14155550199"},
        {"Extra": "1"},
        {"Empty": " "},
        {"A": "01"},
        {"Name": "Zoe & Son"},
    ],
)
def test_is_refused_for_other_fields(slug: str, change: dict[str, str]) -> None:
    changed = replace(signed(slug, FIELDS), body=posted(FIELDS | change).body)
    assert not is_accepted(slug, changed)


def test_is_refused_for_fewer_fields(slug: str) -> None:
    request = signed(slug, FIELDS)
    assert not is_accepted(slug, replace(request, body=urlencode({"From": "+14155550100"}).encode()))
    assert not is_accepted(slug, replace(request, body=b""))


@pytest.mark.parametrize(
    "url",
    [
        "https://voice.example/hook2",
        "https://voice.example/hook/",
        "https://voice.example/hook?a=1",
        "https://voice.example.org/hook",
        "http://voice.example/hook",
        "https://voice.example/HOOK",
        "https://[",
        "hook",
        "",
    ],
)
def test_is_refused_for_another_url(slug: str, url: str) -> None:
    assert not is_accepted(slug, replace(signed(slug, FIELDS), url=url))


def test_is_refused_when_missing_or_garbled(slug: str) -> None:
    request = signed(slug, FIELDS)
    header = SCHEMES[slug][2]
    without = {name: value for name, value in request.headers.items() if name != header}
    assert not is_accepted(slug, replace(request, headers=without))
    right = request.headers[header]
    for wrong in ("", " ", right[:-1], right + "=", right.lower(), "é✓\udc80", "\x00", "A" * 100_000):
        assert not is_accepted(slug, replace(request, headers={**request.headers, header: wrong})), wrong


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_is_refused_for_a_form_that_claims_to_be_something_else(slug: str, kind: str) -> None:
    """What could be read as two things was not signed as both."""
    assert not is_accepted(slug, with_headers(signed(slug, FIELDS), content_type=kind))


def test_is_accepted_for_a_form_that_names_its_characters(slug: str) -> None:
    assert is_accepted(slug, with_headers(signed(slug, FIELDS), content_type=f"{FORM}; charset=UTF-8"))


def test_is_checked_for_large_bodies(slug: str) -> None:
    large = {"Large": "x" * (1 << 20)}
    assert is_accepted(slug, signed(slug, large))
    assert not is_accepted(slug, replace(signed(slug, large), body=posted({"Large": "y" * (1 << 20)}).body))
    many = [(f"F{index}", "") for index in range(100_000)]
    assert not is_accepted(slug, signed(slug, many))


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=%ff", b"a=%ed%b0%80", b"&&&=&", b"\x00" * 64])
def test_is_refused_for_bodies_that_are_no_text(slug: str, body: bytes) -> None:
    assert not is_accepted(slug, replace(signed(slug, FIELDS), body=body))


@effort(max_examples=200, deadline=None)
@given(
    st.sampled_from(list(SCHEMES)),
    st.text(max_size=30) | st.just("https://voice.example/hook"),
    st.dictionaries(
        st.sampled_from([*(scheme[2] for scheme in SCHEMES.values()), NONCE]), st.text(max_size=9)
    ),
    st.sampled_from(["POST", "GET", ""]),
    st.binary(max_size=40),
    st.sampled_from([FORM, "application/json", ""]),
)
def test_is_refused_whatever_else_comes(
    slug: str, url: str, headers: dict[str, str], method: str, body: bytes, kind: str
) -> None:
    request = SignedRequest(method, url, {**headers, "content-type": kind}, body)
    assert is_accepted(slug, request) is False


# --- what is peculiar to each


def test_of_plivo_needs_its_nonce() -> None:
    request = signed("plivo", FIELDS)
    for nonce in ("", "31416"):
        assert not is_accepted("plivo", with_headers(request, **{NONCE: nonce}))
    digest = hmac.new(TOKEN.encode(), b"https://voice.example/hook.", hashlib.sha256).digest()
    empty = {NONCE: "", "x-plivo-signature-v3": base64.b64encode(digest).decode()}
    assert not is_accepted("plivo", SignedRequest("GET", "https://voice.example/hook", empty, b""))


def test_of_plivo_may_be_one_of_several_or_the_main_accounts() -> None:
    request = signed("plivo", FIELDS)
    right = request.headers["x-plivo-signature-v3"]
    for header in ("x-plivo-signature-v3", "x-plivo-signature-ma-v3"):
        for value in (right, f"old,{right}", f"{right}, old", f" , {right} ,"):
            headers = {**request.headers, "x-plivo-signature-v3": "old", header: value}
            assert is_accepted("plivo", replace(request, headers=headers))


def test_of_plivo_counts_every_one_of_repeated_names() -> None:
    request = posted([("To", "b"), ("To", "a")], "https://voice.example/hook?z=%20&a=2&a=1&e=")
    text = "https://voice.example/hook?a=1&a=2&e=&z= .ToaTob.5"
    digest = hmac.new(TOKEN.encode(), text.encode(), hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    signed_so = with_headers(request, x_plivo_signature_v3=signature, **{NONCE: "5"})
    assert is_accepted("plivo", signed_so)
    assert not is_accepted("plivo", replace(signed_so, body=b"To=a"))


@pytest.mark.parametrize("port", [":443", ":8443"])
def test_of_twilio_may_leave_out_the_port_or_add_it(port: str) -> None:
    plain, ported = "https://voice.example/hook", f"https://voice.example{port}/hook"
    assert is_accepted("twilio", replace(signed("twilio", FIELDS, plain), url=ported))
    usual = signed("twilio", FIELDS, "https://voice.example:443/hook")
    assert is_accepted("twilio", replace(usual, url=plain))
    other = signed("twilio", FIELDS, "https://voice.example:8443/hook")
    assert not is_accepted("twilio", replace(other, url=plain))


def test_of_twilio_covers_a_json_body_by_the_digest_in_its_url() -> None:
    body = b'{"a": 1}'
    url = f"https://voice.example/hook?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = signed("twilio", {}, url).headers
    request = SignedRequest("POST", url, {**headers, "content-type": "application/json"}, body)
    assert is_accepted("twilio", request)
    assert not is_accepted("twilio", replace(request, body=b'{"a": 2}'))
    assert not is_accepted("twilio", with_headers(request, content_type=FORM))


def test_of_signalwire_covers_a_form_only_as_a_form() -> None:
    request = posted(FIELDS)
    whole = hmac.new(SIGNING_KEY.encode(), request.url.encode() + request.body, hashlib.sha1).hexdigest()
    claimed = with_headers(request, x_signalwire_signature=whole)
    assert not is_accepted("signalwire", claimed)
    assert is_accepted("signalwire", with_headers(claimed, content_type="application/json"))


def test_of_signalwire_is_not_believed_in_two_headers_at_once() -> None:
    request = signed("signalwire", FIELDS)
    right = request.headers["x-signalwire-signature"]
    wrong = {**request.headers, "x-signalwire-signature": "no", "x-twilio-signature": right}
    assert not is_accepted("signalwire", replace(request, headers=wrong))

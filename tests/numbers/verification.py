"""The carrier's side of a verification call: what it was asked, and what it would hear."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from django.test import Client

from telephony.carriers.sandbox import signing
from telephony.carriers.sandbox.calls import Call

TOKEN = "sandbox-token"
FIELDS = {
    "CallUUID": "01234567-89ab-cdef-0123-456789abcdef",
    "From": "918035340000",
    "To": "919820012345",
    "Direction": "outbound",
    "CallStatus": "in-progress",
    "Event": "StartApp",
}


def last_call(sandbox: Any) -> Call:
    return sandbox.state.calls()[-1]


def post_signed(url: str, token: str = TOKEN, **fields: str) -> Any:
    """The answer to a webhook of Plivo's at ``url``, signed with ``token``."""
    body = {**FIELDS, **fields}
    headers = {
        "x-plivo-signature-v3": signing.plivo_v3(url, body, "123", token),
        "x-plivo-signature-v3-nonce": "123",
    }
    form = "application/x-www-form-urlencoded"
    return Client().generic("POST", urlsplit(url).path, urlencode(body), form, headers=headers)


def hear(sandbox: Any, **fields: str) -> str:
    """All that the voice says in the newest call."""
    response = post_signed(last_call(sandbox).answer_url, **fields)
    assert response.status_code == 200
    return " ".join(speak.text or "" for speak in ElementTree.fromstring(response.content).iter("Speak"))


def heard_code(sandbox: Any) -> str:
    digits = "".join(word for word in hear(sandbox).replace(".", " ").split() if word.isdigit())
    assert len(digits) == 12
    assert digits[:6] == digits[6:]
    return digits[:6]

"""Webhooks as carriers send and sign them, made by hand from their descriptions and not by our own code."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlencode

from telephony.carriers.voice import SignedRequest

from .scripted import TOKEN

FORM = "application/x-www-form-urlencoded"
URL = "https://voice.example/hook"
SIGNING_KEY = "PSKcanary-of-a-signing-key"
Fields = Mapping[str, str] | Iterable[tuple[str, str]]


def posted(fields: Fields, url: str = URL) -> SignedRequest:
    """A form that nobody signed."""
    listed = list(fields.items()) if isinstance(fields, Mapping) else list(fields)
    return SignedRequest("POST", url, {"content-type": FORM}, urlencode(listed).encode())


def signed(slug: str, fields: Fields, url: str = URL) -> SignedRequest:
    """A form from this carrier. ``url`` has no query; names are said once."""
    request = posted(fields, url)
    listed = dict(fields)
    said = "".join(f"{name}{listed[name]}" for name in sorted(listed))
    if slug == "plivo":
        mark = "?" if said else ""
        headers = {
            "x-plivo-signature-v3-nonce": "31415",
            "x-plivo-signature-v3": _base64(TOKEN, f"{url}{mark}{said}.31415", "sha256"),
        }
    elif slug == "twilio":
        headers = {"x-twilio-signature": _base64(TOKEN, url + said, "sha1")}
    else:
        headers = {"x-signalwire-signature": _base64(SIGNING_KEY, url + said, "sha1")}
    return replace(request, headers={**request.headers, **headers})


def _base64(secret: str, text: str, digest: str) -> str:
    return base64.b64encode(
        hmac.new(secret.encode(), text.encode(), getattr(hashlib, digest)).digest()
    ).decode()

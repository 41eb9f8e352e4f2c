"""How carriers sign what they ask and tell: written from their documents, apart from our own checks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit


def plivo_v3(url: str, params: Mapping[str, str], nonce: str, token: str) -> str:
    """Plivo's signature, version 3, of a POST with these form fields."""
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}{parts.path}"
    query = "&".join(f"{key}={value}" for key, value in sorted(parse_qsl(parts.query, True)))
    fields = "".join(f"{key}{value}" for key, value in sorted(params.items()))
    if query or fields:
        base += f"?{query}"
    if query and fields:
        base += "."
    return _digest(f"{base}{fields}.{nonce}", token, "sha256")


def twilio(url: str, params: Mapping[str, str], token: str) -> str:
    """Twilio's signature of a POST with these form fields; SignalWire's is the same with its signing key."""
    return _digest(url + "".join(f"{key}{value}" for key, value in sorted(params.items())), token, "sha1")


def _digest(text: str, token: str, name: str) -> str:
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), getattr(hashlib, name))).decode()

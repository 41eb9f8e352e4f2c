"""The addresses a carrier asks about one call, and the token in them.

The token is made from the call's id, so nothing is stored: it proves that we gave the address out. It proves
nothing about who asks; that is the signature's business.
"""

from __future__ import annotations

import hmac

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

SALT = "dialnexa.call"


def token_of(call_id: str) -> str:
    """32 hexadecimal digits."""
    return salted_hmac(SALT, call_id, algorithm="sha256").hexdigest()[:32]


def is_token_of(call_id: str, token: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(token_of(call_id).encode(), token.encode())


def callback_url(kind: str, carrier: str, call_id: str) -> str:
    """The public address of ``kind`` ("answer" or "status") for this call."""
    path = reverse(f"carrier:call_{kind}", args=[carrier, call_id, token_of(call_id)])
    return f"{settings.PUBLIC_BASE_URL}{path}"

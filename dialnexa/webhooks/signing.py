"""Signatures as Standard Webhooks writes them down, so that customers check them with its libraries."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"
LENGTH = 32  # bytes


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(LENGTH)).decode()


def signed_headers(message_id: str, body: str, *, keys: Sequence[str], now: datetime) -> dict[str, str]:
    """What goes out beside ``body``: one signature for each of ``keys``, which are secrets."""
    signatures = [Webhook(key).sign(message_id, now, body) for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }

"""What an API key may have told: nothing it could not read itself."""

from __future__ import annotations

from collections.abc import Collection

from dialnexa.errors import Refusal
from dialnexa.models import ApiKey
from dialnexa.webhooks.events import EVENTS, EVERYTHING

READS = {  # by the first word of an event: the scope whose data it tells
    "number": "numbers:read",
    "rental": "numbers:read",
    "kyc": "kyc:read",
    "call": "calls:read",
    "limit": "telephony:read",
}


def refuse_unreadable(key: ApiKey, events: Collection[str]) -> None:
    """``events`` as an endpoint has them. Raises Refusal 403 ``webhook_scope_missing``, naming the scopes."""
    asked = EVENTS if EVERYTHING in events else [event for event in events if event in EVENTS]
    lacking = sorted({READS[event.partition(".")[0]] for event in asked} - {*key.scopes})
    if not lacking:
        return
    raise Refusal(
        "webhook_scope_missing",
        f"These events tell what this API key may not read: it lacks {', '.join(lacking)}. Choose other "
        "events, or have an owner or admin make a key that has these scopes.",
        status=403,
        scopes=lacking,
    )

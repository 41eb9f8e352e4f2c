"""Values dressed for the admin: states, money, bodies of requests."""

from __future__ import annotations

import json
from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dialnexa.money import format_exactly

TONES = {
    "active": "ok",
    "fulfilled": "ok",
    "verified": "ok",
    "published": "ok",
    "sold": "ok",
    "pending": "waiting",
    "placed": "waiting",
    "buying": "waiting",
    "submitted": "waiting",
    "uncertain": "trouble",
    "failed": "trouble",
    "rejected": "trouble",
    "suspended": "trouble",
    "expired": "trouble",
    "refused": "trouble",
    "unknown": "trouble",
}


def pill(value: str, label: str) -> SafeString:
    """A state as a dot and a word."""
    return dot(TONES.get(value, "off"), label)


def dot(tone: str, label: str) -> SafeString:
    """A dot of one of the four tones (ok, waiting, trouble, off) and a word."""
    return format_html('<span class="status status-{}">{}</span>', tone, label)


def pre(text: str) -> SafeString | str:
    """A body as it was sent, unfolded on demand; JSON indented."""
    return format_html('<pre class="body">{}</pre>', pretty(text)) if text else "–"


def pretty(text: str) -> str:
    """JSON with indents; anything else as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def exact_money(amount: Decimal | None, currency: str) -> str:
    """With its cents, or with every digit it has when there are more; a dash for nothing."""
    return "–" if amount is None else format_exactly(amount, currency)

"""What was said to a carrier and what it answered, for the record that support reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dialnexa.isolation.scope import everywhere
from telephony.carriers.base import Exchange
from telephony.models import CarrierExchange

BODY_LIMIT = 20_000  # characters


def save_exchanges(
    exchanges: Iterable[Exchange], *, about: str, workspace_id: str | None, now: datetime
) -> None:
    """Keep these exchanges (masked by the adapter) under ``about``, an order's, number's or stray's id.

    They are collected while the carrier is spoken to and written with the outcome, so that a database that is
    away can't turn an answer into a doubt.
    """
    rows = [
        CarrierExchange(
            about=about,
            workspace_id=workspace_id,
            carrier=exchange.carrier,
            method=exchange.method,
            url=_storable(exchange.url)[:1000],
            request_body=_storable(exchange.request_body),
            status=exchange.status,
            response_body=_storable(exchange.response_body),
            error=_storable(exchange.error)[:300],
            duration_ms=exchange.duration_ms,
            at=now,
        )
        for exchange in exchanges
    ]
    with everywhere("Some are no workspace's, and support only reads them."):
        CarrierExchange.objects.bulk_create(rows)


def _storable(text: str) -> str:
    """PostgreSQL holds no NUL, and nobody reads a megabyte."""
    return text.replace("\x00", "�")[:BODY_LIMIT]

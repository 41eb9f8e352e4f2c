"""How values are written in messages: as the REST API writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal


def moment(at: datetime) -> str:
    """UTC, ISO 8601 with milliseconds: ``2026-11-21T05:38:09.000Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_or_none(at: datetime | None) -> str | None:
    return moment(at) if at else None


def money(amount: Decimal) -> str:
    """``"250.00"``; more than two places only where they say something: ``"0.0085"``."""
    short = amount.normalize()
    places = max(2, -int(short.as_tuple().exponent))
    return f"{short:.{places}f}"


def money_or_none(amount: Decimal | None) -> str | None:
    return None if amount is None else money(amount)

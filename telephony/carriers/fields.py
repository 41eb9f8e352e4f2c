"""Fields of a carrier's JSON object, read strictly. What can't be read raises ValueError, or is absent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from telephony.e164 import is_e164

from .base import Money

_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,10})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def text(item: Mapping[str, Any], key: str) -> str:
    """A string that must be there."""
    value = item.get(key)
    if not (isinstance(value, str) and value):
        raise ValueError(f"{key} is missing or no text")
    return value


def optional(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def number(item: Mapping[str, Any], key: str) -> str:
    """A phone number in E.164, with its ``+``."""
    value = text(item, key)
    if not is_e164(value):
        raise ValueError(f"{key} is no phone number")
    return value


def matching(item: Mapping[str, Any], key: str, pattern: re.Pattern[str]) -> str:
    value = text(item, key)
    if not pattern.fullmatch(value):
        raise ValueError(f"{key} has an unknown form")
    return value


def money(item: Mapping[str, Any], key: str, currency: str) -> Money:
    """An exact amount, possibly below zero. JSON fractions arrive as text (see ``Reply.json``)."""
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int) or not _AMOUNT.fullmatch(str(value)):
        raise ValueError(f"{key} is no amount")
    if not _CURRENCY.fullmatch(currency):
        raise ValueError("an amount in an unknown currency")
    return Money(Decimal(value), currency)


def price(item: Mapping[str, Any], key: str, currency: str) -> Money:
    cost = money(item, key, currency)
    if cost.amount < 0:
        raise ValueError(f"{key} is below zero")
    return cost


def moment(item: Mapping[str, Any], key: str) -> datetime | None:
    """A time in UTC from ISO 8601 or RFC 2822; None for what is neither."""
    value = optional(item, key)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = read(value)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def objects(answer: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of objects that must be there."""
    value = answer.get(key)
    if not (isinstance(value, list) and all(isinstance(item, dict) for item in value)):
        raise ValueError(f"{key} is no list of objects")
    return value


def place(*parts: str) -> str:
    """“Los Angeles, CA” from its parts, without empty ones and repetitions."""
    return ", ".join(part for part in dict.fromkeys(parts) if part)

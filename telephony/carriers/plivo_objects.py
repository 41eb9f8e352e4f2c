"""Plivo's JSON objects turned into ours. Every function raises ValueError for what it can't read."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from telephony.e164 import country_of, is_e164

from .api import Refused
from .base import (
    BadRequest,
    BuyResult,
    BuyStatus,
    CarrierError,
    ComplianceRequired,
    InsufficientCredit,
    Money,
    NotFound,
    NumberType,
    NumberUnavailable,
    Offer,
    OwnedNumber,
    UnexpectedReply,
)
from .fields import optional, text
from .reply import Reply, error_class

logger = logging.getLogger(__name__)

CURRENCY = "USD"  # all of Plivo's prices
DEAREST = 10**6  # a number that costs as much is a mistake of somebody's

_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,10})?", re.ASCII)
_ROUTE = re.compile(r"/(?:Application|Zentrunk/Trunk)/([^/]+)/?$")
_REFUSED = ("rejected", "expired", "suspended")
_SOLD = {"success": BuyStatus.ACTIVE, "pending": BuyStatus.PENDING_COMPLIANCE}
_TYPES = {
    "local": NumberType.LOCAL,
    "fixed": NumberType.LOCAL,
    "mobile": NumberType.MOBILE,
    "tollfree": NumberType.TOLL_FREE,
    "national": NumberType.NATIONAL,
}
_BY_TEXT: tuple[tuple[str, type[CarrierError]], ...] = (
    ("compliance", ComplianceRequired),
    ("insufficient", InsufficientCredit),
)
_RESTRICTIONS = {
    "city-address": "An address in the number's city",
    "country-address": "An address in the number's country",
    "terms-and-conditions": "Agreement to the carrier's terms for this number",
}


def offer(item: Mapping[str, Any], country: str) -> Offer:
    """A search result. Plivo names the country in words, so the one that was asked for is kept."""
    return Offer(
        e164=_e164(item),
        country=country,
        type=_offered_type(item),
        region=_place(item),
        capabilities=_capabilities(item),
        setup_cost=_price(item, "setup_rate"),
        monthly_cost=_price(item, "monthly_rental_rate"),
        requirements=_requirements(item),
    )


def purchase(answer: dict[str, Any], digits: str) -> BuyResult:
    """The result of buying ``digits``. An answer about any other number, or a second one, is refused."""
    sold = answer.get("numbers")
    if not (isinstance(sold, list) and len(sold) == 1 and isinstance(sold[0], dict)):
        raise ValueError("the answer does not name one number")
    if text(sold[0], "number") != digits:
        raise ValueError("the answer names another number than was asked for")
    status = text(sold[0], "status").lower()
    if status not in _SOLD:
        raise ValueError(f"unknown purchase status {status!r}")
    return BuyResult(status=_SOLD[status], number_id=digits, e164="+" + digits, raw=answer)


def owned(item: Mapping[str, Any]) -> OwnedNumber:
    e164 = _e164(item)
    return OwnedNumber(
        number_id=e164.removeprefix("+"),
        e164=e164,
        country=country_of(e164),
        type=_TYPES.get(optional(item, "number_type")),
        capabilities=_capabilities(item),
        route=_route(item),
        tag=optional(item, "alias"),
        status=_status(item),
        acquired_at=_day(item, "added_on"),
        next_billing=_day(item, "renewal_date"),
        monthly_cost=_rent(item),
        raw=dict(item),
    )


def balance(answer: Mapping[str, Any]) -> Money:
    """The account's credit; below zero for an account in debt."""
    return Money(_amount(answer, "cash_credits"), CURRENCY)


def page(answer: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """The objects of one page of a list, and how many the whole list has."""
    objects, meta = answer.get("objects"), answer.get("meta")
    total = meta.get("total_count") if isinstance(meta, dict) else None
    if not (isinstance(objects, list) and all(isinstance(item, dict) for item in objects)):
        raise ValueError("a list without objects")
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise ValueError("a list without a total")
    return objects, total


def refusal(reply: Reply) -> Refused:
    """What a refusal means: by status, then by text. A 404 counts only in Plivo's own words."""
    words, request_id = _said(reply)
    kind = error_class(reply.status)
    if kind is NotFound and "not found" not in words.lower():
        kind = UnexpectedReply
    elif kind is BadRequest:
        kind = next((error for word, error in _BY_TEXT if word in words.lower()), BadRequest)
    return Refused(kind, words, request_id=request_id)


def purchase_refusal(reply: Reply) -> Refused:
    """As ``refusal``; a number that is not found is gone."""
    refused = refusal(reply)
    return replace(refused, kind=NumberUnavailable) if refused.kind is NotFound else refused


def _said(reply: Reply) -> tuple[str, str]:
    """What Plivo said and its api_id; both empty when the body isn't Plivo's. The main API writes ``error``,
    Zentrunk ``Error``, and some answers have only ``message``."""
    try:
        body = reply.json()
    except ValueError:
        return "", ""
    said = next((body[key] for key in ("error", "Error", "message") if body.get(key)), "")
    return str(said), str(body.get("api_id") or "")


def _e164(item: Mapping[str, Any]) -> str:
    e164 = "+" + text(item, "number").removeprefix("+")
    if not is_e164(e164):
        raise ValueError("number is no phone number")
    return e164


def _offered_type(item: Mapping[str, Any]) -> NumberType:
    kind = text(item, "type")
    sub_type = optional(item, "sub_type")
    kind = sub_type if kind == "fixed" and sub_type else kind
    if kind not in _TYPES:
        raise ValueError(f"unknown number type {kind!r}")
    return _TYPES[kind]


def _place(item: Mapping[str, Any]) -> str:
    """“San Francisco, California”. Plivo shouts cities and may end the region with the country's name."""
    country = optional(item, "country").lower()
    parts = [optional(item, "city").title(), *optional(item, "region").split(", ")]
    kept = [part for part in dict.fromkeys(parts) if part and part.lower() != country]
    return ", ".join(kept)


def _capabilities(item: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in ("voice", "sms", "mms") if item.get(f"{name}_enabled") is True)


def _amount(item: Mapping[str, Any], key: str) -> Decimal:
    value = item.get(key)
    if not isinstance(value, str | int) or not _AMOUNT.fullmatch(str(value)):
        raise ValueError(f"{key} is no amount")
    return Decimal(value)


def _price(item: Mapping[str, Any], key: str) -> Money:
    amount = _amount(item, key)
    if not 0 <= amount < DEAREST:
        raise ValueError(f"{key} is no price: {amount:,}")
    return Money(amount, CURRENCY)


def _rent(item: Mapping[str, Any]) -> Money | None:
    """What an owned number costs. It stays ours whatever the carrier writes here."""
    try:
        return _price(item, "monthly_rental_rate")
    except ValueError as error:
        logger.warning("plivo: an owned number without a price: %s", error)
        return None


def _requirements(item: Mapping[str, Any]) -> tuple[str, ...]:
    sentences = []
    if restriction := optional(item, "restriction"):
        sentences.append(optional(item, "restriction_text") or _RESTRICTIONS.get(restriction, restriction))
    prerequisites = item.get("prerequisites")
    for needed in prerequisites if isinstance(prerequisites, list) else ():
        if isinstance(needed, dict):
            sentences.append(_prerequisite(needed))
    return tuple(sentence.strip().rstrip(".") + "." for sentence in dict.fromkeys(sentences))


def _prerequisite(needed: Mapping[str, Any]) -> str:
    kind = optional(needed, "type") or "document"
    scope = optional(needed, "scope")
    article = "An" if kind[0].lower() in "aeiou" else "A"
    proof = ", with proof" if needed.get("proof_required") is True else ""
    place = f" in the number's {scope}" if scope and kind == "address" else ""
    return f"{article} {kind}{place}{proof}"


def _route(item: Mapping[str, Any]) -> str:
    match = _ROUTE.search(optional(item, "application"))
    return match[1] if match else ""


def _status(item: Mapping[str, Any]) -> BuyStatus:
    """Papers are reported only where they are asked for; until accepted the number is not usable."""
    papers = optional(item, "compliance_status").lower()
    if papers in ("", "accepted"):
        return BuyStatus.ACTIVE
    return BuyStatus.PAPERS_REFUSED if papers in _REFUSED else BuyStatus.PENDING_COMPLIANCE


def _day(item: Mapping[str, Any], key: str) -> datetime | None:
    value = optional(item, key)
    try:
        return datetime.strptime(value[:10], "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None

"""SignalWire's JSON objects turned into ours. Every function raises ValueError for what it can't read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from telephony.e164 import country_of

from .api import Refused
from .base import (
    BadRequest,
    BuyResult,
    BuyStatus,
    CarrierError,
    DestinationRefused,
    InsufficientCredit,
    LimitReached,
    Money,
    NotFound,
    NotPermitted,
    NumberType,
    NumberUnavailable,
    Offer,
    OwnedNumber,
    RateLimited,
    ReleaseTooEarly,
    UnexpectedReply,
)
from .fields import matching, moment, number, objects, optional, place
from .reply import Reply, error_class
from .webhooks import texts

NUMBER_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
WEBHOOKS = "laml_webhooks"  # the call handler that asks our URLs

_OWNED_TYPES = {"longcode": NumberType.LOCAL, "toll-free": NumberType.TOLL_FREE}
_BY_CODE: dict[str, type[CarrierError]] = {
    "account_limit_exceeded": LimitReached,
    "could_not_purchase": NumberUnavailable,
    "insufficient_balance": InsufficientCredit,
    "number_not_supported": NumberUnavailable,
    "purchased_too_recently": ReleaseTooEarly,
    "rate_limit_exceeded": RateLimited,
}
_CALLS_BY_CODE: dict[str, type[CarrierError]] = {
    "4001": InsufficientCredit,
    "21210": NotPermitted,  # the number that calls is not the project's
    "21211": DestinationRefused,
    "21215": NotPermitted,  # the project may not call that country
    "21220": NotFound,  # a call that is over
    "30002": InsufficientCredit,
}
_DECIDED = (401, 402, 408, 429)  # statuses that say it all


def offer(item: Mapping[str, Any], kind: NumberType, rate: Money) -> Offer:
    """A search result, in the spelling of SignalWire's document or of its live API.

    The one has ``number`` and a map of capabilities, the other ``e164`` and a list of them.
    """
    e164 = _either_number(item)
    return Offer(
        e164=e164,
        country=optional(item, "country_code").upper() or country_of(e164),
        type=kind,
        region=_place(item),
        capabilities=_capabilities(item),
        setup_cost=Money(Decimal(0), rate.currency),
        monthly_cost=rate,
    )


def offers(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    return objects(answer, "data")


def purchase(answer: dict[str, Any], e164: str) -> BuyResult:
    """The result of buying ``e164``. An answer about any other number is refused."""
    if number(answer, "number") != e164:
        raise ValueError("the answer names another number than was asked for")
    number_id = matching(answer, "id", NUMBER_ID)
    return BuyResult(status=BuyStatus.ACTIVE, number_id=number_id, e164=e164, raw=answer)


def owned(item: Mapping[str, Any]) -> OwnedNumber:
    e164 = number(item, "number")
    return OwnedNumber(
        number_id=matching(item, "id", NUMBER_ID),
        e164=e164,
        country=country_of(e164),
        type=_OWNED_TYPES.get(optional(item, "number_type")),
        capabilities=_capabilities(item),
        route=_route(item),
        tag=optional(item, "name"),
        status=BuyStatus.ACTIVE,
        acquired_at=moment(item, "created_at"),
        next_billing=moment(item, "next_billed_at"),
        monthly_cost=None,  # SignalWire does not say
        raw=dict(item),
    )


def page(answer: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """The objects of one page, and the link to the next one."""
    links = answer.get("links")
    if not isinstance(links, dict):
        raise ValueError("a list without links")
    return objects(answer, "data"), optional(links, "next")


def refusal(reply: Reply) -> Refused:
    """What a refusal means: by status, then by SignalWire's code. A 404 counts only in its own words."""
    text, code, own_words = _said(reply)
    kind = error_class(reply.status)
    if 400 <= reply.status < 500 and reply.status not in _DECIDED:
        kind = _BY_CODE.get(code, kind)
        if kind is NotFound and not own_words:
            kind = UnexpectedReply
    return Refused(kind, text, code, reply.headers.get("x-request-id", ""))


def call_refusal(reply: Reply) -> Refused:
    """As ``refusal``, in the Compatibility API: with Twilio's codes and, here and there, Twilio's shape."""
    refused = refusal(reply)
    if refused.kind in (BadRequest, NotFound):
        return replace(refused, kind=_CALLS_BY_CODE.get(refused.code, refused.kind))
    return refused


def purchase_refusal(reply: Reply) -> Refused:
    """As ``refusal``. A purchase of a number that is gone may be refused with code 422 and no word more."""
    refused = refusal(reply)
    if refused.kind is BadRequest and refused.code == "422" and not refused.text:
        return Refused(NumberUnavailable, "", refused.code, refused.request_id)
    return refused


def _said(reply: Reply) -> tuple[str, str, bool]:
    """SignalWire's words, its code, and whether the body has the shape of its errors at all."""
    try:
        body = reply.json()
    except ValueError:
        return "", "", False
    errors = body.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        first = errors[0]
        words = optional(first, "detail") or optional(first, "message")
        return words, optional(first, "code"), True
    if "message" in body:
        return optional(body, "message"), texts(body).get("code", ""), "code" in body
    return optional(body, "error"), "", "error" in body


def _either_number(item: Mapping[str, Any]) -> str:
    found = {number(item, key) for key in ("number", "e164") if item.get(key)}
    if len(found) != 1:
        raise ValueError("an offer without one number")
    return found.pop()


def _place(item: Mapping[str, Any]) -> str:
    city = optional(item, "city") or optional(item, "rate_center").title()
    return place(city, optional(item, "region"))


def _capabilities(item: Mapping[str, Any]) -> tuple[str, ...]:
    said = item.get("capabilities")
    names = said if isinstance(said, list) else []
    if isinstance(said, dict):
        names = [name for name, on in said.items() if on is True]
    return tuple(name for name in ("voice", "sms", "mms") if name in names)


def _route(item: Mapping[str, Any]) -> str:
    """The two URLs as ``SignalWireCarrier.ensure_route`` writes them; empty for any other handler."""
    if optional(item, "call_handler") != WEBHOOKS:
        return ""
    urls = (optional(item, "call_request_url"), optional(item, "call_status_callback_url"))
    return " ".join(url for url in urls if url)

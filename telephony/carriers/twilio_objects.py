"""Twilio's JSON objects turned into ours. Every function raises ValueError for what it can't read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from telephony.e164 import country_of, number_type

from .api import Refused
from .base import (
    BuyResult,
    BuyStatus,
    CarrierError,
    ComplianceRequired,
    DestinationRefused,
    LimitReached,
    Money,
    NotFound,
    NotPermitted,
    NumberType,
    NumberUnavailable,
    Offer,
    OwnedNumber,
    UnexpectedReply,
)
from .fields import matching, moment, money, number, objects, optional, place, price, text
from .reply import Reply, error_class

NUMBER_SID = re.compile(r"PN[0-9a-fA-F]{32}", re.ASCII)
APPLICATION_SID = re.compile(r"AP[0-9a-fA-F]{32}", re.ASCII)

RESOURCES = {  # the last part of a search's path
    NumberType.LOCAL: "Local",
    NumberType.MOBILE: "Mobile",
    NumberType.TOLL_FREE: "TollFree",
    NumberType.NATIONAL: "National",
}
_ADDRESSES = {
    "any": "An address.",
    "local": "An address in the number's country.",
    "foreign": "An address outside the number's country.",
}
# Decided by Twilio's code only where the status is a plain refusal: see ``refusal``.
_BY_CODE: dict[int, type[CarrierError]] = {
    10001: NotPermitted,  # the account is not active
    20005: NotPermitted,
    20404: NotFound,
    21210: NotPermitted,  # the number that calls is not the account's
    21211: DestinationRefused,
    21212: NotPermitted,
    21214: DestinationRefused,
    21215: NotPermitted,  # the account may not call that country
    21216: DestinationRefused,
    21217: DestinationRefused,
    21219: NotPermitted,  # a trial account calls only numbers it has shown to be its own
    21220: NotFound,  # a call that is over
    21404: LimitReached,  # a trial account has its one number
    21421: NumberUnavailable,  # not a number Twilio could sell
    21422: NumberUnavailable,
    21452: NumberUnavailable,
    21613: ComplianceRequired,
    21615: ComplianceRequired,
    21631: ComplianceRequired,
    21649: ComplianceRequired,
}
_DECIDED = (401, 402, 408, 429)  # statuses that say it all
_OWN_WORDS = (20404, 21220)  # codes with which Twilio itself says that there is no such thing


def kinds(answer: Mapping[str, Any]) -> list[NumberType]:
    """The types that a country's resource leads to, those of ours, in our order."""
    links = answer.get("subresource_uris")
    if not isinstance(links, dict):
        raise ValueError("a country without subresource_uris")
    return [kind for kind in RESOURCES if links.get(kind.value)]


def prices(answer: Mapping[str, Any]) -> dict[NumberType, Money]:
    """What a number of each type costs a month in the country asked about."""
    currency = text(answer, "price_unit").upper()
    found = {}
    for item in objects(answer, "phone_number_prices"):
        if (kind := _type(item, "number_type")) is not None:
            found[kind] = price(item, "current_price", currency)
    return found


def offer(
    item: Mapping[str, Any], country: str, kind: NumberType, costs: Mapping[NumberType, Money]
) -> Offer:
    """A search result with its price from the price list. Twilio charges nothing once."""
    if kind not in costs:
        raise ValueError(f"no price is listed for {kind} numbers in {country}")
    if text(item, "iso_country") != country:
        raise ValueError("an offer from another country")
    needed = optional(item, "address_requirements")
    return Offer(
        e164=number(item, "phone_number"),
        country=country,
        type=kind,
        region=place(optional(item, "locality"), optional(item, "region")),
        capabilities=_capabilities(item),
        setup_cost=Money(Decimal(0), costs[kind].currency),
        monthly_cost=costs[kind],
        requirements=(_ADDRESSES.get(needed, needed),) if needed not in ("", "none") else (),
    )


def purchase(answer: dict[str, Any], e164: str) -> BuyResult:
    """The result of buying ``e164``. An answer about any other number is refused."""
    if number(answer, "phone_number") != e164:
        raise ValueError("the answer names another number than was asked for")
    sid = matching(answer, "sid", NUMBER_SID)
    return BuyResult(status=_status(answer), number_id=sid, e164=e164, raw=answer)


def owned(item: Mapping[str, Any]) -> OwnedNumber:
    e164 = number(item, "phone_number")
    return OwnedNumber(
        number_id=matching(item, "sid", NUMBER_SID),
        e164=e164,
        country=country_of(e164),
        type=_type(item, "type") or number_type(e164),
        capabilities=_capabilities(item),
        route=optional(item, "trunk_sid") or optional(item, "voice_application_sid"),
        tag=optional(item, "friendly_name"),
        status=_status(item),
        acquired_at=moment(item, "date_created"),
        next_billing=None,  # Twilio does not say
        monthly_cost=None,
        raw=dict(item),
    )


def balance(answer: Mapping[str, Any]) -> Money:
    """The account's credit; below zero for an account in debt."""
    return money(answer, "balance", text(answer, "currency").upper())


def refusal(reply: Reply) -> Refused:
    """What a refusal means: by status, then by Twilio's code. A 404 counts only in Twilio's own words."""
    try:
        body = reply.json()
    except ValueError:
        body = {}
    code = body.get("code")
    kind = error_class(reply.status)
    if 400 <= reply.status < 500 and reply.status not in _DECIDED:
        kind = _BY_CODE.get(code, kind) if isinstance(code, int) else kind
        if kind is NotFound and code not in _OWN_WORDS:
            kind = UnexpectedReply
    request_id = reply.headers.get("twilio-request-id", "")
    return Refused(kind, str(body.get("message") or ""), str(code or ""), request_id)


def _type(item: Mapping[str, Any], key: str) -> NumberType | None:
    """The price list writes “toll free”, the search “toll_free”."""
    written = optional(item, key).lower().replace(" ", "_").replace("-", "_")
    return next((kind for kind in NumberType if kind.value == written), None)


def _capabilities(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Twilio writes SMS and MMS in capitals in some answers and small in others."""
    flags = item.get("capabilities")
    flags = flags if isinstance(flags, dict) else {}
    can = {str(name).lower() for name, on in flags.items() if on is True}
    return tuple(name for name in ("voice", "sms", "mms") if name in can)


def _status(item: Mapping[str, Any]) -> BuyStatus:
    in_use = optional(item, "status").lower() in ("", "in-use")
    return BuyStatus.ACTIVE if in_use else BuyStatus.PENDING_CARRIER

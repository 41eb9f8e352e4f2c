"""The shapes of Twilio's answers, as its OpenAPI documents describe them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from telephony.carriers.regions import region_code

from .catalogue import COUNTRIES, RANGES, Range
from .context import Context
from .holdings import Owned
from .inventory import StockNumber

ROOT = "/2010-04-01/Accounts/"
VERSION = "2010-04-01"
RESOURCES = {"local": "Local", "mobile": "Mobile", "tollfree": "TollFree", "national": "National"}
NAMES = {"local": "local", "mobile": "mobile", "tollfree": "toll_free", "national": "national"}
MARK_UP = Decimal("1.25")  # Twilio's prices are invented too: a quarter more than the catalogue's
_ADDRESSES = {"city-address": "local", "country-address": "local"}
_UNSET = (
    *("sms_application_sid", "sms_fallback_url", "sms_url", "status_callback", "voice_fallback_url"),
    *("voice_url", "trunk_sid", "address_sid", "identity_sid", "bundle_sid", "emergency_address_sid"),
)
_METHODS = (
    *("sms_fallback_method", "sms_method", "status_callback_method"),
    *("voice_fallback_method", "voice_method"),
)


def monthly(range_: Range) -> str:
    return f"{Decimal(range_.monthly) * MARK_UP:.2f}"


def country(context: Context, iso: str) -> dict[str, Any]:
    """What kinds of numbers a country has."""
    base = f"{ROOT}{context.account}/AvailablePhoneNumbers/{iso}"
    kinds = [range_.type for range_ in RANGES if range_.country == iso]
    return {
        "country_code": iso,
        "country": COUNTRIES[iso].title(),
        "uri": f"{base}.json",
        "beta": False,
        "subresource_uris": {NAMES[kind]: f"{base}/{RESOURCES[kind]}.json" for kind in kinds},
    }


def prices(iso: str) -> dict[str, Any]:
    """The price list: amounts are JSON numbers, and “toll free” is what is “toll_free” everywhere else."""
    rows = [
        {
            "number_type": NAMES[range_.type].replace("_", " "),
            "base_price": float(monthly(range_)),
            "current_price": float(monthly(range_)),
        }
        for range_ in RANGES
        if range_.country == iso
    ]
    return {
        "country": COUNTRIES[iso].title(),
        "iso_country": iso,
        "phone_number_prices": rows,
        "price_unit": "usd",
        "url": f"https://pricing.twilio.com/v1/PhoneNumbers/Countries/{iso}",
    }


def offered(item: StockNumber) -> dict[str, Any]:
    """A number in the search results. Here SMS and MMS are in capitals, in an owned number they are not."""
    area, iso = item.area, item.range.country
    return {
        "friendly_name": item.national,
        "phone_number": f"+{item.number}",
        "lata": "722" if iso == "US" else None,
        "locality": area.city or None,
        "rate_center": area.city.upper()[:10] or None,
        "latitude": None,
        "longitude": None,
        "region": region_code(iso, area.region) or area.region or None,
        "postal_code": None,
        "iso_country": iso,
        "address_requirements": _ADDRESSES.get(item.range.restriction or "", "none"),
        "beta": False,
        "capabilities": {"voice": True, "SMS": _texts(item), "MMS": _mms(item)},
    }


def owned(number: Owned, sid: str, item: StockNumber | None, now: float) -> dict[str, Any]:
    """A number of the account. Papers are not shown; until they are accepted it is not in use."""
    papers = number.papers.status(now) if number.papers else "accepted"
    needed = _ADDRESSES.get((item.range.restriction if item else "") or "", "none")
    return {
        **dict.fromkeys(_UNSET),
        **dict.fromkeys(_METHODS, "POST"),
        "account_sid": number.account,
        "address_requirements": needed,
        "api_version": VERSION,
        "beta": False,
        "capabilities": {
            "voice": True,
            "sms": bool(item and _texts(item)),
            "mms": bool(item and _mms(item)),
            "fax": False,
        },
        "date_created": _rfc2822(number.at),
        "date_updated": _rfc2822(now),
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "friendly_name": number.alias or f"+{number.number}",
        "origin": "twilio",
        "phone_number": f"+{number.number}",
        "sid": sid,
        "status": "in-use" if papers == "accepted" else "pending",
        "type": NAMES[item.range.type] if item else "local",
        "uri": f"{ROOT}{number.account}/IncomingPhoneNumbers/{sid}.json",
        "voice_application_sid": number.app_id or None,
        "voice_caller_id_lookup": False,
        "voice_receive_mode": "voice",
        **number.settings,
    }


def application(account: str, sid: str, fields: Mapping[str, Any], now: float) -> dict[str, Any]:
    urls = ("message_status_callback", "sms_fallback_url", "sms_status_callback", "sms_url")
    more = ("status_callback", "voice_fallback_url", "voice_url")
    shown = {
        **dict.fromkeys((*urls, *more)),
        **dict.fromkeys(_METHODS, "POST"),
        "account_sid": account,
        "api_version": VERSION,
        "date_created": _rfc2822(now),
        "date_updated": _rfc2822(now),
        "friendly_name": "",
        "public_application_connect_enabled": False,
        "sid": sid,
        "uri": f"{ROOT}{account}/Applications/{sid}.json",
        "voice_caller_id_lookup": False,
    }
    return shown | {key: value for key, value in fields.items() if key in shown}


def page_links(context: Context, size: int, number: int, shown: int, total: int) -> dict[str, Any]:
    """Twilio's envelope of a page of a list; SignalWire's does not say where in the list it is."""

    def uri(page: int) -> str:
        token = {"PageToken": f"PA{page}"} if page else {}
        asked = {**context.request.query, "PageSize": str(size), "Page": str(page), **token}
        return f"{context.request.path}?{urlencode(asked)}"

    more, first = (number + 1) * size < total, number * size
    place = {"start": first, "end": max(first + shown - 1, 0)} if context.dialect.slug == "twilio" else {}
    return {
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1) if more else None,
        "previous_page_uri": uri(number - 1) if number else None,
        "uri": uri(number),
        "page": number,
        "page_size": size,
        **place,
    }


def _rfc2822(timestamp: float) -> str:
    return format_datetime(datetime.fromtimestamp(timestamp, UTC))


def _texts(item: StockNumber) -> bool:
    return item.range.sms_rate is not None


def _mms(item: StockNumber) -> bool:
    return _texts(item) and item.range.country in ("US", "CA")

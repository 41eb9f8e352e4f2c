"""The shapes of SignalWire's answers, as its OpenAPI document and its live API have them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from telephony.carriers.regions import region_code

from .context import Context
from .holdings import Owned
from .inventory import StockNumber
from .renewals import renewal_date

ROOT = "/api/relay/rest/"
WIRE_TYPES = {"local": "longcode", "tollfree": "toll-free"}
_NULLS = """
name e911_address_id e911_status call_handler calling_handler_resource_id call_request_url
call_request_method call_fallback_url call_fallback_method call_status_callback_url
call_status_callback_method call_laml_application_id call_dialogflow_agent_id call_relay_topic
call_relay_topic_status_callback_url call_relay_script_url call_relay_context
call_relay_context_status_callback_url call_relay_application call_relay_connector_id call_sip_endpoint_id
call_verto_resource call_video_room_id message_handler messaging_handler_resource_id message_request_url
message_request_method message_fallback_url message_fallback_method message_laml_application_id
message_relay_topic message_relay_context
"""
_UNSET = tuple(_NULLS.split())
SETTABLE = {"name", *(name for name in _UNSET if name.startswith(("call_", "message_")))}


def documented(item: StockNumber) -> dict[str, Any]:
    """A search result as the document has it."""
    place = {"city": item.area.city, "rate_center": item.area.city.upper()[:10], "lata": "722"}
    can = {"voice": True, "sms": True, "mms": True, "fax": False}
    shown = {"number": f"+{item.number}", "region": _region(item), **place, "capabilities": can}
    return {key: value for key, value in shown.items() if value}


def live(item: StockNumber) -> dict[str, Any]:
    """A search result as the live API has been seen to write it."""
    national = item.national
    return {
        "e164": f"+{item.number}",
        "national_number_formatted": f"({national[:3]}) {national[3:6]}-{national[6:]}",
        "international_number_formatted": f"+1 {national[:3]}-{national[3:6]}-{national[6:]}",
        "rate_center": item.area.city.upper(),
        "region": _region(item),
        "country_code": item.range.country,
        "capabilities": ["voice", "sms", "mms"],
    }


def owned(number: Owned, number_id: str, item: StockNumber | None, now: float) -> dict[str, Any]:
    kind = item.range.type if item else "local"
    renews = datetime.combine(renewal_date(number.at, now), datetime.min.time(), UTC)
    return {
        **dict.fromkeys(_UNSET),
        "id": number_id,
        "number": f"+{number.number}",
        "capabilities": ["voice", "sms", "mms"],
        "number_type": WIRE_TYPES.get(kind, "longcode"),
        "created_at": _iso(number.at),
        "updated_at": _iso(now),
        "next_billed_at": _iso(renews.timestamp()),
        "call_receive_mode": "voice",
        "country_code": item.range.country if item else "US",
        **number.settings,
    }


def links(context: Context, size: int, page: int, total: int) -> dict[str, str]:
    """Of a page of a list; a later page wants its token too."""

    def to(number: int) -> str:
        token = {"page_token": f"PA{number}"} if number else {}
        asked = {**context.request.query, "page_size": str(size), "page_number": str(number), **token}
        return f"{context.request.path}?{urlencode(asked)}"

    found = {"self": to(page), "first": to(0)}
    if (page + 1) * size < total:
        found["next"] = to(page + 1)
    return found | ({"prev": to(page - 1)} if page else {})


def _region(item: StockNumber) -> str:
    return region_code(item.range.country, item.area.region)


def _iso(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

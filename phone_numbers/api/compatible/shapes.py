"""Numbers as SignalWire shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dialnexa.api.body import Moment
from phone_numbers.api.shapes import rental_of
from phone_numbers.models import PhoneNumber
from telephony.carriers.base import Offer
from telephony.carriers.regions import region_code
from telephony.e164 import format_international, format_national
from telephony.models import NumberKind

AGENT = "relay_application"  # the call handler that agents are there: a program that is sent the call
# How calls and messages are handled there. Here an agent fills in two of these, and the rest stays empty.
_FIELDS = """
call_handler calling_handler_resource_id call_request_url call_request_method call_fallback_url
call_fallback_method call_status_callback_url call_status_callback_method call_laml_application_id
call_dialogflow_agent_id call_relay_topic call_relay_topic_status_callback_url call_relay_script_url
call_relay_context call_relay_context_status_callback_url call_relay_application call_relay_connector_id
call_sip_endpoint_id call_verto_resource call_video_room_id message_handler messaging_handler_resource_id
message_request_url message_request_method message_fallback_url message_fallback_method
message_laml_application_id message_relay_topic message_relay_context
"""
HANDLING = tuple(_FIELDS.split())


def number_shape(number: PhoneNumber) -> dict[str, Any]:
    """``number`` comes from ``owned_numbers``."""
    rental = rental_of(number)
    return {
        "id": str(number.uuid),
        "number": number.e164,
        "name": number.nickname or None,
        "capabilities": number.capabilities,
        "number_type": _wire_type(number.type),
        "country_code": number.country,
        "e911_address_id": None,
        "e911_status": None,
        "created_at": _moment(number.created_at),
        "updated_at": _moment(getattr(number, "updated_at", number.created_at)),
        "next_billed_at": _moment(rental.paid_through) if rental and not rental.ended_at else None,
        "call_receive_mode": "voice",
        **handling(number),
    }


def handling(number: PhoneNumber) -> dict[str, str | None]:
    """Who answers it: an agent, or nobody."""
    version = number.inbound_version
    agent = {"call_handler": AGENT, "call_relay_application": version.agent_id} if version else {}
    return dict.fromkeys(HANDLING) | agent


def offer_shape(offer: Offer) -> dict[str, Any]:
    """A search result as their document spells it, and as their service does."""
    return {
        "number": offer.e164,
        "e164": offer.e164,
        "national_number_formatted": format_national(offer.e164),
        "international_number_formatted": format_international(offer.e164),
        "country_code": offer.country,
        "capabilities": dict.fromkeys(offer.capabilities, True),
        **_place(offer),
    }


def _place(offer: Offer) -> dict[str, str]:
    """``San Francisco, California`` apart, the state by its two letters."""
    city, _, state = offer.region.rpartition(", ")
    code = region_code(offer.country, state)
    place = {"city": city if code else offer.region, "region": code}
    return {name: value for name, value in place.items() if value}


def city_of(offer: Offer) -> str:
    return _place(offer).get("city", "")


def _wire_type(kind: str) -> str:
    return "toll-free" if kind == NumberKind.TOLL_FREE else "longcode"


def _moment(at: datetime) -> str:
    return Moment().to_representation(at)

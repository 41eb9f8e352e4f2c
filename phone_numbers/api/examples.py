"""The examples of the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

ACTIVE: dict[str, Any] = {
    "id": "phn_01kaj0v4d6k5r4w1c9n7t3x8zq",
    "phone_number": "+12125550123",
    "country_code": "US",
    "calling_code": "1",
    "national_number": "2125550123",
    "type": "local",
    "status": "active",
    "status_reason": "",
    "rental_status": "active",
    "provider": "plivo",
    "label": "",
    "nickname": "Front desk",
    "agent_id": "agt_01kaj0s9m2v8x4d7q1z5b3n6wt",
    "inbound_agent_id": "agt_01kaj0s9m2v8x4d7q1z5b3n6wt",
    "inbound_agent_version": 3,
    "outbound_agent_id": None,
    "outbound_agent_version": None,
    "capabilities": ["voice", "sms"],
    "monthly_cost_usd": "0.80",
    "monthly_price": "92.00",
    "currency": "INR",
    "sip_trunk_enabled": False,
    "is_default": False,
    "release_protection": False,
    "renews_at": "2026-12-21T05:38:09.000Z",
    "created_at": "2026-11-21T05:38:07.412Z",
}
UNROUTED: dict[str, Any] = dict.fromkeys(("agent_id", "inbound_agent_id", "inbound_agent_version"))
NUMBER = OpenApiExample("An active number", ACTIVE, response_only=True)
PENDING = OpenApiExample(
    "Still being bought",
    ACTIVE | UNROUTED | {"status": "pending", "rental_status": None, "renews_at": None},
    response_only=True,
)
ROUTE = OpenApiExample(
    "Answered by an agent's latest published version",
    {"agent_id": "agt_01kaj0s9m2v8x4d7q1z5b3n6wt"},
    request_only=True,
)
RENAME = OpenApiExample(
    "Renamed", {"nickname": "Mumbai support", "label": "cost centre 12"}, request_only=True
)
DETACH = OpenApiExample("Answered by nobody", {"agent_id": None}, request_only=True)
LINKED = OpenApiExample(
    "A linked number",
    ACTIVE
    | UNROUTED
    | {
        "phone_number": "+912261234567",
        "country_code": "IN",
        "calling_code": "91",
        "national_number": "2261234567",
        "rental_status": None,
        "provider": "sip_trunk",
        "capabilities": ["voice"],
        "monthly_cost_usd": None,
        "monthly_price": None,
        "sip_trunk_enabled": True,
        "renews_at": None,
    },
    response_only=True,
)

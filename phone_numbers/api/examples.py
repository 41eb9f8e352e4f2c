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
    "auto_renew": True,
    "renews_at": "2026-12-21T05:38:09.000Z",
    "created_at": "2026-11-21T05:38:07.412Z",
}
UNROUTED: dict[str, Any] = dict.fromkeys(("agent_id", "inbound_agent_id", "inbound_agent_version"))
NUMBER = OpenApiExample("An active number", ACTIVE, response_only=True)
PENDING = OpenApiExample(
    "Still being bought",
    ACTIVE | UNROUTED | {"status": "pending", "rental_status": None, "auto_renew": None, "renews_at": None},
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
        "auto_renew": None,
        "renews_at": None,
    },
    response_only=True,
)


def _step(
    name: str, outcome: str, code: str, message: str, record: str = "", fix: str = ""
) -> dict[str, Any]:
    return {
        "name": name,
        "outcome": outcome,
        "code": code,
        "message": message,
        "record": record or None,
        "fix_url": fix or None,
    }


CHECKED: dict[str, Any] = {
    "allowed": False,
    "code": "country_not_enabled",
    "message": "This call is not possible: Germany is not enabled at Plivo.",
    "direction": "outbound",
    "from_number": "+12125550123",
    "to_number": "+4930123456",
    "provider": "plivo",
    "at": "2026-11-21T05:38:09.000Z",
    "agent_id": "agt_01kaj0s9m2v8x4d7q1z5b3n6wt",
    "agent_version_number": 3,
    "price": {
        "per_minute": "1.85",
        "pulse_seconds": 60,
        "connection_fee": "0.00",
        "currency": "INR",
        "rate": "1042",
    },
    "steps": [
        _step("number", "pass", "destination_possible", "+4930123456 is a possible number in Germany."),
        _step("kyc", "pass", "kyc_verified", "Acme is verified for India.", "kyc_01kaj0p2c7n4x8w1z5q9t3b6vd"),
        _step(
            "country",
            "fail",
            "country_not_enabled",
            "Germany is not enabled at Plivo.",
            fix="https://numbers.example.com/w/acme/telephony/?country=DE&carrier=plivo",
        ),
        _step("prefix", "skipped", "skipped", "The country is not enabled."),
        _step("active", "pass", "number_active", "+12125550123 is active.", ACTIVE["id"]),
    ],
    "notes": [],
}
CHECKED_OUTBOUND = OpenApiExample("Not possible, and why (steps cut short)", CHECKED, response_only=True)
CHECKED_INBOUND = OpenApiExample(
    "Who answered",
    CHECKED
    | {
        "allowed": True,
        "code": None,
        "message": "Front desk v3 answered +12125550123.",
        "direction": "inbound",
        "from_number": None,
        "to_number": "+12125550123",
        "at": "2026-11-20T14:02:00.000Z",
        "price": None,
        "steps": [
            _step("active", "pass", "number_active", "+12125550123 was active.", ACTIVE["id"]),
            _step("rental", "pass", "rental_active", "The rent was paid.", "rent_01kaj0v4d6k5r4w1c9n7t3x8zq"),
            _step(
                "version",
                "pass",
                "inbound_version_published",
                "Front desk v3 was connected for calls that come in.",
                "agv_01kaj0s9m2v8x4d7q1z5b3n6wt",
            ),
        ],
    },
    response_only=True,
)
LIST_CHECKED = OpenApiExample(
    "A list with three rows that can't be called",
    {
        "accepted": False,
        "title": "Winter reminders",
        "from_number": "+12125550123",
        "provider": "plivo",
        "agent_id": "agt_01kaj0s9m2v8x4d7q1z5b3n6wt",
        "agent_version_number": 3,
        "total_records": 250,
        "valid_records": 247,
        "repaired_records": 0,
        "rejected_records": 3,
        "duplicate_records": 1,
        "variables": ["Name", "city"],
        "errors": [
            {
                "code": "country_not_enabled",
                "message": "Germany is not enabled at Plivo.",
                "country_iso": "DE",
                "count": 2,
                "rows": [21, 22],
                "fix_url": "https://numbers.example.com/w/acme/telephony/?country=DE&carrier=plivo",
            },
            {
                "code": "destination_duplicate",
                "message": "The number is in the list more than once. The first row counts.",
                "country_iso": None,
                "count": 1,
                "rows": [17],
                "fix_url": None,
            },
        ],
        "repairs": [],
        "estimate": {
            "currency": "INR",
            "lowest_cost": "308.75",
            "highest_cost": "926.25",
            "unpriced_records": 0,
            "minutes_per_call": [1, 3],
            "calls_at_once": 10,
            "shortest_minutes": 25,
            "longest_minutes": 75,
        },
        "warnings": [],
    },
    response_only=True,
)
CALL: dict[str, Any] = {
    "id": "call_01kaj1t7v2m9p4x6c8n3q5r1zd",
    "to_phone_number": "+919820012345",
    "from_phone_number": "+12125550123",
    "agent_id": "agt_01kaj0s9m2v8x4d7q1z5b3n6wt",
    "agent_version_number": 3,
    "status": "created",
    "call_direction": "outbound",
    "provider": "plivo",
    "batch_call_id": None,
    "code": "",
    "reason": "",
    "cause": "",
    "duration": None,
    "billed_seconds": None,
    "price_per_minute": "1.25",
    "held": "37.50",
    "charged": None,
    "currency": "INR",
    "metadata": {"ticket": "4711"},
    "notes": {},
    "created_at": "2026-11-21T06:02:11.480Z",
    "initiated_at": None,
    "rang_at": None,
    "answered_at": None,
    "ended_at": None,
}
OVER: dict[str, Any] = {
    "status": "completed",
    "cause": "Normal Hangup",
    "duration": 65,
    "billed_seconds": 120,
    "charged": "2.50",
    "initiated_at": "2026-11-21T06:02:11.611Z",
    "rang_at": "2026-11-21T06:02:14.020Z",
    "answered_at": "2026-11-21T06:02:19.377Z",
    "ended_at": "2026-11-21T06:03:24.402Z",
}
COUNTRY_STEP = {
    "name": "country",
    "outcome": "pass",
    "code": "country_enabled",
    "message": "Calls to India are on for Plivo.",
    "record": "ng_01kaj0q4c1v7x2d9p6z8b5n3wt",
}
PLACED = OpenApiExample("A call that is about to be dialled", CALL, response_only=True)
CALLED = OpenApiExample("A call that is over", CALL | OVER | {"steps": [COUNTRY_STEP]}, response_only=True)

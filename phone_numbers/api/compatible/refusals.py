"""Our refusals in SignalWire's words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from rest_framework.response import Response

PLAIN = (400, 401, 404)  # {"error": "Not Found"} and no word more, as their document has it
MALFORMED = ("bad_request", "parse_error")
RULES = (400, 402, 403, 409)  # statuses of ours that are 422 there
KEPT = ("forbidden", "key_scope_missing", "request_in_progress")  # but not these
CODES = {
    "number_taken": "could_not_purchase",
    "number_unavailable": "could_not_purchase",
    "rate_limited": "rate_limit_exceeded",
    "spend_cap_reached": "insufficient_balance",
    "wallet_insufficient": "insufficient_balance",
}


def translate(response: Response) -> Response:
    """An answer with our envelope, changed into theirs."""
    envelope = response.data
    status = response.status_code = _status(envelope["statusCode"], envelope["code"])
    response.data = {"error": HTTPStatus(status).phrase} if status in PLAIN else _errors(envelope, status)
    return response


def _status(status: int, code: str) -> int:
    return status if status not in RULES or code in (*MALFORMED, *KEPT) else 422


def _errors(envelope: dict[str, Any], status: int) -> dict[str, Any]:
    said = envelope["message"]
    code = CODES.get(envelope["code"], envelope["code"])
    same = {"status": str(status), "title": code.replace("_", " ").capitalize(), "code": code}
    return {"errors": [{"detail": detail, **same} for detail in (said if isinstance(said, list) else [said])]}

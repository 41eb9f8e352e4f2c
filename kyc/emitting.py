"""What customers' servers are told about verification. ``docs/webhooks.md`` promises these fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dialnexa.webhooks.emitting import emit
from dialnexa.webhooks.writing import moment_or_none
from kyc.models import KycCase

TYPES = {  # by what staff decided
    "verify": "kyc.verified",
    "reinstate": "kyc.verified",
    "reject": "kyc.rejected",
    "request_more": "kyc.rejected",
}


def emit_decision(case: KycCase, event: str, *, now: datetime) -> None:
    """``event``: the transition. A suspension is told by nothing but the notice."""
    if type := TYPES.get(event):
        reference = f"{type}:{case.pk}:{now.isoformat()}"
        emit(
            case.workspace,
            type,
            reference=reference,
            subject=case.pk,
            data=lambda: case_data(case),
            now=now,
        )


def case_data(case: KycCase) -> dict[str, Any]:
    """Nothing of the papers themselves."""
    return {
        "case_id": case.pk,
        "country_code": case.country,
        "status": case.status,
        "reason": case.reason,
        "documents_needed": case.asked_for,
        "verified_until": moment_or_none(case.verified_until),
    }

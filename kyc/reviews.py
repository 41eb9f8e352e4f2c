"""What happens to a dossier: started, submitted, decided by staff, run out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from dialnexa.actors import Actor
from dialnexa.countries import country_name
from dialnexa.errors import IllegalTransition, Refusal
from dialnexa.models import Workspace
from kyc.gate import standing
from kyc.models import KycCase

Status = KycCase.Status
REASON_LIMIT = 500


def open_case(workspace: Workspace, country: str) -> KycCase:
    """The workspace's dossier for this country (ISO), made if missing."""
    return KycCase.objects.get_or_create(workspace=workspace, country=country)[0]


def submit(case: KycCase, *, by: Actor, now: datetime) -> None:
    """Hand the dossier in for review: at first, after a rejection, and when a verification has run out.

    Raises Refusal ``kyc_not_submittable`` (409) while it is in review, verified or suspended.
    """
    try:
        with transaction.atomic():
            if case.status == Status.VERIFIED and standing(case, now=now) == Status.EXPIRED:
                expire(case, by=by, now=now)
            if case.status == Status.NOT_STARTED:
                case.transition("start", by=by, now=now)
            case.transition("submit", by=by, now=now, verified_until=None)
            _set_reason(case, "")
    except IllegalTransition as error:
        case.refresh_from_db()
        raise _not_submittable(case) from error


NOT_SUBMITTABLE = {
    Status.SUBMITTED: "The papers for {country} are being reviewed already. There is nothing to do but wait.",
    Status.VERIFIED: "The papers for {country} are verified already.",
    Status.SUSPENDED: "The verification for {country} is suspended. Ask support.",
}


def _not_submittable(case: KycCase) -> Refusal:
    moved = "The papers for {country} have changed since you looked. Look again."
    sentence = NOT_SUBMITTABLE.get(Status(case.status), moved).format(country=country_name(case.country))
    return Refusal("kyc_not_submittable", sentence, status=409, state=case.status)


def verify(case: KycCase, *, by: Actor, now: datetime, reason: str, until: datetime | None = None) -> None:
    """Staff accept the papers, until ``until`` (UTC) or without end."""
    _decide(case, "verify", "", by=by, now=now, reason=reason, verified_until=until)


def reject(case: KycCase, *, by: Actor, now: datetime, reason: str) -> None:
    """Staff refuse the papers; ``reason`` names the document and is shown to the customer."""
    _decide(case, "reject", reason, by=by, now=now, reason=reason)


def suspend(case: KycCase, *, by: Actor, now: datetime, reason: str) -> None:
    """Staff stop a verified workspace; ``reason`` is shown to the customer."""
    _decide(case, "suspend", reason, by=by, now=now, reason=reason)


def reinstate(case: KycCase, *, by: Actor, now: datetime, reason: str) -> None:
    """Staff lift a suspension."""
    _decide(case, "reinstate", "", by=by, now=now, reason=reason)


def expire(case: KycCase, *, by: Actor, now: datetime) -> None:
    """The verification has run out."""
    case.transition("expire", by=by, now=now, reason="The verification ran out.")


def _decide(
    case: KycCase,
    event: str,
    shown: str,
    *,
    by: Actor,
    now: datetime,
    reason: str,
    **fields: Any,
) -> None:
    """One decision of staff: state, history, and ``shown``, the reason the customer reads from now on."""
    given = _given(reason)
    with transaction.atomic():
        case.transition(event, by=by, now=now, reason=given, **fields)
        _set_reason(case, shown.strip())


def _given(reason: str) -> str:
    if not reason.strip():
        raise Refusal("reason_missing", "Say why: the customer and the history need a reason.")
    if len(reason) > REASON_LIMIT:
        raise Refusal("reason_too_long", f"Keep the reason within {REASON_LIMIT} characters.")
    return reason.strip()


def _set_reason(case: KycCase, reason: str) -> None:
    """Not part of the transition, whose own ``reason`` goes to the history."""
    KycCase.objects.filter(pk=case.pk).update(reason=reason)
    case.reason = reason

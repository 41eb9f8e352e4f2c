"""What happens to a dossier: started, submitted, decided by staff, run out."""

from __future__ import annotations

from datetime import datetime

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from kyc.models import KycCase


def open_case(workspace: Workspace, country: str) -> KycCase:
    """The workspace's dossier for this country (ISO), made if missing."""
    return KycCase.objects.get_or_create(workspace=workspace, country=country)[0]


def submit(case: KycCase, *, by: Actor, now: datetime) -> None:
    """Hand the dossier in for review."""
    if case.status == "not_started":
        case.transition("start", by=by, now=now)
    case.transition("submit", by=by, now=now, reason="", **{"verified_until": None})


def verify(case: KycCase, *, by: Actor, now: datetime, reason: str, until: datetime | None = None) -> None:
    """Staff accept the papers, until ``until`` (UTC) or without end."""
    case.transition("verify", by=by, now=now, reason=_given(reason), verified_until=until)
    _set_reason(case, "")


def reject(case: KycCase, *, by: Actor, now: datetime, reason: str) -> None:
    """Staff refuse the papers; ``reason`` names the document and is shown to the customer."""
    case.transition("reject", by=by, now=now, reason=_given(reason))
    _set_reason(case, reason)


def suspend(case: KycCase, *, by: Actor, now: datetime, reason: str) -> None:
    """Staff stop a verified workspace; ``reason`` is shown to the customer."""
    case.transition("suspend", by=by, now=now, reason=_given(reason))
    _set_reason(case, reason)


def reinstate(case: KycCase, *, by: Actor, now: datetime, reason: str) -> None:
    """Staff lift a suspension."""
    case.transition("reinstate", by=by, now=now, reason=_given(reason))
    _set_reason(case, "")


def expire(case: KycCase, *, by: Actor, now: datetime) -> None:
    """The verification has run out."""
    case.transition("expire", by=by, now=now, reason="The verification ran out.")


def _given(reason: str) -> str:
    if not reason.strip():
        raise Refusal("reason_missing", "Say why: the customer and the history need a reason.")
    return reason.strip()


def _set_reason(case: KycCase, reason: str) -> None:
    KycCase.objects.filter(pk=case.pk).update(reason=reason)
    case.reason = reason

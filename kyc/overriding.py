"""Approving papers that do not suffice by the table: one reviewer asks, another one approves."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dialnexa.actors import Actor
from dialnexa.approvals import Deed, ask, teach
from dialnexa.countries import country_name
from dialnexa.errors import Refusal
from dialnexa.models import ApprovalRequest
from kyc.models import KycCase, KycDocument
from kyc.requirements import in_sentence, missing
from kyc.reviews import verify

Kind = ApprovalRequest.Kind


def verify_or_ask(
    case: KycCase, *, by: Actor, now: datetime, reason: str, until: datetime | None
) -> ApprovalRequest | None:
    """Staff accept the papers; where something is wanting by the table, another one has to agree.

    Raises Refusal as ``verify`` and ``ask`` do, and IllegalTransition.
    """
    lacking = wanting(case)
    if not lacking:
        verify(case, by=by, now=now, reason=reason, until=until)
        return None
    details = {"case": case.pk, "what": f"{country_name(case.country)}, without {lacking}"}
    details |= {"until": until.isoformat() if until else "", "submitted": _submitted(case)}
    return ask(Kind.VERIFY, case.workspace, details, reason=reason, by=by, now=now)


def wanting(case: KycCase) -> str:
    """What the table asks for and the dossier does not hold, and documents that were refused; in words."""
    lacking = [in_sentence(group.name) for group in missing(case)]
    refused = case.documents.filter(status=KycDocument.Status.REJECTED).values_list("kind", flat=True)
    return ", ".join([*lacking, *(f"the refused {kind}" for kind in refused)])


def _verify(asked: ApprovalRequest, *, by: Actor, now: datetime) -> str:
    with transaction.atomic():
        case = KycCase.objects.select_for_update(of=("self",)).get(pk=asked.details["case"])
        if case.status != KycCase.Status.SUBMITTED or _submitted(case) != asked.details["submitted"]:
            sentence = "These papers were decided on, or handed in anew, since it was asked for. Decline it."
            raise Refusal("kyc_moved", sentence, status=409)
        until = datetime.fromisoformat(asked.details["until"]) if asked.details["until"] else None
        reason = f"{asked.reason} (asked for by {asked.requested_by})"
        verify(case, by=by, now=now, reason=reason[:500], until=until)
    return f"{case} is verified."


def _submitted(case: KycCase) -> str:
    return case.submitted_at.isoformat() if case.submitted_at else ""


def learn() -> None:
    teach(Kind.VERIFY, Deed("kyc.change_kyccase", _verify))

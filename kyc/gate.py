"""May this workspace rent here? The one answer that purchases and pages share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dialnexa.models import Workspace
from kyc.models import KycCase
from kyc.requirements import papers_for


@dataclass(frozen=True, slots=True)
class Verdict:
    """``papers`` is what the country asks for; ``case`` the dossier that decided, if there is one."""

    allowed: bool
    papers: str
    case: KycCase | None
    sentence: str


WHY_NOT = {
    "": "has not been verified for {country} yet. Needed: {papers}.",
    "not_started": "has not been verified for {country} yet. Needed: {papers}.",
    "draft": "has started its papers for {country} but not submitted them. Needed: {papers}.",
    "submitted": "has submitted its papers for {country}; they are being reviewed.",
    "rejected": "was not verified for {country}: {reason}",
    "expired": "was verified for {country}, but the verification has expired. Submit the papers again.",
    "suspended": "is suspended for {country}: {reason}",
}


def may_rent(workspace: Workspace, country: str, number_type: str, *, now: datetime) -> Verdict:
    """Whether the papers for a number of this country (ISO) and type are in order at ``now``."""
    papers = papers_for(country, number_type)
    if not papers:
        return Verdict(True, "", None, "No papers are needed for this number.")
    case = KycCase.objects.filter(workspace=workspace, country=country).first()
    if case and case.status == "verified" and not _run_out(case, now):
        return Verdict(True, papers, case, f"{workspace.name} is verified for {country}.")
    status = "expired" if case and case.status == "verified" else case.status if case else ""
    reason = case.reason if case else ""
    why = WHY_NOT[status].format(country=country, papers=papers[0].lower() + papers[1:], reason=reason)
    return Verdict(False, papers, case, f"{workspace.name} {why}")


def _run_out(case: KycCase, now: datetime) -> bool:
    return case.verified_until is not None and case.verified_until <= now

"""May this workspace rent here? The one answer that purchases and pages share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dialnexa.countries import country_name
from dialnexa.models import Workspace
from kyc.models import KycCase
from kyc.requirements import ANY, identity_words, in_sentence, papers_for


@dataclass(frozen=True, slots=True)
class Verdict:
    """``papers`` is what the country asks for; ``case`` the dossier that decided, if there is one."""

    allowed: bool
    papers: str
    case: KycCase | None
    sentence: str


WHY_NOT = {
    "": "is not verified for {country} yet. Needed: {papers}.",
    "not_started": "is not verified for {country} yet. Needed: {papers}.",
    "draft": "has begun its papers for {country} but not submitted them. Needed: {papers}.",
    "submitted": "has submitted its papers for {country}; they are being reviewed.",
    "rejected": "was not verified for {country}: {reason}. Correct it and submit again.",
    "expired": "was verified for {country}, but that has expired. Submit the papers again.",
    "suspended": "is suspended for {country}: {reason}. Ask support.",
}


def may_rent(workspace: Workspace, country: str, number_type: str, *, now: datetime) -> Verdict:
    """Whether the papers for a number of this country (ISO) and type are in order at ``now``."""
    papers = papers_for(country, number_type)
    if not papers:
        return Verdict(True, "", None, "No papers are needed for this number.")
    case = KycCase.objects.filter(workspace=workspace, country=country).first()
    status = standing(case, now=now)
    if status == KycCase.Status.VERIFIED:
        return Verdict(True, papers, case, f"{workspace.name} is verified for {country_name(country)}.")
    return Verdict(False, papers, case, f"{workspace.name} {why_not(status, country, papers, case)}")


def may_dial(workspace: Workspace, *, now: datetime) -> Verdict:
    """Whether the workspace may call anybody but its registered verification number at ``now``.

    The dossier of its home country decides, also where numbers of that country need no papers.
    """
    country = workspace.country
    case = KycCase.objects.filter(workspace=workspace, country=country).first()
    status = standing(case, now=now)
    papers = papers_for(country, ANY) or identity_words()
    if status == KycCase.Status.VERIFIED:
        return Verdict(True, papers, case, f"{workspace.name} is verified for {country_name(country)}.")
    return Verdict(False, papers, case, f"{workspace.name} {why_not(status, country, papers, case)}")


def standing(case: KycCase | None, *, now: datetime) -> str:
    """The case's status, with a verification that has run out already ``expired``; empty without a case."""
    if case is None:
        return ""
    run_out = case.verified_until is not None and case.verified_until <= now
    return KycCase.Status.EXPIRED if case.status == KycCase.Status.VERIFIED and run_out else case.status


def why_not(status: str, country: str, papers: str, case: KycCase | None) -> str:
    """The rest of a sentence that begins with the workspace's name."""
    reason = case.reason.rstrip(". ") if case else ""
    named = {"country": country_name(country), "papers": in_sentence(papers)}
    return WHY_NOT[status].format(**named, reason=reason)

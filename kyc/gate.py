"""May this workspace rent here? The one answer that purchases and pages share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

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
    "": _("%(workspace)s is not verified for %(country)s yet. Needed: %(papers)s."),
    "not_started": _("%(workspace)s is not verified for %(country)s yet. Needed: %(papers)s."),
    "draft": _(
        "%(workspace)s has begun its papers for %(country)s but not submitted them. Needed: %(papers)s."
    ),
    "submitted": _("%(workspace)s has submitted its papers for %(country)s; they are being reviewed."),
    "rejected": _("%(workspace)s was not verified for %(country)s: %(reason)s. Correct it and submit again."),
    "expired": _(
        "%(workspace)s was verified for %(country)s, but that has expired. Submit the papers again."
    ),
    "suspended": _("%(workspace)s is suspended for %(country)s: %(reason)s. Ask support."),
}


def may_rent(workspace: Workspace, country: str, number_type: str, *, now: datetime) -> Verdict:
    """Whether the papers for a number of this country (ISO) and type are in order at ``now``."""
    papers = papers_for(country, number_type)
    if not papers:
        return Verdict(True, "", None, gettext("No papers are needed for this number."))
    case = KycCase.objects.filter(workspace=workspace, country=country).first()
    status = standing(case, now=now)
    if status == KycCase.Status.VERIFIED:
        return Verdict(True, papers, case, _verified(workspace, country))
    return Verdict(False, papers, case, _why_not(workspace, status, country, papers, case))


def may_dial(workspace: Workspace, *, now: datetime) -> Verdict:
    """Whether the workspace may call anybody but its registered verification number at ``now``.

    The dossier of its home country decides, also where numbers of that country need no papers.
    """
    country = workspace.country
    case = KycCase.objects.filter(workspace=workspace, country=country).first()
    status = standing(case, now=now)
    papers = papers_for(country, ANY) or identity_words()
    if status == KycCase.Status.VERIFIED:
        return Verdict(True, papers, case, _verified(workspace, country))
    return Verdict(False, papers, case, _why_not(workspace, status, country, papers, case))


def standing(case: KycCase | None, *, now: datetime) -> str:
    """The case's status, with a verification that has run out already ``expired``; empty without a case."""
    if case is None:
        return ""
    run_out = case.verified_until is not None and case.verified_until <= now
    return KycCase.Status.EXPIRED if case.status == KycCase.Status.VERIFIED and run_out else case.status


def _verified(workspace: Workspace, country: str) -> str:
    sentence = gettext("%(workspace)s is verified for %(country)s.")
    return sentence % {"workspace": workspace.name, "country": country_name(country)}


def _why_not(workspace: Workspace, status: str, country: str, papers: str, case: KycCase | None) -> str:
    reason = case.reason.rstrip(". ") if case else ""
    named = {"country": country_name(country), "papers": in_sentence(papers), "reason": reason}
    return gettext(WHY_NOT[status]) % {"workspace": workspace.name, **named}

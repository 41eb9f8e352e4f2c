"""What the page of one country's dossier shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dialnexa.audit import entries_about
from dialnexa.countries import country_name
from dialnexa.history import Line, tell
from dialnexa.models import Workspace
from kyc.documents import OPEN
from kyc.gate import standing
from kyc.models import EntityType, KycCase, KycDocument
from kyc.page import Card
from kyc.papers import document_name
from kyc.requirements import countries_with_papers, groups_of, missing
from kyc.reviews import Status

REVIEW_TAKES = timedelta(days=2)  # what customers are told
TONES = {"uploaded": "waiting", "accepted": "ok", "rejected": "trouble"}
SHOWN = ("reject", "request_more", "suspend", "expire")  # other reasons are staff's own notes


@dataclass(frozen=True, slots=True)
class Paper:
    """One current document."""

    document: KycDocument

    @property
    def name(self) -> str:
        return document_name(self.document.kind)

    @property
    def tone(self) -> str:
        return TONES[self.document.status]

    @property
    def removable(self) -> bool:
        return self.document.status in KycDocument.TRANSITIONS["remove"][0]


@dataclass(frozen=True, slots=True)
class Need:
    """One group of documents of which one is needed, and those that are there."""

    place: str
    title: str
    words: str
    choices: list[tuple[str, str]]
    papers: list[Paper]
    met: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """``card`` is the country's state; ``others`` are documents that nothing asks for any more."""

    card: Card
    entity_type: str
    legal_name: str
    needs: list[Need]
    others: list[Paper]
    timeline: list[Line]
    decided_by: datetime | None
    open: bool

    @property
    def entity_label(self) -> str:
        return str(EntityType(self.entity_type).label) if self.entity_type else ""

    @property
    def described(self) -> bool:
        return bool(self.entity_type and self.legal_name)

    @property
    def places(self) -> set[str]:
        """Where on the page a refusal can stand; others stand on top."""
        forms = {"entity_type", "legal_name", *(need.place for need in self.needs)}
        return {"submit", *forms} if self.open else {"submit"}

    @property
    def complete(self) -> bool:
        return self.described and all(need.met for need in self.needs)


def has_dossier(workspace: Workspace, country: str) -> bool:
    """Whether there is anything to prove: papers for numbers, calling from home, or a case begun before."""
    if country_name(country) == country:
        return False
    return (
        country == workspace.country
        or country in countries_with_papers()
        or workspace.kyc_cases.filter(country=country).exists()
    )


def read_dossier(workspace: Workspace, country: str, *, now: datetime) -> Dossier:
    """The workspace's dossier for this country, begun or not."""
    case = workspace.kyc_cases.filter(country=country).first()
    card = Card(country, case, standing(case, now=now))
    needs = _needs(case) if case else []
    used = {kind for need in needs for kind, _ in need.choices}
    return Dossier(
        card=card,
        entity_type=case.entity_type if case else "",
        legal_name=case.legal_name if case else "",
        needs=needs,
        others=[paper for paper in _papers(case) if paper.document.kind not in used] if case else [],
        timeline=_timeline(case, workspace) if case else [],
        decided_by=case.submitted_at + REVIEW_TAKES if case and case.submitted_at else None,
        open=card.status in ("", Status.NOT_STARTED, *OPEN),
    )


def _needs(case: KycCase) -> list[Need]:
    papers, lacking = _papers(case), missing(case)
    return [
        Need(
            place=f"need-{nth}",
            title=group.name,
            words=group.words,
            choices=group.choices,
            papers=[paper for paper in papers if paper.document.kind in group.kinds],
            met=group not in lacking,
        )
        for nth, group in enumerate(groups_of(case), 1)
    ]


def _papers(case: KycCase) -> list[Paper]:
    return [Paper(document) for document in case.documents.filter(status__in=KycDocument.CURRENT)]


def _timeline(case: KycCase, workspace: Workspace) -> list[Line]:
    """What happened to the case, newest first."""
    lines = tell(entries_about([case.pk]).exclude(event="describe"), workspace.slug)
    for line in lines:
        if line.entry.event not in SHOWN:
            line.entry.reason = ""  # never saved: it is shown without
    return lines[::-1]

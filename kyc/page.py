"""What the KYC page shows: one card per country that asks for papers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from dialnexa.countries import country_name
from dialnexa.models import Workspace
from kyc.gate import standing
from kyc.models import KycCase
from kyc.requirements import ANY, countries_with_papers, identity_words, papers_in
from kyc.terms import last_day

Status = KycCase.Status
TONES = {
    Status.VERIFIED: "ok",
    Status.SUBMITTED: "waiting",
    Status.REJECTED: "trouble",
    Status.EXPIRED: "trouble",
    Status.SUSPENDED: "trouble",
}
TYPES = {"": _("To make calls"), ANY: _("Every number"), "toll_free": _("Toll-free numbers")}
SUBMITTABLE = ("", Status.NOT_STARTED, Status.DRAFT, Status.REJECTED, Status.EXPIRED)


@dataclass(frozen=True, slots=True)
class Card:
    """One country. ``status`` is empty where nothing has been begun."""

    country: str
    case: KycCase | None
    status: str

    @property
    def name(self) -> str:
        return country_name(self.country)

    @property
    def label(self) -> str:
        return str(Status(self.status or Status.NOT_STARTED).label)

    @property
    def tone(self) -> str:
        return TONES.get(Status(self.status), "off") if self.status else "off"

    @property
    def papers(self) -> list[tuple[str, str]]:
        """What is needed, by kind of number, in words."""
        rules = papers_in(self.country) or {"": identity_words()}
        return [(gettext(TYPES.get(kind, kind)), papers) for kind, papers in rules.items()]

    @property
    def reason(self) -> str:
        """Why it was rejected or suspended."""
        return self.case.reason if self.case and self.status in (Status.REJECTED, Status.SUSPENDED) else ""

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds; None where it is not verified, or without end."""
        until = self.case.verified_until if self.case and self.status == Status.VERIFIED else None
        return last_day(until, self.case.workspace) if self.case and until else None

    @property
    def may_submit(self) -> bool:
        return self.status in SUBMITTABLE


def read_cards(workspace: Workspace, *, now: datetime) -> list[Card]:
    """Every country with rules or a case, and the home country: what needs attention first, then the home
    country (it decides about calls), then what was begun; each by name.
    """
    cases = {case.country: case for case in workspace.kyc_cases.all()}
    cards = [
        Card(country, cases.get(country), standing(cases.get(country), now=now))
        for country in {*countries_with_papers(), workspace.country, *cases}
    ]
    return sorted(cards, key=lambda card: _rank(card, workspace))


def _rank(card: Card, workspace: Workspace) -> tuple[bool, bool, bool, str]:
    begun = card.status not in ("", Status.NOT_STARTED)
    return card.tone != "trouble", card.country != workspace.country, not begun, card.name

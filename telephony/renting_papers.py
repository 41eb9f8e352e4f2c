"""What a country that is on still asks for before numbers can be rented there."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from dialnexa.models import Workspace
from kyc.gate import may_rent
from kyc.requirements import ANY, papers_in
from telephony.models import NumberKind


def missing_papers(workspace: Workspace, country: str, *, now: datetime) -> str:
    """Which numbers of this country (ISO) can't be rented yet and why; empty when all can."""
    verdicts = {kind: may_rent(workspace, country, kind, now=now) for kind in papers_in(country)}
    blocked = {kind: verdict for kind, verdict in verdicts.items() if not verdict.allowed}
    if not blocked:
        return ""
    kinds = [NumberKind(kind).label for kind in blocked if kind != ANY]
    names = " {} ".format(_("and")).join(map(str, kinds))
    said = {"kinds": names, "why": next(iter(blocked.values())).sentence}
    if ANY in blocked:
        return _("Numbers can’t be rented there yet: %(why)s") % said
    return _("%(kinds)s numbers can’t be rented there yet: %(why)s") % said

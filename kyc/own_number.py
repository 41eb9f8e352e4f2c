"""What the KYC page shows of the registered verification number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from dialnexa.models import Workspace
from kyc.models import VerificationCall, VerificationNumber

ENDED = {
    "busy": _("The line was busy."),
    "no_answer": _("Nobody answered."),
    "failed": _("The number could not be reached."),
    "cancelled": _("The call was broken off."),
}


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """``confirmed`` and ``waiting`` are E.164 or empty; ``until``: when the awaited code expires.

    ``may_be_called`` is False where no carrier is set up to speak codes.
    """

    confirmed: str = ""
    confirmed_at: datetime | None = None
    waiting: str = ""
    until: datetime | None = None
    tries_left: int = 0
    how_it_went: str = ""  # the last call, when nobody heard the code
    may_be_called: bool = True

    @property
    def awaits_code(self) -> bool:
        return self.until is not None and self.tries_left > 0


def read_own_number(workspace: Workspace, *, now: datetime) -> OwnNumber:
    row = VerificationNumber.objects.filter(pk=workspace.pk).first()
    if row is None:
        return OwnNumber(may_be_called=bool(settings.VERIFICATION_CARRIER))
    until = row.code_until if row.code_until and row.code_until > now else None
    return OwnNumber(
        confirmed=row.e164 if row.confirmed_at else "",
        confirmed_at=row.confirmed_at,
        waiting=row.pending_e164 if until else "",
        until=until,
        tries_left=row.tries_left,
        how_it_went=_how_it_went(row) if until else "",
        may_be_called=bool(settings.VERIFICATION_CARRIER),
    )


def _how_it_went(row: VerificationNumber) -> str:
    calls = VerificationCall.objects.filter(workspace=row.workspace_id, e164=row.pending_e164)
    last = calls.order_by("-asked_at").first()
    said = ENDED.get(last.ended_as) if last and last.spoken_at is None else None
    return gettext(said) if said else ""

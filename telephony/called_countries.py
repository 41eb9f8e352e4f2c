"""Countries a workspace has never called: on the first day few calls go there, and people are told.

A stolen password shows itself by calls to a country where nobody was ever called.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from dialnexa.access import Right
from dialnexa.countries import country_name
from dialnexa.models import Notice, Workspace
from dialnexa.notices import tell
from telephony.limits.table import NEW_COUNTRY
from telephony.models import CalledCountry

NEW = timedelta(hours=24)
FIRST = _("First call to %(country)s")
NEVER_BEFORE = _(
    "%(workspace)s has never called %(country)s before. If nobody here meant to, stop all calls on the "
    "Limits page and change your passwords and API keys. For a day at most %(most)s calls go there."
)


def newness(workspace: Workspace, country: str, *, at: datetime) -> tuple[int, datetime] | None:
    """How many calls went to a country (ISO) that is new, and until when it is; None if it is not.

    The workspace's own country never is, nor what belongs to no country. One query at most.
    """
    if not country or country == workspace.country:
        return None
    row = CalledCountry.objects.filter(workspace=workspace, country=country).first()
    if row is None or row.first_at > at:
        return 0, at + NEW
    until = row.first_at + NEW
    return (row.calls, until) if at < until else None


def note_country(workspace: Workspace, country: str, *, now: datetime) -> None:
    """Count a call that is being placed there, where it is new; tell everybody who manages at the first.

    Call it in the call's transaction, holding the workspace's row.
    """
    found = newness(workspace, country, at=now)
    if found is None:
        return
    row, first = CalledCountry.objects.get_or_create(
        workspace=workspace, country=country, defaults={"first_at": now}
    )
    CalledCountry.objects.filter(pk=row.pk).update(calls=F("calls") + 1)
    if first:
        _tell(workspace, country, now)


def _tell(workspace: Workspace, country: str, now: datetime) -> None:
    most = NEW_COUNTRY.default(workspace.currency)
    name = country_name(country, "en")
    tell(
        workspace,
        reference=f"new_country:{workspace.pk}:{country}",
        right=Right.MANAGE,
        title=FIRST % {"country": name},
        body=NEVER_BEFORE % {"workspace": workspace.name, "country": name, "most": most},
        page=reverse("limits:limits", args=[workspace.slug]),
        tone=Notice.Tone.TROUBLE,
        now=now,
    )

"""Telling that a limit was reached: once a day for each, in the application, by e-mail and by webhook."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from dialnexa.access import Right
from dialnexa.errors import Refusal
from dialnexa.models import Notice, Workspace
from dialnexa.notices import tell
from dialnexa.webhooks.emitting import emit
from telephony.limits.allowances import LimitReached
from telephony.limits.table import LIMITS
from telephony.limits.usage import midnight

EVENT = "limit.reached"
TITLES = {
    "concurrent_calls": _("A limit was reached: calls at the same time"),
    "calls_per_second": _("A limit was reached: calls begun in a second"),
    "calls_per_minute": _("A limit was reached: calls begun in a minute"),
    "daily_spend": _("A limit was reached: what calls cost in a day"),
    "monthly_spend": _("A limit was reached: what calls cost in a month"),
    "new_country_calls": _("A limit was reached: calls to a country on its first day"),
    "purchases_per_hour": _("A limit was reached: numbers ordered in an hour"),
}


def note_reached(workspace: Workspace, refusal: Refusal, *, now: datetime) -> None:
    """Tell of the limit that refused, if one did. Call it outside the transaction that was refused."""
    limit = LIMITS.get(refusal.details.get("limit", ""))
    if limit is None:
        return
    english = refusal.english if isinstance(refusal, LimitReached) else refusal.sentence
    reference = f"limit:{workspace.pk}:{limit.name}:{midnight(workspace, now):%Y-%m-%d}"
    with transaction.atomic():
        told = tell(
            workspace,
            reference=reference,
            right=Right.MANAGE,
            title=TITLES[limit.name],
            body=english,
            page=reverse("limits:limits", args=[workspace.slug]),
            tone=Notice.Tone.TROUBLE,
            now=now,
        )
        if told:
            data = {"limit": limit.name, "code": refusal.code, "message": english}
            emit(workspace, EVENT, reference=reference, subject=workspace.pk, data=data, now=now)

"""Telling that a limit was reached: once a day for each, in the application, by e-mail and by webhook."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.urls import reverse

from dialnexa.access import Right
from dialnexa.errors import Refusal
from dialnexa.models import Notice, Workspace
from dialnexa.notices import tell
from dialnexa.webhooks.emitting import emit
from telephony.limits.table import LIMITS
from telephony.limits.usage import midnight

EVENT = "limit.reached"


def note_reached(workspace: Workspace, refusal: Refusal, *, now: datetime) -> None:
    """Tell of the limit that refused, if one did. Call it outside the transaction that was refused."""
    limit = LIMITS.get(refusal.details.get("limit", ""))
    if limit is None:
        return
    reference = f"limit:{workspace.pk}:{limit.name}:{midnight(workspace, now):%Y-%m-%d}"
    with transaction.atomic():
        told = tell(
            workspace,
            reference=reference,
            right=Right.MANAGE,
            title=f"A limit was reached: {limit.label.lower()}",
            body=refusal.sentence,
            page=reverse("limits:limits", args=[workspace.slug]),
            tone=Notice.Tone.TROUBLE,
            now=now,
        )
        if told:
            data = {"limit": limit.name, "code": refusal.code, "message": refusal.sentence}
            emit(workspace, EVENT, reference=reference, subject=workspace.pk, data=data, now=now)

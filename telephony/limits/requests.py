"""Asking for more than a limit allows: a task for staff, who grant it or say why not."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa import audit
from dialnexa.access import Right
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Notice, Workspace
from dialnexa.notices import tell
from telephony.limits.allowances import read_allowances
from telephony.limits.overrides import refuse_value, set_limit
from telephony.limits.table import LIMITS, Limit
from telephony.models import LimitRequest

LONGEST = 500
GRANTED = gettext_noop("%(limit)s: granted")
NOT_GRANTED = gettext_noop("%(limit)s: not granted")


def ask_for_more(
    workspace: Workspace, limit: Limit, value: Decimal, why: str, *, by: Actor, now: datetime
) -> LimitRequest:
    """Ask support to raise a limit to ``value``, in its unit.

    Raises Refusal 400 ``limit_value_invalid``, ``limit_not_more`` and ``reason_missing``, 409
    ``limit_asked_already``.
    """
    refuse_value(limit, value)
    held = read_allowances(workspace, at=now).of(limit)
    if held.value is None or value <= held.value:
        raise Refusal("limit_not_more", _("Ask for more than you have now."), field="value")
    if not why.strip() or len(why) > LONGEST:
        sentence = _("Say what it is for, in 1 to %(most)s characters. Support decides by it.")
        raise Refusal("reason_missing", sentence % {"most": LONGEST}, field="why")
    asked = LimitRequest(
        workspace=workspace, limit=limit.name, value=value, why=why, asked_by=by.user, created_at=now
    )
    try:
        with transaction.atomic():
            asked.save(force_insert=True)
            after = {"limit": limit.name, "label": limit.label, "value": f"{value.normalize():f}"}
            audit.record(workspace, "ask_limit", after=after, by=by, now=now, reason=why)
    except IntegrityError as error:
        sentence = _("You have asked for more of this already. Support answers soon.")
        raise Refusal("limit_asked_already", sentence, status=409) from error
    return asked


def grant(
    request: LimitRequest, *, reason: str, by: Actor, now: datetime, until: datetime | None = None
) -> None:
    """Let the workspace have what it asked for, and tell it.

    Raises Refusal 409 ``limit_answered``, 403 ``second_person_needed`` for staff who belong to it.
    """
    with transaction.atomic():
        row = _open(request)
        limit, value = LIMITS[row.limit], row.value
        row.override = set_limit(row.workspace, limit, value, reason=reason, by=by, now=now, until=until)
        _answer(row, reason, GRANTED, Notice.Tone.GOOD, now)


def decline(request: LimitRequest, *, reason: str, by: Actor, now: datetime) -> None:
    """Say no; the customer reads the reason. Raises Refusal 409 ``limit_answered``."""
    with transaction.atomic():
        row = _open(request)
        after = {"limit": row.limit, "label": LIMITS[row.limit].label}
        audit.record(row.workspace, "decline_limit", after=after, by=by, now=now, reason=reason)
        _answer(row, reason, NOT_GRANTED, Notice.Tone.TROUBLE, now)


def _open(request: LimitRequest) -> LimitRequest:
    row = LimitRequest.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=request.pk)
    if row.answered_at:
        raise Refusal("limit_answered", "This request has been answered already.", status=409)
    return row


def _answer(row: LimitRequest, reason: str, title: str, tone: Notice.Tone, now: datetime) -> None:
    row.answered_at, row.answer = now, reason[:LONGEST]
    row.save(update_fields=["answered_at", "answer", "override"])
    tell(
        row.workspace,
        reference=f"limit_request:{row.pk}",
        right=Right.MANAGE,
        title=title % {"limit": LIMITS[row.limit].label},
        body=reason,
        page=reverse("limits:limits", args=[row.workspace.slug]),
        tone=tone,
        now=now,
    )

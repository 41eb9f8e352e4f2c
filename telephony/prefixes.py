"""Keeping the list of prefixes that nobody calls, and opening one of them for one workspace. Staff do it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.db import transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from telephony.models import DeniedPrefix, OpenedPrefix

LONGEST = timedelta(days=366)  # that a prefix is open


def deny_prefix(text: str, *, reason: str, by: Actor, now: datetime) -> DeniedPrefix:
    """Let nobody call numbers that begin so. Raises Refusal 400 ``prefix_invalid``, 409 ``prefix_denied``."""
    digits = read_prefix(text)
    with transaction.atomic():
        row = DeniedPrefix(digits=digits, reason=reason[:300], created_at=now)
        DeniedPrefix.objects.bulk_create([row], ignore_conflicts=True)
        if not DeniedPrefix.objects.filter(pk=row.pk).exists():
            raise Refusal("prefix_denied", f"+{digits} is on the list already.", status=409)
        audit.record(row, "deny_prefix", after={"digits": digits}, by=by, now=now, reason=reason)
    return row


def end_denial(row: DeniedPrefix, *, reason: str, by: Actor, now: datetime) -> None:
    """Take it off the list. Raises Refusal 409 ``prefix_ended``."""
    with transaction.atomic():
        if not DeniedPrefix.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now):
            raise Refusal("prefix_ended", f"+{row.digits} is off the list already.", status=409)
        audit.record(row, "end_denial", before={"digits": row.digits}, by=by, now=now, reason=reason)


def open_prefix(
    workspace: Workspace, text: str, *, until: datetime, reason: str, by: Actor, now: datetime
) -> OpenedPrefix:
    """Let the workspace call expensive numbers that begin so, until then (a year at most).

    Its country has to be enabled as ever. Raises Refusal 400 ``prefix_invalid`` and ``prefix_end_invalid``.
    """
    digits = read_prefix(text)
    if len(digits) < 2:
        raise Refusal("prefix_invalid", "One digit is a whole part of the world. Name more.", field="digits")
    if not now < until <= now + LONGEST:
        sentence = "The end has to be in the future, and within a year."
        raise Refusal("prefix_end_invalid", sentence, field="until")
    with transaction.atomic():
        row = OpenedPrefix.objects.create(
            workspace=workspace, digits=digits, until=until, reason=reason, opened_by=by.user, created_at=now
        )
        after = {"digits": digits, "until": until.isoformat()}
        audit.record(workspace, "open_prefix", after=after, by=by, now=now, reason=reason)
    return row


def close_prefix(row: OpenedPrefix, *, reason: str, by: Actor, now: datetime) -> None:
    """Let the workspace call it no more. Raises Refusal 409 ``prefix_ended``."""
    with transaction.atomic():
        if not OpenedPrefix.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now):
            raise Refusal("prefix_ended", f"+{row.digits} is closed already.", status=409)
        before = {"digits": row.digits}
        audit.record(row.workspace, "close_prefix", before=before, by=by, now=now, reason=reason)


def read_prefix(text: str) -> str:
    """The digits of a prefix as people write it. Raises Refusal 400 ``prefix_invalid``."""
    digits = text.strip().removeprefix("+").replace(" ", "")
    if not re.fullmatch(r"[1-9][0-9]{0,14}", digits, re.ASCII):
        sentence = "Enter the digits with the country's calling code, like +881."
        raise Refusal("prefix_invalid", sentence, field="digits")
    return digits

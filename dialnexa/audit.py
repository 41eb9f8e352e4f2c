"""The history: who changed what, through which door, from what to what, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import models

from dialnexa.actors import Actor, Channel
from dialnexa.bulk import insert_rows
from dialnexa.isolation.scope import everywhere
from dialnexa.logs.context import current_request_id
from dialnexa.models import AuditEntry


def record(
    subject: models.Model,
    event: str,
    *,
    by: Actor,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Write one entry about ``subject`` (a model with ``workspace_id``, or a workspace itself).

    ``before`` and ``after`` hold only what changed, as plain JSON values. Call it in the same transaction.
    """
    entry = entry_for(subject, event, by=by, now=now, before=before, after=after, reason=reason)
    if entry.workspace_id is None:
        with everywhere("What is no workspace's is seen by support only."):
            entry.save(force_insert=True)
    else:
        entry.save(force_insert=True)
    return entry


def record_all(entries: Iterable[AuditEntry]) -> None:
    """Write what ``entry_for`` made, in this order, in one statement. Call it in the same transaction."""
    AuditEntry.objects.bulk_create(entries)


class Change(NamedTuple):
    """What changed about one of many (``after`` as ``record`` has it)."""

    subject_id: str
    workspace_id: str
    after: Mapping[str, Any]


def record_same(
    model: type[models.Model], event: str, changes: Iterable[Change], *, by: Actor, now: datetime
) -> None:
    """Record one event about very many rows of one model, in this order, in one statement.

    Call it in the same transaction.
    """
    insert_rows(
        AuditEntry,
        [change._asdict() for change in changes],
        subject_type=model._meta.model_name,
        event=event,
        before={},
        channel=by.channel,
        actor_id=by.user.pk if by.user else None,
        actor_name=by.name,
        api_key_id=by.api_key.pk if by.api_key else None,
        request_id=by.request_id or current_request_id(),
        reason="",
        at=now,
    )


def entry_for(
    subject: models.Model,
    event: str,
    *,
    by: Actor,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """An entry as ``record`` writes it, not written yet: for many at once."""
    return AuditEntry(
        workspace_id=getattr(subject, "workspace_id", None)
        or (subject.pk if subject._meta.model_name == "workspace" else None),
        subject_type=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        event=event,
        before=dict(before or {}),
        after=dict(after or {}),
        channel=by.channel,
        actor=by.user,
        actor_name=by.name,
        api_key=by.api_key,
        request_id=by.request_id or current_request_id(),
        reason=reason,
        at=now,
    )


def entries_about(subject_ids: Iterable[str]) -> models.QuerySet[AuditEntry]:
    """The history of these objects together, in the order in which it happened.

    That is not the order of ``at``: who waits for a row's lock writes later, and read the clock before.
    """
    return AuditEntry.objects.filter(subject_id__in=list(subject_ids)).order_by("id")


def last_request_about(subject_id: str) -> str:
    """The id of the request that last changed this object; empty when none did."""
    asked = AuditEntry.objects.filter(subject_id=subject_id).exclude(channel=Channel.SYSTEM)
    return asked.exclude(request_id="").order_by("-at").values_list("request_id", flat=True).first() or ""

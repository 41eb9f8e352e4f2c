"""What something was at a moment: read backwards from what it is, through the history of its changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from dialnexa.models import AuditEntry
from dialnexa.states import Stateful


def value_at(subject_id: str, key: str, at: datetime, *, today: Any) -> Any:
    """What ``key`` was at ``at``: what the first change after it began with; ``today`` if none came after."""
    later = AuditEntry.objects.filter(subject_id=subject_id, at__gt=at, before__has_key=key)
    change = later.order_by("id").first()
    return change.before[key] if change else today


def state_at(thing: Stateful, at: datetime) -> str:
    """The state ``thing`` was in at ``at``."""
    return str(value_at(str(thing.pk), "status", at, today=thing.state))


def first_changes_after(
    at: datetime, *, workspace_id: str, events: Iterable[str], key: str
) -> dict[str, AuditEntry]:
    """The first of these ``events`` after ``at``, for each value that their entries have under ``key``."""
    entries = AuditEntry.objects.filter(workspace=workspace_id, at__gt=at, event__in=list(events))
    return {entry.after[key]: entry for entry in entries.order_by("-id") if key in entry.after}

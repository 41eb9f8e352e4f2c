"""Protecting many numbers from release at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.bulk_planning import find_numbers

RELEASABLE = (PhoneNumber.Status.PENDING, PhoneNumber.Status.ACTIVE)


def protect_bulk(
    workspace: Workspace, numbers: Collection[str], *, protected: bool, by: Actor, now: datetime
) -> int:
    """Switch the protection from release of these numbers (ids) on or off; how many that changed.

    Numbers that have left or are leaving stay as they are. Raises Refusal as ``find_numbers`` does.
    """
    event = "protect" if protected else "unprotect"
    with transaction.atomic():
        found = find_numbers(workspace, numbers, lock=True)
        rows = [row for row in found if row.status in RELEASABLE and row.release_protection != protected]
        ids = [row.pk for row in rows]
        PhoneNumber.objects.filter(pk__in=ids).update(release_protection=protected)
        audit.record_all(audit.entry_for(row, event, by=by, now=now) for row in rows)
    return len(rows)

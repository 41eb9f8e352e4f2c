"""Letting many numbers renew by themselves, or not, at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.models import Workspace
from phone_numbers.models import Rental
from phone_numbers.routes.bulk_planning import find_numbers


def set_auto_renew_bulk(
    workspace: Workspace, numbers: Collection[str], *, on: bool, by: Actor, now: datetime
) -> int:
    """Let the rent of these numbers (ids) renew by itself, or not; how many that changed.

    Numbers that cost no rent stay as they are. Switched on for those that wait for money, the wallet is tried
    at once. Raises Refusal as ``find_numbers`` does.
    """
    with transaction.atomic():
        found = find_numbers(workspace, numbers, lock=True)
        rentals = Rental.objects.filter(number__in=found, ended_at=None).exclude(auto_renew=on)
        rows = list(rentals.order_by("number_id").select_for_update(no_key=True))
        changed = Rental.objects.filter(pk__in=[row.pk for row in rows])
        changed.update(auto_renew=on)
        if on:
            changed.filter(short_since__isnull=False).update(next_run_at=now)
        event = "auto_renew_on" if on else "auto_renew_off"
        audit.record_all(audit.entry_for(row, event, by=by, now=now) for row in rows)
    return len(rows)

"""Money came in: rent that waits for it is tried at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from dialnexa.models import Workspace
from dialnexa.signals import wallet_credited
from phone_numbers.models import Rental


def try_unpaid(*, workspace: Workspace, now: datetime, **_: Any) -> None:
    """Have the workspace's overdue rentals looked at now.

    The wallet is locked by who credits it, so rentals that somebody has locked are left: they are being paid,
    released, or tried again within a day.
    """
    with transaction.atomic():
        waiting = Rental.objects.filter(workspace=workspace, short_since__isnull=False, ended_at=None)
        waiting = waiting.filter(auto_renew=True, next_run_at__isnull=False)
        found = list(waiting.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
        Rental.objects.filter(pk__in=found).update(next_run_at=now)


def listen() -> None:
    """Begin to hear of money that comes in."""
    wallet_credited.connect(try_unpaid, dispatch_uid="rent")

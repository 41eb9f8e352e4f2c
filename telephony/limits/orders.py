"""How many numbers were ordered in an hour: counted by the money each order held, in PostgreSQL.

Not in Redis as calls are: an order is a transaction anyway, and goes through while Redis is away.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import QuerySet

from dialnexa.errors import Refusal
from dialnexa.models import LedgerEntry, Workspace
from telephony.limits.allowances import Allowance, Allowances
from telephony.limits.table import PURCHASES

ORDER = "ord_"  # what the ids of orders begin with
HOUR = timedelta(hours=1)


def refuse_too_many(allowances: Allowances, *, now: datetime) -> None:
    """Raises the Refusal of the first limit that is passed, with ``retry_after`` in seconds.

    Call it in the order's transaction when its money is held: the wallet stays locked, so no two can both be
    the last.
    """
    if refusal := _refusal(allowances, now, counted=1):
        raise refusal


def refusal_now(allowances: Allowances, *, now: datetime) -> Refusal | None:
    """What an order would be refused with now."""
    return _refusal(allowances, now, counted=0)


def ordered_within_hour(workspace: Workspace, at: datetime) -> int:
    """Whatever became of them."""
    return _orders(workspace, at).count()


def _refusal(allowances: Allowances, now: datetime, *, counted: int) -> Refusal | None:
    """``counted``: how many of those that were ordered are the one in question."""
    for allowance in allowances.all_of(PURCHASES):
        workspace = allowances.workspace
        orders = _orders(workspace, now, () if allowance.who == workspace.pk else allowances.chain)
        if not allowance.fits(orders.count() - counted):
            return allowance.refusal(retry_after=_wait(allowance, orders[counted:], now))
    return None


def _wait(allowance: Allowance, earlier: QuerySet[LedgerEntry], now: datetime) -> int:
    """Seconds until so many of these, newest first, have left the window that one more fits."""
    value = int(allowance.value or 0)
    if value < 1:
        return int(HOUR.total_seconds())
    leaves = earlier.values_list("created_at", flat=True)[value - 1] + HOUR
    return max(1, math.ceil((leaves - now).total_seconds()))


def _orders(workspace: Workspace, at: datetime, keys: Collection[str] = ()) -> QuerySet[LedgerEntry]:
    """Of the last hour, newest first."""
    held = LedgerEntry.objects.filter(workspace=workspace, kind=LedgerEntry.Kind.HOLD)
    held = held.filter(subject_id__startswith=ORDER, created_at__gt=at - HOUR, created_at__lte=at)
    return (held.filter(api_key__in=keys) if keys else held).order_by("-created_at", "-id")

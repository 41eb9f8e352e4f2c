"""Whose turn it is. Whoever finds a delivery due claims it, in any number of processes.

The claim moves the row's turn ahead and is committed before anything is sent. A process that dies after that
leaves the row to be sent once more, LEASE later: twice is better than never.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from dialnexa.models import WebhookDelivery, WebhookEndpoint

LEASE = timedelta(minutes=1)
SHARE = 4  # of what is sent at once, one workspace gets a part
LOOKED_AT = 200  # endpoints, those served longest ago


def claim(out: Iterable[WebhookDelivery], *, now: datetime) -> list[WebhookDelivery]:
    """What to send now, beside what is ``out``: at most WEBHOOKS_AT_ONCE together.

    Who was served longest ago comes first, and no workspace gets more than a part of the whole, so that slow
    servers of one hold up nobody else. Each delivery comes with its endpoint and message.
    """
    by_workspace = Counter(delivery.endpoint.workspace_id for delivery in out)
    by_endpoint = Counter(delivery.endpoint_id for delivery in out)
    room = settings.WEBHOOKS_AT_ONCE - by_workspace.total()
    part = max(1, settings.WEBHOOKS_AT_ONCE // SHARE)
    claimed: list[WebhookDelivery] = []
    for endpoint in _waiting(now) if room > 0 else ():
        most = min(room - len(claimed), part - by_workspace[endpoint.workspace_id])
        if endpoint.failures:  # one is enough to see whether it is back
            most = min(most, 1 - by_endpoint[endpoint.pk])
        if most > 0:
            taken = _take(endpoint, most, now)
            by_workspace[endpoint.workspace_id] += len(taken)
            claimed += taken
    if claimed:
        served = {delivery.endpoint_id for delivery in claimed}
        WebhookEndpoint.objects.filter(pk__in=served).update(served_at=now)
    return claimed


def _waiting(now: datetime) -> QuerySet[WebhookEndpoint]:
    """Endpoints for which something is due."""
    due = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), state="pending", next_try_at__lte=now)
    rows = WebhookEndpoint.objects.filter(Exists(due), enabled=True, next_turn_at__lte=now)
    return rows.order_by(F("served_at").asc(nulls_first=True), "pk")[:LOOKED_AT]


def _take(endpoint: WebhookEndpoint, most: int, now: datetime) -> list[WebhookDelivery]:
    due = WebhookDelivery.objects.filter(endpoint=endpoint, state="pending", next_try_at__lte=now)
    with transaction.atomic():
        free = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
        rows = list(free.select_related("message").order_by("next_try_at", "pk")[:most])
        for row in rows:
            row.endpoint = endpoint
            row.tries += 1
            row.next_try_at = now + LEASE
        WebhookDelivery.objects.bulk_update(rows, ["tries", "next_try_at"])
    return rows

"""Sending again what was delivered or given up. A receiver knows it by its id, which stays the same."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import WebhookDelivery, WebhookEndpoint, WebhookMessage

KEPT = timedelta(days=30)  # messages and what became of them
FORGOTTEN_AT_ONCE = 2000


def redeliver(delivery: WebhookDelivery, *, by: Actor, now: datetime) -> None:
    """Send it again soon, and again where that fails; what waits is tried at once.

    Raises Refusal 409 webhook_endpoint_disabled.
    """
    with transaction.atomic():
        endpoint = _ready(delivery.endpoint, now)
        rows = WebhookDelivery.objects.filter(pk=delivery.pk)
        rows.update(state="pending", tries=0, next_try_at=now, delivered_at=None)
        audit.record(endpoint, "redeliver", after={"message": delivery.message_id}, by=by, now=now)


def redeliver_failed(endpoint: WebhookEndpoint, *, since: datetime, by: Actor, now: datetime) -> int:
    """Send again everything that was given up and happened at ``since`` or later; how much that is.

    Raises Refusal 409 webhook_endpoint_disabled.
    """
    with transaction.atomic():
        endpoint = _ready(endpoint, now)
        rows = failed_since(endpoint, since)
        count = rows.update(state="pending", tries=0, next_try_at=now)
        if count:
            after = {"count": count, "since": since.isoformat()}
            audit.record(endpoint, "redeliver_failed", after=after, by=by, now=now)
    return count


def failed_since(endpoint: WebhookEndpoint, since: datetime) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(endpoint=endpoint, state="failed", created_at__gte=since)


def forget_old(*, now: datetime) -> int:
    """Delete messages older than KEPT with their deliveries, whatever became of them; how many.

    Endpoints that were removed as long ago go, too.
    """
    old = WebhookMessage.objects.filter(created_at__lt=now - KEPT).order_by("created_at")
    ids = list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    WebhookMessage.objects.filter(pk__in=ids).delete()
    WebhookEndpoint.objects.filter(removed_at__lt=now - KEPT).delete()
    return len(ids)


def _ready(endpoint: WebhookEndpoint, now: datetime) -> WebhookEndpoint:
    """The row, locked; its next turn is now."""
    row = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if not row.enabled:
        sentence = _("The endpoint is switched off. Switch it on first; what waits is sent then.")
        raise Refusal("webhook_endpoint_disabled", sentence, status=409)
    WebhookEndpoint.objects.filter(pk=row.pk).update(next_turn_at=now)
    return row

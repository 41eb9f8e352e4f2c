"""What became of one try: the delivery is over or due again, and its endpoint is well, failing or off."""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from dialnexa.access import Right
from dialnexa.actors import system
from dialnexa.models import Notice, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from dialnexa.notices import tell
from dialnexa.webhooks.endpoints import disable_endpoint
from dialnexa.webhooks.posting import Answer

log = logging.getLogger(__name__)
SENDER = system("Webhook sender")
WAITS = tuple(  # after each try that failed; after the last of them it is given up
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
JITTER = 0.1  # of a wait, more or less
PAUSE_LONGEST = timedelta(minutes=5)  # of an endpoint: doubled from a second with every failure in a row
FAILING_MOST = timedelta(days=5)  # with no success between, an endpoint is switched off
PROOF = 4  # tries of the message that ends it: one failure after days of silence proves nothing


def note(delivery: WebhookDelivery, answer: Answer, *, now: datetime) -> None:
    """Write down what came of a try that was claimed, in one transaction. ``now``: when it was over."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=delivery.endpoint_id)
        rows = WebhookDelivery.objects.select_for_update(no_key=True).filter(pk=delivery.pk)
        if not rows.exists():
            return  # too old, and forgotten meanwhile
        _log(delivery, answer, now)
        if answer.is_success:
            _note_success(delivery, endpoint, answer, now)
        else:
            _note_failure(delivery, endpoint, answer, now)


def _log(delivery: WebhookDelivery, answer: Answer, now: datetime) -> None:
    WebhookAttempt.objects.create(
        delivery=delivery,
        at=now,
        http_status=answer.http_status,
        took_ms=answer.took_ms,
        sentence=answer.sentence,
        answer=answer.body,
    )


def _note_success(
    delivery: WebhookDelivery, endpoint: WebhookEndpoint, answer: Answer, now: datetime
) -> None:
    """A fact, whoever else may have the delivery by now."""
    told = {"http_status": answer.http_status, "sentence": answer.sentence}
    pending = WebhookDelivery.objects.filter(pk=delivery.pk, state="pending")
    pending.update(state="delivered", next_try_at=None, delivered_at=now, **told)
    if endpoint.failures or endpoint.failing_since:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
            failures=0, failing_since=None, next_turn_at=now
        )


def _note_failure(
    delivery: WebhookDelivery, endpoint: WebhookEndpoint, answer: Answer, now: datetime
) -> None:
    again = next_try(delivery.tries, now)
    changes: dict[str, Any] = {"next_try_at": again} if again else {"state": "failed", "next_try_at": None}
    told = {"http_status": answer.http_status, "sentence": answer.sentence}
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, state="pending", tries=delivery.tries)
    mine.update(**changes, **told)
    _pause(endpoint, now)
    if answer.http_status == 410:
        _switch_off(endpoint, _("It answered 410 Gone."), now)
    elif now - (endpoint.failing_since or now) >= FAILING_MOST and delivery.tries >= PROOF:
        why = _("Nothing was taken for %(days)s days. The last try: %(sentence)s")
        _switch_off(endpoint, why % {"days": FAILING_MOST.days, "sentence": answer.sentence}, now)


def next_try(tries: int, now: datetime) -> datetime | None:
    """When to try again after so many tries; None: never. Spread, so that not all come at once."""
    if tries > len(WAITS):
        return None
    return now + WAITS[tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  no secret


def _pause(endpoint: WebhookEndpoint, now: datetime) -> None:
    """Leave the endpoint alone for a while, longer with every failure."""
    pause = min(timedelta(seconds=2 ** min(endpoint.failures, 20)), PAUSE_LONGEST)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        failures=endpoint.failures + 1,
        failing_since=endpoint.failing_since or now,
        next_turn_at=now + pause,
    )


def _switch_off(endpoint: WebhookEndpoint, why: str, now: datetime) -> None:
    """And tell those who can mend it. Once for every time it is switched on."""
    if not disable_endpoint(endpoint, by=SENDER, now=now, reason=why[:300]):
        return
    log.warning("%s is switched off: %s", endpoint.pk, why)
    page = reverse("settings:webhook", args=[endpoint.workspace.slug, endpoint.pk])
    body = _("%(url)s takes no messages: %(why)s Mend it, then switch it on; what waits is sent then.")
    tell(
        endpoint.workspace,
        reference=f"webhook:{endpoint.pk}:disabled:{now.isoformat()}",
        right=Right.MANAGE,
        title=_("A webhook endpoint was switched off"),
        body=body % {"url": endpoint.url, "why": why},
        page=page,
        tone=Notice.Tone.TROUBLE,
        now=now,
    )

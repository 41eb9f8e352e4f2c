"""Sending what is due: many requests at once, in threads that touch no database.

The sweeper does this in a thread of its own, so that slow servers of customers hold up no worker.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_noop as _

from dialnexa import clock
from dialnexa.models import WebhookDelivery, WebhookMessage
from dialnexa.sealing import SealBroken
from dialnexa.webhooks.claiming import claim
from dialnexa.webhooks.endpoints import secrets_of
from dialnexa.webhooks.outcomes import note
from dialnexa.webhooks.posting import Answer, post
from dialnexa.webhooks.signing import signed_headers

log = logging.getLogger(__name__)
LOOK_AGAIN = 0.25  # seconds, while something is out
UNSEALED = Answer(None, _("We could not read the endpoint's secret. Rotate it, then send this again."), 0)
Clock = Callable[[], datetime]


def send_due(*, tell: Clock = clock.now, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is due until there is no more, or ``stopping()``; how many tries that were.

    What is out when it stops is waited for, WEBHOOK_DEADLINE seconds at most. ``tell`` tells the time.
    """
    out: dict[Future[Answer], WebhookDelivery] = {}
    tries = 0
    with ThreadPoolExecutor(settings.WEBHOOKS_AT_ONCE, "webhook") as pool:
        while True:
            claimed = [] if stopping() else claim(out.values(), now=tell())
            out |= {_start(pool, delivery, now=tell()): delivery for delivery in claimed}
            if not out:
                return tries
            done, _ = wait(out, LOOK_AGAIN, FIRST_COMPLETED)
            for future in done:
                note(out.pop(future), future.result(), now=tell())
            tries += len(done)


def body_of(message: WebhookMessage) -> str:
    """The message as it goes out: the same characters every time."""
    told = message.payload
    ordered = {name: told[name] for name in ("type", "timestamp", "data")}
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))


def _start(pool: ThreadPoolExecutor, delivery: WebhookDelivery, *, now: datetime) -> Future[Answer]:
    """Everything that needs the database or a secret's key happens here, not in the thread."""
    try:
        keys = secrets_of(delivery.endpoint, now=now)
    except SealBroken as error:
        log.error("%s", error)
        failed: Future[Answer] = Future()
        failed.set_result(UNSEALED)
        return failed
    body = body_of(delivery.message)
    sent_at = now - clock.ahead()  # receivers refuse what is signed at another time than theirs
    headers = signed_headers(delivery.message_id, body, keys=keys, now=sent_at)
    return pool.submit(post, delivery.endpoint.url, body.encode(), headers, seconds=settings.WEBHOOK_DEADLINE)

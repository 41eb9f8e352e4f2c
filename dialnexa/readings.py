"""What the database says of work in general (see dialnexa.metrics.reading)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import redis
from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Q

from dialnexa import clock
from dialnexa.heartbeats import PROCESSES
from dialnexa.metrics.reading import Reading, seconds_since
from dialnexa.models import Heartbeat, NoticeCopy, WebhookDelivery, WebhookEndpoint

PATIENCE = 1  # seconds for Redis
SESSIONS = """
SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1
"""


def read(now: datetime) -> Iterator[Reading]:
    yield from heartbeats()
    yield from mails(now)
    yield from webhooks(now)
    yield from sessions()
    yield from queue()


def heartbeats() -> Iterator[Reading]:
    """Of workers, sweepers and each of a sweeper's threads; other rows are turns."""
    seen = Heartbeat.objects.filter(Q(name__in=PROCESSES) | Q(name__startswith="sweeper:"))
    now = clock.wall_now()
    for name, at in seen.values_list("name", "at"):
        yield Reading(
            "heartbeat_age_seconds", "Since it was last seen", seconds_since(at, now), {"name": name}
        )


def mails(now: datetime) -> Iterator[Reading]:
    due = NoticeCopy.objects.filter(next_mail_at__isnull=False).aggregate(
        n=Count("pk"), at=Min("next_mail_at")
    )
    yield Reading("mails_waiting", "Notices still to be mailed", due["n"])
    yield Reading("mails_late_seconds", "How long the oldest is due", seconds_since(due["at"], now))


def webhooks(now: datetime) -> Iterator[Reading]:
    due = WebhookDelivery.objects.filter(state="pending").aggregate(n=Count("pk"), at=Min("next_try_at"))
    yield Reading("webhooks_waiting", "Webhooks still to be sent to customers", due["n"])
    yield Reading("webhooks_late_seconds", "How long the oldest is due", seconds_since(due["at"], now))
    failing = WebhookEndpoint.objects.filter(failing_since__isnull=False, enabled=True, removed_at=None)
    yield Reading("webhook_endpoints_failing", "Customers' servers that fail", failing.count())


def sessions() -> Iterator[Reading]:
    with connection.cursor() as cursor:
        cursor.execute(SESSIONS)
        for state, count in cursor.fetchall():
            yield Reading("database_sessions", "Sessions at PostgreSQL", count, {"state": state})
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = 'max_connections'")
        yield Reading("database_sessions_most", "How many there may be", (cursor.fetchone() or (0,))[0])


def queue() -> Iterator[Reading]:
    """Messages in Redis. They are doorbells: losing them loses nothing, many mean that workers lag."""
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    times = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **times) as broker:
            length = broker.llen(f"{prefix}celery")
    except redis.RedisError:
        yield Reading("broker_answers", "Whether Redis answers", 0)
        return
    yield Reading("broker_answers", "Whether Redis answers", 1)
    yield Reading("messages_waiting", "Messages that no worker has taken", float(str(length)))

"""What the database says of calls and batches (see dialnexa.metrics.reading)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min

from dialnexa.metrics.reading import Reading, seconds_since
from telephony.models import BatchCall, Call


def read(now: datetime) -> Iterator[Reading]:
    going = Call.objects.filter(next_run_at__isnull=False, status__in=Call.OPEN).order_by()
    for status, count in going.values_list("status").annotate(n=Count("pk")):
        yield Reading("calls_open", "Calls that are not over", count, {"status": status})
    late = going.aggregate(at=Min("next_run_at"))["at"]
    yield Reading("calls_late_seconds", "How long the oldest is due", seconds_since(late, now))
    batches = BatchCall.objects.filter(next_run_at__isnull=False).order_by()
    for status, count in batches.values_list("status").annotate(n=Count("pk")):
        yield Reading("batches", "Batch calls that go on or wait", count, {"status": status})

"""What the database says of verifications (see dialnexa.metrics.reading)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min

from dialnexa.metrics.reading import Reading, seconds_since
from kyc.models import KycCase


def read(now: datetime) -> Iterator[Reading]:
    waiting = KycCase.objects.filter(status="submitted").aggregate(n=Count("pk"), at=Min("submitted_at"))
    yield Reading("kyc_waiting", "Verifications that staff have not looked at", waiting["n"])
    yield Reading("kyc_waiting_seconds", "How long the oldest waits", seconds_since(waiting["at"], now))

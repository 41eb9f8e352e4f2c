"""How fast a batch may dial: each of its calls counts in the rates of the workspace and of its key."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from dialnexa.errors import Refusal
from phone_numbers.calls.placing import take_call_turn
from telephony.models import BatchCall, BatchRow


class MustWait(Exception):  # noqa: N818  # not a mistake
    """The rates are full. ``until`` is when to look again."""

    def __init__(self, until: datetime) -> None:
        self.until = until


def is_due(now: datetime) -> Q:
    """Which waiting rows may be called now."""
    return Q(next_try_at__isnull=True) | Q(next_try_at__lte=now)


def take_batch_turn(batch_id: str, now: datetime) -> bool:
    """Count one more call, if the batch has one to place; whether it has. Raises MustWait.

    Not in a transaction: it asks Redis.
    """
    ours = BatchRow.objects.filter(batch=OuterRef("pk")).order_by()
    waiting = Exists(ours.filter(is_due(now), state=BatchRow.State.WAITING))
    running = BatchCall.objects.filter(waiting, pk=batch_id, status=BatchCall.Status.RUNNING)
    batch = running.select_related("workspace", "api_key").first()
    if batch is None or batch.batch_rows.filter(state=BatchRow.State.CALLING).count() >= batch.at_once:
        return False
    try:
        take_call_turn(batch.workspace, batch.api_key, now=now)
    except Refusal as refusal:
        wait = refusal.details.get("retry_after", 1)
        raise MustWait(now + timedelta(seconds=wait)) from refusal
    return True

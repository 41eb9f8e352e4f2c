"""What stops a batch by itself until somebody has looked."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_noop as _

from telephony.models import BatchCall, Call

FAILING = _("%(failed)s of the last %(count)s calls failed at the carrier. Look at why, then resume.")
REVOKED = (
    "key_revoked",
    _("The API key it was started with was revoked. Resume it only if you mean its calls."),
)


def why_stop(batch: BatchCall) -> tuple[str, str] | None:
    """The code and the sentence of why it should be paused now; None when it may go on."""
    if batch.api_key and batch.api_key.revoked_at:
        return REVOKED
    sentence = failing(batch)
    return ("carrier_failing", sentence) if sentence else None


def failing(batch: BatchCall) -> str:
    """Why the batch should stop by itself: most of its last calls failed at the carrier. Empty if not."""
    calls = Call.objects.filter(batch=batch, created_at__gte=batch.begun_at, status__in=Call.OVER)
    last = list(calls.order_by("-created_at", "-id").values_list("status", flat=True)[: settings.BATCH_LAST])
    failed = last.count(Call.Status.FAILED)
    if len(last) < settings.BATCH_STOP_FROM or failed < len(last) * settings.BATCH_STOP_SHARE:
        return ""
    return FAILING % {"failed": failed, "count": len(last)}

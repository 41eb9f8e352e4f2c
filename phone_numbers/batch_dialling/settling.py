"""A call is over: what that means for the row it was for. Called where calls end, in their transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_noop as _

from telephony.models import BatchCall, BatchRow, Call

State, Status = BatchRow.State, BatchCall.Status
AGAIN = ("busy", "no_answer", "did_not_pick", "failed")  # a call that ended so is tried again
WHY = {
    "busy": _("The line was busy."),
    "no_answer": _("The phone did not ring."),
    "did_not_pick": _("Nobody picked up."),
    "failed": _("The call failed."),
    "cancelled": _("The call was cancelled."),
}


def settle_row(call: Call, status: str, *, sentence: str, now: datetime) -> None:
    """``status`` is the call's last, ``sentence`` why, where somebody said. Nothing without a batch.

    Locks the batch, so that nobody cancels it in between; take no lock of money before.
    """
    if call.batch_id is None or call.batch_row is None:
        return
    batch = BatchCall.objects.select_for_update(no_key=True, of=("self",)).get(pk=call.batch_id)
    rows = BatchRow.objects.filter(batch=batch, row=call.batch_row, state=State.CALLING, call=call)
    for row in rows:
        settle(row, batch, status, sentence, now)


def settle(row: BatchRow, batch: BatchCall, status: str, sentence: str, now: datetime) -> None:
    """Reached, to be tried again, or given up. The batch is locked."""
    row.reason_code, row.reason, row.next_try_at = status, sentence or WHY.get(status, ""), None
    if status == Call.Status.COMPLETED:
        row.state, row.reason_code, row.reason = State.DONE, "", ""
    elif status in AGAIN and row.tries < batch.attempts and batch.status not in ("cancelled", "completed"):
        row.state, row.next_try_at = State.WAITING, now + timedelta(minutes=batch.retry_minutes)
    else:
        row.state = State.FAILED
    row.save(update_fields=["state", "next_try_at", "reason_code", "reason"])

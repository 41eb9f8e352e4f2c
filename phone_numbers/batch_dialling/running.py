"""A batch that runs. Its row is the job: anybody may advance it at any time, and several at once do no harm.

Each call is one transaction under the batch's lock: that it still runs, that one more call may be in the air,
the row, the call and its money. So a worker that dies in the middle leaves a call placed or a row waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_noop as _

from dialnexa import clock
from dialnexa.actors import Actor, Channel
from dialnexa.errors import IllegalTransition, Refusal
from phone_numbers.batch_dialling.ending import QUEUED, end_waiting, has_come, say_why, wake_next
from phone_numbers.batch_dialling.hours import next_midnight, next_opening
from phone_numbers.batch_dialling.pace import MustWait, is_due, take_batch_turn
from phone_numbers.batch_dialling.stopping import why_stop
from phone_numbers.calls.placing import Asked, place_call
from phone_numbers.models import PhoneNumber
from telephony.models import BatchCall, BatchRow, Call

NAME = "Batch dialler"
STEP = 100  # rows of one round; a worker has other work, too
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
KEEPS_TURN = timedelta(hours=1)  # at most so long until somebody may be called again; then others have it
AWAKE = {"rests_until": None, "reason": "", "reason_code": "", "fix": ""}
HOURS = ("outside_calling_hours", _("Now is outside its calling hours."))
SPENT = _("The limit for what calls may cost in a day is reached.")
LATER = ("waits_to_call_again", _("Everybody was called; who was not reached is called again later."))
ENDED = ("batch_ended", _("The batch's end came first."))
SPENDING = frozenset({"daily_spend_reached", "monthly_spend_reached"})
OF_A_ROW = frozenset({"country_not_enabled", "prefix_not_enabled", "high_cost_number", "price_unknown"})
Status, State = BatchCall.Status, BatchRow.State


class _Enough(Exception):  # noqa: N818  # not a mistake
    """Nothing more to dial in this round. ``look`` is when to look again; None: the batch is not running."""

    def __init__(self, look: datetime | None) -> None:
        self.look = look


def advance_batch(batch_id: str, *, tell: Callable[[], datetime] = clock.now) -> list[str]:
    """Begin it if its turn has come, and keep as many calls in the air as may be.

    Returns the ids of the calls that were placed: ring a worker for each. ``tell`` says what time it is.
    """
    placed: list[str] = []
    _begin(batch_id, tell())
    try:
        for _round in range(STEP):
            if call := _dial_next(batch_id, tell()):
                placed.append(call.pk)
        look = tell()
    except _Enough as enough:
        look = enough.look or tell()
    except MustWait as wait:
        look = wait.until
    BatchCall.objects.filter(pk=batch_id, status=Status.RUNNING).update(next_run_at=look, rung_until=None)
    return placed


def _begin(batch_id: str, now: datetime) -> None:
    """Let it run, unless another of the workspace does. Of those that wait the one uploaded first begins."""
    batch = BatchCall.objects.get(pk=batch_id)
    if batch.status not in QUEUED:
        return
    if batch.starts_at and batch.starts_at > now:
        BatchCall.objects.filter(pk=batch_id, status=batch.status).update(next_run_at=batch.starts_at)
        return
    if _sleeps(batch, now):
        return
    rivals = BatchCall.objects.filter(workspace=batch.workspace_id).exclude(pk=batch_id)
    older = Q(created_at__lt=batch.created_at) | Q(created_at=batch.created_at, pk__lt=batch.pk)
    before = Q(status__in=QUEUED) & older & has_come(now)
    if rivals.filter(Q(status=Status.RUNNING) | before).exists():
        _wait(batch, now)
        return
    try:
        with transaction.atomic():
            batch.transition(
                "begin", by=_actor(batch), now=now, begun_at=now, next_run_at=now, rests_until=None
            )
            say_why(batch, "")
    except IllegalTransition:  # somebody was faster
        return
    except IntegrityError:  # another has just begun
        _wait(batch, now)


def _sleeps(batch: BatchCall, now: datetime) -> bool:
    """Whether nobody may be called yet, so that others go first. What is past its end need not sleep."""
    if batch.ends_at and batch.ends_at <= now:
        return False
    resting = BatchCall.objects.filter(pk=batch.pk, status=batch.status)
    if batch.rests_until and batch.rests_until > now:
        return bool(resting.update(next_run_at=batch.rests_until))
    opens = _opens(batch, now)
    if opens <= now:
        return False
    until, (code, sentence) = min(opens, batch.ends_at or opens), HOURS
    why = {"reason": sentence, "reason_code": code, "fix": ""}
    return bool(resting.update(rests_until=until, next_run_at=until, **why))


def _opens(batch: BatchCall, now: datetime) -> datetime:
    return next_opening(now, batch.hours_begin, batch.hours_end, batch.time_zone or "UTC")


def _wait(batch: BatchCall, now: datetime) -> None:
    """Whoever ends wakes those that wait; looking now and then costs little."""
    look = now + timedelta(seconds=settings.BATCH_LOOK_EVERY)
    waiting = BatchCall.objects.filter(pk=batch.pk, status=batch.status)
    waiting.update(next_run_at=look, rung_until=None, **AWAKE)


def _dial_next(batch_id: str, now: datetime) -> Call | None:
    """Place the next row's call; None when it may not be called. Raises _Enough, MustWait."""
    turn = take_batch_turn(batch_id, now)
    with transaction.atomic():
        batches = BatchCall.objects.select_related("api_key")
        batch = batches.select_for_update(no_key=True, of=("self",)).get(pk=batch_id)
        look = _may_dial(batch, now)
        if look is None and not turn:
            look = now  # it became possible just now
        if look is None:
            row = _next_row(batch, now)
            try:
                return _place(batch, row, now)
            except Refusal as refusal:
                look = _refused(batch, row, refusal, now)
                if look is None:
                    return None
    raise _Enough(look)  # outside: what was found is kept


def _may_dial(batch: BatchCall, now: datetime) -> datetime | None:
    """None when a call may be placed now; else when to look again. Ends or pauses the batch if it is time."""
    if batch.status != Status.RUNNING:
        return now
    rows = BatchRow.objects.filter(batch=batch)
    if batch.ends_at and batch.ends_at <= now:
        end_waiting(batch, *ENDED)
    calling = rows.filter(state=State.CALLING).count()
    waiting = rows.filter(state=State.WAITING)
    if not calling and not waiting.exists():
        return _complete(batch, now)
    if stop := why_stop(batch):
        return _pause(batch, *stop, "", now)
    opens = _opens(batch, now)
    if opens > now:
        return now + SECOND if calling else _rest(batch, opens, *HOURS, now)
    if calling >= batch.at_once:
        return now + SECOND
    if waiting.filter(is_due(now)).exists():
        return None
    if calling:
        return now + SECOND
    soonest = waiting.order_by("next_try_at").values_list("next_try_at", flat=True).first() or now
    if soonest - now > KEEPS_TURN:
        return _rest(batch, soonest, *LATER, now)
    return min(soonest, batch.ends_at or soonest)


def _next_row(batch: BatchCall, now: datetime) -> BatchRow:
    """Second tries that are due, then the rows of the list in order."""
    rows = BatchRow.objects.filter(batch=batch, state=State.WAITING)
    return (
        rows.filter(next_try_at__lte=now).order_by("next_try_at", "row").first()
        or rows.filter(next_try_at__isnull=True).order_by("row")[0]
    )


def _place(batch: BatchCall, row: BatchRow, now: datetime) -> Call:
    number = PhoneNumber.objects.select_related("workspace", "rental").get(pk=batch.from_number_id)
    tries = row.tries + 1
    asked = Asked(
        version=batch.agent_version,
        idempotency_key=f"{batch.pk}:{row.row}:{tries}",
        metadata=row.variables,
        batch_id=batch.pk,
        batch_row=row.row,
    )
    call = place_call(batch.workspace, number, row.e164, by=_actor(batch), now=now, asked=asked)
    found = BatchRow.objects.filter(pk=row.pk)
    found.update(state=State.CALLING, tries=tries, call=call, next_try_at=None, reason_code="", reason="")
    return call


def _refused(batch: BatchCall, row: BatchRow, refusal: Refusal, now: datetime) -> datetime | None:
    """None when only this row is refused; else when to look again, perhaps paused."""
    if refusal.code.startswith("destination_") or refusal.code in OF_A_ROW:
        row.state, row.reason_code, row.reason = State.REFUSED, refusal.code, refusal.sentence[:500]
        row.save(update_fields=["state", "reason_code", "reason"])
        return None
    if refusal.code == "new_country_reached":  # others of the list may be elsewhere
        row.next_try_at = now + timedelta(seconds=refusal.details["retry_after"])
        row.reason_code, row.reason = refusal.code, refusal.sentence[:500]
        row.save(update_fields=["next_try_at", "reason_code", "reason"])
        return None
    if refusal.code == "concurrency_reached":
        return now + SECOND
    if refusal.code in SPENDING and batch.batch_rows.filter(state=State.CALLING).exists():
        return now + MINUTE  # what calls in the air hold may come back
    if refusal.code == "daily_spend_reached":
        tomorrow = next_midnight(now, batch.workspace.time_zone)
        return _rest(batch, tomorrow, refusal.code, f"{SPENT} {refusal.sentence}", now)
    if refusal.status == 429:
        return now + MINUTE
    return _pause(batch, refusal.code, refusal.sentence, refusal.fix, now)


def _complete(batch: BatchCall, now: datetime) -> datetime:
    batch.transition("complete", by=_actor(batch), now=now, next_run_at=None, finished_at=now)
    wake_next(batch, now)
    return now


def _pause(batch: BatchCall, code: str, sentence: str, fix: str, now: datetime) -> datetime:
    batch.transition("pause", by=_actor(batch), now=now, reason=sentence, next_run_at=None)
    say_why(batch, sentence, code, fix)
    wake_next(batch, now)
    return now


def _rest(batch: BatchCall, until: datetime, code: str, sentence: str, now: datetime) -> datetime:
    """Let others have the turn until somebody may be called again, or until its end, which comes first."""
    until = min(until, batch.ends_at or until)
    batch.transition("rest", by=_actor(batch), now=now, reason=sentence, next_run_at=until, rests_until=until)
    say_why(batch, sentence, code)
    wake_next(batch, now)
    return until


def _actor(batch: BatchCall) -> Actor:
    """The dialler; what it spends counts for the key that started the batch."""
    return Actor(Channel.SYSTEM, NAME, api_key=batch.api_key)

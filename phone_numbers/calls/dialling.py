"""From the call's row to a ringing phone, whatever dies on the way. No carrier has a key against repetition.

``advance_call`` moves a call one step; anybody may call it, any number of times:

- created: claim it, commit that the carrier is about to be asked, ask once;
- initiated, and nobody reported: never ask again. A webhook proves the call; without one until
  ``doubt_until`` the carrier's list of calls decides (see ``looking``);
- sent or received, and quiet for long: ask the carrier how the call is, in case its webhooks are lost.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa import clock
from dialnexa.actors import Actor, system
from dialnexa.errors import IllegalTransition, Refusal
from dialnexa.translations.retelling import retell
from phone_numbers.calls.answering import answer_outbound
from phone_numbers.calls.callbacks import callback_url
from phone_numbers.calls.lines import OnlyTells, line_of
from phone_numbers.calls.looking import look_after, settle_doubt
from phone_numbers.calls.progress import end_call, fail_call
from phone_numbers.calls.ringing import first_look
from phone_numbers.models import PhoneNumber
from telephony.call_stops import stop_of, stopped_words
from telephony.carriers.base import CarrierError, Exchange, Outcome, RateLimited, TransportError
from telephony.carriers.voice import CallRef, OutboundCall
from telephony.destinations import Outcome as Verdict
from telephony.destinations import Step, judge_destination
from telephony.exchanges import save_exchanges
from telephony.models import Call
from telephony.rules import destination_rules

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
DIALLER = system("Dialler")
Status = Call.Status
GONE = gettext_noop("%(number)s was given back before it could call. Nothing was charged.")
NOT_CONNECTED = gettext_noop("This number's carrier is not connected: %(error)s")
UNCHARGED = gettext_noop("Nothing was charged.")
EARLY = gettext_noop("Cancelled before dialling.")


def advance_call(call_id: str, *, tell: Clock = clock.now) -> None:
    """Move the call one step, if it is due. ``tell`` gives the time (a step may last seconds)."""
    call = Call.objects.select_related("workspace", "number", "agent_version").get(pk=call_id)
    if not call.is_open or call.next_run_at is None or call.next_run_at > tell():
        return
    if call.status == Status.CREATED:
        dial(call, tell=tell)
    elif call.status == Status.INITIATED:
        settle_doubt(call, tell=tell)
    else:
        look_after(call, tell=tell)


def dial(call: Call, *, tell: Clock = clock.now) -> None:
    """Claim a created call and ask the carrier once. A second worker is stopped by the claim."""
    deadline = time.monotonic() + settings.CALL_LEASE - 1
    exchanges: list[Exchange] = []
    if call.number.status != PhoneNumber.Status.ACTIVE or call.number.workspace_id != call.workspace_id:
        fail_call(call, "number_not_active", GONE % {"number": call.from_text}, by=DIALLER, now=tell())
        return
    if step := _refused_now(call, tell()):
        fail_call(call, step.code, f"{step.sentence} {UNCHARGED}", by=DIALLER, now=tell())
        return
    try:
        line = line_of(call, recorder=exchanges.append)
        _claim(call, now=tell())
    except LookupError as error:
        sentence = NOT_CONNECTED % {"error": error}
        fail_call(call, "carrier_not_configured", sentence, by=DIALLER, now=tell())
        return
    except IllegalTransition as error:
        log.info("%s: somebody else has it", error)
        return
    try:
        if time.monotonic() + settings.CALL_DEADLINE > deadline:
            raise HeldUp()
        placed = line.place_call(_order(call))
    except CarrierError as error:
        _settle_failure(call, error, now=tell())
    else:
        _accept(call, placed, now=tell())
    finally:
        save_exchanges(exchanges, about=call.id, workspace_id=call.workspace_id, now=tell())


def _refused_now(call: Call, now: datetime) -> Step | None:
    """What was switched off since the call was placed: its destination, or all calls."""
    if stop := stop_of(call.workspace):
        return Step("stop", Verdict.FAIL, "calls_stopped", stopped_words(stop), stop.pk)
    return judge_destination(call.to_text, destination_rules(call.workspace, call.carrier, now=now)).refusal


class HeldUp(TransportError):
    """The worker was paused between its claim and the request, which it therefore did not send."""

    outcome = Outcome.NOT_DONE
    code = "worker_held_up"
    sentence = gettext_noop("The worker was held up before it could ask the carrier.")


def _claim(call: Call, *, now: datetime) -> None:
    """Committed before anything is sent: whoever finds it so does not send again."""
    doubt = now + timedelta(seconds=settings.CALL_DOUBT)
    call.transition(
        "initiate",
        by=DIALLER,
        now=now,
        expect={"fence": call.fence},
        fence=call.fence + 1,
        initiated_at=now,
        doubt_until=doubt,
        next_run_at=doubt,
    )


def _order(call: Call) -> OutboundCall:
    return OutboundCall(
        to=call.to_text,
        from_=call.from_text,
        answer_url=callback_url("answer", call.carrier, call.id),
        status_url=callback_url("status", call.carrier, call.id),
        ring_seconds=settings.CALL_RING,
        limit_seconds=call.limit_seconds,
        name=call.id,
        answer=answer_outbound(call),
    )


def _accept(call: Call, placed: CallRef, *, now: datetime) -> None:
    """The carrier took it. A webhook may have been faster; then only the name is new, or nothing."""
    with transaction.atomic():
        row = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
        if not row.carrier_call_id:
            Call.objects.filter(pk=row.pk).update(carrier_call_id=placed.id)
        if row.status == Status.INITIATED:
            row.transition("accept", by=DIALLER, now=now, next_run_at=first_look(row, now))


def _settle_failure(call: Call, error: CarrierError, *, now: datetime) -> None:
    if error.outcome == Outcome.UNKNOWN:
        log.warning("%s: %s It may ring all the same.", call.pk, error.sentence)
        return  # initiated, due at doubt_until: a webhook decides, or its absence
    if isinstance(error, RateLimited | TransportError) and _may_wait(call, now):
        after = max(1.0, min(error.retry_after or 2.0, 30.0))
        _put_back(call, error.sentence, now=now, next_run_at=now + timedelta(seconds=after))
        return
    fail_call(call, error.code, error.sentence, by=DIALLER, now=now)


def _may_wait(call: Call, now: datetime) -> bool:
    return now - call.created_at < timedelta(seconds=settings.CALL_GIVE_UP)


def _put_back(call: Call, reason: str, *, now: datetime, next_run_at: datetime) -> None:
    """Back to the queue, unless somebody else has moved the call meanwhile."""
    try:
        call.transition(
            "put_back",
            by=DIALLER,
            now=now,
            reason=reason,
            expect={"fence": call.fence},
            next_run_at=next_run_at,
            doubt_until=None,
        )
    except IllegalTransition as late:
        log.warning("%s", late)


def hang_up(call: Call, *, by: Actor, now: datetime) -> None:
    """End the call: at once while nobody was asked, else by asking the carrier, whose word then ends it.

    Raises Refusal ``call_over`` (409), ``call_unconfirmed`` (409) while it is not known whether the carrier
    placed it, ``engine_only_tells`` (409) for a call that came in over SIP, and 502 with the carrier's code
    when the carrier can't be asked.
    """
    with transaction.atomic():
        row = Call.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=call.pk)
        if row.status == Status.CREATED:
            end_call(row, "cancel", by=by, now=now, code="cancelled", sentence=EARLY)
            return
    if not row.is_open:
        raise Refusal("call_over", _("This call is over already."), status=409)
    if not row.carrier_call_id:
        sentence = _("The carrier has not confirmed this call yet. Try again in a few seconds.")
        raise Refusal("call_unconfirmed", sentence, status=409)
    _tell_to_hang_up(row, now)


def _tell_to_hang_up(call: Call, now: datetime) -> None:
    exchanges: list[Exchange] = []
    try:
        line_of(call, recorder=exchanges.append).hang_up(call.carrier_call_id)
    except OnlyTells as error:
        raise Refusal(error.code, retell(error.sentence), status=409) from error
    except CarrierError as error:
        sentence = " ".join((_("The call goes on."), retell(error.sentence), _("Try again.")))
        raise Refusal(error.code, sentence, status=502) from error
    finally:
        save_exchanges(exchanges, about=call.id, workspace_id=call.workspace_id, now=now)
    soon = now + timedelta(seconds=2)
    Call.objects.filter(pk=call.pk, status__in=Call.OPEN).update(next_run_at=soon)

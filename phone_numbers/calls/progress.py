"""What became of a call. Carriers tell it in any order, twice or never; each fact changes the row once.

A call ends once: its last state and its charge are one transaction, under the row's lock. What is said about
a call that is over changes nothing of it; it is a reason to read the carrier's record (see ``costing``).

Who was answered pays for the seconds the carrier bills, whatever its last word is; who was not pays nothing.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop as _

from dialnexa import wallet
from dialnexa.actors import Actor, system
from dialnexa.isolation.scope import everywhere
from dialnexa.money import format_money
from phone_numbers.batch_dialling.settling import settle_row
from phone_numbers.calls.prices import billed_by, first_cost_look, next_cost_look, price_of
from phone_numbers.emitting import emit_ended
from telephony.carriers.voice import CallEvent, CallState
from telephony.models import Call, CarrierSlug, Direction

log = logging.getLogger(__name__)
CARRIER = system("Carrier")
Status = Call.Status
CAUSE_LIMIT = 120
MEMO_LIMIT = 200


def apply_event(call_id: str, event: CallEvent, *, now: datetime, by: Actor = CARRIER) -> bool:
    """Write down what a carrier says about a call. False when it says nothing new."""
    with transaction.atomic():
        call = Call.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=call_id)
        if not _is_about(call, event):
            return False
        if not call.is_open:
            _hear_late(call, event, now)
            return False
        _name(call, event.call_id)
        if event.state.over:
            _end(call, event, by=by, now=now)
            return True
        return _move(call, event.state, by=by, now=now)


def _hear_late(call: Call, event: CallEvent, now: datetime) -> None:
    """It was given up, and the carrier speaks of it after all: what it carried should be known."""
    if call.carrier_call_id or not event.call_id or call.carrier == CarrierSlug.SIP_TRUNK:
        return
    _name(call, event.call_id)
    Call.objects.filter(pk=call.pk).update(next_cost_at=next_cost_look(now, now))


def _is_about(call: Call, event: CallEvent) -> bool:
    """A carrier's call has one name, and no other call has it: what comes under another is about another."""
    if not event.call_id or call.carrier_call_id == event.call_id:
        return True
    named = Call.objects.filter(carrier=call.carrier, carrier_call_id=event.call_id)
    with everywhere("The carrier's name for a call is one call's of all."):
        is_taken = bool(call.carrier_call_id) or named.exists()
    if not is_taken:
        return True
    log.warning("%s is %s at the carrier; %s was told", call.pk, call.carrier_call_id or "?", event.call_id)
    return False


def _name(call: Call, carrier_call_id: str) -> None:
    if carrier_call_id and not call.carrier_call_id:
        Call.objects.filter(pk=call.pk).update(carrier_call_id=carrier_call_id)
        call.carrier_call_id = carrier_call_id


def _move(call: Call, state: CallState, *, by: Actor, now: datetime) -> bool:
    if state == CallState.ANSWERED and call.status != Status.RECEIVED:
        look = next_look(now, now, call.limit_seconds)
        call.transition("answer", by=by, now=now, answered_at=now, next_run_at=look)
        return True
    if call.status in (Status.CREATED, Status.INITIATED):
        rang: dict[str, Any] = {"rang_at": now} if state == CallState.RINGING else {}
        call.transition("accept", by=by, now=now, **rang, next_run_at=ring_end(now))
        return True
    if state == CallState.RINGING and call.status == Status.SENT and call.rang_at is None:
        return bool(Call.objects.filter(pk=call.pk).update(rang_at=now))
    return False


def next_look(now: datetime, answered_at: datetime | None, limit_seconds: int) -> datetime:
    """When to ask about a call next: after a while, and at the moment it has to end."""
    look = now + timedelta(seconds=settings.CALL_LOOK_EVERY)
    end = answered_at + timedelta(seconds=limit_seconds) if answered_at else look
    return min(look, end) if end > now else look


def ring_end(now: datetime) -> datetime:
    """When a call that still rings should be asked about."""
    return now + timedelta(seconds=settings.CALL_RING + settings.CALL_LOOK_EVERY)


ENDS = {
    CallState.COMPLETED: "complete",
    CallState.BUSY: "engaged",
    CallState.FAILED: "fail",
    CallState.CANCELLED: "cancel",
}


LAST_WORDS = {  # of a call that was answered; with the carrier's cause, and without
    CallState.FAILED: (
        _(
            "The carrier says that this call failed (%(cause)s) after it was answered. What it bills is "
            "charged."
        ),
        _("The carrier says that this call failed after it was answered. What it bills is charged."),
    ),
    CallState.CANCELLED: (
        _(
            "The carrier says that this call was cancelled (%(cause)s) after it was answered. What it bills "
            "is charged."
        ),
        _("The carrier says that this call was cancelled after it was answered. What it bills is charged."),
    ),
}
CALL_FROM = _("Call from %(number)s")
NOTHING_CHARGED = _("Call to %(number)s: nothing charged")
REST_RETURNED = _("Call to %(number)s: %(amount)s charged, the rest returned")
UNPAID = _("This call cost %(owed)s, of which the wallet still had %(paid)s. The rest was not charged.")


def _end(call: Call, event: CallEvent, *, by: Actor, now: datetime) -> None:
    name = _ending(call, event)
    spoken = _spoken(call, event, now) if name == "complete" else 0
    told: dict[str, Any] = {"carrier_cost": event.cost} if event.cost is not None else {}
    if name == "complete" and event.duration is not None:
        told["duration"] = event.duration  # carriers bill more seconds than were spoken
    if name == "complete" and event.state in LAST_WORDS:
        told |= {"code": "broken_off", "sentence": _broken_off(event)}
    end_call(call, name, spoken=spoken, by=by, now=now, cause=event.cause, **told)


def _ending(call: Call, event: CallEvent) -> str:
    """The event of the call's states. Who had answered has spoken, if the carrier bills seconds for it."""
    name = ENDS.get(event.state) or ("ring_out" if call.rang_at else "unreachable")
    if call.status != Status.RECEIVED:
        return name
    if billed_by(event):
        return "complete"
    if name in ("engaged", "ring_out", "unreachable"):
        # A person had answered ours, whatever the last word says; an agent had only been asked to.
        return "complete" if call.direction == Direction.OUTBOUND else "fail"
    return name


def _broken_off(event: CallEvent) -> str:
    caused, plain = LAST_WORDS[event.state]
    return caused % {"cause": event.cause} if event.cause else plain


def _spoken(call: Call, event: CallEvent, now: datetime) -> int:
    """Seconds to charge: what the carrier bills, else what was spoken, else what we saw.

    Of a call that came in never more than it may last: nothing is held for it that would bound its price.
    """
    if (said := billed_by(event)) is not None:
        return min(said, call.limit_seconds) if call.direction == Direction.INBOUND else said
    return max(0, int((now - call.answered_at).total_seconds())) if call.answered_at else 0


def end_call(
    call: Call,
    event: str,
    *,
    by: Actor,
    now: datetime,
    spoken: int = 0,
    cause: str = "",
    code: str = "",
    sentence: str = "",
    **fields: Any,
) -> None:
    """The last state, the charge for ``spoken`` seconds and the rest of the hold, in one transaction.

    ``cause`` is the carrier's word, ``code`` and ``sentence`` what the customer reads. Call it with the row
    locked. Raises IllegalTransition when the call is over.
    """
    with transaction.atomic():
        settle_row(call, Call.TRANSITIONS[event][1], sentence=sentence, now=now)  # before money: locks
        charge = _charge(call, spoken, by=by, now=now)
        if call.direction == Direction.INBOUND and charge < price_of(call, spoken):
            code, sentence = "wallet_short", _unpaid(call, charge, spoken)
        call.transition(
            event,
            by=by,
            now=now,
            reason=sentence,
            ended_at=now,
            next_run_at=None,
            next_cost_at=first_cost_look(call, event, now),
            charged=charge,
            billed_seconds=spoken,
            cause=cause[:CAUSE_LIMIT],
            reason_code=code,
            **{"duration": spoken, **fields},
        )
        if sentence:
            Call.objects.filter(pk=call.pk).update(reason=sentence[:500])
            call.reason = sentence[:500]
        emit_ended(call, now=now)


def fail_call(call: Call, code: str, sentence: str, *, by: Actor, now: datetime) -> None:
    """The end without a call: what was held goes back. Nothing, when somebody has moved it since ``call`` was
    read: who has just been heard of is no failure.
    """
    with transaction.atomic():
        row = Call.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=call.pk)
        if row.is_open and (row.status, row.fence) == (call.status, call.fence):
            end_call(row, "fail", by=by, now=now, code=code, sentence=sentence)


def _charge(call: Call, spoken: int, *, by: Actor, now: datetime) -> Decimal:
    """Take the price of so many seconds: of what was held, or from the wallet for a call that came in."""
    owed = price_of(call, spoken)
    if call.direction == Direction.INBOUND:
        memo = (CALL_FROM % {"number": call.from_text})[:MEMO_LIMIT]
        return wallet.charge(call.workspace, owed, subject=call.pk, memo=memo, by=by, now=now)
    taken = min(owed, call.held)
    if taken < owed:
        log.error("%s cost more than it held: %s s were spoken", call.pk, spoken)
    if call.held:
        memo = _settled(call, taken)
        wallet.settle(call.workspace, taken, subject=call.pk, memo=memo, by=by, now=now)
    return taken


def _settled(call: Call, taken: Decimal) -> str:
    """What the wallet's book says of the end: the line that gives back what was reserved too much."""
    if not taken:
        return NOTHING_CHARGED % {"number": call.to_text}
    return REST_RETURNED % {"number": call.to_text, "amount": format_money(taken, call.currency)}


def _unpaid(call: Call, charge: Decimal, spoken: int) -> str:
    owed, paid = (format_money(x, call.currency) for x in (price_of(call, spoken), charge))
    return UNPAID % {"owed": owed, "paid": paid}

"""Calls of which nobody speaks: the carrier is asked, and what it says counts as if a webhook had said it.

A call is given back to who paid for it only when the carrier definitely does not know it, or could not be
asked for as long as CALL_UNTOLD. What it carried all the same is found later (see ``costing``).
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_noop as _

from dialnexa import clock
from dialnexa.actors import system
from phone_numbers.calls.lines import Line, OnlyTells, line_of
from phone_numbers.calls.progress import apply_event, fail_call
from phone_numbers.calls.ringing import end_of_ringing, look_again, note_seen
from phone_numbers.calls.silence import end_of_silence
from telephony.carriers.base import CarrierError, Exchange
from telephony.carriers.voice import CallEvent
from telephony.exchanges import save_exchanges
from telephony.models import Call

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
LOOKER = system("Dialler")
OTHER_CLOCK = timedelta(minutes=1)  # by which a carrier's may be behind ours
NO_WORD = _("The carrier never said whether it placed the call, and does not list it. Nothing was charged.")
LOST = _("The carrier does not know this call any more. Nothing was charged.")
UNTOLD = _("The carrier could not be asked about this call for %(hours)s hours. Nothing was charged.")


def settle_doubt(call: Call, *, tell: Clock = clock.now) -> None:
    """No word until ``doubt_until``: no carrier rings a phone after that, so its list is complete."""
    if call.doubt_until and call.doubt_until > tell():
        Call.objects.filter(pk=call.pk, status=Call.Status.INITIATED).update(next_run_at=call.doubt_until)
        return
    _look(call, _placed, "call_unconfirmed", NO_WORD, tell)


def look_after(call: Call, *, tell: Clock = clock.now) -> None:
    """Ask the carrier how a quiet call is. One that has lasted as long as it may is ended (not every carrier
    does that by itself); one that it does not know is lost when it can't be going on any more.
    """
    _look(call, _asked, "call_lost", LOST, tell)


Ask = Callable[[Call, Line, datetime], CallEvent | None]


def _look(call: Call, ask: Ask, code: str, sentence: str, tell: Clock) -> None:
    exchanges: list[Exchange] = []
    again = look_again(call, tell())
    mine = Call.objects.filter(pk=call.pk, status__in=Call.OPEN)
    mine.update(next_run_at=again, rung_until=None)  # before asking
    try:
        found = ask(call, line_of(call, recorder=exchanges.append), tell())
    except (CarrierError, LookupError) as error:
        log.warning("%s: the carrier can't be asked: %s", call.pk, error)
        if _overdue(call, tell() - timedelta(seconds=settings.CALL_UNTOLD)):
            untold = UNTOLD % {"hours": round(settings.CALL_UNTOLD / 3600)}
            fail_call(call, "call_untold", untold, by=LOOKER, now=tell())
    else:
        if found:
            apply_event(call.pk, found, now=tell(), by=LOOKER)
            note_seen(call, found, now=tell())
        elif call.status == Call.Status.INITIATED or _overdue(call, tell()):
            fail_call(call, code, sentence, by=LOOKER, now=tell())
    finally:
        save_exchanges(exchanges, about=call.id, workspace_id=call.workspace_id, now=tell())


def _placed(call: Call, line: Line, now: datetime) -> CallEvent | None:
    """The carrier's call between these two numbers, since we asked for it, that is nobody else's."""
    since = (call.initiated_at or call.created_at) - OTHER_CLOCK
    found = [
        event for event in line.find_placed(call.to_text, call.from_text) if event.direction == "outbound"
    ]
    ids = [event.call_id for event in found]
    taken = set(
        Call.objects.filter(carrier=call.carrier, carrier_call_id__in=ids).values_list(
            "carrier_call_id", flat=True
        )
    )
    fresh = {e.began: e for e in found if e.began and e.began >= since and e.call_id not in taken}
    return fresh[min(fresh)] if fresh else None


def _asked(call: Call, line: Line, now: datetime) -> CallEvent | None:
    """How it is, once it was ended if it has lasted too long; or that its engine has fallen silent."""
    if _has_lasted(call, now):
        with contextlib.suppress(OnlyTells):
            line.hang_up(call.carrier_call_id)
    found = line.find_call(call.carrier_call_id) if call.carrier_call_id else None
    return found or end_of_silence(call, now=now) or end_of_ringing(call, now=now)


def _has_lasted(call: Call, now: datetime) -> bool:
    """Whether it has lasted as long as what it holds covers. Calls that come in hold nothing."""
    if not (call.limit_seconds and call.answered_at):
        return False
    return now >= call.answered_at + timedelta(seconds=call.limit_seconds)


def _overdue(call: Call, now: datetime) -> bool:
    longest = timedelta(seconds=call.limit_seconds + settings.CALL_RING + settings.CALL_DOUBT)
    return now > (call.initiated_at or call.created_at) + longest

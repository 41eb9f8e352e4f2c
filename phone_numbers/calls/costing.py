"""What a call cost at the carrier, read some minutes after its end, and what follows from it.

Nobody is ever charged more than at the call's end. Seconds that the carrier bills and we did not charge are
given away, and written down for staff; seconds that we charged and the carrier does not bill go back, once.
A record without a price is not the carrier's last word: it is read again, as often as CALL_COST_LOOKS says.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop as _

from dialnexa import audit, clock, wallet
from dialnexa.actors import system
from dialnexa.money import format_money
from phone_numbers.calls.lines import line_of
from phone_numbers.calls.prices import billed_by, next_cost_look, price_of
from telephony.carriers.base import CarrierError, Exchange
from telephony.carriers.voice import CallEvent
from telephony.exchanges import save_exchanges
from telephony.models import Call, Direction

log = logging.getLogger(__name__)
BILLING = system("Billing")
AGAIN = timedelta(minutes=1)  # after which somebody is rung again
A_ROUND = 10  # calls: each is a request to a carrier, from the workers that also buy and dial
NOTHING = Decimal(0)
FROM = _("Call from %(number)s: %(amount)s returned, %(carrier)s bills %(seconds)s s")
TO = _("Call to %(number)s: %(amount)s returned, %(carrier)s bills %(seconds)s s")
WENT_BACK = _("%(amount)s went back to the wallet: %(carrier)s bills %(seconds)s s.")


def take_due_costs(*, now: datetime) -> list[str]:
    """The ids of some calls whose cost should be asked for, and again later if nothing comes of it."""
    due = Call.objects.filter(next_cost_at__lte=now).order_by("next_cost_at")
    with transaction.atomic():
        ids = list(due.select_for_update(skip_locked=True).values_list("id", flat=True)[:A_ROUND])
        Call.objects.filter(pk__in=ids).update(next_cost_at=now + AGAIN)
    return ids


def read_cost(call_id: str, *, tell: Callable[[], datetime] = clock.now) -> None:
    """Ask the carrier what a call that is over cost. Safe to repeat; ``tell`` gives the time."""
    call = Call.objects.get(pk=call_id)
    if call.is_open or call.next_cost_at is None:
        return
    exchanges: list[Exchange] = []
    try:
        found = line_of(call, recorder=exchanges.append).find_call(call.carrier_call_id)
    except (CarrierError, LookupError) as error:
        log.warning("%s: what it cost is not known: %s", call.pk, error)
        _ask_again(call, tell())
    else:
        note_cost(call.pk, found, now=tell())
    finally:
        save_exchanges(exchanges, about=call.id, workspace_id=call.workspace_id, now=tell())


def _ask_again(call: Call, now: datetime) -> None:
    """A carrier that can't be asked is asked for a day."""
    given_up = now > (call.ended_at or now) + timedelta(seconds=settings.CALL_UNTOLD)
    again = None if given_up else now + timedelta(seconds=settings.CALL_COST_LOOKS[-1])
    Call.objects.filter(pk=call.pk).update(next_cost_at=again)


def note_cost(call_id: str, found: CallEvent | None, *, now: datetime) -> None:
    """Write down what the carrier's record says of a call that is over, and give back what is too much.

    ``found`` is None for a call that the carrier does not know.
    """
    with transaction.atomic():
        call = Call.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=call_id)
        look = next_cost_look(call.ended_at or now, now)
        call.next_cost_at = None if found and found.state.over and found.cost is not None else look
        if found and found.state.over:
            _compare(call, found, now)
        call.save(update_fields=["next_cost_at", "carrier_cost", "carrier_seconds", *MONEY])


MONEY = ("charged", "billed_seconds", "given_away")


def _compare(call: Call, found: CallEvent, now: datetime) -> None:
    if found.cost is not None:
        call.carrier_cost = found.cost
    call.carrier_seconds = seconds = billed_by(found)
    if seconds is None or call.next_cost_at is not None:
        return
    too_much = (call.charged or NOTHING) - price_of(call, seconds)
    call.given_away = max(-too_much, NOTHING)
    if too_much > 0:
        _give_back(call, too_much, seconds, now)


def _give_back(call: Call, amount: Decimal, seconds: int, now: datetime) -> None:
    """The call then costs what the carrier's seconds cost. It happens once: later records change nothing."""
    told = format_money(amount, call.currency)
    carrier = call.get_carrier_display()
    said = {"number": call.other, "amount": told, "carrier": carrier, "seconds": seconds}
    memo = ((FROM if call.direction == Direction.INBOUND else TO) % said)[:200]
    try:
        wallet.unbill(call.workspace, amount, subject=call.pk, memo=memo, by=BILLING, now=now)
    except wallet.AlreadyBooked:
        return
    before = {"charged": str(call.charged), "billed_seconds": call.billed_seconds}
    call.charged, call.billed_seconds = (call.charged or NOTHING) - amount, seconds
    after = {"charged": str(call.charged), "billed_seconds": seconds}
    why = WENT_BACK % said
    audit.record(call, "unbill", before=before, after=after, by=BILLING, now=now, reason=why)

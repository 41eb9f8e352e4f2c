"""Numbers the carrier has sold us and not switched on yet, because it is looking at papers.

The carrier is asked, ever more calmly, until it has decided. When it refuses the papers, support has
PAPERS_GRACE seconds to hand in better ones; a refusal that stands after that ends the number: it is given
back to the carrier, its rent ends, and what it cost returns to the wallet (see ``refunding``).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from dialnexa import audit, clock
from dialnexa.errors import IllegalTransition, Refusal
from dialnexa.money import format_money
from dialnexa.translations.marking import gettext_noop
from phone_numbers.buying.activating import activate_number
from phone_numbers.buying.fulfilment import Clock
from phone_numbers.buying.outcomes import WORKER
from phone_numbers.buying.quoting import label_of
from phone_numbers.buying.refunding import refund_unusable
from phone_numbers.models import NumberOrder, PhoneNumber
from phone_numbers.releasing import protect_number, release_number
from telephony.carriers import get_carrier
from telephony.carriers.base import BuyStatus, Carrier, CarrierError, Exchange
from telephony.exchanges import save_exchanges

log = logging.getLogger(__name__)
CALMEST = 6 * 60 * 60.0  # seconds between two looks in the end: papers take days


def confirm_number(number_id: str, *, tell: Clock = clock.now) -> None:
    """Ask the carrier whether a number it sold us is switched on by now. Safe to repeat and to lose."""
    number = PhoneNumber.objects.get(pk=number_id)
    if number.status != PhoneNumber.Status.PENDING or number.next_check_at is None:
        return
    exchanges: list[Exchange] = []
    answer = _ask(get_carrier(number.carrier, recorder=exchanges.append), number)
    now = tell()
    with transaction.atomic():
        save_exchanges(exchanges, about=number.id, workspace_id=number.workspace_id, now=now)
        number = PhoneNumber.objects.select_for_update(no_key=True).get(pk=number.pk)
        if answer == BuyStatus.ACTIVE:
            _switch_on(number, now)
        elif answer == BuyStatus.PAPERS_REFUSED:
            _note_refusal(number, now)
        else:
            _wait(number, looking=answer is not None, now=now)


def _ask(carrier: Carrier, number: PhoneNumber) -> BuyStatus | None:
    """What the carrier says of the number; None when it says nothing we can use."""
    try:
        owned = carrier.find_owned(number.e164)
    except CarrierError as error:
        log.warning("%s: %s", number.id, error.sentence)
        return None
    return owned.status if owned else None


def _switch_on(number: PhoneNumber, now: datetime) -> None:
    reason = gettext_noop("%(carrier)s accepted the papers.") % {"carrier": label_of(number.carrier)}
    try:
        activate_number(number, by=WORKER, now=now, reason=reason, papers_refused_at=None)
    except IllegalTransition as error:
        log.info("%s: already switched on, or given back", error)


# --- waiting ----------------------------------------------------------------------------------------


def _wait(number: PhoneNumber, *, looking: bool, now: datetime) -> None:
    """Ask again, later each time. ``looking``: the carrier says that it is at it (and refuses no more)."""
    if number.status != PhoneNumber.Status.PENDING:
        return
    carrier = {"carrier": label_of(number.carrier)}
    if looking and number.papers_refused_at:
        told = gettext_noop("%(carrier)s is looking at new papers for this number.") % carrier
        if _say(number, told, review_since=None, papers_refused_at=None):
            audit.record(number, "papers_again", by=WORKER, now=now, reason=told)
    elif number.papers_refused_at is None and _is_overdue(number, now):
        waits = gettext_noop("%(carrier)s has not switched this number on yet. Support has been told.")
        told = waits % carrier
        if _say(number, told, review_since=now):
            audit.record(number, "papers_overdue", by=WORKER, now=now, reason=told)
    _ask_later(number, now)


def _is_overdue(number: PhoneNumber, now: datetime) -> bool:
    return now - number.created_at > timedelta(seconds=settings.REVIEW_AFTER)


def _ask_later(number: PhoneNumber, now: datetime, *, no_later_than: datetime | None = None) -> None:
    waited = (now - number.created_at).total_seconds() / 2
    seconds = max(settings.PAPERS_CHECK_EVERY, min(waited, CALMEST))
    again = now + timedelta(seconds=seconds)
    due = min(again, no_later_than) if no_later_than and no_later_than > now else again
    PhoneNumber.objects.filter(pk=number.pk).update(next_check_at=due)


def _say(number: PhoneNumber, told: str, *, review_since: datetime | None, **fields: Any) -> bool:
    """Tell the customer on the row, and support. Whether that is new, so that the history keeps it once."""
    changed = PhoneNumber.objects.filter(pk=number.pk).exclude(status_reason=told)
    if not changed.update(status_reason=told, **fields):
        return False
    order = NumberOrder.objects.filter(number=number)
    order.update(review_since=review_since, review_reason=told if review_since else "")
    return True


# --- refused ----------------------------------------------------------------------------------------


def _note_refusal(number: PhoneNumber, now: datetime) -> None:
    """The first refusal begins the grace; one that still stands when that is over ends the number."""
    if number.activated_at is not None:
        return  # somebody switched it on, or saw that, in the meantime
    since = number.papers_refused_at
    if since is None:
        number.papers_refused_at = now
        number.save(update_fields=["papers_refused_at"])
    ends = (since or now) + timedelta(seconds=settings.PAPERS_GRACE)
    if number.status != PhoneNumber.Status.PENDING:
        refund_unusable(number, by=WORKER, now=now)  # given back while the answer was on its way
    elif since is None or now < ends:
        told = _grace_told(number, ends)
        if _say(number, told, review_since=now):
            audit.record(number, "papers_refused", by=WORKER, now=now, reason=told)
        _ask_later(number, now, no_later_than=ends)
    else:
        _give_back(number, now)


def _grace_told(number: PhoneNumber, ends: datetime) -> str:
    order = NumberOrder.objects.select_related("workspace").get(number=number)
    local = ends.astimezone(ZoneInfo(order.workspace.time_zone))
    told = gettext_noop(
        "%(carrier)s refused the papers for this number, so it can't be used yet. Support has been told. "
        "Unless that changes until %(at)s, the number goes back and %(amount)s returns to the wallet."
    )
    return told % {
        "carrier": label_of(number.carrier),
        "at": f"{local:%-d %B, %H:%M}",
        "amount": format_money(order.total, order.currency),
    }


def _give_back(number: PhoneNumber, now: datetime) -> None:
    """Nothing that could be used is lost, so a protection (it is against mistakes) does not hold here."""
    carrier = {"carrier": label_of(number.carrier)}
    reason = gettext_noop("%(carrier)s refused the papers for good.") % carrier
    protect_number(number, protected=False, by=WORKER, now=now)
    try:
        release_number(number, by=WORKER, now=now, reason=reason)
    except Refusal as refusal:  # something new that holds numbers: the order stays with support
        log.error("%s: %s", number.id, refusal.sentence)
        _ask_later(number, now)
        return
    told = gettext_noop(
        "%(carrier)s refused the papers for good. What the number cost is back in the wallet."
    )
    PhoneNumber.objects.filter(pk=number.pk).update(status_reason=told % carrier)

"""Settling a doubt: ask the carrier whether we own exactly this number, until the answer is certain.

Found: it is ours. Missing twice, some time apart, after the settle window: it was not sold, so the same
number may be tried again, or the order is refused and the money returned. Nothing is ever sent to answer a
doubt.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import IllegalTransition
from dialnexa.translations.marking import gettext_noop
from phone_numbers.buying.outcomes import WORKER, Attempted, clamp, doubt, record_sale, reject
from phone_numbers.buying.quoting import label_of
from phone_numbers.models import NumberOrder, PurchaseAttempt
from telephony.carriers import get_carrier
from telephony.carriers.base import CarrierError, Exchange, OwnedNumber
from telephony.exchanges import save_exchanges

log = logging.getLogger(__name__)
NOT_SOLD = gettext_noop("%(carrier)s confirms that it did not sell the number. Asking again.")


def doubt_lost_worker(order: NumberOrder, *, now: datetime) -> None:
    """The lease is over and nobody reported back: whether the request was sent is not known."""
    try:
        with transaction.atomic():
            order.attempts.filter(n=order.fence, outcome="").update(outcome=Attempted.UNKNOWN, ended_at=now)
            doubt(order, gettext_noop("The worker that was buying did not report back."), now=now)
    except IllegalTransition as error:
        log.info("%s: it did report back", error)


def look_up(order: NumberOrder, *, now: datetime, by: Actor = WORKER) -> None:
    """Ask the carrier whether we own exactly this number, and act on a certain answer."""
    _ask_again(order, now)  # first of all: whatever happens below, somebody looks again, and a person in time
    exchanges: list[Exchange] = []
    carrier = get_carrier(order.carrier, recorder=exchanges.append)
    try:
        owned = carrier.find_owned(order.e164)
    except CarrierError as error:
        log.warning("%s: %s", order.id, error.sentence)
        save_exchanges(exchanges, about=order.id, workspace_id=order.workspace_id, now=now)
        return
    if owned is None or _held_before(order, owned):
        save_exchanges(exchanges, about=order.id, workspace_id=order.workspace_id, now=now)
    if owned is None:
        note_absence(order, now=now)
    elif _held_before(order, owned):
        why = gettext_noop("The carrier says we owned this number before this order.")
        flag_for_review(order, why, now=now)
    else:
        sold = gettext_noop("%(carrier)s confirms that it sold us the number.")
        reason = sold % {"carrier": label_of(order.carrier)}
        record_sale(order, owned, by=by, now=now, exchanges=exchanges, reason=reason)


def _held_before(order: NumberOrder, owned: OwnedNumber) -> bool:
    """Whether we had the number before this order asked for it (carriers report days, so a day's grace)."""
    return owned.acquired_at is not None and owned.acquired_at < order.created_at - timedelta(days=1)


def note_absence(order: NumberOrder, *, now: datetime) -> None:
    """The carrier does not have it as ours. Before the settle window ends that proves nothing."""
    assert order.doubted_at is not None
    settled = order.doubted_at + timedelta(seconds=settings.SETTLE_WINDOW)
    proven = (order.missed_at or now) + timedelta(seconds=settings.SETTLE_SPACING)
    if now < settled:
        _ask_again(order, now, no_later_than=settled)
    elif order.missed_at is None:
        _still_uncertain(order).update(missed_at=now, next_run_at=proven)
    elif now < proven:
        _still_uncertain(order).update(next_run_at=proven)
    else:
        _conclude_absence(order, now)


def _conclude_absence(order: NumberOrder, now: datetime) -> None:
    """Missing twice after the settle window: it was not sold. Try the same number again, or end."""
    last = order.attempts.get(n=order.fence)
    refused = last.outcome == Attempted.REFUSED
    try:
        with transaction.atomic():
            order.attempts.filter(outcome__in=(Attempted.UNKNOWN, "")).update(outcome=Attempted.ABSENT)
            tried = order.attempts.exclude(outcome=Attempted.NOT_SENT).count()
            if refused or tried >= settings.PURCHASE_MAX_ATTEMPTS:
                _give_up(order, last, refused, tried, now)
            else:
                why = NOT_SOLD % {"carrier": label_of(order.carrier)}
                order.transition(
                    "retry", by=WORKER, now=now, reason=why, expect={"fence": order.fence}, next_run_at=now
                )
    except IllegalTransition as error:
        log.info("%s: settled by somebody else", error)


def _give_up(order: NumberOrder, last: PurchaseAttempt, refused: bool, tried: int, now: datetime) -> None:
    code = last.error_code if refused else "carrier_no_answer"
    sentence = gettext_noop("%(carrier)s did not complete the purchase after %(tried)s requests.")
    if refused:
        sentence = gettext_noop("%(carrier)s refused: %(words)s.")
    words = last.text or gettext_noop("the number is not available")
    told = sentence % {"carrier": label_of(order.carrier), "words": words, "tried": tried}
    reject(order, code, told, by=WORKER, now=now, expect={"fence": order.fence})


def _ask_again(order: NumberOrder, now: datetime, *, no_later_than: datetime | None = None) -> None:
    assert order.doubted_at is not None
    doubted_for = now - order.doubted_at
    again = now + timedelta(seconds=clamp(doubted_for, settings.LOOK_UP_SOONEST, settings.LOOK_UP_LATEST))
    _still_uncertain(order).update(next_run_at=min(again, no_later_than or again))
    if doubted_for > timedelta(seconds=settings.REVIEW_AFTER):
        flag_for_review(order, gettext_noop("The carrier has given no clear answer."), now=now)


def flag_for_review(order: NumberOrder, why: str, *, now: datetime) -> None:
    """Show the order to support; it stays uncertain and its money reserved."""
    with transaction.atomic():
        if _still_uncertain(order).filter(review_since=None).update(review_since=now, review_reason=why):
            audit.record(order, "flag_for_review", by=WORKER, now=now, reason=why)


def _still_uncertain(order: NumberOrder) -> QuerySet[NumberOrder]:
    return NumberOrder.objects.filter(pk=order.pk, status=NumberOrder.Status.UNCERTAIN, fence=order.fence)

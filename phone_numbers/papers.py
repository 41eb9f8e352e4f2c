"""Numbers the carrier has sold us and not switched on yet, because it is looking at papers."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from dialnexa import audit, clock
from dialnexa.errors import IllegalTransition
from phone_numbers.fulfilment import Clock
from phone_numbers.models import NumberOrder, PhoneNumber
from phone_numbers.outcomes import WORKER
from phone_numbers.quoting import label_of
from telephony.carriers import get_carrier
from telephony.carriers.base import BuyStatus, Carrier, CarrierError, Exchange
from telephony.exchanges import save_exchanges

log = logging.getLogger(__name__)
CALMEST = 6 * 60 * 60.0  # seconds between two looks in the end: papers take days


def confirm_number(number_id: str, *, tell: Clock = clock.now) -> None:
    """Ask the carrier whether a number it sold us is switched on by now."""
    number = PhoneNumber.objects.select_related("order").get(pk=number_id)
    if number.status != PhoneNumber.Status.PENDING or number.next_check_at is None:
        return
    exchanges: list[Exchange] = []
    answer = _ask(get_carrier(number.carrier, recorder=exchanges.append), number)
    now = tell()
    with transaction.atomic():
        save_exchanges(exchanges, about=number.id, workspace_id=number.workspace_id, now=now)
        if answer == BuyStatus.ACTIVE:
            _switch_on(number, now)
        else:
            _wait(number, refused=answer == BuyStatus.PAPERS_REFUSED, now=now)


def _ask(carrier: Carrier, number: PhoneNumber) -> BuyStatus | None:
    """What the carrier says of the number; None when it says nothing we can use."""
    try:
        owned = carrier.find_owned(number.e164)
    except CarrierError as error:
        log.warning("%s: %s", number.id, error.sentence)
        return None
    return owned.status if owned else None


def _switch_on(number: PhoneNumber, now: datetime) -> None:
    reason = f"{label_of(number.carrier)} accepted the papers."
    fields: dict[str, Any] = {"activated_at": now, "status_reason": "", "next_check_at": None}
    try:
        number.transition("activate", by=WORKER, now=now, reason=reason, **fields)
    except IllegalTransition as error:
        log.info("%s: already switched on", error)


def _wait(number: PhoneNumber, *, refused: bool, now: datetime) -> None:
    """Ask again, later each time. What a person should know is said, and shown to support, once."""
    still = PhoneNumber.objects.filter(pk=number.pk, status=PhoneNumber.Status.PENDING)
    waited = (now - number.created_at).total_seconds() / 2
    seconds = max(settings.PAPERS_CHECK_EVERY, min(waited, CALMEST))
    still.update(next_check_at=now + timedelta(seconds=seconds))
    carrier = label_of(number.carrier)
    if refused:
        told = (
            f"{carrier} refused the papers for this number, so it can't be used yet. Support has been told."
        )
    elif now - number.created_at > timedelta(seconds=settings.REVIEW_AFTER):
        told = f"{carrier} has not switched this number on yet. Support has been told."
    else:
        return
    if still.exclude(status_reason=told).update(status_reason=told):
        audit.record(
            number, "papers_refused" if refused else "papers_overdue", by=WORKER, now=now, reason=told
        )
        NumberOrder.objects.filter(pk=number.order.pk).update(review_since=now, review_reason=told)

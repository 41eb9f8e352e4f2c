"""Numbers the carrier has sold us and not switched on yet, because it is looking at papers."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings

from dialnexa import clock
from dialnexa.errors import IllegalTransition
from phone_numbers.fulfilment import Clock
from phone_numbers.models import PhoneNumber
from phone_numbers.outcomes import WORKER
from phone_numbers.quoting import label_of
from telephony.carriers import get_carrier
from telephony.carriers.base import BuyStatus, Carrier, CarrierError, Exchange
from telephony.exchanges import save_exchanges

log = logging.getLogger(__name__)


def confirm_number(number_id: str, *, tell: Clock = clock.now) -> None:
    """Ask the carrier whether a number it sold us is switched on by now."""
    number = PhoneNumber.objects.get(pk=number_id)
    if number.status != PhoneNumber.Status.PENDING or number.next_check_at is None:
        return
    exchanges: list[Exchange] = []
    carrier = get_carrier(number.carrier, recorder=exchanges.append)
    active = _asked(carrier, number)
    now = tell()
    save_exchanges(exchanges, about=number.id, now=now)
    if active:
        _switch_on(number, now)
    else:
        again = now + timedelta(seconds=settings.PAPERS_CHECK_EVERY)
        PhoneNumber.objects.filter(pk=number.pk, status="pending").update(next_check_at=again)


def _asked(carrier: Carrier, number: PhoneNumber) -> bool:
    try:
        owned = carrier.find_owned(number.e164)
    except CarrierError as error:
        log.warning("%s: %s", number.id, error.sentence)
        return False
    return owned is not None and owned.status == BuyStatus.ACTIVE


def _switch_on(number: PhoneNumber, now: datetime) -> None:
    reason = f"{label_of(number.carrier)} accepted the papers."
    try:
        number.transition(
            "activate",
            by=WORKER,
            now=now,
            reason=reason,
            activated_at=now,
            status_reason="",
            next_check_at=None,
        )
    except IllegalTransition as error:
        log.info("%s: already switched on", error)

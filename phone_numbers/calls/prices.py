"""What a call costs at the price it was made at, and when the carrier's record of it is read."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from telephony.carriers.voice import CallEvent
from telephony.models import Call, CarrierSlug
from telephony.rating import CallPrice


def price_of(call: Call, seconds: int) -> Decimal:
    """What ``seconds`` of this call cost at the price it was made at."""
    if call.per_minute is None:
        return Decimal(0)
    return kept_price(call).price_of(seconds)


def kept_price(call: Call) -> CallPrice:
    """The price as the call copied it."""
    assert call.per_minute is not None
    return CallPrice(
        rate_id=call.rate_id or 0,
        prefix="",
        network_group="",
        group_name=call.rate_words,
        per_minute=call.per_minute,
        pulse_seconds=call.pulse_seconds,
        connection_fee=call.connection_fee,
        valid_from=call.created_at,
        currency=call.currency,
    )


def billed_by(event: CallEvent) -> int | None:
    """The seconds the carrier bills (spoken, where it names no others); None: it says nothing."""
    return event.duration if event.billed is None else event.billed


def first_cost_look(call: Call, event: str, now: datetime) -> datetime | None:
    """When to read what the carrier bills for a call that ends so; None where nobody bills anything."""
    if not call.carrier_call_id or call.carrier == CarrierSlug.SIP_TRUNK:
        return None
    return next_cost_look(now, now) if call.answered_at or event in ("complete", "fail", "cancel") else None


def next_cost_look(since: datetime, now: datetime) -> datetime | None:
    """When to look (again) at the carrier's record of a call that ended at ``since``; None: never more."""
    looks = (since + timedelta(seconds=after) for after in settings.CALL_COST_LOOKS)
    return next((look for look in looks if look > now), None)

"""Giving an orphan to the workspace that had ordered it, or keeping it for another."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from phone_numbers.buying.outcomes import record_sale
from phone_numbers.buying.purchasing import place_order
from phone_numbers.drift.deciding import conclude, refuse_undecidable, seen_now
from phone_numbers.models import Drift, NumberOrder, PhoneNumber, ReassignableNumber
from phone_numbers.renting.pool import take_in
from phone_numbers.telling import tell_adopted
from telephony.carriers.base import Money, NumberType, Offer, OwnedNumber
from telephony.e164 import parse_e164


def adopt_orphan(drift: Drift, *, by: Actor, now: datetime, reason: str) -> NumberOrder:
    """Give an orphan to the workspace whose order for it was refused, and charge its first month.

    All gates of a purchase hold, at today's price; the carrier's setup is not charged. Speaks to the carrier,
    so call it outside any transaction. Raises Refusal: 409 as ``refuse_undecidable`` and ``seen_now`` do,
    ``no_order_to_adopt``, and whatever ``place_order`` raises.
    """
    refuse_undecidable(drift, Drift.Kind.ORPHAN)
    order = drift.order
    if order is None or order.status != NumberOrder.Status.REJECTED:
        sentence = "Nobody’s refused order is known for it, so there is no workspace to give it to."
        raise Refusal("no_order_to_adopt", sentence, status=409)
    owned = seen_now(drift, now)
    with transaction.atomic():
        adopted = place_order(
            order.workspace,
            _offer(drift, order, owned),
            carrier=drift.carrier,
            idempotency_key=f"adopt:{drift.pk}",
            expected_total=None,
            by=by,
            now=now,
        )
        record_sale(adopted, owned, by=by, now=now, exchanges=[], reason=reason)
        conclude(drift, "adopt", by=by, now=now, reason=reason)
        tell_adopted(PhoneNumber.objects.select_related("workspace").get(pk=adopted.number_id), now=now)
    return NumberOrder.objects.select_related("number").get(pk=adopted.pk)


def adopt_into_pool(drift: Drift, *, by: Actor, now: datetime, reason: str) -> ReassignableNumber:
    """Keep an orphan as a number without an owner, for support to give to a workspace.

    Speaks to the carrier, so call it outside any transaction. Raises Refusal 409 as ``refuse_undecidable``
    and ``seen_now`` do, and ``number_taken``.
    """
    refuse_undecidable(drift, Drift.Kind.ORPHAN)
    owned = seen_now(drift, now)
    with transaction.atomic():
        pooled = take_in(owned, drift.carrier, by=by, now=now, reason=reason)
        conclude(drift, "adopt", by=by, now=now, reason=reason)
    return pooled


def _offer(drift: Drift, order: NumberOrder, owned: OwnedNumber) -> Offer:
    """What the carrier would have offered; what it does not say of owned numbers is as it was ordered."""
    before, number = order.number, parse_e164(drift.e164)
    cost, currency = before.carrier_monthly_cost, before.carrier_currency
    monthly = owned.monthly_cost or (Money(cost, currency) if cost is not None else None)
    if monthly is None:
        sentence = "What it costs a month is not known, so no price can be made for it."
        raise Refusal("cost_not_known", sentence, status=409)
    return Offer(
        e164=drift.e164,
        country=number.country,
        type=NumberType(before.type),
        region=before.region,
        capabilities=owned.capabilities,
        setup_cost=Money(monthly.amount * 0, monthly.currency),
        monthly_cost=monthly,
    )

"""What only staff do to orders and stray numbers. Each takes a reason, and the history keeps it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from phone_numbers.buying.outcomes import reject
from phone_numbers.buying.settling import look_up
from phone_numbers.models import NumberOrder, StrayNumber
from telephony.carriers import carrier_slugs


def ask_now(order: NumberOrder, *, by: Actor, now: datetime, reason: str) -> None:
    """Staff want an open order looked at without waiting: it becomes due now."""
    if not NumberOrder.objects.filter(pk=order.pk, status__in=("placed", "uncertain")).update(
        next_run_at=now, rung_until=None
    ):
        raise Refusal("order_not_waiting", f"{order.id} is not waiting for anything.", status=409)
    audit.record(order, "ask_now", by=by, now=now, reason=reason)


def reject_by_staff(order: NumberOrder, *, by: Actor, now: datetime, reason: str) -> None:
    """Staff have made sure that the carrier did not sell it: end the order and return the money.

    Raises Refusal when the order is being bought at this moment or has ended.
    """
    if order.status not in ("placed", "uncertain"):
        raise Refusal("order_not_waiting", f"{order.id} is {order.get_status_display().lower()}.", status=409)
    sentence = "Support checked with the carrier: the number was not sold to us."
    reject(
        order, "rejected_by_support", sentence, by=by, now=now, expect={"fence": order.fence}, reason=reason
    )


def look_up_by_staff(order: NumberOrder, *, by: Actor, now: datetime, reason: str) -> NumberOrder:
    """Ask the carrier now whether it sold us the number of an uncertain order, and act on a certain answer.

    Speaks to the carrier, so call it outside any transaction. Returns the order as it then is. Raises Refusal
    409 when there is nothing to ask.
    """
    if order.status != NumberOrder.Status.UNCERTAIN:
        state = order.get_status_display().lower()
        raise Refusal(
            "order_not_uncertain", f"There is no doubt to settle: the order is {state}.", status=409
        )
    if order.carrier not in carrier_slugs():
        raise Refusal("carrier_not_configured", f"{order.get_carrier_display()} is not connected here.")
    audit.record(order, "look_up_by_staff", by=by, now=now, reason=reason)
    look_up(order, now=now, by=by)
    return NumberOrder.objects.select_related("number").get(pk=order.pk)


def resolve_stray(stray: StrayNumber, *, by: Actor, now: datetime, reason: str) -> None:
    """A person gave the number to somebody or released it, as ``reason`` says. Raises Refusal 409 twice."""
    with transaction.atomic():
        if not StrayNumber.objects.filter(pk=stray.pk, resolved_at=None).update(resolved_at=now):
            raise Refusal("stray_resolved", f"{stray} was resolved before.", status=409)
        audit.record(stray, "resolve", by=by, now=now, reason=reason)
    stray.resolved_at = now

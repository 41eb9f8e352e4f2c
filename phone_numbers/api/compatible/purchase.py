"""Buying a number: our order, answered as SignalWire can."""

from __future__ import annotations

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request

from dialnexa import clock
from dialnexa.api.body import Text, read
from dialnexa.api.keys import api_actor, workspace_of
from dialnexa.doorbell import ring_on_commit
from dialnexa.errors import Refusal
from phone_numbers.api.compatible.lists import owned_numbers
from phone_numbers.api.purchase import order_key
from phone_numbers.buying.ordering import default_carrier, order_number, wait_for_order
from phone_numbers.models import NumberOrder
from phone_numbers.tasks import fulfil_order
from telephony.e164 import parse_e164

AGAIN = 5  # seconds after which it is worth asking again


class PurchaseBody(serializers.Serializer):
    number = Text(max_length=64)


def buy(request: Request) -> NumberOrder:
    """Order the number and wait for it. Raises Refusal: 422 when it certainly was not bought, 504 while
    nobody knows.
    """
    e164 = parse_e164(read(PurchaseBody, request.data)["number"]).e164
    order = _order_under_way(request, e164) or _order(request, e164)
    ring_on_commit(fulfil_order, order_id=order.id)
    order = wait_for_order(order, settings.API_WAIT)
    if order.status == NumberOrder.Status.REJECTED:
        sentence = f"{order.e164} was not bought. {order.failure_reason}"
        raise Refusal("could_not_purchase", sentence, status=422)
    if order.is_open:
        raise _not_known_yet(order)
    return order


def _order_under_way(request: Request, e164: str) -> NumberOrder | None:
    """The same request again, after an answer that said nothing: their API has no key to know it by."""
    orders = NumberOrder.objects.filter(workspace=workspace_of(request), e164=e164)
    return orders.filter(status__in=NumberOrder.OPEN).first()


def _order(request: Request, e164: str) -> NumberOrder:
    workspace, now = workspace_of(request), clock.now()
    try:
        return order_number(
            workspace,
            e164,
            carrier=default_carrier(),
            idempotency_key=order_key(request, now),
            by=api_actor(request),
            now=now,
        )
    except Refusal as refusal:
        if refusal.code == "number_taken" and owned_numbers(workspace).filter(e164=e164).exists():
            raise _ours_already(e164) from refusal
        raise


def _ours_already(e164: str) -> Refusal:
    sentence = f"{e164} is in this workspace already: find it in the list."
    return Refusal("could_not_purchase", sentence, status=422)


def _not_known_yet(order: NumberOrder) -> Refusal:
    return Refusal(
        "purchase_pending",
        f"{order.e164} is being bought, and the provider has not answered yet. Look for it in the list "
        "before trying again; the same request again waits for the same order.",
        status=504,
        retry_after=AGAIN,
    )

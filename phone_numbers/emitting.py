"""What customers' servers are told about numbers and calls: the fields of the REST API that don't change.

``docs/webhooks.md`` promises these fields. They are read only where somebody listens.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dialnexa.webhooks.emitting import emit
from dialnexa.webhooks.writing import moment, moment_or_none, money, money_or_none
from phone_numbers.models import NumberOrder, PhoneNumber
from telephony.models import Call


def emit_activated(number: PhoneNumber, *, now: datetime) -> None:
    """The number can be used from now on."""
    _emit(number, "number.activated", now)


def emit_released(number: PhoneNumber, *, now: datetime) -> None:
    """The customer has given the number back."""
    _emit(number, "number.released", now)


def emit_refused(order: NumberOrder, *, now: datetime) -> None:
    """The purchase has ended without a number."""
    type = "number.purchase_failed"
    reference = f"{type}:{order.pk}"
    emit(
        order.workspace,
        type,
        reference=reference,
        subject=order.pk,
        data=lambda: order_data(order),
        now=now,
    )


def emit_ended(call: Call, *, now: datetime) -> None:
    """The call is over: it was answered, or it failed."""
    type = "call.completed" if call.status == Call.Status.COMPLETED else "call.failed"
    reference = f"call.ended:{call.pk}"
    emit(call.workspace, type, reference=reference, subject=call.pk, data=lambda: call_data(call), now=now)


def number_data(number: PhoneNumber) -> dict[str, Any]:
    order = NumberOrder.objects.filter(number=number).first()
    inbound = number.inbound_version
    return {
        "number_id": number.pk,
        "phone_number": number.e164,
        "country_code": number.country,
        "type": number.type,
        "status": number.status,
        "provider": number.carrier,
        "nickname": number.nickname,
        "label": number.label,
        "capabilities": number.capabilities,
        "inbound_agent_id": inbound.agent_id if inbound else None,
        "order_id": order.pk if order else None,
        "monthly_price": money(order.monthly_price) if order else None,
        "currency": number.workspace.currency,
        "created_at": moment(number.created_at),
    }


def order_data(order: NumberOrder) -> dict[str, Any]:
    return {
        "order_id": order.pk,
        "number_id": order.number_id,
        "phone_number": order.e164,
        "country_code": order.number.country,
        "type": order.number.type,
        "provider": order.carrier,
        "code": order.failure_code,
        "reason": order.failure_reason,
        "created_at": moment(order.created_at),
    }


def call_data(call: Call) -> dict[str, Any]:
    version = call.agent_version
    return {
        "call_id": call.pk,
        "call_direction": call.direction,
        "from_phone_number": call.from_text,
        "to_phone_number": call.to_text,
        "number_id": call.number_id,
        "agent_id": version.agent_id if version else None,
        "agent_version_number": version.number if version else None,
        "batch_call_id": call.batch_id,
        "provider": call.carrier,
        "status": call.status,
        "code": call.reason_code,
        "reason": call.reason,
        "duration": call.duration,
        "billed_seconds": call.billed_seconds,
        "charged": money_or_none(call.charged),
        "currency": call.currency,
        "metadata": call.metadata,
        "created_at": moment(call.created_at),
        "answered_at": moment_or_none(call.answered_at),
        "ended_at": moment_or_none(call.ended_at),
    }


def _emit(number: PhoneNumber, type: str, now: datetime) -> None:
    reference = f"{type}:{number.pk}"
    emit(
        number.workspace,
        type,
        reference=reference,
        subject=number.pk,
        data=lambda: number_data(number),
        now=now,
    )

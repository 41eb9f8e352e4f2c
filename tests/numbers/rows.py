"""Rows made by hand, for pages that only read them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from dialnexa.models import Workspace
from phone_numbers.models import NumberOrder, PhoneNumber, Rental
from telephony.models import Call

SERIAL = count(1)


def make_number(workspace: Workspace, e164: str = "", **fields: Any) -> PhoneNumber:
    """An active American number, or whatever ``fields`` say."""
    e164 = e164 or f"+1212555{next(SERIAL):04}"
    code = fields.pop("calling_code", "1")
    defaults = {
        "country": "US",
        "calling_code": code,
        "national_number": e164[1 + len(code) :],
        "type": "local",
        "status": "active",
        "carrier": "plivo",
        "capabilities": ["voice"],
    }
    return PhoneNumber.objects.create(workspace=workspace, e164=e164, **defaults | fields)


def make_rental(number: PhoneNumber, renews: datetime, price: str = "92", status: str = "active") -> Rental:
    return Rental.objects.create(
        number=number,
        workspace=number.workspace,
        monthly_price=Decimal(price),
        currency="INR",
        anchor=renews - timedelta(days=30),
        time_zone="Asia/Kolkata",
        paid_through=renews,
        rental_status=status,
        next_run_at=renews,
        short_since=renews if status == "expired" else None,
        expired_at=renews + timedelta(days=7) if status == "expired" else None,
    )


def make_order(number: PhoneNumber, status: str = "placed", **fields: Any) -> NumberOrder:
    return NumberOrder.objects.create(
        workspace=number.workspace,
        number=number,
        idempotency_key=f"key {number.pk}",
        carrier=number.carrier,
        e164=number.e164,
        setup_price=0,
        monthly_price=92,
        currency="INR",
        status=status,
        **fields,
    )


def make_call(number: PhoneNumber, now: datetime, **fields: Any) -> Call:
    """A call from ``number`` to London that nobody has dialled yet and that costs nothing."""
    told = {"direction": "outbound", "from_text": number.e164, "to_text": "+442079460018"} | fields
    return Call.objects.create(
        workspace=number.workspace,
        number=number,
        carrier=number.carrier,
        currency=number.workspace.currency,
        created_at=now,
        **told,
    )

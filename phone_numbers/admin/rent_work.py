"""What staff do to rents: the forms, and the one verb behind each."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.timezone import localtime

from dialnexa import clock
from dialnexa.actors import Actor
from dialnexa.admin_actions import ReasonForm, StaffAction
from dialnexa.admin_looks import exact_money
from dialnexa.errors import Refusal
from dialnexa.money import read_money
from phone_numbers.models import Rental
from phone_numbers.renting import prices, reviewing
from phone_numbers.renting.schedule import due_periods, grace_end, hold_end

CHANGE_RENTAL = "numbers.change_rental"


def _day(at: datetime) -> str:
    return f"{localtime(at):%-d %B %Y}"


class PriceForm(ReasonForm):
    item: Rental
    monthly_price = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "autofocus": True}),
        help_text="In the currency of the rent, like 110 or 110.50.",
    )
    starts_on = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Months that begin on this day or later cost it; what is paid stays paid.",
    )
    reason = forms.CharField(
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text="The customer reads it. Kept in the history for good.",
        error_messages={"required": "Say why: the customer and the history need a reason."},
    )
    field_order = ("monthly_price", "starts_on", "reason")

    def clean_monthly_price(self) -> Decimal:
        try:
            return read_money(self.cleaned_data["monthly_price"], self.item.currency)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal


def _change_price(rental: Rental, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    starts_at = datetime.combine(data["starts_on"], time.min, ZoneInfo(rental.time_zone))
    price = prices.change_price(
        rental, data["monthly_price"], starts_at=starts_at, reason=data["reason"], by=by, now=now
    )
    return f"costs {exact_money(price.monthly_price, rental.currency)} from {data['starts_on']:%-d %B %Y} on."


def _price_told(rental: Rental, data: dict[str, Any]) -> str:
    amount = exact_money(data["monthly_price"], rental.currency)
    return f"Charge {amount} a month from {data['starts_on']:%-d %B %Y} on"


class DaysForm(ReasonForm):
    days = forms.IntegerField(
        min_value=1,
        max_value=reviewing.EXTENDED_MOST,
        widget=forms.NumberInput(attrs={"autocomplete": "off", "autofocus": True}),
        help_text="The customer is told until when that is.",
    )
    field_order = ("days", "reason")


def _extend(rental: Rental, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    until = reviewing.extend(rental, days=data["days"], by=by, now=now, reason=data["reason"])
    what = "kept" if rental.rental_status == Rental.Status.EXPIRED else "works unpaid"
    return f"{what} until {_day(until)}."


def _charge_missed(rental: Rental, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    payment = reviewing.charge_missed(rental, by=by, now=now, reason=data["reason"])
    return f"charged {exact_money(payment.total, rental.currency)} for {len(payment.periods)} months."


def _waive_missed(rental: Rental, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    months = reviewing.waive_missed(rental, by=by, now=now, reason=data["reason"])
    return f"{months} months cost nothing; the month that runs is charged within seconds."


def _rental_now(rental: Rental) -> str:
    if rental.rental_status == Rental.Status.EXPIRED and rental.expired_at and not rental.ended_at:
        return f"{rental.workspace}: stopped, kept until {_day(hold_end(rental.expired_at))}."
    if rental.review_since:
        due = due_periods(rental, list(rental.prices.all()), now=clock.now())
        total = sum((period.amount for period in due), Decimal(0))
        return f"{rental.workspace}: {len(due)} months due, {exact_money(total, rental.currency)}."
    if rental.short_since:
        return f"{rental.workspace}: unpaid, works until {_day(grace_end(rental.short_since))}."
    price = exact_money(rental.monthly_price, rental.currency)
    return f"{rental.workspace}: {price} a month, paid until {_day(rental.paid_through)}."


def _is_running(rental: Rental) -> bool:
    return rental.ended_at is None


def _is_unpaid(rental: Rental) -> bool:
    return _is_running(rental) and bool(rental.short_since or rental.expired_at)


def _is_reviewed(rental: Rental) -> bool:
    return _is_running(rental) and rental.review_since is not None


CHANGE_PRICE = StaffAction(
    name="change-price",
    label="Change the price",
    explains="The rent of this one number changes from a day on. Its workspace is told at once.",
    run=_change_price,
    permission=CHANGE_RENTAL,
    form=PriceForm,
    fits=_is_running,
    says=_rental_now,
    echo=_price_told,
    single=True,
)
CHARGE_MISSED = StaffAction(
    name="charge-missed",
    label="Charge the missed months",
    explains="Every month that is due is charged to the wallet now, as if it had been charged on its day.",
    run=_charge_missed,
    permission=CHANGE_RENTAL,
    fits=_is_reviewed,
    says=_rental_now,
    single=True,
    final=True,
)
WAIVE_MISSED = StaffAction(
    name="waive-missed",
    label="Waive the missed months",
    explains="The months that are over cost nothing. The month that runs is charged as ever.",
    run=_waive_missed,
    permission=CHANGE_RENTAL,
    fits=_is_reviewed,
    says=_rental_now,
    single=True,
    final=True,
)
EXTEND = StaffAction(
    name="extend",
    label="Give more time",
    explains="An unpaid number works so many days longer; one that stopped is kept so many days longer.",
    run=_extend,
    permission=CHANGE_RENTAL,
    form=DaysForm,
    fits=_is_unpaid,
    says=_rental_now,
)

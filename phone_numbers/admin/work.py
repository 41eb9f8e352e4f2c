"""What staff do to orders and strays: the forms, and the one verb behind each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from dialnexa.actors import Actor
from dialnexa.admin_actions import ReasonForm, StaffAction
from dialnexa.admin_looks import exact_money
from phone_numbers import support
from phone_numbers.buying.refunding import is_refundable
from phone_numbers.buying.strays import live_number, release_stray
from phone_numbers.models import NumberOrder, PhoneNumber, StrayNumber
from phone_numbers.staff_releasing import release_or_ask
from phone_numbers.support import look_up_by_staff, resolve_stray

WAITING = (NumberOrder.Status.PLACED, NumberOrder.Status.UNCERTAIN)


class CheckedForm(ReasonForm):
    checked = forms.BooleanField(
        label="I looked in our account at the carrier, and this number is not in it",
        error_messages={
            "required": "Look at the carrier first: if it sold the number, nobody would pay for it."
        },
    )
    field_order = ("checked", "reason")


def _ask_now(order: NumberOrder, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    support.ask_now(order, by=by, now=now, reason=data["reason"])
    return "due now. A worker takes it within seconds; reload to see what it found."


def _reject(order: NumberOrder, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    support.reject_by_staff(order, by=by, now=now, reason=data["reason"])
    return f"rejected, and {exact_money(order.total, order.currency)} returned to the wallet."


ANSWERS = {
    "fulfilled": "the carrier confirms the sale, and it is recorded.",
    "uncertain": "no certain answer yet; the exchange below has the carrier's words. It will be asked again.",
    "placed": "the carrier did not sell it; the same number will be tried again.",
    "rejected": "the carrier did not sell it; the order ended and the money went back.",
}


def _look_up(order: NumberOrder, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    after = look_up_by_staff(order, by=by, now=now, reason=data["reason"])
    return ANSWERS.get(after.status, "somebody else is at it.")


def _resolve(stray: StrayNumber, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    resolve_stray(stray, by=by, now=now, reason=data["reason"])
    return "resolved."


def _release_stray(stray: StrayNumber, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    release_stray(stray, by=by, now=now, reason=data["reason"])
    return "being given back: the carrier is told within seconds, and again until it is certain."


def _stray_now(stray: StrayNumber) -> str:
    if stray.resolved_at:
        return "Resolved already."
    if number := live_number(stray):
        return f"In use: it is {number.workspace}’s number, {number.get_status_display().lower()}."
    return "Being given back." if stray.releasing_since else "Still open."


def _release(number: PhoneNumber, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    if asked := release_or_ask(number, by=by, now=now, reason=data["reason"]):
        return f"nothing is released yet: somebody else has to approve it ({asked.pk})."
    return "released. It stopped answering and costing rent; the carrier is told within seconds."


def _number_now(number: PhoneNumber) -> str:
    stands = f"{number.get_status_display()}, {number.workspace}."
    if number.status != PhoneNumber.Status.PENDING or not is_refundable(number):
        return stands
    cost = exact_money(number.order.total, number.order.currency)
    return f"{stands} Its papers were refused: {cost} goes back to the wallet."


def _order_now(order: NumberOrder) -> str:
    return f"{order.get_status_display()}. {exact_money(order.total, order.currency)} of {order.workspace}."


ASK_NOW = StaffAction(
    name="ask-now",
    label="Ask the carrier now",
    explains="The order does not wait for its next turn: a worker takes it at once.",
    run=_ask_now,
    permission="numbers.change_numberorder",
    states=WAITING,
    says=_order_now,
)
RECORD_SALE = StaffAction(
    name="record-sale",
    label="Record the sale",
    explains="The carrier is asked here and now (up to 20 seconds) whether we own exactly this number. If it "
    "confirms, the number is the customer's and the money that is held is charged.",
    run=_look_up,
    permission="numbers.change_numberorder",
    states=(NumberOrder.Status.UNCERTAIN,),
    says=_order_now,
    single=True,
)
REJECT = StaffAction(
    name="reject",
    label="Reject and return the money",
    explains="The order ends without a number, the customer is told so, and the money held goes back. "
    "If the carrier did sell the number, we pay for it.",
    run=_reject,
    permission="numbers.change_numberorder",
    form=CheckedForm,
    states=WAITING,
    says=_order_now,
    single=True,
    final=True,
    danger=True,
)
RELEASE = StaffAction(
    name="release",
    label="Release",
    explains="The number stops answering and costing rent at once and goes back to the carrier. Paid rent is "
    "returned only when the carrier had refused the papers and the number never worked.",
    run=_release,
    permission="numbers.change_phonenumber",
    states=(PhoneNumber.Status.ACTIVE, PhoneNumber.Status.PENDING),
    fits=lambda number: number.status == PhoneNumber.Status.ACTIVE or bool(number.carrier_number_id),
    says=_number_now,
    single=True,
    final=True,
    danger=True,
)
RELEASE_STRAY = StaffAction(
    name="release",
    label="Release at the carrier",
    explains="The carrier is asked to take the number back by its own id for it, and again until it is "
    "certain. Nobody here can order it meanwhile.",
    run=_release_stray,
    permission="numbers.change_straynumber",
    fits=lambda stray: stray.resolved_at is None and stray.releasing_since is None,
    says=_stray_now,
    single=True,
    final=True,
    danger=True,
)
RESOLVE = StaffAction(
    name="resolve",
    label="Mark as resolved",
    explains="Say whether the number was given to a customer or released at the carrier.",
    run=_resolve,
    permission="numbers.change_straynumber",
    fits=lambda stray: stray.resolved_at is None,
    says=_stray_now,
)

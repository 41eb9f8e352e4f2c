"""What staff do to numbers nobody rents: the forms, and the one verb behind each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.timezone import localtime

from dialnexa import clock
from dialnexa.actors import Actor
from dialnexa.admin_actions import ReasonForm, StaffAction
from dialnexa.admin_looks import exact_money
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from phone_numbers.models import ReassignableNumber
from phone_numbers.renting import assigning, pool

CHANGE_POOL = "numbers.change_reassignablenumber"


def _day(at: datetime) -> str:
    return f"{localtime(at):%-d %B %Y}"


class AssignForm(ReasonForm):
    """Cleaned, it also has ``to`` (the workspace) and ``price`` (a month)."""

    item: ReassignableNumber
    slug = forms.SlugField(
        label="Workspace",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        help_text="Its slug, as in its addresses. You see what it costs before it is done.",
    )
    field_order = ("slug", "reason")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "slug" not in data:
            return data
        to = Workspace.objects.filter(slug=data["slug"]).first()
        if to is None:
            raise forms.ValidationError({"slug": "There is no workspace with this slug."})
        try:
            price = assigning.assignment_price(self.item, to, now=clock.now())
        except Refusal as refusal:
            raise forms.ValidationError({"slug": refusal.sentence}) from refusal
        return data | {"to": to, "price": price}


def _assign(pooled: ReassignableNumber, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    number = assigning.assign(pooled, data["to"], by=by, now=now, reason=data["reason"])
    paid = exact_money(data["price"], number.workspace.currency)
    return f"is {number.workspace}’s now, which paid {paid} for the first month."


def _assign_told(pooled: ReassignableNumber, data: dict[str, Any]) -> str:
    price = exact_money(data["price"], data["to"].currency)
    return f"Give it to {data['to']} and charge {price} for the first month"


def _keep(pooled: ReassignableNumber, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    pool.keep(pooled, by=by, now=now, reason=data["reason"])
    return "kept: it is not given back by itself any more."


def _give_back(pooled: ReassignableNumber, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    pool.give_back(pooled, by=by, now=now, reason=data["reason"])
    return "being given back: the carrier is told within seconds."


def _pooled_now(pooled: ReassignableNumber) -> str:
    if pooled.closed_at:
        return "It has an owner again, or went back."
    cost = exact_money(pooled.number.carrier_monthly_cost, pooled.number.carrier_currency)
    back = f"given back on {_day(pooled.release_at)}" if pooled.release_at else "kept until somebody decides"
    was = f"Was {pooled.came_from.workspace}’s" if pooled.came_from else "Nobody had ordered it"
    day = _day(pooled.assignable_at)
    return f"{was}; others may have it from {day} on. Costs us {cost} a month; {back}."


def _is_open(pooled: ReassignableNumber) -> bool:
    return pooled.closed_at is None


ASSIGN = StaffAction(
    name="assign",
    label="Give it to a workspace",
    explains="The workspace pays its first month now, at today’s price. Its former owner may have it back at "
    "once, others after the cool-off.",
    run=_assign,
    permission=CHANGE_POOL,
    form=AssignForm,
    fits=_is_open,
    says=_pooled_now,
    echo=_assign_told,
    single=True,
    final=True,
)
KEEP = StaffAction(
    name="keep",
    label="Keep it",
    explains="It is not given back by itself. It costs the carrier’s rent until somebody decides.",
    run=_keep,
    permission=CHANGE_POOL,
    fits=lambda pooled: _is_open(pooled) and pooled.release_at is not None,
    says=_pooled_now,
)
GIVE_BACK = StaffAction(
    name="give-back",
    label="Give it back now",
    explains="The number goes back to its carrier; somebody else may get it there.",
    run=_give_back,
    permission=CHANGE_POOL,
    fits=_is_open,
    says=_pooled_now,
    single=True,
    final=True,
    danger=True,
)

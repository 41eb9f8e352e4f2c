"""Giving a number without an owner to a workspace, by support."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.timezone import localtime

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from kyc.gate import may_rent
from phone_numbers.models import PhoneNumber, ReassignableNumber, Rental
from phone_numbers.renting import telling
from phone_numbers.renting.charging import Payment, charge_rent, refuse_short
from phone_numbers.renting.pool import hand_over, refuse_closed
from phone_numbers.renting.schedule import coming_periods
from telephony.rates import rental_rates


def assign(
    pooled: ReassignableNumber, workspace: Workspace, *, by: Actor, now: datetime, reason: str = ""
) -> PhoneNumber:
    """Make it a number of ``workspace``, which pays its first month now at today's price.

    Its former owner may have it back at once; others only after the cool-off. Raises Refusal: 409
    ``pool_closed``, ``cooling_off``, ``workspace_is_pool``; 403 ``kyc_required``; 400 ``price_unknown``; 402
    for the wallet.
    """
    with transaction.atomic():
        rows = ReassignableNumber.objects.select_related("number", "came_from")
        pooled = rows.select_for_update(of=("self",)).get(pk=pooled.pk)
        refuse_closed(pooled)
        price = assignment_price(pooled, workspace, now=now)
        row = PhoneNumber.objects.select_for_update(no_key=True).get(pk=pooled.number_id)
        refuse_short(workspace, workspace.currency, price)
        number = hand_over(row, workspace, by=by, now=now, reason=reason or "Given by support.")
        rental = _rent(number, price, pooled.carrier_anchor, now)
        payment = Payment(rental, [next(coming_periods(rental))])
        charge_rent([payment], by=by, now=now)
        closed = {"assigned_to": number, "closed_at": now, "release_at": None}
        ReassignableNumber.objects.filter(pk=pooled.pk).update(**closed)
        telling.tell_assigned(payment, now=now)
    return number


def _refuse_cooling(pooled: ReassignableNumber, workspace: Workspace, now: datetime) -> None:
    former = pooled.came_from
    if now >= pooled.assignable_at or (former and former.workspace_id == workspace.pk):
        return
    day = f"{localtime(pooled.assignable_at):%-d %B %Y}"
    sentence = f"Callers still know it as somebody else's. Others may have it from {day} on."
    raise Refusal("cooling_off", sentence, status=409)


def assignment_price(pooled: ReassignableNumber, workspace: Workspace, *, now: datetime) -> Decimal:
    """What it costs that workspace a month. Raises Refusal as ``assign``, but for the wallet."""
    if workspace.is_pool:
        raise Refusal("workspace_is_pool", "It is there already: choose a customer's workspace.", status=409)
    _refuse_cooling(pooled, workspace, now)
    return _price(pooled.number, workspace, now)


def _price(number: PhoneNumber, workspace: Workspace, now: datetime) -> Decimal:
    """Raises Refusal where the workspace may not rent it, or nobody knows for how much."""
    verdict = may_rent(workspace, number.country, number.type, now=now)
    if not verdict.allowed:
        raise Refusal("kyc_required", verdict.sentence, status=403)
    rate = rental_rates(number.carrier, number.country, workspace.currency, now=now).get(number.type)
    if rate is None:
        raise Refusal("price_unknown", "There is no price for this kind of number. Import one first.")
    return rate.monthly


def _rent(number: PhoneNumber, price: Decimal, carrier_anchor: datetime, now: datetime) -> Rental:
    return Rental.objects.create(
        number=number,
        workspace=number.workspace,
        monthly_price=price,
        currency=number.workspace.currency,
        anchor=now,
        carrier_anchor=carrier_anchor,
        time_zone=number.workspace.time_zone,
        paid_periods=0,
        paid_through=now,
        next_run_at=now,
    )

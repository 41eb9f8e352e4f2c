"""Money back for a number that could never be used.

The rule: setup and first month go back to the wallet, once, when the carrier refused the papers of a number
it had sold us and the number was never active. Who gives the number back makes no difference: the purchase
worker when the refusal stands (see ``papers``), the customer or support before that, or a moment too early,
when the answer is already on its way. A number given back while its papers are merely looked at costs what
it cost. The reference ``refund:<order>`` is unique, so nothing is returned twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from dialnexa import audit, wallet
from dialnexa.actors import SYSTEM, Actor
from dialnexa.models import LedgerEntry
from dialnexa.money import format_money
from dialnexa.translations.marking import gettext_noop
from phone_numbers.buying.quoting import label_of
from phone_numbers.models import NumberOrder, PhoneNumber, RentalCharge
from phone_numbers.telling import tell_refund

WHY = gettext_noop("%(carrier)s refused the papers, and the number was never switched on.")
REFUNDED = gettext_noop("%(number)s: papers refused, setup and first month returned")
UNUSED = gettext_noop("%(number)s: a month paid ahead, returned")


def is_refundable(number: PhoneNumber) -> bool:
    """Whether giving the number back returns what it cost."""
    return number.papers_refused_at is not None and number.activated_at is None


def refund_unusable(number: PhoneNumber, *, by: Actor, now: datetime) -> LedgerEntry | None:
    """Return what the number cost, if the rule says so and it has not been done; None otherwise.

    Call it with the number's row locked, in the transaction that gives the number back. ``by`` is who set it
    off; the books name the system, because the rule decides.
    """
    if not is_refundable(number):
        return None
    order = NumberOrder.objects.select_related("workspace").get(number=number)
    system = replace(SYSTEM, request_id=by.request_id)
    why = WHY % {"carrier": label_of(number.carrier)}
    memo = REFUNDED % {"number": number.e164}
    try:
        entry = wallet.refund(order.workspace, subject=order.id, memo=memo, by=system, now=now)
    except wallet.AlreadyBooked:
        return None
    after = {"amount": str(entry.amount), "currency": entry.currency, "entry": entry.pk}
    told = f"{format_money(entry.amount, entry.currency)}. {why}"
    audit.record(number, "refund", after=after, by=system, now=now, reason=told)
    tell_refund(number, entry, why, now=now)
    return entry


def refund_of(order: NumberOrder) -> LedgerEntry | None:
    """The transfer that returned what the order cost, if there was one."""
    return LedgerEntry.objects.filter(reference=f"refund:{order.pk}").first()


def unused_rent(number: PhoneNumber, *, now: datetime) -> Decimal:
    """What giving it back now returns of months paid ahead: those that have not begun."""
    return sum((charge.amount for charge in _unbegun(number, now)), Decimal(0))


def return_unused_rent(number: PhoneNumber, *, by: Actor, now: datetime) -> None:
    """Return months that were paid ahead and have not begun. Call it with the number's row locked.

    The month that runs is not returned. Each is returned once: ``unrent:<number>:<k>``.
    """
    system = replace(SYSTEM, request_id=by.request_id)
    for charge in _unbegun(number, now):
        assert charge.entry is not None
        memo = UNUSED % {"number": number.e164}
        wallet.give_back(
            charge.workspace,
            charge.entry,
            reference=f"unrent:{number.pk}:{charge.k}",
            memo=memo,
            by=system,
            now=now,
        )


def _unbegun(number: PhoneNumber, now: datetime) -> QuerySet[RentalCharge]:
    charges = RentalCharge.objects.filter(rental__number=number, starts_at__gt=now, entry__isnull=False)
    return charges.select_related("workspace", "entry__debit", "entry__credit").order_by("k")

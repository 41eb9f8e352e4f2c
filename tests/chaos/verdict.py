"""What is true in the end: customers' orders, their money, and what the carrier holds, compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Sum

from dialnexa import wallet
from dialnexa.models import LedgerAccount, LedgerEntry, Workspace
from phone_numbers.models import NumberOrder, RentalCharge
from telephony.carrier_accounts import ACCOUNTS
from telephony.models import CarrierSlug
from tests.chaos.buyers import Memory


def our_accounts() -> dict[str, str]:
    """What we are called at each carrier, by its slug."""
    return {slug: settings.CARRIERS[slug][ACCOUNTS[CarrierSlug(slug)]] for slug in settings.CARRIERS}


@dataclass
class Verdict:
    """Each list holds sentences; an empty one is good."""

    bought_twice: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    charged_wrongly: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        return (
            f"bought twice {len(self.bought_twice)}, lost {len(self.lost)}, "
            f"charged wrongly {len(self.charged_wrongly)}, stuck {len(self.stuck)}"
        )

    @property
    def findings(self) -> list[str]:
        return [*self.bought_twice, *self.lost, *self.charged_wrongly, *self.stuck]


def judge(carrier: dict[str, Any], memory: Memory, credit: Decimal) -> Verdict:
    """Compare the sandbox's ``/control/state`` with the database and with what customers were told."""
    verdict = Verdict()
    orders = list(NumberOrder.objects.select_related("number", "workspace"))
    owned = {
        (slug, f"+{number}")
        for slug, account in our_accounts().items()
        for number in carrier["accounts"].get(account, {"numbers": ()})["numbers"]
    }
    _look_for_double_sales(verdict, carrier, orders)
    _look_for_lost_numbers(verdict, orders, owned, memory)
    for order in orders:
        _check_money(verdict, order)
        if order.is_open or order.number.status in ("pending", "releasing"):
            verdict.stuck.append(
                f"{order.id} {order.e164} is {order.status}, its number {order.number.status}"
            )
    _check_answers(verdict, orders, memory)
    _check_wallets(verdict, credit)
    return verdict


def went_back(order: NumberOrder) -> bool:
    """Sold, its papers refused, given back: nobody here releases numbers that work."""
    return order.number.status in ("releasing", "released") and order.number.activated_at is None


def _look_for_double_sales(verdict: Verdict, carrier: dict[str, Any], orders: list[NumberOrder]) -> None:
    ours = our_accounts().values()
    sales = Counter(f"+{sale['number']}" for sale in carrier["sales"] if sale["account"] in ours)
    fulfilled = Counter(order.e164 for order in orders if order.status == "fulfilled")
    returned = Counter(order.e164 for order in orders if went_back(order))
    for e164, count in sales.items():
        if count > 1 + returned[e164]:
            verdict.bought_twice.append(f"{e164} was sold to us {count} times")
    for e164, count in fulfilled.items():
        if count > sales[e164]:
            verdict.bought_twice.append(f"{e164} was given to {count} orders")


def _look_for_lost_numbers(
    verdict: Verdict, orders: list[NumberOrder], owned: set[tuple[str, str]], memory: Memory
) -> None:
    """A number is at the carrier its order names, and at no other."""
    sold = [order for order in orders if order.status == "fulfilled" and not went_back(order)]
    ours = {(order.carrier, order.e164) for order in sold}
    open_ones = {(order.carrier, order.e164) for order in orders if order.is_open}
    for slug, e164 in sorted(owned - ours - open_ones):
        verdict.lost.append(f"{e164} is owned at {slug}, and nobody has it")
    for slug, e164 in sorted(ours - owned):
        verdict.lost.append(f"{e164} is sold to a customer, and {slug} has it not")
    missing = memory.accepted - {order.idempotency_key for order in orders}
    verdict.lost += [f"an order that was accepted is gone: {key}" for key in missing]


def _check_answers(verdict: Verdict, orders: list[NumberOrder], memory: Memory) -> None:
    """Nobody may be told no for what was ordered and paid."""
    for order in orders:
        told = memory.refused.get(order.idempotency_key)
        if told and order.status == "fulfilled":
            verdict.charged_wrongly.append(f"{order.id} was bought, and its customer was told: {told}")


def _check_money(verdict: Verdict, order: NumberOrder) -> None:
    resolved = LedgerEntry.objects.filter(reference=f"resolve:{order.id}").first()
    held = LedgerEntry.objects.filter(reference=f"hold:{order.id}").first()
    expected = {"fulfilled": "capture", "rejected": "void"}.get(order.status)
    if held is None or held.amount != order.total:
        verdict.charged_wrongly.append(f"{order.id} held {held}")
    if (resolved.kind if resolved else None) != expected:
        verdict.charged_wrongly.append(f"{order.id} is {order.status} and was resolved by {resolved}")
    refunds = list(LedgerEntry.objects.filter(kind="refund", subject_id=order.id))
    if [entry.amount for entry in refunds] != [order.total] * went_back(order):
        verdict.charged_wrongly.append(
            f"{order.id}, its number {order.number.status}, was refunded {refunds}"
        )
    periods = RentalCharge.objects.filter(rental__number=order.number_id).count()
    if periods != (order.status == "fulfilled"):
        verdict.charged_wrongly.append(f"{order.id} is {order.status} and has {periods} paid periods")


def _check_wallets(verdict: Verdict, credit: Decimal) -> None:
    for workspace in Workspace.objects.all():
        orders = NumberOrder.objects.filter(workspace=workspace).select_related("number")
        kept = [order for order in orders if order.status == "fulfilled" and not went_back(order)]
        spent = sum((order.total for order in kept), Decimal(0))
        waiting = sum((order.total for order in orders if order.is_open), Decimal(0))
        if wallet.balance(workspace) != credit - spent - waiting or wallet.held(workspace) != waiting:
            verdict.charged_wrongly.append(
                f"{workspace.slug} has {wallet.balance(workspace)} and {wallet.held(workspace)} held; "
                f"{credit} were paid in and {spent} spent"
            )
    for account in LedgerAccount.objects.exclude(workspace=None):
        came = account.credits.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        went = account.debits.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        if account.balance != came - went:
            verdict.charged_wrongly.append(
                f"{account} holds {account.balance}, its entries say {came - went}"
            )

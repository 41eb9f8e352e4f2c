"""What happens to numbers whichever carrier is asked: they are sold, found, changed and taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from .context import Context
from .dialect import No, Refused
from .faults import Kind
from .holdings import Owned, Papers
from .inventory import Search, StockNumber


def buy(context: Context, number: str, told: dict[str, Any] | None = None) -> Owned:
    """Sell the number (digits) to the sender. ``told`` is what else the purchase says: see ``Owned``.

    Raises Refused GONE, NO_CREDIT, or BROKEN for a sale that comes later, whose answer nobody will see.
    """
    with context.state.locked():
        item = context.state.inventory.find(number)
        if item is None or not context.state.may_buy(context.account, number):
            raise Refused(No.GONE)
        if _price(context, item) > context.state.credit(context.account):
            raise Refused(No.NO_CREDIT)
        return _sold(context, item, told or {})


def mine(context: Context) -> Owned:
    """The sender's number that the path names by the carrier's id. Raises Refused NOT_FOUND."""
    for owned in context.state.owned_by(context.account):
        if context.dialect.id_of(owned) == context.id:
            return owned
    raise Refused(No.NOT_FOUND)


def change(context: Context, changes: dict[str, Any]) -> Owned:
    """Change the number that the path names. Raises Refused NOT_FOUND."""
    with context.state.locked() as contents:
        owned = mine(context)
        context.state.update_number(owned.number, **changes)
        return contents.owned[owned.number]


def release(context: Context, *, held_days: int = 0) -> None:
    """Take back the number that the path names. Raises Refused NOT_FOUND, TOO_EARLY in its first days."""
    with context.state.locked():
        owned = mine(context)
        if context.state.now() < owned.at + timedelta(days=held_days).total_seconds():
            raise Refused(No.TOO_EARLY)
        context.state.release(owned.number)


def free(context: Context, wanted: Search) -> list[StockNumber]:
    """What is for sale."""
    with context.state.locked() as contents:
        return context.state.inventory.search(wanted, lambda number: number not in contents.owned)


def alike(numbers: Iterable[Owned], digits: str) -> list[Owned]:
    """Those a carrier's filter lets through. It is no equality, so whoever trusts it is found out."""
    return [owned for owned in numbers if digits[:-1] in owned.number]


def listed(context: Context, numbers: list[Owned], page: int) -> list[Owned]:
    """The account's list as the mode says it is, for a carrier whose pages name no total.

    ``short``: its last number is missing. ``shifting``: on each page one more number has come before it.
    """
    with context.state.locked() as contents:
        lists = contents.mode.lists
    if lists == "short":
        return numbers[:-1]
    return numbers[:1] * page + numbers if lists == "shifting" else numbers


def _sold(context: Context, item: StockNumber, told: dict[str, Any]) -> Owned:
    if context.fault and context.kind is Kind.SOLD_LATE:
        context.state.sell_late(context.account, item.number, context.fault.seconds, told=told)
        raise Refused(No.BROKEN, "never delivered")
    cost, papers = _price(context, item), _papers(context)
    if context.kind is Kind.WRONG_NUMBER:
        item = _neighbour(context, item)
    context.state.sell(context.account, item.number, cost=cost, told=told, papers=papers)
    with context.state.locked() as contents:
        return contents.owned[item.number]


def _price(context: Context, item: StockNumber) -> Decimal:
    with context.state.locked() as contents:
        return Decimal(context.dialect.cost(item)) if contents.mode.charge_purchases else Decimal(0)


def _papers(context: Context) -> Papers | None:
    """What the number has to wait for, at a carrier that lets numbers wait."""
    if context.fault is None or context.fault.kind not in context.dialect.verdicts:
        return None
    return Papers(context.dialect.verdicts[context.fault.kind], context.state.now() + context.fault.seconds)


def _neighbour(context: Context, item: StockNumber) -> StockNumber:
    """Another number that is free, for the carrier that sells what nobody asked for."""
    found = free(context, Search(item.range.country, item.range.type))
    return next(other for other in found if other.number != item.number)

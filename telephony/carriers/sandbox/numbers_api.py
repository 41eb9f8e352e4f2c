"""Plivo's PhoneNumber (for sale) and Number (ours) resources."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from . import wire
from .catalogue import COUNTRIES
from .context import Context
from .faults import Kind
from .inventory import Search, StockNumber
from .state import Owned, Papers
from .wire import Answer, answer, refused

_TYPES = ("", "fixed", "local", "mobile", "national", "tollfree")


def search(context: Context) -> Answer:
    query = context.request.query
    country, kind = query.get("country_iso", "").upper(), query.get("type", "")
    if country not in COUNTRIES:
        return refused(400, f"country_iso {'is invalid' if country else 'parameter is missing'}")
    if kind not in _TYPES:
        return refused(400, "type is invalid")
    services = tuple(query.get("services", "").split(","))
    region, city = query.get("region", ""), query.get("city", "")
    wanted = Search(country, kind, query.get("pattern", "")[:20], region, city, services)
    with context.state.locked() as contents:
        found = context.state.inventory.search(wanted, lambda number: number not in contents.owned)
    request = context.request
    return wire.listing(request.path, request.page(), found, lambda item: wire.offered(context.account, item))


def buy(context: Context) -> Answer:
    app_id = str(context.request.fields().get("app_id") or "")
    with context.state.locked():
        item = context.state.inventory.find(context.id)
        if item is None or not context.state.may_buy(context.account, context.id):
            return refused(404, "not found")
        if app_id and not context.has_application(app_id):
            return refused(400, "app_id is invalid")
        cost = _cost(context, item)
        if cost > context.state.credit(context.account):
            return refused(400, "insufficient credits to rent this number")
        return _sold(context, item, app_id, cost)


def list_owned(context: Context) -> Answer:
    request = context.request
    start, kind = request.query.get("number_startswith", ""), request.query.get("type", "")
    mine = [owned for owned in context.state.owned_by(context.account) if owned.number.startswith(start)]
    if kind:
        mine = [owned for owned in mine if _shown(context, owned)["number_type"] == kind]
    return wire.listing(request.path, request.page(), mine, lambda owned: _shown(context, owned))


def get(context: Context) -> Answer:
    owned = _mine(context)
    return answer(200, **_shown(context, owned)) if owned else refused(404, "not found")


def update(context: Context) -> Answer:
    fields = context.request.fields()
    changes = {key: str(fields[key] or "") for key in ("app_id", "alias") if key in fields}
    if changes.get("app_id") and not context.has_application(changes["app_id"]):
        return refused(400, "app_id is invalid")
    with context.state.locked():
        if _mine(context) is None:
            return refused(404, "not found")
        context.state.update_number(context.id, **changes)
    return answer(202, message="changed")


def release(context: Context) -> Answer:
    with context.state.locked():
        if _mine(context) is None:
            return refused(404, "not found")
        context.state.release(context.id)
    return Answer(204)


def _sold(context: Context, item: StockNumber, app_id: str, cost: Decimal) -> Answer:
    if context.fault and context.kind is Kind.SOLD_LATE:
        context.state.sell_late(context.account, item.number, app_id, context.fault.seconds)
        return answer(202, message="never delivered")
    if context.kind is Kind.WRONG_NUMBER:
        item = _neighbour(context, item)
    papers = _papers(context)
    context.state.sell(context.account, item.number, app_id=app_id, cost=cost, papers=papers)
    sold = {"number": item.number, "status": "pending" if papers else "Success"}
    return answer(201, message="created", numbers=[sold], status="fulfilled")


def _cost(context: Context, item: StockNumber) -> Decimal:
    with context.state.locked() as contents:
        charged = contents.mode.charge_purchases
    return Decimal(item.range.setup) + Decimal(item.range.monthly) if charged else Decimal(0)


def _papers(context: Context) -> Papers | None:
    verdict = {Kind.PENDING: "accepted", Kind.REJECTED: "rejected"}.get(context.kind or Kind.SLOW)
    if verdict is None or context.fault is None:
        return None
    return Papers(verdict, context.state.now() + context.fault.seconds)


def _neighbour(context: Context, item: StockNumber) -> StockNumber:
    """Another number that is free, for the carrier that sells what nobody asked for."""
    wanted = Search(item.range.country, item.range.type)
    is_free = lambda number: context.state.owner_of(number) is None and number != item.number  # noqa: E731
    return context.state.inventory.search(wanted, is_free)[0]


def _mine(context: Context) -> Owned | None:
    with context.state.locked() as contents:
        owned = contents.owned.get(context.id)
    return owned if owned and owned.account == context.account else None


def _shown(context: Context, owned: Owned) -> dict[str, Any]:
    return wire.owned(owned, context.state.inventory.find(owned.number), context.state.now())

"""Plivo's PhoneNumber (for sale) and Number (ours) resources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import plivo_wire as wire
from . import selling
from .catalogue import COUNTRIES
from .context import Context
from .dialect import No, Refused
from .holdings import Owned
from .inventory import Search
from .plivo_wire import answer
from .wire import Answer

_TYPES = ("", "fixed", "local", "mobile", "national", "tollfree")


def search(context: Context) -> Answer:
    query = context.request.query
    country, kind = query.get("country_iso", "").upper(), query.get("type", "")
    if country not in COUNTRIES:
        raise Refused(No.BAD, f"country_iso {'is invalid' if country else 'parameter is missing'}")
    if kind not in _TYPES:
        raise Refused(No.BAD, "type is invalid")
    services = tuple(query.get("services", "").split(","))
    region, city = query.get("region", ""), query.get("city", "")
    wanted = Search(country, kind, query.get("pattern", "")[:20], region, city, services)
    found = selling.free(context, wanted)
    return listing(context, found, lambda item: wire.offered(context.account, item))


def buy(context: Context) -> Answer:
    app_id = str(context.fields.get("app_id") or "")
    _refuse_unknown(context, app_id)
    owned = selling.buy(context, context.id, {"app_id": app_id})
    sold = {"number": owned.number, "status": "pending" if owned.papers else "Success"}
    return answer(201, message="created", numbers=[sold], status="fulfilled")


def list_owned(context: Context) -> Answer:
    query = context.request.query
    start, kind = query.get("number_startswith", ""), query.get("type", "")
    rows = [owned for owned in context.state.owned_by(context.account) if owned.number.startswith(start)]
    if kind:
        rows = [owned for owned in rows if _shown(context, owned)["number_type"] == kind]
    lists = context.state.mode.lists
    page = wire.page_of(context.request, context.state.mode.longest_page)
    told = len(rows) + (page.offset + 1 if lists == "shifting" else 0)
    rows = rows[:-1] if lists == "short" else rows
    return wire.listing(context.request.path, page, rows, lambda owned: _shown(context, owned), told=told)


def get(context: Context) -> Answer:
    return answer(200, **_shown(context, selling.mine(context)))


def update(context: Context) -> Answer:
    fields = context.fields
    names = ("app_id", "alias")
    changes: dict[str, Any] = {key: str(fields[key] or "") for key in names if key in fields}
    _refuse_unknown(context, changes.get("app_id", ""))
    selling.change(context, changes)
    return answer(202, message="changed")


def release(context: Context) -> Answer:
    selling.release(context)
    return Answer(204)


def listing(context: Context, rows: Sequence[Any], shape: Callable[[Any], Any]) -> Answer:
    """One page of ``rows``, as the request asks for it."""
    with context.state.locked() as contents:
        longest = contents.mode.longest_page
    return wire.listing(context.request.path, wire.page_of(context.request, longest), rows, shape)


def _refuse_unknown(context: Context, app_id: str) -> None:
    if app_id and not context.has_application(app_id):
        raise Refused(No.BAD, "app_id is invalid")


def _shown(context: Context, owned: Owned) -> dict[str, Any]:
    return wire.owned(owned, context.state.inventory.find(owned.number), context.state.now())

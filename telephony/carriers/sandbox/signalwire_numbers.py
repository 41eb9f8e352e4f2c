"""SignalWire's phone numbers, for sale and ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from telephony.carriers.regions import region_code

from . import selling
from . import signalwire_wire as wire
from .context import Context
from .dialect import No, Refused
from .holdings import Owned
from .inventory import Search, StockNumber
from .wire import Answer, answer

LONGEST_PAGE, USUAL_PAGE = 1000, 50
MOST_RESULTS, USUAL_RESULTS = 100, 50
_TYPES = {"local": "local", "toll-free": "tollfree"}
_SOLD = (("US", "local"), ("CA", "local"), ("US", "tollfree"))
_PATTERNS = ("starts_with", "contains", "ends_with")


def search(context: Context) -> Answer:
    """One page. There is no argument for a country."""
    query = context.request.query
    kind = _TYPES.get(query.get("number_type", "local"))
    patterns = [name for name in _PATTERNS if query.get(name)]
    if kind is None or len(patterns) > 1 or not all(_is_pattern(query[name]) for name in patterns):
        raise Refused(No.BAD)
    found = [
        item
        for country, sold in _SOLD
        if sold == kind
        for item in selling.free(context, Search(country, kind))
        if _suits(item, query)
    ]
    most = min(int(query.get("max_results", USUAL_RESULTS)), MOST_RESULTS)
    with context.state.locked() as contents:
        shape = wire.live if contents.mode.signalwire_search == "live" else wire.documented
    return answer(200, {"data": [shape(item) for item in found[:most]]})


def buy(context: Context) -> Answer:
    """Nothing but the number can be said at purchase."""
    number = context.fields.get("number")
    if not isinstance(number, str) or not re.fullmatch(r"\+[0-9]{7,15}", number):
        raise Refused(No.GONE, "number is missing or no number")
    item = context.state.inventory.find(number[1:])
    if item and (item.range.country, item.range.type) not in _SOLD:
        raise Refused(No.GONE)
    return answer(200, _shown(context, selling.buy(context, number[1:])))


def list_owned(context: Context) -> Answer:
    """The newest first. A page after the first wants the token that the link to it has."""
    query = context.request.query
    size, page = int(query.get("page_size", USUAL_PAGE)), int(query.get("page_number", 0))
    if not 1 <= size <= LONGEST_PAGE or page < 0 or (page and not query.get("page_token")):
        raise ValueError("a page out of range or without its token")
    rows = context.state.owned_by(context.account)[::-1]
    if wanted := query.get("filter_number", ""):
        rows = selling.alike(rows, wanted.removeprefix("+"))
    if name := query.get("filter_name", ""):
        rows = [owned for owned in rows if name in str(owned.settings.get("name") or "")]
    if not (wanted or name):
        rows = selling.listed(context, rows, page)
    with context.state.locked() as contents:
        size = min(size, contents.mode.longest_page)
    shown = [_shown(context, owned) for owned in rows[page * size : (page + 1) * size]]
    return answer(200, {"links": wire.links(context, size, page, len(rows)), "data": shown})


def get(context: Context) -> Answer:
    return answer(200, _shown(context, selling.mine(context)))


def update(context: Context) -> Answer:
    fields = {name: value for name, value in context.fields.items() if name in wire.SETTABLE}
    return answer(200, _shown(context, selling.change(context, {"settings": fields})))


def release(context: Context) -> Answer:
    with context.state.locked() as contents:
        held = contents.mode.signalwire_hold
    selling.release(context, held_days=held)
    return Answer(204)


def _is_pattern(digits: str) -> bool:
    return re.fullmatch("[0-9]{3,7}", digits, re.ASCII) is not None


def _suits(item: StockNumber, query: Mapping[str, str]) -> bool:
    national, region = item.national, query.get("region", "")
    return (
        national.startswith(query.get("areacode", ""))
        and national.startswith(query.get("starts_with", ""))
        and query.get("contains", "") in national
        and national.endswith(query.get("ends_with", ""))
        and region in ("", region_code(item.range.country, item.area.region))
        and query.get("city", "").casefold() in item.area.city.casefold()
    )


def _shown(context: Context, owned: Owned) -> dict[str, Any]:
    item = context.state.inventory.find(owned.number)
    return wire.owned(owned, context.dialect.id_of(owned), item, context.state.now())

"""Twilio's AvailablePhoneNumbers (for sale), IncomingPhoneNumbers (ours) and its price list."""

from __future__ import annotations

import re
from typing import Any

from telephony.carriers.regions import region_code

from . import selling
from . import twilio_wire as wire
from .catalogue import COUNTRIES, RANGES
from .context import Context
from .dialect import No, Refused
from .holdings import Owned
from .inventory import Search, StockNumber
from .wire import Answer, answer

LONGEST_PAGE = 1000
USUAL_PAGE = 50
_TYPES = {resource: kind for kind, resource in wire.RESOURCES.items()}
_CHANGES = {  # Twilio's name of a form field: the name in its answers
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "TrunkSid": "trunk_sid",
    "AddressSid": "address_sid",
    "BundleSid": "bundle_sid",
}


def show_country(context: Context) -> Answer:
    return answer(200, wire.country(context, _country(context.id)))


def show_prices(context: Context) -> Answer:
    return answer(200, wire.prices(_country(context.id)))


def search(context: Context) -> Answer:
    """One page, without a link to another."""
    iso, kind = context.id[:2], _TYPES[context.id.partition("/")[2]]
    if not any((range_.country, range_.type) == (iso, kind) for range_ in RANGES):
        raise Refused(No.NOT_FOUND)
    query = context.request.query
    pattern = query.get("Contains", "")
    if pattern and not re.fullmatch(r"[0-9*]{2,16}", pattern):
        raise Refused(No.BAD, f"Contains {pattern} is not a pattern")
    found = selling.free(context, Search(iso, kind, pattern, city=query.get("InLocality", "")))
    shown = [item for item in found if _is_in(item, query.get("InRegion", ""))]
    size = _page_size(context)
    body = {"available_phone_numbers": [wire.offered(item) for item in shown[:size]]}
    return answer(200, {**body, "uri": context.request.path})


def buy(context: Context) -> Answer:
    form = context.fields
    number = form.get("PhoneNumber", "")
    if not re.fullmatch(r"\+[0-9]{7,15}", number):
        raise Refused(No.GONE, f"{number} is not a number")
    owned = selling.buy(context, number[1:], _told(context, form))
    return answer(201, _shown(context, owned))


def list_owned(context: Context) -> Answer:
    rows, query = context.state.owned_by(context.account), context.request.query
    if wanted := query.get("PhoneNumber", ""):
        rows = selling.alike(rows, wanted.removeprefix("+"))
    if name := query.get("FriendlyName", ""):
        rows = [owned for owned in rows if owned.alias == name]
    if not (wanted or name):
        rows = selling.listed(context, rows, int(query.get("Page", 0)))
    return listing(context, "incoming_phone_numbers", [_shown(context, owned) for owned in rows])


def get(context: Context) -> Answer:
    return answer(200, _shown(context, selling.mine(context)))


def update(context: Context) -> Answer:
    return answer(200, _shown(context, selling.change(context, _told(context, context.fields))))


def release(context: Context) -> Answer:
    selling.release(context)
    return Answer(204)


def listing(context: Context, key: str, rows: list[dict[str, Any]]) -> Answer:
    """The page of ``rows`` that the request asks for, in Twilio's envelope."""
    size = _page_size(context)
    with context.state.locked() as contents:
        size = min(size, contents.mode.longest_page)
    number = int(context.request.query.get("Page", 0))
    shown = rows[number * size : (number + 1) * size]
    return answer(200, {key: shown, **wire.page_links(context, size, number, len(shown), len(rows))})


def _country(iso: str) -> str:
    if iso not in COUNTRIES:
        raise Refused(No.NOT_FOUND)
    return iso


def _page_size(context: Context) -> int:
    size = int(context.request.query.get("PageSize", USUAL_PAGE))
    if not 1 <= size <= LONGEST_PAGE or int(context.request.query.get("Page", 0)) < 0:
        raise ValueError(f"PageSize goes from 1 to {LONGEST_PAGE}, Page from 0")
    return size


def _is_in(item: StockNumber, region: str) -> bool:
    return region in ("", region_code(item.range.country, item.area.region))


def _told(context: Context, form: dict[str, str]) -> dict[str, Any]:
    """What the form says of the number, as fields of Owned. A trunk takes the application's place."""
    settings: dict[str, Any] = {ours: form[name] or None for name, ours in _CHANGES.items() if name in form}
    told: dict[str, Any] = {"alias": form["FriendlyName"]} if form.get("FriendlyName") else {}
    if sid := form.get("VoiceApplicationSid"):
        if not context.has_application(sid):
            raise Refused(No.BAD, f"VoiceApplicationSid {sid} is invalid")
        told["app_id"] = sid
        settings["trunk_sid"] = None
    elif form.get("TrunkSid"):
        told["app_id"] = ""
    return {**told, "settings": settings}


def _shown(context: Context, owned: Owned) -> dict[str, Any]:
    item = context.state.inventory.find(owned.number)
    return wire.owned(owned, context.dialect.id_of(owned), item, context.state.now())

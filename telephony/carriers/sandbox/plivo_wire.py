"""The shapes of Plivo's answers: the same keys and types as the carrier's published examples."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .catalogue import COUNTRIES
from .context import Request
from .holdings import Owned
from .inventory import StockNumber
from .renewals import renewal_date
from .wire import Answer
from .wire import answer as json_answer

MAX_PAGE = 20


@dataclass(frozen=True, slots=True)
class Page:
    limit: int
    offset: int


def answer(status: int, /, **fields: Any) -> Answer:
    return json_answer(status, {"api_id": str(uuid.uuid4()), **fields})


def page_of(request: Request, longest: int) -> Page:
    """Raises ValueError for a limit or offset that Plivo refuses."""
    limit, offset = int(request.query.get("limit", MAX_PAGE)), int(request.query.get("offset", 0))
    if not (1 <= limit <= MAX_PAGE and offset >= 0):
        raise ValueError("limit goes from 1 to 20, offset from 0")
    return Page(min(limit, longest), offset)


def listing(path: str, page: Page, objects: Sequence[Any], shape: Any, *, told: int | None = None) -> Answer:
    """One page of ``objects``, each turned into JSON by ``shape``, in Plivo's envelope.

    ``told`` is how many it says there are, where that is not the truth.
    """
    total = len(objects) if told is None else told
    after, before = page.offset + page.limit, page.offset - page.limit
    meta = {
        "limit": page.limit,
        "next": _page_uri(path, page.limit, after) if after < total else None,
        "offset": page.offset,
        "previous": _page_uri(path, page.limit, max(before, 0)) if page.offset else None,
        "total_count": total,
    }
    return answer(200, meta=meta, objects=[shape(item) for item in objects[page.offset : after]])


def offered(account: str, item: StockNumber) -> dict[str, Any]:
    """A number in the search results."""
    range_ = item.range
    fixed = range_.type in ("local", "national")
    shown: dict[str, Any] = {
        "number": item.number,
        "prefix": item.area.prefix,
        "city": item.area.city.upper() or None,
        "country": COUNTRIES[range_.country],
        "region": item.area.region or COUNTRIES[range_.country].title(),
        "rate_center": item.area.city.upper()[:10] or None,
        "lata": 722 if range_.country == "US" else None,
        "type": "fixed" if fixed else range_.type,
        "sub_type": range_.type,
        "setup_rate": range_.setup,
        "monthly_rental_rate": range_.monthly,
        **_capabilities(item),
        "restriction": range_.restriction,
        "restriction_text": None,
        "resource_uri": f"/v1/Account/{account}/PhoneNumber/{item.number}/",
    }
    if range_.papers:
        shown["prerequisites"] = [
            {"proof_required": True, "proof_type": ["Any"], "scope": "country", "type": paper}
            for paper in range_.papers
        ]
    return shown


def owned(number: Owned, item: StockNumber | None, now: float) -> dict[str, Any]:
    """A number of the account. One that was never in stock (put there by hand) has no price."""
    base = f"/v1/Account/{number.account}"
    country = COUNTRIES[item.range.country] if item else "UNITED STATES"
    papers = number.papers.status(now) if number.papers else None
    place = (item.area.region or item.area.city) if item else ""
    return {
        "active": papers in (None, "accepted"),
        "added_on": _day(number.at),
        "alias": number.alias or None,
        "application": f"{base}/Application/{number.app_id}/" if number.app_id else None,
        "caller_reputation_status": None,
        "carrier": "Plivo",
        "city": item.area.city if item else "",
        "cnam_lookup": "disabled",
        "compliance_application_id": _compliance_id(number),
        "compliance_status": papers,
        "country": country.title(),
        "monthly_rental_rate": number.settings.get("monthly") or (item.range.monthly if item else "0.00000"),
        "number": number.number,
        "number_type": item.range.type if item else "local",
        "profile_uuid": None,
        "region": f"{place}, {country}" if place else country,
        "renewal_date": renewal_date(number.at, now).isoformat(),
        "resource_uri": f"{base}/Number/{number.number}/",
        "sub_account": None,
        "sub_account_name": None,
        "tendlc_campaign_id": None,
        "tendlc_registration_status": "UNREGISTERED",
        "toll_free_sms_verification": None,
        "toll_free_sms_verification_id": None,
        "toll_free_sms_verification_order_status": None,
        **(_capabilities(item) if item else {"voice_enabled": True}),
    }


def application(account: str, app_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    shown = {
        "answer_method": "POST",
        "answer_url": "",
        "app_id": app_id,
        "app_name": "",
        "default_app": False,
        "default_endpoint_app": False,
        "enabled": True,
        "fallback_answer_url": "",
        "fallback_method": "POST",
        "hangup_method": "POST",
        "hangup_url": "",
        "message_method": "POST",
        "message_url": "",
        "public_uri": False,
        "resource_uri": f"/v1/Account/{account}/Application/{app_id}/",
        "sip_uri": f"sip:{app_id}@app.plivo.com",
        "sub_account": None,
    }
    return shown | {key: value for key, value in fields.items() if key in shown}


def account(auth_id: str, credit: Decimal) -> dict[str, Any]:
    return {
        "account_type": "standard",
        "address": "",
        "auth_id": auth_id,
        "auto_recharge": False,
        "billing_mode": "prepaid",
        "cash_credits": f"{credit:.5f}",
        "city": "",
        "name": f"Sandbox account {auth_id}",
        "resource_uri": f"/v1/Account/{auth_id}/",
        "state": "",
        "timezone": "Asia/Kolkata",
    }


def _day(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).date().isoformat()


def _page_uri(path: str, limit: int, offset: int) -> str:
    return f"{path}?limit={limit}&offset={offset}"


def _compliance_id(number: Owned) -> str | None:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, number.number)) if number.papers else None


def _capabilities(item: StockNumber) -> dict[str, Any]:
    range_ = item.range
    mms = range_.sms_rate is not None and range_.country in ("US", "CA")
    return {
        "mms_enabled": mms,
        "mms_rate": "0.01600" if mms else "0.00000",
        "sms_enabled": range_.sms_rate is not None,
        "sms_rate": range_.sms_rate or "0.00000",
        "voice_enabled": True,
        "voice_rate": range_.voice_rate,
    }

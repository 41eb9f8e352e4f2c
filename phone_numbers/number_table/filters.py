"""What the address bar asks the table for: search, filters, chip, order, page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dialnexa.ids import ID_PATTERN
from dialnexa.paging import Order
from phone_numbers.models import PhoneNumber
from telephony.models import CarrierSlug, NumberKind

SOON = timedelta(days=14)
SEARCH_LIMIT = 100
NOT_DIGITS = re.compile(r"[\s+().\-\u2010-\u2015/]")

ORDERS = {
    "newest": Order("created_at", descending=True),
    "oldest": Order("created_at"),
    "number": Order("e164"),
    "-number": Order("e164", descending=True),
    "nickname": Order("nickname_key"),
    "-nickname": Order("nickname_key", descending=True),
    "renewal": Order("renewal_key"),
    "-renewal": Order("renewal_key", descending=True),
    "price": Order("price_key"),
    "-price": Order("price_key", descending=True),
}
SORTS = {
    "newest": pgettext_lazy("numbers", "Newest first"),
    "oldest": pgettext_lazy("numbers", "Oldest first"),
    "number": _("Number, ascending"),
    "-number": _("Number, descending"),
    "nickname": _("Nickname, A to Z"),
    "-nickname": _("Nickname, Z to A"),
    "renewal": _("Renews soonest"),
    "-renewal": _("Renews last"),
    "price": _("Cheapest first"),
    "-price": _("Dearest first"),
}
CHIPS = {
    "all": _("All"),
    "active": _("Active"),
    "pending": _("Pending"),
    "unrouted": _("Not routed"),
    "expiring": _("Expiring soon"),
    "expired": _("Expired"),
    "sip": _("SIP trunk"),
    "failed": _("Failed"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address bar asks for, cleaned: values nobody offers count as not asked."""

    chip: str = "all"
    q: str = ""
    country: str = ""
    type: str = ""
    provider: str = ""
    agent: str = ""
    sort: str = "newest"
    after: str = ""
    before: str = ""

    def query(self, **changes: str) -> str:
        """The query string with these changes, without what is as usual; a page number goes with a change."""
        moved = replace(self, **{"after": "", "before": ""} | changes)
        pairs = {field.name: getattr(moved, field.name) for field in fields(self)}
        usual = {field.name: field.default for field in fields(self)}
        return urlencode({name: value for name, value in pairs.items() if value != usual[name]})

    @property
    def here(self) -> str:
        """The query string of exactly this page."""
        return self.query(after=self.after, before=self.before)

    @property
    def is_narrowed(self) -> bool:
        return any((self.q, self.country, self.type, self.provider, self.agent))


def read_filters(asked: Mapping[str, str]) -> Filters:
    """Filters from a query string."""
    allowed: dict[str, Callable[[str], object]] = {
        "chip": CHIPS.__contains__,
        "country": re.compile("[A-Z]{2}").fullmatch,
        "type": NumberKind.values.__contains__,
        "provider": CarrierSlug.values.__contains__,
        "agent": ID_PATTERN.match,
        "sort": ORDERS.__contains__,
        "after": ID_PATTERN.match,
        "before": ID_PATTERN.match,
    }
    kept = {name: asked[name] for name, allows in allowed.items() if name in asked and allows(asked[name])}
    return Filters(q=_clean_search(asked.get("q", "")), **kept)


def _clean_search(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("\x00", "").strip()[:SEARCH_LIMIT]


def narrow(numbers: QuerySet[PhoneNumber], filters: Filters) -> QuerySet[PhoneNumber]:
    """Search and filters, without the chip."""
    if filters.q:
        numbers = numbers.filter(_matches(filters.q))
    if filters.country:
        numbers = numbers.filter(country=filters.country)
    if filters.type:
        numbers = numbers.filter(type=filters.type)
    if filters.provider:
        numbers = numbers.filter(carrier=filters.provider)
    if filters.agent:
        ours = Q(inbound_version__agent=filters.agent) | Q(outbound_version__agent=filters.agent)
        numbers = numbers.filter(ours)
    return numbers


def _matches(text: str) -> Q:
    """Any part of nickname or label; any part of the number, however it is spaced; a whole id."""
    names = Q(nickname__icontains=text) | Q(label__icontains=text)
    digits = NOT_DIGITS.sub("", text)
    if digits.isascii() and digits.isdigit():
        national = digits.removeprefix("0") or digits  # a trunk zero, as people write it, is not in E.164
        return names | Q(e164__contains=digits) | Q(e164__contains=national)
    return names | Q(pk=text) if ID_PATTERN.match(text) else names


def chip_conditions(now: datetime) -> dict[str, Q]:
    """What each chip shows; ``all`` shows everything. The rental's own workspace is said for its indexes."""
    rented = Q(rental__workspace=F("workspace"), rental__ended_at=None)
    renting = rented & Q(status="active", rental__rental_status="active")
    return {
        "all": Q(),
        "active": Q(status="active"),
        "pending": Q(status="pending"),
        "unrouted": Q(status="active", inbound_version=None, outbound_version=None),
        "expiring": renting & Q(rental__paid_through__lte=now + SOON),
        "expired": rented & Q(rental__rental_status="expired"),
        "sip": Q(carrier=CarrierSlug.SIP_TRUNK),
        "failed": Q(status="failed"),
    }

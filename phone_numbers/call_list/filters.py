"""What the address bar asks the list of calls for: states, search, filters, days, page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from dialnexa.ids import ID_PATTERN
from telephony.models import Call, Direction

SEARCH_LIMIT = 100
NOT_DIGITS = re.compile(r"[\s+().\-\u2010-\u2015/]")
CHIPS = {
    "all": _("All"),
    "open": _("In progress"),
    "completed": _("Completed"),
    "missed": _("Not reached"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}
STATUSES: dict[str, tuple[str, ...]] = {
    "open": Call.OPEN,
    "completed": ("completed",),
    "missed": ("did_not_pick", "busy", "no_answer"),
    "failed": ("failed",),
    "cancelled": ("cancelled",),
}


@dataclass(frozen=True, slots=True)
class CallFilters:
    """What is asked for, cleaned: values nobody offers count as not asked. Days are ``YYYY-MM-DD``."""

    chip: str = "all"
    q: str = ""
    direction: str = ""
    number: str = ""
    agent: str = ""
    batch: str = ""
    since: str = ""
    until: str = ""
    after: str = ""
    before: str = ""

    def query(self, **changes: str) -> str:
        """The query string with these changes, without what is as usual; the page goes with a change."""
        moved = replace(self, **{"after": "", "before": ""} | changes)
        pairs = {field.name: (getattr(moved, field.name), field.default) for field in fields(self)}
        return urlencode({name: value for name, (value, usual) in pairs.items() if value != usual})

    @property
    def here(self) -> str:
        """The query string of exactly this page."""
        return self.query(after=self.after, before=self.before)

    @property
    def is_narrowed(self) -> bool:
        return any((self.q, self.direction, self.number, self.agent, self.batch, self.since, self.until))


def read_call_filters(asked: Mapping[str, str]) -> CallFilters:
    """Filters from a query string."""
    an_id: Callable[[str], object] = ID_PATTERN.match
    allowed: dict[str, Callable[[str], object]] = {
        "chip": CHIPS.__contains__,
        "direction": Direction.values.__contains__,
        "since": _day,
        "until": _day,
        **dict.fromkeys(("number", "agent", "batch", "after", "before"), an_id),
    }
    kept = {name: asked[name] for name, allows in allowed.items() if name in asked and allows(asked[name])}
    text = unicodedata.normalize("NFKC", asked.get("q", "")).replace("\x00", "").strip()
    return CallFilters(q=text[:SEARCH_LIMIT], **kept)


def narrow_calls(calls: QuerySet[Call], filters: CallFilters) -> QuerySet[Call]:
    """Search and filters, without the chip. Days are those of the current time zone."""
    wanted = {
        "direction": filters.direction,
        "number": filters.number,
        "agent_version__agent": filters.agent,
        "batch": filters.batch,
        "created_at__gte": _midnight(filters.since, 0),
        "created_at__lt": _midnight(filters.until, 1),
    }
    calls = calls.filter(**{name: value for name, value in wanted.items() if value})
    return calls.filter(_matches(filters.q)) if filters.q else calls


def _matches(text: str) -> Q:
    """Any part of either number, however it is spaced; a whole id."""
    if ID_PATTERN.match(text):
        return Q(pk=text) | Q(carrier_call_id=text)
    digits = NOT_DIGITS.sub("", text)
    if digits.isascii() and digits.isdigit():
        national = digits.removeprefix("0") or digits  # a trunk zero is not in E.164
        return Q(from_text__contains=national) | Q(to_text__contains=national)
    return Q(from_text__icontains=text) | Q(to_text__icontains=text) | Q(carrier_call_id=text)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 and 1970 <= int(text[:4]) <= 2999 else None
    except ValueError:
        return None


def _midnight(text: str, days: int) -> datetime | None:
    """The beginning of the day, or of one so many days later."""
    day = _day(text)
    return make_aware(datetime.combine(day + timedelta(days=days), time())) if day else None

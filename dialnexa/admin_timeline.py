"""What object pages show below their fields: what happened, in order, and what hangs together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from dialnexa.admin_looks import exact_money
from dialnexa.admin_site import desk
from dialnexa.audit import entries_about
from dialnexa.ids import ID_PATTERN
from dialnexa.models import AuditEntry, LedgerEntry

TRAILING = re.compile(r"^(-?\d+\.\d\d)0{4}$", re.ASCII)
LIMIT = 200  # events of one kind on one page; the lists have the rest


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a timeline. ``tone`` is ok, waiting, trouble or off; ``bodies`` unfold (label, text).

    Neighbours that are ``like`` each other become one line: the first, with how often and until when, and
    with what was said last.
    """

    at: datetime
    kind: str
    title: str
    url: str
    text: str = ""
    who: str = ""
    tone: str = "off"
    bodies: tuple[tuple[str, str], ...] = ()
    like: str = ""
    times: int = 1
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Events in order, or a table: ``head`` and ``rows`` (cells may be links). ``more`` leads to the list."""

    title: str
    events: Sequence[Event] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    more: str = ""
    empty: str = "Nothing yet."


def timeline(*groups: Iterable[Event]) -> Section:
    """One section with the events of all groups, oldest first; what only repeats itself is folded."""
    events = sorted((event for group in groups for event in group), key=lambda event: event.at)
    return Section("Timeline", events=fold(events), empty="Nothing has happened yet.")


def fold(events: Iterable[Event]) -> list[Event]:
    """The events, each run of neighbours that are like each other as one."""
    folded: list[Event] = []
    for _, run in groupby(enumerate(events), key=lambda pair: pair[1].like or pair[0]):
        same = [event for _, event in run]
        folded.append(_as_one(same) if len(same) > 1 else same[0])
    return folded


def _as_one(same: list[Event]) -> Event:
    last = same[-1]
    first = replace(same[0], url=last.url, text=last.text, bodies=last.bodies)
    return replace(first, times=len(same), last_at=last.at)


def link_to(item: Model | None, text: str = "") -> SafeString | str:
    """A link to the object's page; a dash for nothing."""
    if item is None:
        return "–"
    return format_html('<a href="{}">{}</a>', desk().url_of(item), text or item)


def link_to_id(object_id: str) -> SafeString | str:
    """A link to whatever has this id, told by its prefix; the bare id when no page shows it."""
    model = desk().model_of(object_id) if ID_PATTERN.match(object_id) else None
    if model is None:
        return object_id or "–"
    return link_to(model(pk=object_id), object_id)


def history_events(subject_ids: Iterable[str]) -> list[Event]:
    """The latest audit entries about these objects."""
    latest = entries_about(subject_ids).reverse()[:LIMIT]
    return [history_event(entry) for entry in reversed(latest)]


def ledger_events(subject_ids: Iterable[str]) -> list[Event]:
    """The transfers made for these objects."""
    rows: QuerySet[LedgerEntry] = LedgerEntry.objects.filter(subject_id__in=list(subject_ids))
    return [_ledger_event(entry) for entry in rows.order_by("id")[:LIMIT]]


LEDGER_TONES = {"hold": "waiting", "capture": "ok", "credit": "ok"}


def _ledger_event(entry: LedgerEntry) -> Event:
    return Event(
        at=entry.created_at,
        kind="Money",
        title=f"{entry.get_kind_display()} {exact_money(entry.amount, entry.currency)}",
        url=desk().url_of(entry),
        text=entry.memo,
        who=entry.actor_name,
        tone=LEDGER_TONES.get(entry.kind, "off"),
    )


def history_of(item: Model) -> Section:
    """The history of this one object, newest last, with a link to all of it."""
    ours = {"subject_type": item._meta.model_name, "subject_id": str(item.pk)}
    rows = AuditEntry.objects.filter(**ours).order_by("-id")[:LIMIT]
    more = desk().list_of(AuditEntry, urlencode({f"{name}__exact": value for name, value in ours.items()}))
    return Section("History", [history_event(entry) for entry in reversed(rows)], more=more)


def history_event(entry: AuditEntry) -> Event:
    return Event(
        at=entry.at,
        kind=capfirst(desk().name_of(entry.subject_type)),
        title=": ".join(filter(None, (entry.event.replace("_", " ").capitalize(), change_text(entry)))),
        url=desk().url_of(entry),
        text=entry.reason,
        who=f"{entry.actor_name} ({entry.channel})",
    )


def change_text(entry: AuditEntry) -> str:
    """``placed → buying, carrier plivo``; what was not there before has no arrow."""
    new = [name for name, value in entry.after.items() if name not in entry.before and value is not None]
    names = [*entry.before, *new]
    return ", ".join(_change(name, entry.before, entry.after) for name in names)


def _change(name: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    values = " → ".join(_shown(side[name]) for side in (before, after) if name in side)
    return values if name == "status" else f"{name} {values}"


def _shown(value: Any) -> str:
    """As it is kept; an amount without the noughts that only its column asks for."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else TRAILING.sub(r"\1", str(value))


def short_link_to_id(object_id: str) -> SafeString | str:
    """For lists: the same link with the last signs of the id only, the whole of it on hover."""
    model = desk().model_of(object_id) if ID_PATTERN.match(object_id) else None
    if model is None:
        return object_id or "–"
    text = f"{object_id.partition('_')[0]}_…{object_id[-6:]}"
    url = desk().url_of(model(pk=object_id))
    return format_html('<a href="{}" title="{}">{}</a>', url, object_id, text)

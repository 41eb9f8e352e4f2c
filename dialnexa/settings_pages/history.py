"""The workspace's whole history: everything that happened, who did it, and the same as CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date
from itertools import groupby, islice
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from dialnexa import clock
from dialnexa.access import Right, get_workspace
from dialnexa.cells import csv_lines
from dialnexa.history import VOCABULARY, Line, tell
from dialnexa.http import Request
from dialnexa.models import AuditEntry, Workspace
from dialnexa.paging import cut_page, find_cursor
from dialnexa.settings_pages.history_filters import NEWEST, HistoryFilters, people_of, read_filters
from dialnexa.shell import sign_in_required

PAGE_SIZE = 50
CHUNK = 500  # entries told together while exporting
HEADER = (
    "time_utc",
    "who",
    "channel",
    "what",
    "kind",
    "subject",
    "changes",
    "reason",
    "event",
    "subject_id",
    "request_id",
    "before",
    "after",
)


@require_GET
@vary_on_headers("HX-Request")
@sign_in_required
def show_history(request: Request, slug: str) -> HttpResponse:
    """One page of it, newest first; only the list when htmx asks with other filters."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    filters = read_filters(request.GET)
    context = {"workspace": workspace, "filters": filters, **_page(workspace, filters)}
    if request.htmx:
        return render(request, "settings/_history.html", context)
    context |= {"topics": _topics(), "people": people_of(workspace, filters.who)}
    return render(request, "settings/history.html", context)


def _page(workspace: Workspace, filters: HistoryFilters) -> dict[str, Any]:
    entries = filters.choose(workspace)
    cursor = find_cursor(entries, NEWEST, after=filters.after, before=filters.before)
    page = cut_page(entries, NEWEST, cursor, size=PAGE_SIZE)
    here, rows = reverse("settings:history", args=[workspace.slug]), page.rows
    start = f"{here}?{filters.query}&" if filters.query else f"{here}?"
    return {
        "days": [(day, list(lines)) for day, lines in groupby(tell(rows, workspace.slug), key=_day_of)],
        "earlier_url": f"{start}before={rows[0].pk}" if rows and page.has_earlier else "",
        "later_url": f"{start}after={rows[-1].pk}" if rows and page.has_later else "",
        "history_url": here,
        "today": timezone.localtime(clock.now()).date(),
    }


def _day_of(line: Line) -> date:
    return timezone.localtime(line.entry.at).date()


def _topics() -> list[tuple[str, str]]:
    return sorted(
        ((name, gettext(topic.title)) for name, topic in VOCABULARY.topics.items()),
        key=lambda x: x[1].lower(),
    )


@require_GET
@sign_in_required
def export_history(request: Request, slug: str) -> HttpResponseBase:
    """Everything the filters let through, as CSV."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    entries = read_filters(request.GET).choose(workspace).order_by(*NEWEST.names())
    lines = csv_lines(HEADER, _told(entries, workspace))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"history-{workspace.slug}-{clock.now():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _told(entries: QuerySet[AuditEntry], workspace: Workspace) -> Iterator[list[str]]:
    """The cells of each, in English as all exported files."""
    rows = entries.iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        with override("en"):
            told = [_cells(line) for line in tell(chunk, workspace.slug)]
        yield from told


def _cells(line: Line) -> list[str]:
    entry = line.entry
    return [
        entry.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        entry.actor_name,
        entry.channel,
        line.sentence,
        line.word,
        line.label,
        "; ".join(map(str, line.changes)),
        entry.reason,
        entry.event,
        entry.subject_id,
        entry.request_id,
        _plain(entry.before),
        _plain(entry.after),
    ]


def _plain(side: dict[str, Any]) -> str:
    return json.dumps(side, ensure_ascii=False, sort_keys=True) if side else ""

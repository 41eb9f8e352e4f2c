"""What the signed-in member was told: the list, the bell in the frame, and reading."""

from __future__ import annotations

import re
from datetime import date
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from dialnexa import clock
from dialnexa.access import get_workspace
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN
from dialnexa.models import Notice
from dialnexa.notices import mark, mark_all_read, notices_of
from dialnexa.paging import Order, cut_page, find_cursor
from dialnexa.shell import read_bell, sign_in_required

PAGE_SIZE = 30
NEWEST = Order("created_at", descending=True)


@require_GET
@sign_in_required
def list_notices(request: Request, slug: str) -> HttpResponse:
    """One page of one's own, newest first."""
    workspace = get_workspace(request, slug)
    mine, url = notices_of(request.membership), reverse("notices:list", args=[slug])
    page = cut_page(mine, NEWEST, find_cursor(mine, NEWEST, **_cursor(request)), size=PAGE_SIZE)
    rows = page.rows
    context = {
        "workspace": workspace,
        "days": [(day, list(notices)) for day, notices in groupby(rows, key=_day_of)],
        "earlier_url": f"{url}?before={rows[0].pk}" if rows and page.has_earlier else "",
        "later_url": f"{url}?after={rows[-1].pk}" if rows and page.has_later else "",
        "today": timezone.localtime(clock.now()).date(),
    }
    return render(request, "notices/list.html", context)


@require_GET
@sign_in_required
def show_bell(request: Request, slug: str) -> HttpResponse:
    """The bell alone, for a page that stays open. ``had``: how many it showed; more are announced."""
    get_workspace(request, slug)
    bell, had = read_bell(request.membership), request.GET.get("had", "")
    news = bell.unread - int(had) if re.fullmatch("[0-9]{1,4}", had) else 0
    return render(request, "notices/_bells.html", {"bell": bell, "news": news})


@require_POST
@sign_in_required
def read_all(request: Request, slug: str) -> HttpResponse:
    """Mark everything one was told here as read."""
    get_workspace(request, slug)
    count = mark_all_read(request.membership, now=clock.now())
    said = ngettext("%(n)s notice marked as read.", "%(n)s notices marked as read.", count)
    messages.success(request, said % {"n": count})
    return redirect("notices:list", slug)


@require_POST
@sign_in_required
def open_notice(request: Request, slug: str, notice_id: str) -> HttpResponse:
    """Go to what a notice is about; that reads it."""
    notice = get_notice(request, slug, notice_id)
    mark(notice, request.membership, read=True, now=clock.now())
    return redirect(notice.page or reverse("notices:list", args=[slug]))


@require_POST
@vary_on_headers("HX-Request")
@sign_in_required
def mark_notice(request: Request, slug: str, notice_id: str) -> HttpResponse:
    """Mark a notice as read, or (``unread``) as not read."""
    notice = get_notice(request, slug, notice_id)
    mark(notice, request.membership, read="unread" not in request.POST, now=clock.now())
    if not request.htmx:
        return redirect("notices:list", slug)
    context: dict[str, Any] = {
        "workspace": request.workspace,
        "notice": get_notice(request, slug, notice_id),
        "bell": read_bell(request.membership),
    }
    return render(request, "notices/_marked.html", context)


def get_notice(request: Request, slug: str, notice_id: str) -> Notice:
    """One's own only; another's is 404, as one that does not exist."""
    get_workspace(request, slug)
    if not ID_PATTERN.fullmatch(notice_id):
        raise Http404
    return get_object_or_404(notices_of(request.membership), pk=notice_id)


def _cursor(request: Request) -> dict[str, str]:
    asked = {name: request.GET.get(name, "") for name in ("after", "before")}
    return {name: value for name, value in asked.items() if ID_PATTERN.fullmatch(value)}


def _day_of(notice: Notice) -> date:
    return timezone.localtime(notice.created_at).date()

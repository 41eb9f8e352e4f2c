"""The Phone Numbers table: the page, its rows, the export."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.http import Request
from dialnexa.models import Workspace
from dialnexa.responses import announce, done
from dialnexa.shell import sign_in_required
from dialnexa.translations.retelling import retell
from phone_numbers.buying.dismissing import dismiss_number
from phone_numbers.number_table.exporting import export_lines
from phone_numbers.number_table.filters import read_filters
from phone_numbers.number_table.rows import Row, read_row
from phone_numbers.number_table.table import NumberTable
from phone_numbers.routes.bulk_planning import LIMIT
from phone_numbers.routes.bulk_routing import recent_bulks
from phone_numbers.views.number import get_number
from telephony.e164 import format_international


@require_GET
@vary_on_headers("HX-Request")
@sign_in_required
def list_numbers(request: Request, slug: str) -> HttpResponse:
    """The page, or only the table when htmx asks; the address bar then says what is shown."""
    workspace = get_workspace(request, slug)
    context = _table_context(request, workspace)
    if not request.htmx:
        return render(request, "numbers/list.html", context)
    # the table asks by itself when numbers have changed; then the filters and the wallet have, too
    context["is_changed"] = request.htmx.trigger == "numbers"
    response = render(request, "numbers/_table.html", context)
    return _show_address(request, response, context["table"].filters.here)


def _table_context(request: Request, workspace: Workspace) -> dict[str, Any]:
    now = clock.now()
    table = NumberTable(workspace, read_filters(request.GET), now)
    return {
        "workspace": workspace,
        "table": table,
        "filters": table.filters,
        "rows": (read_row(number, now) for number in table.page.rows),
        "now": now,
        "may_manage": has_right(request, Right.MANAGE),
        "may_operate": has_right(request, Right.OPERATE),
        "bulk_limit": LIMIT,
        "last_bulk": lambda: recent_bulks(workspace, now=now).filter(undone_at=None).first(),
        "list_url": reverse("numbers:list", args=[workspace.slug]),
    }


def _show_address(request: Request, response: HttpResponse, query: str) -> HttpResponse:
    here = f"{request.path}?{query}" if query else request.path
    shown = request.htmx.current_url_abs_path
    return response if shown == here else push_url(response, here)


@require_GET
@sign_in_required
def export_numbers(request: Request, slug: str) -> HttpResponseBase:
    """Everything the filters let through, as CSV."""
    workspace = get_workspace(request, slug)
    now = clock.now()
    table = NumberTable(workspace, read_filters(request.GET), now)
    response = StreamingHttpResponse(export_lines(table, now), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="numbers-{workspace.slug}-{now:%Y-%m-%d}.csv"'
    return response


@require_GET
@sign_in_required
def show_row(request: Request, slug: str, number_id: str) -> HttpResponse:
    """A row looks at itself while its order is open; when that ends, chips and wallet card come along."""
    workspace = get_workspace(request, slug)
    number = get_number(workspace, number_id)
    if not request.htmx:
        return redirect("numbers:number", slug, number.id)
    context = _table_context(request, workspace)
    row = read_row(number, context["now"])
    if row.is_open:
        return render(request, "numbers/_row.html", context | {"row": row})
    response = render(request, "numbers/_row_done.html", context | {"row": row, "is_fresh": True})
    return announce(response, _outcome(row), tone=row.tone)


def _outcome(row: Row) -> str:
    number = format_international(row.number.e164)
    active = _("%(number)s is active.") % {"number": number}
    return f"{number}: {retell(row.reason)}" if row.is_failed else active


@require_POST
@sign_in_required
def dismiss(request: Request, slug: str, number_id: str) -> HttpResponse:
    """Put a failed row away."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    number = get_number(workspace, number_id)
    dismiss_number(number, by=browser_actor(request), now=clock.now())
    sentence = _("%(number)s was put away.") % {"number": format_international(number.e164)}
    if request.htmx:
        return done(sentence, "numbers-changed")
    messages.success(request, sentence)
    return redirect("numbers:list", slug)

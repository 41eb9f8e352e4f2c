"""The Phone Numbers table, its rows, and the number page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.models import Workspace
from dialnexa.responses import announce, done
from dialnexa.shell import sign_in_required
from phone_numbers.dismissing import dismiss_number
from phone_numbers.exporting import export_lines
from phone_numbers.filters import read_filters
from phone_numbers.history import tell
from phone_numbers.models import NumberOrder, PhoneNumber
from phone_numbers.naming import rename_number
from phone_numbers.rows import Row, read_row
from phone_numbers.table import NumberTable, row_of
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
    number = _get_number(workspace, number_id)
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
    return f"{number}: {row.reason}" if row.is_failed else f"{number} is active."


@require_GET
@sign_in_required
def show_number(request: Request, slug: str, number_id: str) -> HttpResponse:
    """Everything about one number."""
    workspace = get_workspace(request, slug)
    number = _get_number(workspace, number_id)
    return render(request, "numbers/number.html", _number_context(request, workspace, number))


def _number_context(request: Request, workspace: Workspace, number: PhoneNumber) -> dict[str, Any]:
    now = clock.now()
    row = read_row(number, now)
    about = [number.pk, *(thing.pk for thing in (row.order, row.rental) if thing)]
    return {
        "workspace": workspace,
        "number": number,
        "row": row,
        "charges": row.rental.charges.all()[:12] if row.rental else [],
        "events": tell(entries_about(about)),
        "names": {"nickname": number.nickname, "label": number.label},
        "may_manage": has_right(request, Right.MANAGE),
        "now": now,
    }


@require_GET
@sign_in_required
def show_order(request: Request, slug: str, order_id: str) -> HttpResponse:
    """Lead from an order to its number."""
    workspace = get_workspace(request, slug)
    order = get_object_or_404(NumberOrder, pk=_plain(order_id), workspace=workspace)
    return redirect("numbers:number", slug, order.number_id)


@require_POST
@sign_in_required
def rename(request: Request, slug: str, number_id: str) -> HttpResponse:
    """Give the number a nickname and a label."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    number = _get_number(workspace, number_id)
    names = {name: request.POST.get(name, "") for name in ("nickname", "label")}
    try:
        rename_number(number, **names, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        context = _number_context(request, workspace, number)
        return render(
            request, "numbers/number.html", context | {"names": names, "refusal": refusal}, status=422
        )
    messages.success(request, "Saved.")
    return redirect("numbers:number", slug, number.id)


@require_POST
@sign_in_required
def dismiss(request: Request, slug: str, number_id: str) -> HttpResponse:
    """Put a failed row away."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    number = _get_number(workspace, number_id)
    dismiss_number(number, by=browser_actor(request), now=clock.now())
    sentence = f"{format_international(number.e164)} was put away."
    if request.htmx:
        return done(sentence, "numbers-changed")
    messages.success(request, sentence)
    return redirect("numbers:list", slug)


def _get_number(workspace: Workspace, number_id: str) -> PhoneNumber:
    number = row_of(workspace, _plain(number_id))
    if number is None:
        raise Http404
    return number


def _plain(text: str) -> str:
    """PostgreSQL takes no NUL; what holds one names nothing."""
    if "\x00" in text:
        raise Http404
    return text

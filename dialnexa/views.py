"""Pages that belong to no one app."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from dialnexa import clock
from dialnexa.access import Right, get_workspace
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN
from dialnexa.isolation.scope import everywhere
from dialnexa.models import Membership
from dialnexa.months import months_between, read_month
from dialnexa.purse import read_purse
from dialnexa.shell import LAST_WORKSPACE, sign_in_required
from dialnexa.statement import export_statement, first_entry_at, read_statement, read_totals


@require_GET
@sign_in_required
def home(request: Request) -> HttpResponse:
    """Lead to the workspace last looked at, or the first."""
    mine = Membership.objects.filter(user_id=request.user.pk).order_by("workspace__name")
    with everywhere("It leads to one of all workspaces of a person."):
        slugs = list(mine.values_list("workspace__slug", flat=True))
    if not slugs:
        return render(request, "no_workspace.html")
    last = request.session.get(LAST_WORKSPACE)
    return redirect("numbers:list", last if last in slugs else slugs[0])


@require_GET
@sign_in_required
def open_workspace(request: Request, slug: str) -> HttpResponse:
    """A workspace's address alone leads to its numbers."""
    return redirect("numbers:list", get_workspace(request, slug, Right.SEE).slug)


@require_GET
@sign_in_required
def show_wallet(request: Request, slug: str) -> HttpResponse:
    """Balance and transactions, for the owner; of one month, if the address names one."""
    workspace = get_workspace(request, slug, Right.OWN)
    month, now = read_month(request.GET.get("month", "")), clock.now()
    lines, page = read_statement(workspace, month=month, **_cursor(request))
    url, chosen = reverse("wallet", args=[slug]), {"month": month.key} if month else {}
    rows = page.rows
    earlier = {**chosen, "before": rows[0].pk} if rows and page.has_earlier else {}
    later = {**chosen, "after": rows[-1].pk} if rows and page.has_later else {}
    context = {
        "workspace": workspace,
        "purse": read_purse(request.membership),
        "lines": lines,
        "month": month,
        "months": months_between(first_entry_at(workspace) or now, now, workspace.time_zone),
        "totals": read_totals(workspace, month) if month else None,
        "export_url": f"{reverse('wallet_export', args=[slug])}?{urlencode(chosen)}",
        "earlier_url": f"{url}?{urlencode(earlier)}" if earlier else "",
        "later_url": f"{url}?{urlencode(later)}" if later else "",
        "now": now,
    }
    return render(request, "wallet.html", context)


@require_GET
@sign_in_required
def export_wallet(request: Request, slug: str) -> HttpResponseBase:
    """The transactions as CSV, all or of one month."""
    workspace = get_workspace(request, slug, Right.OWN)
    month = read_month(request.GET.get("month", ""))
    response = StreamingHttpResponse(
        export_statement(workspace, month), content_type="text/csv; charset=utf-8"
    )
    until = month.key if month else f"{clock.now():%Y-%m-%d}"
    response["Content-Disposition"] = f'attachment; filename="wallet-{workspace.slug}-{until}.csv"'
    return response


def _cursor(request: Request) -> dict[str, str]:
    asked = {name: request.GET.get(name, "") for name in ("after", "before")}
    return {name: value for name, value in asked.items() if ID_PATTERN.match(value)}

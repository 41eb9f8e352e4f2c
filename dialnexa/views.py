"""Pages that belong to no one app."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from dialnexa import clock
from dialnexa.access import Right, get_workspace
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN
from dialnexa.models import Membership
from dialnexa.shell import LAST_WORKSPACE, read_purse, sign_in_required
from dialnexa.statement import read_statement


@require_GET
@sign_in_required
def home(request: Request) -> HttpResponse:
    """Lead to the workspace last looked at, or the first."""
    mine = Membership.objects.filter(user_id=request.user.pk).order_by("workspace__name")
    slugs = list(mine.values_list("workspace__slug", flat=True))
    if not slugs:
        return render(request, "no_workspace.html")
    last = request.session.get(LAST_WORKSPACE)
    return redirect("numbers:list", last if last in slugs else slugs[0])


@require_GET
@sign_in_required
def show_wallet(request: Request, slug: str) -> HttpResponse:
    """Balance and transactions, for the owner."""
    workspace = get_workspace(request, slug, Right.OWN)
    lines, page = read_statement(workspace, **_cursor(request))
    url = reverse("wallet", args=[slug])
    rows = page.rows
    context = {
        "workspace": workspace,
        "purse": read_purse(request.membership),
        "lines": lines,
        "earlier_url": f"{url}?before={rows[0].pk}" if rows and page.has_earlier else "",
        "later_url": f"{url}?after={rows[-1].pk}" if rows and page.has_later else "",
        "now": clock.now(),
    }
    return render(request, "wallet.html", context)


def _cursor(request: Request) -> dict[str, str]:
    asked = {name: request.GET.get(name, "") for name in ("after", "before")}
    return {name: value for name, value in asked.items() if ID_PATTERN.match(value)}

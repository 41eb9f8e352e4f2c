"""What the pages of the settings share: the first of them, forms in the dialog, where to go afterwards."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRedirect

from dialnexa.access import Right, get_workspace, has_right
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.shell import sign_in_required


@require_GET
@sign_in_required
def show_first(request: Request, slug: str) -> HttpResponse:
    """Lead to the first page this role may see."""
    get_workspace(request, slug)
    return redirect("settings:keys" if has_right(request, Right.MANAGE) else "settings:members", slug)


def dialog(
    request: Request, name: str, title: str, context: dict[str, Any], refusal: Refusal | None = None
) -> HttpResponse:
    """The form ``settings/_<name>.html``: in the dialog, or with ``title`` as a page of its own.

    A form that comes back with a refusal has its status; htmx takes 422 for all of them.
    """
    context |= {"refusal": refusal, "fragment": f"settings/_{name}.html", "title": title}
    status = (422 if request.htmx else refusal.status) if refusal else 200
    template = context["fragment"] if request.htmx else "settings/dialog.html"
    return render(request, template, context, status=status)


def lead_to(request: Request, url_name: str, slug: str, sentence: str, tone: str = "ok") -> HttpResponse:
    """To one of the settings' pages, which says ``sentence`` in a toast."""
    (messages.success if tone == "ok" else messages.warning)(request, sentence)
    return go(request, reverse(url_name, args=[slug]))


def go(request: Request, url: str) -> HttpResponse:
    """Load this address as a whole page."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)

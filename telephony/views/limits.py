"""Limits: how much may be called, spent and bought, how much is, asking for more, stopping all calls."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.mfa.leading import recent_sign_in_required
from dialnexa.models import Workspace
from dialnexa.money import read_money
from dialnexa.shell import sign_in_required
from telephony.call_stops import allow_calls, stop_calls, stop_of, stopped_words
from telephony.limits import requests
from telephony.limits.overrides import confirm_calls
from telephony.limits.rows import key_rows, limit_rows
from telephony.limits.table import LIMITS, Limit
from telephony.models import LimitOverride, OpenedPrefix


@require_GET
@sign_in_required
def show_limits(request: Request, slug: str) -> HttpResponse:
    """Every limit and how much of it is used, for everybody; what to do about it, for those who may."""
    workspace = get_workspace(request, slug)
    return render(request, "limits/limits.html", _context(request, workspace))


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def ask_for_more(request: Request, slug: str, name: str) -> HttpResponse:
    """A form, in the dialog or as a page; what it asks is a task for support."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    if not (limit := LIMITS.get(name)):
        raise Http404
    asked = {"value": request.POST.get("value", ""), "why": request.POST.get("why", "")}
    if request.method == "GET":
        return _form(request, workspace, limit, asked)
    try:
        value = _read_value(limit, asked["value"], workspace)
        requests.ask_for_more(
            workspace, limit, value, asked["why"], by=browser_actor(request), now=clock.now()
        )
    except Refusal as refusal:
        return _form(request, workspace, limit, asked, refusal)
    messages.success(request, _("Support has your request, and you are told the answer."))
    return _go(request, slug)


@require_POST
@sign_in_required
def stop(request: Request, slug: str) -> HttpResponse:
    """The kill switch: no call goes out from now on."""
    workspace = get_workspace(request, slug, Right.OWN)
    return _say(request, workspace, stop_calls, _("No call goes out any more. Calls in the air go on."))


@require_POST
@sign_in_required
@recent_sign_in_required
def allow(request: Request, slug: str) -> HttpResponse:
    workspace = get_workspace(request, slug, Right.OWN)
    return _say(request, workspace, allow_calls, _("Calls go out again. Resume batches that were paused."))


@require_POST
@sign_in_required
@recent_sign_in_required
def confirm(request: Request, slug: str) -> HttpResponse:
    """These calls are meant: they are no longer slowed down."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    return _say(request, workspace, confirm_calls, _("Thank you. Calls go out at their usual pace again."))


def _say(request: Request, workspace: Workspace, verb: Any, done: str) -> HttpResponse:
    """Do it for the reason that was sent; the page comes back with what is wrong."""
    try:
        verb(workspace, reason=request.POST.get("reason", ""), by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        context = _context(request, workspace) | {"refusal": refusal}
        return render(request, "limits/limits.html", context, status=refusal.status)
    messages.success(request, done)
    return redirect("limits:limits", workspace.slug)


def _context(request: Request, workspace: Workspace) -> dict[str, Any]:
    now = clock.now()
    stop = stop_of(workspace)
    opened = OpenedPrefix.objects.filter(workspace=workspace, ended_at=None, until__gt=now)
    alarm = LimitOverride.objects.filter(workspace=workspace, is_alarm=True, ended_at=None).first()
    return {
        "workspace": workspace,
        "rows": limit_rows(workspace, now=now),
        "key_rows": key_rows(workspace, now=now),
        "opened": opened.order_by("digits"),
        "stop": stop,
        "stopped": stop and stopped_words(stop),
        "alarm": alarm,
        "may_ask": has_right(request, Right.MANAGE),
        "may_stop": has_right(request, Right.OWN),
        "may_lift": has_right(request, Right.OWN) and stop and stop.workspace_id and not stop.by_staff,
    }


def _form(
    request: Request,
    workspace: Workspace,
    limit: Limit,
    asked: dict[str, str],
    refusal: Refusal | None = None,
) -> HttpResponse:
    rows = limit_rows(workspace, now=clock.now())
    row = next(row for row in rows if row.allowance.limit is limit)
    context = {"workspace": workspace, "row": row, "asked": asked, "refusal": refusal}
    status = (422 if request.htmx else refusal.status) if refusal else 200
    name = "limits/_more.html" if request.htmx else "limits/more.html"
    return render(request, name, context, status=status)


def _read_value(limit: Limit, text: str, workspace: Workspace) -> Decimal:
    if limit.is_money:
        return read_money(text, workspace.currency)
    plain = text.replace(",", "").strip()
    if not re.fullmatch(r"\d{1,20}", plain, re.ASCII):  # Decimal would read words, too: sNaN, Infinity
        raise Refusal("limit_value_invalid", _("Enter a whole number."), field="value")
    return Decimal(plain)


def _go(request: Request, slug: str) -> HttpResponse:
    url = reverse("limits:limits", args=[slug])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)

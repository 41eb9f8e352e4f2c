"""The demo's clock: its buttons, and what happened while time passed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dialnexa import clock
from dialnexa.access import Right, get_workspace, has_right
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.models import Workspace
from dialnexa.shell import sign_in_required
from phone_numbers.demo.clock import ask, asked_until, next_renewal
from phone_numbers.demo.story import Happening, read_story

SPANS = {"1": gettext_lazy("+1 day"), "7": gettext_lazy("+7 days"), "40": gettext_lazy("+40 days")}
NEXT = "next"
MOVED = "demo_clock_moved"  # in the session: when it was moved last


@require_http_methods(["GET", "POST"])
@sign_in_required
def move_clock(request: Request, slug: str) -> HttpResponse:
    """Look at it; or, by POST, let time pass: ``span`` is 1, 7 or 40 days, or ``next`` for the next renewal.

    ``since`` (ISO 8601): what happened after that is told.
    """
    if request.method == "GET":
        return _show(request, get_workspace(request, slug))
    workspace = get_workspace(request, slug, Right.MANAGE)
    _refuse_absent()
    since = clock.now()
    try:
        ask(_until(request.POST.get("span", ""), workspace, since))
    except Refusal as refusal:
        return _show(request, workspace, refusal)
    request.session[MOVED] = since.isoformat()  # whoever comes back by the menu finds the story again
    return redirect(f"{reverse('demo_clock', args=[slug])}?{urlencode({'since': since.isoformat()})}")


def _show(request: Request, workspace: Workspace, refusal: Refusal | None = None) -> HttpResponse:
    _refuse_absent()
    now, since = clock.now(), _read(request.GET.get("since") or request.session.get(MOVED, ""))
    story = read_story(workspace, since, now) if since else []
    context = {
        "workspace": workspace,
        "now": now,
        "since": since,
        "until": asked_until(),
        "days": [(day, list(happenings)) for day, happenings in groupby(story, key=_day_of)],
        "spans": SPANS,
        "may_move": has_right(request, Right.MANAGE),
        "refusal": refusal,
        "here": request.get_full_path(),
    }
    return render(request, "demo/clock.html", context, status=422 if refusal else 200)


def _until(span: str, workspace: Workspace, now: datetime) -> datetime:
    if span == NEXT:
        return next_renewal(workspace)
    if span not in SPANS:
        raise Refusal("span_unknown", _("Choose one of the buttons."))
    return now + timedelta(days=int(span))


def _read(text: str) -> datetime | None:
    """A moment from an address; None for what is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _refuse_absent() -> None:
    if not settings.MOVABLE_CLOCK:
        raise Http404


def _day_of(happening: Happening) -> date:
    return localtime(happening.at).date()

"""Rent of one number: paying it, and whether it renews by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from dialnexa import clock, wallet
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.models import Workspace
from dialnexa.shell import sign_in_required
from phone_numbers.models import PhoneNumber, Rental
from phone_numbers.rent_pages.card import month_choices, read_rent
from phone_numbers.renting.choices import set_auto_renew
from phone_numbers.renting.paying import pay_rent
from phone_numbers.views.number import get_number
from telephony.e164 import format_international

PANEL = "rental-panel"
LONGEST = 4  # digits of a number of months that is worth reading


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def renew(request: Request, slug: str, number_id: str) -> HttpResponse:
    """GET: how many months could be paid now, and for how much. POST: pay them."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    number = get_number(workspace, number_id)
    rental = get_rental(number)
    if request.method == "GET":
        return _dialog(request, workspace, number, rental)
    months, paid_through = _asked(request)
    try:
        paid = pay_rent(
            number, months=months, paid_through=paid_through, by=browser_actor(request), now=clock.now()
        )
    except Refusal as refusal:
        return _dialog(request, workspace, number, get_rental(get_number(workspace, number_id)), refusal)
    said = _("%(number)s is paid until %(day)s.")
    if rental.rental_status == Rental.Status.EXPIRED:
        said = _("%(number)s is paid until %(day)s. It works again.")
    messages.success(request, said % {"number": format_international(number.e164), "day": _day(paid)})
    return _to_number(request, number)


def _day(rental: Rental) -> str:
    return date_format(rental.paid_through.astimezone(ZoneInfo(rental.time_zone)), "j F Y")


def _asked(request: Request) -> tuple[int, datetime]:
    """Months, and until when it was paid when the form was shown. Raises Http404 for what no form sends."""
    try:
        paid_through = parse_datetime(request.POST.get("paid_through", ""))
    except ValueError:
        paid_through = None
    if paid_through is None or paid_through.tzinfo is None:
        raise Http404
    return _months(request), paid_through


def _months(request: Request) -> int:
    """What was chosen; 0 for what is no number."""
    months = request.POST.get("months", "")
    return int(months) if months.isascii() and months.isdigit() and len(months) <= LONGEST else 0


def _dialog(
    request: Request,
    workspace: Workspace,
    number: PhoneNumber,
    rental: Rental,
    refusal: Refusal | None = None,
) -> HttpResponse:
    """The choices, in the dialog or on a page of their own; where nothing can be paid, why not."""
    now = clock.now()
    context: dict[str, Any] = {
        "workspace": workspace,
        "number": number,
        "rental": rental,
        "rent": read_rent(rental, now=now),
        "balance": wallet.balance(workspace),
        "chosen": _months(request),
        "may_see_wallet": has_right(request, Right.OWN),
        "refusal": refusal,
    }
    try:
        context["choices"] = month_choices(rental, now=now)
    except Refusal as closed:
        context["closed"] = closed
    status = (422 if request.htmx else refusal.status) if refusal else 200
    template = "numbers/_renew.html" if request.htmx else "numbers/renew.html"
    return render(request, template, context, status=status)


@require_POST
@sign_in_required
def switch_auto_renew(request: Request, slug: str, number_id: str) -> HttpResponse:
    """Let the rent renew by itself (1) or not (0)."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    number = get_number(workspace, number_id)
    on = request.POST.get("auto_renew") == "1"
    try:
        set_auto_renew(number, on=on, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
        return _to_number(request, number)
    said = _("%(number)s renews by itself.") if on else _("%(number)s does not renew by itself any more.")
    messages.success(request, said % {"number": format_international(number.e164)})
    return _to_number(request, number)


def get_rental(number: PhoneNumber) -> Rental:
    """What a number costs; numbers of one's own carrier, and those still being bought, have none: 404."""
    rental: Rental | None = getattr(number, "rental", None)
    if rental is None:
        raise Http404
    return rental


def _to_number(request: Request, number: PhoneNumber) -> HttpResponse:
    """Without its fragment for htmx: the browser would stay on the page as it is."""
    url = reverse("numbers:number", args=[number.workspace.slug, number.pk])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(f"{url}#{PANEL}")

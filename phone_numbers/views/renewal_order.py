"""The page on which a workspace says which numbers renew first when money is short."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.models import Workspace
from dialnexa.responses import announce
from dialnexa.shell import sign_in_required
from phone_numbers.models import Rental
from phone_numbers.rent_pages.renewal_order import DOWN, UP, moved, placed, ranked_ids
from phone_numbers.renting.choices import rank_numbers, ranked
from telephony.e164 import format_international

SHOWN = 200
LONGEST = 4  # digits of a position


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def rank(request: Request, slug: str) -> HttpResponse:
    """GET: the order. POST: ``up`` or ``down`` (a number), ``forget``, or the positions that were typed."""
    if request.method == "GET":
        return _page(request, get_workspace(request, slug))
    workspace = get_workspace(request, slug, Right.MANAGE)
    rentals = list(ranked(workspace))
    try:
        wanted = _wanted(request, rentals)
        rank_numbers(workspace, wanted, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return _page(request, workspace, refusal)
    sentence = _sentence(request, list(ranked(workspace)))
    if request.htmx:
        return announce(_page(request, workspace), sentence)
    messages.success(request, sentence)
    return redirect("numbers:renewal-order", slug)


def _wanted(request: Request, rentals: Sequence[Rental]) -> list[str]:
    asked = request.POST
    for name, step in (("up", UP), ("down", DOWN)):
        if name in asked:
            return moved(rentals, asked[name], step)
    if "forget" in asked:
        return []
    shown = [rental.number_id for rental in rentals[:SHOWN]]
    typed = {pk: asked[f"at-{pk}"].strip() for pk in shown if f"at-{pk}" in asked}
    return placed(rentals, {pk: _position(text) for pk, text in typed.items()})


def _position(text: str) -> int | None:
    """Raises Refusal 400 ``position_wrong``."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST and int(text)):
        raise Refusal("position_wrong", _("A position is a whole number from 1 on, or nothing."))
    return int(text)


def _sentence(request: Request, rentals: Sequence[Rental]) -> str:
    """What is so now; of a number that was moved, where it is."""
    number_id = request.POST.get("up") or request.POST.get("down")
    for place, rental in enumerate(rentals, 1):
        if rental.number_id == number_id:
            said = _("%(number)s renews at place %(place)s.")
            return said % {"number": format_international(rental.number.e164), "place": place}
    return _("Saved.") if ranked_ids(rentals) else _("The longest rented number renews first.")


def _page(request: Request, workspace: Workspace, refusal: Refusal | None = None) -> HttpResponse:
    rentals = list(ranked(workspace)[: SHOWN + 1])
    context = {
        "workspace": workspace,
        "rentals": rentals[:SHOWN],
        "more": max(0, ranked(workspace).count() - SHOWN) if len(rentals) > SHOWN else 0,
        "is_ranked": bool(rentals) and rentals[0].renewal_rank is not None,
        "may_manage": has_right(request, Right.MANAGE),
        "may_see_wallet": has_right(request, Right.OWN),
        "grace_days": settings.RENT_GRACE_DAYS,
        "hold_days": settings.RENT_HOLD_DAYS,
        "now": clock.now(),
        "refusal": refusal,
    }
    template = "numbers/_renewal_order.html" if request.htmx else "numbers/renewal_order.html"
    status = (422 if request.htmx else refusal.status) if refusal else 200
    return render(request, template, context, status=status)

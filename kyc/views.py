"""KYC: where the workspace is verified, and what to do where it is not."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.countries import country_name
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.models import Workspace
from dialnexa.shell import sign_in_required
from kyc import reviews
from kyc.page import read_cards
from kyc.requirements import countries_with_papers


@require_GET
@sign_in_required
def list_cases(request: Request, slug: str) -> HttpResponse:
    """Every country that asks for papers, or with ``?country=GB`` that one."""
    workspace = get_workspace(request, slug)
    return render(request, "kyc/cases.html", _context(request, workspace))


def _context(request: Request, workspace: Workspace) -> dict[str, Any]:
    cards = read_cards(workspace, now=clock.now())
    asked = request.GET.get("country", "").upper()[:2]
    known = asked if asked != country_name(asked) else ""
    return {
        "workspace": workspace,
        "cards": [card for card in cards if card.country == known] if known else cards,
        "asked": {"iso": known, "name": country_name(known)} if known else None,
        "may_manage": has_right(request, Right.MANAGE),
        "page_url": reverse("kyc:cases", args=[workspace.slug]),
    }


@require_POST
@sign_in_required
def submit_case(request: Request, slug: str, country: str) -> HttpResponse:
    """Hand the country's papers in for review."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    if country not in countries_with_papers():
        raise Http404
    try:
        reviews.submit(reviews.open_case(workspace, country), by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, f"The papers for {country_name(country)} are in review.")
    return redirect(f"{reverse('kyc:cases', args=[slug])}#{country}")

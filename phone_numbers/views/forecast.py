"""The forecast of the wallet: a page of its own, and a part of the Wallet page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from dialnexa import clock
from dialnexa.access import Right, get_workspace
from dialnexa.http import Request
from dialnexa.shell import sign_in_required
from phone_numbers.rent_pages.forecast_picture import days_that_matter, draw
from phone_numbers.rent_pages.forecast_words import say
from phone_numbers.renting.forecast import DAYS, forecast
from phone_numbers.renting.outlook import CALL_DAYS

SHOWN = 100


@require_GET
@vary_on_headers("HX-Request")
@sign_in_required
def show_forecast(request: Request, slug: str) -> HttpResponse:
    """What rent will do to the wallet; with ``?calls=0`` as if nobody called."""
    workspace, now = get_workspace(request, slug, Right.OWN), clock.now()
    calls = request.GET.get("calls") != "0"
    seen = forecast(workspace, now=now, calls=calls)
    context = {
        "workspace": workspace,
        "forecast": seen,
        "calls": calls,
        "call_days": CALL_DAYS,
        "horizon": DAYS,
        "says": say(seen, workspace.time_zone, now=now),
        "picture": draw(seen, time_zone=workspace.time_zone),
        "days": days_that_matter(seen),
        "risks": seen.risks[:SHOWN],
        "more_risks": len(seen.risks[SHOWN:]),
        "now": now,
    }
    return render(request, "forecast/_forecast.html" if request.htmx else "forecast/page.html", context)

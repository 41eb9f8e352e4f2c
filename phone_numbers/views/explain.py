"""“Can this number call…?”: a question in the address, answered step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import replace_url

from dialnexa import clock
from dialnexa.access import Right, get_workspace, has_right
from dialnexa.http import Request
from dialnexa.models import Workspace
from dialnexa.shell import sign_in_required
from phone_numbers.routes.explaining import Explanation
from phone_numbers.routes.fix_links import step_link
from phone_numbers.routes.questions import answer, offered_numbers, read_question
from telephony.config import offered_carriers
from telephony.models import CarrierSlug

TITLES = {
    "number": _("The number that is called"),
    "kyc": _("KYC"),
    "country": _("Country"),
    "prefix": _("Network group"),
    "high_cost": _("Expensive range"),
    "active": _("Our number"),
    "rental": _("Rent"),
    "version": _("Agent"),
    "trunk": _("SIP trunk"),
    "price": _("Price"),
    "wallet": _("Wallet"),
    "stop": _("Calls stopped"),
    "concurrency": _("Calls at the same time"),
    "call_rate": _("Pace of calls"),
    "daily_spend": _("Spent on calls today"),
    "monthly_spend": _("Spent on calls this month"),
    "new_country": _("First day of a country"),
    "caller": _("Caller"),
}
WORDS = {"pass": _("yes"), "fail": _("no"), "warning": _("with a warning"), "skipped": _("not asked")}


@require_GET
@vary_on_headers("HX-Request")
@sign_in_required
def check(request: Request, slug: str) -> HttpResponse:
    """The question and its answer; htmx gets the answer alone, and the address bar keeps the question."""
    workspace = get_workspace(request, slug)
    now = clock.now()
    question = read_question(workspace, request.GET.dict(), now=now)
    found = answer(workspace, question, now=now)
    context = {
        "workspace": workspace,
        "question": question,
        "answer": found,
        "steps": list(_steps(request, workspace, found)) if found else [],
    }
    if request.htmx:
        response = render(request, "explain/_answer.html", context)
        return replace_url(response, f"{request.path}?{question.query}")
    context["carriers"] = [CarrierSlug(slug).label for slug in (*offered_carriers(), CarrierSlug.SIP_TRUNK)]
    return render(request, "explain/check.html", context | {"numbers": offered_numbers(workspace)})


def _steps(request: Request, workspace: Workspace, found: Explanation) -> Iterator[dict[str, Any]]:
    """Each with its title, its outcome in a word, and the link that mends it, for those who may follow it."""
    for step in found.steps:
        mends = step.outcome in ("fail", "warning")
        reachable = step.fix != "wallet" or has_right(request, Right.OWN)
        link = step_link(step, found, workspace) if mends and reachable else None
        yield {"step": step, "title": TITLES[step.name], "word": WORDS[step.outcome], "link": link}

"""Calling somebody: the dialog with its live verdict, and the call it becomes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from dialnexa import clock, wallet
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.doorbell import ring_on_commit
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.ids import new_id
from dialnexa.models import Workspace
from dialnexa.responses import announce
from dialnexa.shell import sign_in_required
from phone_numbers.call_list.rows import CallRow
from phone_numbers.calls.placing import Asked, longest_call, place_call
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.calling import explain_call
from phone_numbers.routes.fix_links import step_link
from phone_numbers.routes.questions import owned_number
from phone_numbers.tasks import advance_call
from phone_numbers.views.calls import get_call, live
from telephony.agents import published_versions
from telephony.models import AgentVersion, Call

LIMIT = 100  # characters of a destination
KEY = 64
OFFERED = 100  # numbers to call from


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form says. ``version`` is None for the one routed; ``key`` was minted with the form."""

    number: PhoneNumber | None
    to: str
    version: AgentVersion | None
    key: str

    @property
    def idempotency_key(self) -> str:
        """Of this very call: the same form with another destination means another one."""
        said = (self.number.pk if self.number else "", self.to, self.version.pk if self.version else "")
        return f"{self.key}:{hashlib.sha256(chr(10).join(said).encode()).hexdigest()[:24]}"


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def place(request: Request, slug: str) -> HttpResponse:
    """The form: in the dialog for htmx, else a page. Sent, the call is placed and shown as it goes on."""
    workspace = get_workspace(request, slug, Right.OPERATE)
    wish = read_wish(workspace, request)
    if request.method == "GET":
        return _form(request, workspace, wish)
    try:
        call = _place(request, workspace, wish)
    except Refusal as refusal:
        return _form(request, workspace, wish, refusal)
    if not request.htmx:
        return redirect("calls:call", slug, call.pk)
    return announce(live(request, get_call(workspace, call.pk)), "", "calls-changed")


def _place(request: Request, workspace: Workspace, wish: Wish) -> Call:
    if wish.number is None:
        raise Refusal("number_not_found", _("Choose one of the active numbers to call from."), field="from")
    call = place_call(
        workspace,
        wish.number,
        wish.to,
        by=browser_actor(request),
        now=clock.now(),
        asked=Asked(version=wish.version, idempotency_key=wish.idempotency_key if wish.key else ""),
    )
    ring_on_commit(advance_call, call_id=call.pk)
    return call


def read_wish(workspace: Workspace, request: Request) -> Wish:
    """From the address or the form; a number or version that is not the workspace's counts as not chosen."""
    said = request.POST if request.method == "POST" else request.GET
    texts = {name: said.get(name, "").replace("\x00", "").strip() for name in ("from", "to", "agent_version")}
    versions = published_versions(workspace)
    return Wish(
        number=owned_number(workspace, texts["from"]) if texts["from"] else usual_number(workspace),
        to=texts["to"][:LIMIT],
        version=versions.filter(pk=texts["agent_version"]).first() if texts["agent_version"] else None,
        key=said.get("key", "").replace("\x00", "")[:KEY] if request.method == "POST" else new_id("idk"),
    )


def usual_number(workspace: Workspace) -> PhoneNumber | None:
    """The default number, else the newest one that an agent calls from, else the newest active one."""
    active = PhoneNumber.objects.filter(workspace=workspace, status="active").select_related("workspace")
    return active.order_by("-is_default", "outbound_version", "-created_at").first()


def _form(request: Request, workspace: Workspace, wish: Wish, refusal: Refusal | None = None) -> HttpResponse:
    active = PhoneNumber.objects.filter(workspace=workspace, status="active")
    numbers = active.exclude(rental__rental_status="expired")  # from those no call goes out
    context = {
        "workspace": workspace,
        "wish": wish,
        "numbers": numbers.order_by("-is_default", "-created_at")[:OFFERED],
        "versions": published_versions(workspace)[:500],
        "refusal": refusal,
        **verdict_of(request, workspace, wish, clock.now()),
    }
    template = "calls/_place.html" if request.htmx else "calls/place.html"
    return render(request, template, context, status=422 if refusal else 200)


@require_GET
@sign_in_required
def verdict(request: Request, slug: str) -> HttpResponse:
    """May this number call there, and what does it cost? Asked as somebody types."""
    workspace = get_workspace(request, slug, Right.OPERATE)
    wish = read_wish(workspace, request)
    context = verdict_of(request, workspace, wish, clock.now())
    return render(request, "calls/_verdict.html", {"workspace": workspace, "wish": wish, **context})


def verdict_of(request: Request, workspace: Workspace, wish: Wish, now: datetime) -> dict[str, Any]:
    """Nothing while there is no destination."""
    if not wish.to or wish.number is None:
        return {"told": None}
    told = explain_call(wish.number, wish.to, workspace=workspace, now=now, version=wish.version)
    step = told.refusal
    reachable = step is not None and (step.fix != "wallet" or has_right(request, Right.OWN))
    balance = wallet.balance(workspace)
    return {
        "told": told,
        "step": step,
        "link": step_link(step, told, workspace) if step and reachable else None,
        "warnings": [step for step in told.steps if step.outcome == "warning"],
        "longest": longest_call(told.price, balance),
        "balance": balance,
    }


@require_GET
@sign_in_required
def show_live(request: Request, slug: str, call_id: str) -> HttpResponse:
    """The dialog looks at its call. 204: it is as it was; over, the list and the wallet card look again."""
    call = get_call(get_workspace(request, slug), call_id)
    if not request.htmx:
        return redirect("calls:call", slug, call.pk)
    if call.is_open and request.GET.get("had") == CallRow(call).version:
        return HttpResponse(status=204)
    return announce(live(request, call), "", *([] if call.is_open else ["calls-changed"]))

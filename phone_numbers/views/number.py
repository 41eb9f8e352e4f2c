"""The number page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.models import Workspace
from dialnexa.shell import sign_in_required
from phone_numbers.buying.refunding import is_refundable, refund_of, unused_rent
from phone_numbers.history import tell
from phone_numbers.linking.settings import inbound_uri
from phone_numbers.models import NumberOrder, PhoneNumber
from phone_numbers.naming import rename_number
from phone_numbers.number_table.rows import read_row
from phone_numbers.number_table.table import row_of
from phone_numbers.rent_pages.card import read_rent
from phone_numbers.routes.readiness import read_readiness
from phone_numbers.routes.selects import route_selects
from telephony.rates import sip_rate


@require_GET
@sign_in_required
def show_number(request: Request, slug: str, number_id: str) -> HttpResponse:
    """Everything about one number."""
    workspace = get_workspace(request, slug)
    number = get_number(workspace, number_id)
    return render(request, "numbers/number.html", number_context(request, workspace, number))


def number_context(request: Request, workspace: Workspace, number: PhoneNumber) -> dict[str, Any]:
    now = clock.now()
    row = read_row(number, now)
    readiness = read_readiness(number, now=now) if number.status in ("pending", "active") else []
    trunk = getattr(number, "trunk", None)
    about = [number.pk, *(thing.pk for thing in (row.order, row.rental, trunk) if thing)]
    return {
        "workspace": workspace,
        "number": number,
        "row": row,
        "rent": read_rent(row.rental, now=now) if row.rental else None,
        "grace_days": settings.RENT_GRACE_DAYS,
        "unused_rent": unused_rent(number, now=now) if row.is_releasable else None,
        "events": tell(entries_about(about)),
        "route_selects": route_selects(number),
        "readiness": readiness,
        "ready": sum(item.state == "done" for item in readiness),
        "is_refundable": is_refundable(number),
        "refund": refund_of(row.order) if row.order and is_refundable(number) else None,
        "names": {"nickname": number.nickname, "label": number.label},
        "may_manage": has_right(request, Right.MANAGE),
        "may_operate": has_right(request, Right.OPERATE),
        "may_see_wallet": has_right(request, Right.OWN),
        "is_kept": number.status in (PhoneNumber.Status.PENDING, PhoneNumber.Status.ACTIVE),
        "now": now,
    } | (trunk_context(workspace, number, now=now) if trunk else {})


def trunk_context(workspace: Workspace, number: PhoneNumber, *, now: datetime) -> dict[str, Any]:
    """What the trunk's panel shows beside the row itself."""
    return {
        "trunk": number.trunk,
        "inbound_uri": inbound_uri(number.e164),
        "signalling_addresses": settings.SIP_SIGNALLING_ADDRESSES,
        "sip_rate": sip_rate(workspace.currency, now=now),
    }


@require_GET
@sign_in_required
def show_order(request: Request, slug: str, order_id: str) -> HttpResponse:
    """Lead from an order to its number."""
    workspace = get_workspace(request, slug)
    order = get_object_or_404(NumberOrder, pk=_plain(order_id), workspace=workspace)
    return redirect("numbers:number", slug, order.number_id)


@require_http_methods(["GET", "POST"])
@sign_in_required
def rename(request: Request, slug: str, number_id: str) -> HttpResponse:
    """Give the number a nickname and a label. GET (a reloaded refusal) leads back to the number."""
    if request.method == "GET":
        return redirect("numbers:number", slug, number_id)
    workspace = get_workspace(request, slug, Right.MANAGE)
    number = get_number(workspace, number_id)
    names = {name: request.POST.get(name, "") for name in ("nickname", "label")}
    try:
        rename_number(number, **names, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        context = number_context(request, workspace, number)
        return render(
            request, "numbers/number.html", context | {"names": names, "refusal": refusal}, status=422
        )
    messages.success(request, _("Saved."))
    return redirect("numbers:number", slug, number.id)


def get_number(workspace: Workspace, number_id: str) -> PhoneNumber:
    """The getter of both views. Another workspace's number is 404, as one that does not exist."""
    number = row_of(workspace, _plain(number_id))
    if number is None:
        raise Http404
    return number


def _plain(text: str) -> str:
    """PostgreSQL takes no NUL; what holds one names nothing."""
    if "\x00" in text:
        raise Http404
    return text

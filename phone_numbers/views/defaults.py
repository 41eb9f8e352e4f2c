"""Choosing the default number."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace
from dialnexa.http import Request
from dialnexa.shell import sign_in_required
from phone_numbers.routes.defaults import set_default
from phone_numbers.views.number import get_number
from telephony.e164 import format_international


@require_POST
@sign_in_required
def choose_default(request: Request, slug: str, number_id: str) -> HttpResponse:
    """Make it the default number (1) or no longer (0)."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    number = get_number(workspace, number_id)
    wanted = request.POST.get("is_default") == "1"
    set_default(number, is_default=wanted, by=browser_actor(request), now=clock.now())
    said = _("%(number)s is no longer the default number.")
    if wanted:
        said = _("%(number)s is the default number now.")
    messages.success(request, said % {"number": format_international(number.e164)})
    return redirect("numbers:number", slug, number.id)

"""Leading people to where they show who they are, or set up a second step."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRedirect

from dialnexa.mfa.rules import MFA, has_second_step, was_recent

View = Callable[..., HttpResponseBase]
SEND_AGAIN = _("Nothing was changed yet. Show that it is you, then send the form again.")


def recent_sign_in_required(view: View) -> View:
    """Only for somebody who signed in, or showed again who they are, a short while ago.

    Goes below ``sign_in_required``. What was posted is not kept meanwhile: it may hold a password.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs) if was_recent(request) else lead_to_proof(request)

    return guarded


def lead_to_proof(request: HttpRequest) -> HttpResponse:
    """To the page that asks for the password (or passkey) once more, and back."""
    if request.method == "POST":
        messages.info(request, SEND_AGAIN)
    return _go(request, reverse("account_reauthenticate"), back_to(request))


def lead_to_second_step(request: HttpRequest, why: str, back: str = "") -> HttpResponse:
    """To where the second step is taken in this session, and back; or set up, with ``why`` in a toast."""
    if has_second_step(request.user):  # type: ignore[arg-type]
        methods = get_adapter().get_reauthentication_methods(request.user)
        url = next(method["url"] for method in methods if method["id"].startswith(MFA))
        return _go(request, url, back or back_to(request))
    messages.warning(request, why)
    return _go(request, reverse("mfa_index"))


def back_to(request: HttpRequest) -> str:
    """The page somebody is on: of a fragment or a posted form, the one that holds it."""
    htmx = getattr(request, "htmx", None)
    if htmx:
        return htmx.current_url_abs_path or "/"
    came = urlsplit(request.headers.get("Referer", ""))
    if request.method == "POST" and came.netloc == request.get_host():
        return came._replace(scheme="", netloc="").geturl()
    return request.get_full_path()


def _go(request: HttpRequest, url: str, back: str = "") -> HttpResponse:
    target = f"{url}?{urlencode({'next': back})}" if back else url
    return HttpResponseClientRedirect(target) if getattr(request, "htmx", None) else redirect(target)

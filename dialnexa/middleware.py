"""What every request passes through: an id for the logs, the user's language and zone, refusals as pages."""

from __future__ import annotations

import logging
import re
import time
import zoneinfo
from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from dialnexa.errors import Refusal
from dialnexa.ids import new_id
from dialnexa.isolation.scope import EVERYBODY, enter
from dialnexa.logs import context
from dialnexa.metrics.counting import count_request
from dialnexa.translations.choosing import choose_for

Handler = Callable[[HttpRequest], HttpResponse]
work = logging.getLogger("dialnexa.work")
ACCEPTABLE_ID = re.compile(r"^[A-Za-z0-9_.-]{8,64}$")


class request_id:  # noqa: N801  Django wants a class for process_view; it is named as its siblings are
    """Give each request an id (the caller's, if it is a decent one); the answer and every line say it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-ID", "")
        request.id = offered if ACCEPTABLE_ID.match(offered) else new_id("req")  # type: ignore[attr-defined]
        began = time.monotonic()
        with context.working_on(request.id):  # type: ignore[attr-defined]
            response = self.get_response(request)
            self.note(request, response, time.monotonic() - began)
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        return response

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: dict[str, object]
    ) -> None:
        """What the address names is what the lines are about."""
        context.note(**names_in(kwargs))

    def note(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        """The pattern of the address, never the address itself: some hold tokens."""
        route = request.resolver_match.route if request.resolver_match else ""
        count_request(request.method or "", route, response.status_code, seconds)
        facts = {
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "ms": round(seconds * 1000),
        }
        work.info("%s /%s %s", request.method, route, response.status_code, extra=facts)


def names_in(kwargs: Mapping[str, object]) -> dict[str, str]:
    """The ids and slugs of an address."""
    return {name: str(value) for name, value in kwargs.items() if name.endswith(("_id", "slug"))}


def straight_to_carriers(get_response: Handler) -> Handler:
    """Middleware for ``/carrier/…``: signed by the carrier, so no session, no user, no message, no redirect.

    A caller waits for these answers, and what follows costs more than the answer.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/carrier/"):
            return get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return HttpResponse("Nothing is here.\n", status=404, content_type="text/plain")
        request.resolver_match = match
        enter(EVERYBODY)  # a signature says which carrier it is, and the number or the call whose it is
        answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return answer

    return handle


def language(get_response: Handler) -> Handler:
    """Show pages in the reader's language. Programs, carriers and the support desk get English."""

    def handle(request: HttpRequest) -> HttpResponse:
        chosen = choose_for(request)
        with translation.override(chosen or settings.LANGUAGE_CODE):
            response = get_response(request)
        if chosen:
            response.headers.setdefault("Content-Language", chosen)
            patch_vary_headers(response, ["Accept-Language"])
        return response

    return handle


def time_zone(get_response: Handler) -> Handler:
    """Show times in the signed-in user's zone; inside they stay UTC."""

    def handle(request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "time_zone", "")
        try:
            timezone.activate(zoneinfo.ZoneInfo(zone))
        except (ValueError, zoneinfo.ZoneInfoNotFoundError):
            timezone.deactivate()
        return get_response(request)

    return handle


class refusals:  # noqa: N801  Django wants a class for process_exception; it is named as its siblings are
    """A Refusal that no view turned into a form error becomes a page (or fragment) that explains it.

    So does a form's own address when somebody opens it, as one does who reloads what a refused form answered.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        looking = request.method == "GET" and request.path_info.startswith("/w/")
        if response.status_code != 405 or not looking:
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refusal):
            return None
        page = render(request, "refusal.html", {"refusal": exception}, status=exception.status)
        if "retry_after" in exception.details:
            page["Retry-After"] = str(exception.details["retry_after"])
        return page

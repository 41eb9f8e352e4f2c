"""What Django answers when no view does: a page to people, the API's envelope to programs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from dialnexa.api import refusals
from dialnexa.errors import Refusal


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if refusals.is_api(request):
        return refusals.answer(request, Refusal("bad_request", "The request is malformed.", status=400))
    return defaults.bad_request(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if refusals.is_api(request):
        return refusals.not_found(request)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if refusals.is_api(request):
        sentence = "Something broke on our side. It has been noted; nothing more of this request will happen."
        return refusals.answer(request, Refusal("server_error", sentence, status=500))
    return defaults.server_error(request)

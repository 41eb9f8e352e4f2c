"""The way of a request to an endpoint."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone, translation

from dialnexa.api.refusals import PREFIXES
from dialnexa.api.views import ApiView
from dialnexa.logs import context
from dialnexa.middleware import Handler, names_in


def straight_to_endpoints(get_response: Handler) -> Handler:
    """Middleware for the REST API: whoever has a key has no session, no user, no message and no language.

    What stands before it (HTTPS, headers of every answer) holds here, too. The API's own pages go on.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        match = _endpoint(request.path_info)
        if match is None:
            return get_response(request)
        request.resolver_match = match
        context.note(**names_in(match.kwargs))
        timezone.deactivate()  # this thread may have shown a page before
        with translation.override(settings.LANGUAGE_CODE):
            answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
            return answer.render() if isinstance(answer, SimpleTemplateResponse) else answer

    return handle


def _endpoint(path: str) -> ResolverMatch | None:
    """The endpoint at this address, if one is."""
    if not path.startswith(PREFIXES):
        return None
    try:
        match = resolve(path)
    except Resolver404:
        return None
    return match if issubclass(getattr(match.func, "cls", object), ApiView) else None

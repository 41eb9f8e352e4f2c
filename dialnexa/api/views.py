"""What every endpoint of the API shares: the key, its scope, its rate limit, JSON in and out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dialnexa import clock
from dialnexa.api import refusals
from dialnexa.api.body import StrictJSONParser
from dialnexa.api.keys import BearerKey, key_of, refuse_without_scope
from dialnexa.api.rate_limits import RateExceeded, Window, count_request


class AlwaysJSON(BaseContentNegotiation):
    """The API has one language; what a client says it accepts changes nothing."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        wanted = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == wanted), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class ApiView(APIView):
    """One address. ``scopes`` names the scope each method needs; ``limits`` the rate limit that counts it
    (a key of settings.API_LIMITS), "read" or "write" unless said.
    """

    scopes: ClassVar[Mapping[str, str]]
    limits: ClassVar[Mapping[str, str]] = {}
    authentication_classes = (BearerKey,)
    permission_classes = ()
    parser_classes = (StrictJSONParser,)
    content_negotiation_class = AlwaysJSON
    metadata_class = None

    window: Window | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        method = "GET" if request.method == "HEAD" else request.method or ""  # the same, without a body
        if method not in self.scopes:
            return  # the method is not allowed; dispatch says so
        key = key_of(request)
        try:
            self.window = count_request(key.pk, self.limit_of(method), now=clock.wall_now())
        except RateExceeded as full:
            self.window = full.window
            raise
        refuse_without_scope(key, self.scopes[method])

    def limit_of(self, method: str) -> str:
        return self.limits.get(method, "read" if method == "GET" else "write")

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in (self.window.headers if self.window else {}).items():
            response[name] = value
        response["Cache-Control"] = "no-store"
        return response

    def get_exception_handler(self) -> Any:
        return self.refuse

    def refuse(self, error: Exception, context: dict[str, Any]) -> Response | None:
        """An exception as an answer. Compatible endpoints answer in another shape."""
        return refusals.handle(error, context)

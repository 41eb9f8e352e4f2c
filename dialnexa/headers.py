"""What every answer tells browsers, whichever view or middleware gave it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",  # unless the view knows that it may be kept: styles, scripts
}


def tell_browsers(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, to be named first: also what others answer instead of a view has these headers."""
    headers = {**ALWAYS, "Permissions-Policy": _permissions(settings.PERMISSIONS_POLICY)}

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response

    return handle


def _permissions(policy: dict[str, tuple[str, ...]]) -> str:
    """``camera=(), publickey-credentials-get=(self)``"""
    return ", ".join(f"{feature}=({' '.join(allowed)})" for feature, allowed in policy.items())

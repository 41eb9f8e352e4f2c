"""Every error of the API in one shape: ``{"statusCode", "message", "error", "code", "requestId"}``.

``message`` is a sentence, or a list of them when several fields are wrong. ``details`` is there when the
refusal has plain values for machines, for example what still uses a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

from dialnexa.errors import Refusal

PREFIXES = ("/v1/", "/api/")  # the paths that answer in JSON, whatever happens
NOT_FOUND = "There is nothing here. Check the address and the id."


class Unauthenticated(exceptions.AuthenticationFailed):
    """401, with a code of ours."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence, code)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler. None (a fault of ours) lets Django report it as 500."""
    refusal = _as_refusal(error)
    if refusal is None:
        return None
    request = context["request"]
    response = Response(envelope(refusal, request_id=request.id), status=refusal.status)
    for name, value in _headers(error, refusal).items():
        response[name] = value
    response.refusal_code = refusal.code  # type: ignore[attr-defined]
    return response


def envelope(refusal: Refusal, *, request_id: str) -> dict[str, Any]:
    """The body of an error. A refusal that collects several sentences has them in ``messages``, one about a
    list its findings in ``errors``.
    """
    details = dict(refusal.details)
    body = {
        "statusCode": refusal.status,
        "message": details.pop("messages", refusal.sentence),
        "error": HTTPStatus(refusal.status).phrase,
        "code": refusal.code,
        "requestId": request_id,
    }
    details.pop("retry_after", None)
    found = {"errors": details.pop("errors")} if "errors" in details else {}
    return body | found | ({"details": details} if details else {})


def answer(request: HttpRequest, refusal: Refusal) -> JsonResponse:
    """The same, outside of an endpoint."""
    return JsonResponse(envelope(refusal, request_id=getattr(request, "id", "")), status=refusal.status)


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith(PREFIXES)


@csrf_exempt
def not_found(request: HttpRequest) -> JsonResponse:
    """The view of every address under the API that is none."""
    return answer(request, Refusal("not_found", NOT_FOUND, status=404))


def _as_refusal(error: Exception) -> Refusal | None:
    match error:
        case Refusal():
            return error
        case Http404() | exceptions.NotFound():
            return Refusal("not_found", NOT_FOUND, status=404)
        case exceptions.ValidationError():
            return _invalid(error)
        case RequestDataTooBig():
            return Refusal("body_too_large", "The body is too large: at most 1 MB.", status=413)
        case PermissionDenied():
            return Refusal("forbidden", "This is not allowed.", status=403)
        case SuspiciousOperation():
            return Refusal("bad_request", "The request is malformed.", status=400)
        case exceptions.MethodNotAllowed():
            return Refusal("method_not_allowed", f"{error.detail}", status=405)
        case exceptions.APIException():
            return Refusal(str(error.get_codes()), str(error.detail), status=error.status_code)
    return None


def _invalid(error: exceptions.ValidationError) -> Refusal:
    sentences = list(_sentences(error.detail))
    message: dict[str, Any] = {"messages": sentences} if len(sentences) > 1 else {}
    return Refusal("invalid_request", sentences[0], status=400, **message)


def _sentences(detail: Any, field: str = "") -> Iterator[str]:
    """``{"page": ["A valid integer is required."]}`` as ``page: A valid integer is required.``"""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = "" if name == api_settings.NON_FIELD_ERRORS_KEY else str(name)
            yield from _sentences(inner, ".".join(part for part in (field, own) if part))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _sentences(inner, field)
    else:
        yield f"{field}: {detail}" if field else str(detail)


def _headers(error: Exception, refusal: Refusal) -> dict[str, str]:
    headers = {}
    if scheme := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = scheme
    if "retry_after" in refusal.details:
        headers["Retry-After"] = str(refusal.details["retry_after"])
    return headers

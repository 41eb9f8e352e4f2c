"""What carriers ask and tell: public addresses, each protected by the carrier's signature.

``request.path`` is joined to the public base URL, because that is what the carrier signed; Host says nothing.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dialnexa import clock
from phone_numbers.calls import webhooks
from phone_numbers.calls.engine_news import receive_news
from telephony.carriers.voice import Rendered, SignedRequest

LARGEST = 64 * 1024  # bytes; the longest real one has about two thousand


@csrf_exempt
@require_POST
def answer_call(request: HttpRequest, carrier: str, call_id: str, token: str) -> HttpResponse:
    """The called person has picked up: what shall happen?"""
    return _receive(request, carrier, "answer", call_id, token)


@csrf_exempt
@require_POST
def call_status(request: HttpRequest, carrier: str, call_id: str, token: str) -> HttpResponse:
    """It rings, is answered, is over."""
    return _receive(request, carrier, "status", call_id, token)


@csrf_exempt
@require_POST
def engine_news(request: HttpRequest) -> HttpResponse:
    """The engine that dials tells of everything at one address; what is not about our calls is taken, too."""
    signed = signed_request(request)
    if signed is None:
        return HttpResponse("Too large.\n", status=413, content_type="text/plain")
    try:
        receive_news(signed, now=clock.now())
    except webhooks.NotOurs:
        return HttpResponse("Nothing is here.\n", status=404, content_type="text/plain")
    except webhooks.Forged:
        return HttpResponse("The signature is wrong.\n", status=403, content_type="text/plain")
    return respond(None)


def _receive(request: HttpRequest, carrier: str, kind: str, call_id: str, token: str) -> HttpResponse:
    signed = signed_request(request)
    if signed is None:
        return HttpResponse("Too large.\n", status=413, content_type="text/plain")
    try:
        answer = webhooks.receive(
            signed, carrier=carrier, kind=kind, call_id=call_id, token=token, now=clock.now()
        )
    except webhooks.NotOurs:
        return HttpResponse("Nothing is here.\n", status=404, content_type="text/plain")
    except webhooks.Forged:
        return HttpResponse("The signature is wrong.\n", status=403, content_type="text/plain")
    except webhooks.Unreadable as error:
        return HttpResponse(f"{error}\n", status=400, content_type="text/plain")
    return respond(answer)


def signed_request(request: HttpRequest) -> SignedRequest | None:
    """The request as its signature saw it; None for one larger than any webhook."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return None
    said = request.META.items()
    headers = {name[5:].replace("_", "-").lower(): value for name, value in said if name[:5] == "HTTP_"}
    headers["content-type"] = request.META.get("CONTENT_TYPE", "")
    url = f"{settings.PUBLIC_BASE_URL}{request.get_full_path()}"
    return SignedRequest(request.method or "", url, headers, request.body)


def respond(answer: Rendered | None) -> HttpResponse:
    """The carrier's XML, or nothing to say."""
    if answer is None:
        return HttpResponse(status=204)
    return HttpResponse(answer.body, content_type=answer.content_type)

"""What carriers ask and tell about calls that come in. As public and as protected as ``webhooks``."""

from __future__ import annotations

from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dialnexa import clock
from phone_numbers.calls.webhooks import Forged, NotOurs, Unreadable
from phone_numbers.inbound import receiving
from phone_numbers.views.webhooks import respond, signed_request
from telephony.carriers.voice import Rendered, SignedRequest

AGAIN = 5  # seconds


@csrf_exempt
@require_POST
def answer(request: HttpRequest, carrier: str) -> HttpResponse:
    """Somebody calls one of our numbers: who takes it?"""
    return _receive(request, lambda signed: receiving.answer_call(signed, carrier=carrier, now=clock.now()))


@csrf_exempt
@require_POST
def status(request: HttpRequest, carrier: str) -> HttpResponse:
    """Such a call is over, or has moved on. Confirmed only when it is written down."""
    try:
        return _receive(
            request, lambda signed: receiving.hear_status(signed, carrier=carrier, now=clock.now())
        )
    except (OperationalError, InterfaceError):
        connection.close()
        return _plain("Not now. Say it again.", 503, {"Retry-After": str(AGAIN)})


def _receive(request: HttpRequest, hear: Callable[[SignedRequest], Rendered | None]) -> HttpResponse:
    signed = signed_request(request)
    if signed is None:
        return _plain("Too large.", 413)
    try:
        return respond(hear(signed))
    except NotOurs:
        return _plain("Nothing is here.", 404)
    except Forged:
        return _plain("The signature is wrong.", 403)
    except Unreadable as error:
        return _plain(str(error), 400)


def _plain(text: str, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain", headers=headers)

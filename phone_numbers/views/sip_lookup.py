"""What SIP engines ask and tell. Public addresses, each protected by the engine's own secret."""

from __future__ import annotations

from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dialnexa import clock
from phone_numbers.calls.webhooks import Forged, Unreadable
from phone_numbers.inbound.cache import Away
from phone_numbers.inbound.engines import fields_of
from phone_numbers.inbound.lookup import Decision, hear_engine, look_up
from phone_numbers.views.webhooks import signed_request
from telephony.carriers.voice import SignedRequest

AGAIN = {"Retry-After": "5"}  # seconds


@csrf_exempt
@require_POST
def lookup(request: HttpRequest) -> HttpResponse:
    """Who takes this call?"""

    def decide(signed: SignedRequest) -> HttpResponse:
        decision = look_up(signed, now=clock.now())
        return as_text(decision) if fields_of(signed).get("answer") == "text" else as_json(decision)

    return _receive(request, decide)


@csrf_exempt
@require_POST
def status(request: HttpRequest) -> HttpResponse:
    """It was answered, or is over. Confirmed only when it is written down."""

    def hear(signed: SignedRequest) -> HttpResponse:
        hear_engine(signed, now=clock.now())
        return HttpResponse(status=204)

    return _receive(request, hear)


def as_json(decision: Decision) -> HttpResponse:
    told = {"action": decision.action, "code": decision.code, "call_id": decision.call_id}
    return JsonResponse(told | {"uri": decision.target, "reason": decision.reason})


def as_text(decision: Decision) -> HttpResponse:
    """Three words in one line: SIP's code, our id of the call or a dash, and where to, or why not."""
    words = (str(decision.code), decision.call_id or "-", decision.target or decision.reason)
    return _plain(" ".join(words), 200)


def _receive(request: HttpRequest, hear: Callable[[SignedRequest], HttpResponse]) -> HttpResponse:
    signed = signed_request(request)
    if signed is None:
        return _plain("Too large.", 413)
    try:
        return hear(signed)
    except Forged:
        return _plain("This is no engine's secret.", 401, {"WWW-Authenticate": "Bearer"})
    except Unreadable as error:
        return _plain(str(error), 400)
    except (Away, OperationalError, InterfaceError):
        connection.close()
        return _plain("Not now. Ask again.", 503, AGAIN)


def _plain(text: str, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain", headers=headers)

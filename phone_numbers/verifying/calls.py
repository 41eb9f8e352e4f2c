"""The call that speaks a code: placed once, and answered by whoever brings its token back.

The code is made from the token, with a key of this installation: the database holds neither, and whoever
reads the token in a log can't tell the code.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from dialnexa.api_keys import digest
from dialnexa.errors import Refusal
from dialnexa.isolation.scope import within
from dialnexa.models import Workspace
from kyc.models import VerificationCall, VerificationNumber
from telephony.carriers import get_carrier
from telephony.carriers.base import CarrierError, Exchange, Outcome
from telephony.carriers.voice import HangUp, OutboundCall, Rendered, Say, SignedRequest
from telephony.exchanges import save_exchanges

DEADLINE = 8.0  # seconds the carrier may take to say that it calls
RINGS = 30  # seconds
LONGEST = 60  # seconds
SPOKEN = 2  # times
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Caller:
    carrier: str
    e164: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """``is_certain``: the carrier certainly did not call."""

    sentence: str
    is_certain: bool


class NotOurs(Exception):
    """No such call, or not its carrier: nothing is said about which."""


def configured_caller() -> Caller:
    """Who makes the calls. Raises Refusal ``verification_unavailable`` (409) where nobody is set up to."""
    carrier, e164 = settings.VERIFICATION_CARRIER, settings.VERIFICATION_CALLER_ID
    if not carrier or not e164 or carrier not in settings.CARRIERS:
        sentence = _(
            "Verification calls are not set up here. Ask support to confirm your number another way."
        )
        raise Refusal("verification_unavailable", sentence, status=409, field="number")
    return Caller(carrier, e164)


def new_call(
    workspace: Workspace, number: str, caller: Caller, *, now: datetime
) -> tuple[VerificationCall, str]:
    """Written down before it is placed. Returns it with its token, which is kept nowhere."""
    token = secrets.token_hex(16)
    call = VerificationCall(
        workspace=workspace, e164=number, carrier=caller.carrier, token_digest=digest(token), asked_at=now
    )
    call.save(force_insert=True)
    return call, token


def place(caller: Caller, call: VerificationCall, token: str, *, now: datetime) -> Trouble | None:
    """Ask the carrier to call, once."""
    exchanges: list[Exchange] = []
    wanted = OutboundCall(
        to=call.e164,
        from_=caller.e164,
        answer_url=_url("answer", caller.carrier, token),
        status_url=_url("status", caller.carrier, token),
        ring_seconds=RINGS,
        limit_seconds=LONGEST,
    )
    try:
        get_carrier(caller.carrier, recorder=exchanges.append, deadline=DEADLINE).place_call(wanted)
    except CarrierError as error:
        return Trouble(error.sentence, error.outcome is Outcome.NOT_DONE)
    finally:
        save_exchanges(exchanges, about=call.pk, workspace_id=call.workspace_id, now=now)
    return None


def code_of(token: str) -> str:
    """Six digits."""
    number = int(salted_hmac("dialnexa.verification.code", token, algorithm="sha256").hexdigest(), 16)
    return f"{number % 10**DIGITS:0{DIGITS}}"


def code_digest(workspace_id: str, number: str, token: str = "", *, code: str = "") -> str:
    """What is kept of the ``token``'s code, or of ``code``: only good for this workspace and number."""
    about = f"{workspace_id}:{number}:{code or code_of(token)}"
    return salted_hmac("dialnexa.verification.digest", about, algorithm="sha256").hexdigest()


def answer(request: SignedRequest, *, carrier: str, token: str, now: datetime) -> Rendered:
    """Somebody has picked up: speak the code, or hang up when it is void. Raises NotOurs."""
    call = _find(carrier, token)
    line = get_carrier(carrier)
    if not line.verify(request):
        raise NotOurs
    with within(call.workspace_id):
        if not _is_awaited(call, token, now):
            return line.render(HangUp())
        VerificationCall.objects.filter(pk=call.pk, spoken_at=None).update(spoken_at=now)
    return line.render(Say(words(code_of(token)), times=SPOKEN))


def note_status(request: SignedRequest, *, carrier: str, token: str) -> None:
    """Keep how the call ended. Raises NotOurs, also for what is no webhook of a call."""
    call = _find(carrier, token)
    line = get_carrier(carrier)
    if not line.verify(request):
        raise NotOurs
    try:
        event = line.parse_event(request)
    except ValueError as error:
        raise NotOurs from error
    if event.state.over:
        with within(call.workspace_id), transaction.atomic():
            VerificationCall.objects.filter(pk=call.pk, ended_as="").update(ended_as=event.state.value)


def words(code: str) -> str:
    """What is spoken. The digits stand apart, so that they are read one by one."""
    return f"Your {settings.PRODUCT_NAME} code is: {' '.join(code)}. If you did not ask for it, hang up."


def _find(carrier: str, token: str) -> VerificationCall:
    call = VerificationCall.objects.filter(token_digest=digest(token), carrier=carrier).first()
    if call is None or carrier not in settings.CARRIERS:
        raise NotOurs
    return call


def _is_awaited(call: VerificationCall, token: str, now: datetime) -> bool:
    """Whether this call's code is the one that is awaited, still."""
    wanted = code_digest(call.workspace_id, call.e164, token)
    rows = VerificationNumber.objects.filter(pk=call.workspace_id, code_digest=wanted, code_until__gt=now)
    return rows.exists()


def _url(name: str, carrier: str, token: str) -> str:
    return f"{settings.PUBLIC_BASE_URL}{reverse(f'verification_webhooks:{name}', args=[carrier, token])}"

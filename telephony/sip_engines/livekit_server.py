"""One request to a LiveKit server by its official client: once, within a deadline, with an honest error."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, TypeVar

import aiohttp
import django.db
from django.utils.translation import gettext_noop as _
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import DecodeError, Message
from livekit import api
from livekit.api import LiveKitAPI, SipCallError

from telephony.carriers.base import (
    AuthFailed,
    BadRequest,
    CarrierError,
    Exchange,
    NotFound,
    NotPermitted,
    Outcome,
    RateLimited,
    Recorder,
    ServerError,
    TransportError,
    UnexpectedReply,
)
from telephony.carriers.reply import printable
from telephony.models import CarrierSlug
from telephony.sip_engines.base import CallRefused, TrunkRefuses

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer", bound=Message)
SLUG = CarrierSlug.SIP_TRUNK.value
CONNECT = 2.0  # seconds for one connection
HIDDEN = "***"
THERE_ALREADY = 409  # HTTP's: so it may ring
REFUSALS: dict[str, type[CarrierError]] = {
    "unauthenticated": AuthFailed,
    "permission_denied": NotPermitted,
    "not_found": NotFound,
    "resource_exhausted": RateLimited,
}
# The client takes an error's body for an object, and its ``meta`` for one, whatever they are.
UNREADABLE = (DecodeError, AttributeError, TypeError, ValueError)
ANSWERED = _("It answered: %(answer)s")
NOT_LET_IN = (401, 403, 407)  # SIP's


class Redirected(aiohttp.ClientError):
    """A password is not sent wherever an answer says."""


NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, Redirected)


class Server:
    """``url``: https://…, wss://… as LiveKit writes it; key and secret of one project."""

    def __init__(self, url: str, api_key: str, api_secret: str, recorder: Recorder | None) -> None:
        self._url, self._key, self._secret = url, api_key, api_secret
        self._recorder = recorder

    def ask(
        self,
        method: str,
        sent: Message,
        send: Callable[[LiveKitAPI], Awaitable[Answer]],
        *,
        seconds: float,
        password: str = "",
    ) -> Answer:
        """Do ``send`` once. ``method`` and ``sent`` are what the record shows of it.

        Raises CarrierError. ``password`` is struck out wherever the server repeats it; ``sent`` must not hold
        it, for JSON may write it differently.
        """
        started = time.monotonic()
        hide = [secret for secret in (self._secret, password) if secret]
        try:
            answer = _run(self._within(seconds, send))
        except (api.ServerError, aiohttp.ClientError, TimeoutError, *UNREADABLE) as error:
            failure = _failure(error, hide)
            self._record(method, sent, failure.http_status, failure.text, "", hide, started)
            raise failure from None  # the client's own error may quote what was sent
        self._record(method, sent, 200, "", _shown(answer), hide, started)
        return answer

    async def _within(self, seconds: float, send: Callable[[LiveKitAPI], Awaitable[Answer]]) -> Answer:
        """``failover`` would send a request that failed once more, to another region: a second call."""
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT, seconds))
        trace = aiohttp.TraceConfig()
        trace.on_request_redirect.append(_refuse_redirect)
        async with (
            asyncio.timeout(seconds),
            aiohttp.ClientSession(timeout=timeout, trace_configs=[trace]) as session,
        ):
            client = LiveKitAPI(self._url, self._key, self._secret, session=session, failover=False)
            return await send(client)

    def _record(
        self,
        method: str,
        sent: Message,
        status: int | None,
        error: str,
        answer: str,
        hide: list[str],
        started: float,
    ) -> None:
        """A record that can't be written must not hide that a phone rings (as in CarrierHTTP)."""
        if self._recorder is None:
            return
        took = round((time.monotonic() - started) * 1000)
        url = f"{self._url.rstrip('/')}/twirp/livekit.{method}"
        sent_text, answer = _masked(_shown(sent), hide), _masked(answer, hide)
        try:
            self._recorder(Exchange(SLUG, "POST", url, sent_text, status, answer, error, took))
        except (django.db.Error, OSError):
            logger.exception("not recorded: %s -> %s", url, status)


async def _refuse_redirect(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestRedirectParams
) -> None:
    raise Redirected(f"the server leads elsewhere (HTTP {params.response.status})")


def _run(asked: Coroutine[Any, Any, Answer]) -> Answer:
    """In a thread of its own: the one that asks may have a loop of its own, under ASGI for example."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asked).result()


def _failure(error: Exception, hide: list[str]) -> CarrierError:
    if isinstance(error, SipCallError) and error.sip_status_code:
        return _refused_by_sip(error, hide)
    if isinstance(error, api.ServerError):
        return _refused(error, hide)
    text = printable(_masked(f"{type(error).__name__}: {error}", hide))
    if isinstance(error, NEVER_SENT):
        return TransportError(text, carrier=SLUG, outcome=Outcome.NOT_DONE)
    if isinstance(error, aiohttp.ClientError | TimeoutError):
        return TransportError(text, carrier=SLUG)
    return UnexpectedReply(text, carrier=SLUG)


def _refused(error: api.ServerError, hide: list[str]) -> CarrierError:
    """By what Twirp says; a 404 that is not Twirp's is some other server's."""
    told = printable(_masked(f"{error.code}: {error.message}", hide))
    if error.status >= 500 or error.status == 408:  # a proxy, or LiveKit, gave up waiting
        silence = ServerError if error.status >= 500 else TransportError
        return silence(told, carrier=SLUG, http_status=error.status)
    refusal = REFUSALS.get(str(error.code), RateLimited if error.status == 429 else BadRequest)
    outcome = Outcome.UNKNOWN if error.status == THERE_ALREADY else None
    return refusal(told, carrier=SLUG, http_status=error.status, outcome=outcome)


def _refused_by_sip(error: SipCallError, hide: list[str]) -> CarrierError:
    """The customer's carrier has answered: this call is over."""
    code, words = error.sip_status_code, printable(_masked(str(error.sip_status or ""), hide), 80)
    refusal = TrunkRefuses if code in NOT_LET_IN else CallRefused
    failure = refusal(f"SIP {code} {words}", carrier=SLUG, http_status=error.status, carrier_code=str(code))
    answered = ANSWERED % {"answer": f"{code} {words}".rstrip()}
    failure.sentence = f"{refusal.sentence} {answered}"
    return failure


def _shown(message: Message) -> str:
    return MessageToJson(message, indent=None, preserving_proto_field_name=True)


def _masked(text: str, hide: list[str]) -> str:
    for secret in hide:
        text = text.replace(secret, HIDDEN)
    return text

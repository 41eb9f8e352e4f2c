"""What every adapter needs around one HTTP call: a deadline, a size limit, a record, an honest error.

POST, PUT and DELETE are sent once, whatever happens. A GET is repeated once, after no answer or a 429.
"""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import django.db
import httpx

from dialnexa.metrics.counting import count_carrier_request

from .base import Exchange, Outcome, Recorder, TransportError
from .deadline import DeadlineTransport, deadline, remaining
from .reply import Reply, printable

logger = logging.getLogger(__name__)

MAX_BODY = 1 << 20  # bytes of an answer that are read; the rest is refused
MAX_RECORDED = 1 << 16  # characters of a body that are kept for the record
LONGEST_PAUSE = 2.0  # seconds waited for a 429 before a GET is repeated

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. ``deadline`` bounds a whole call with its repetition, ``connect`` one connection attempt."""

    deadline: float = 20.0
    connect: float = 5.0


DEFAULT_TIMEOUTS = Timeouts()


class CarrierHTTP:
    """Calls to one carrier account below ``base_url``, with HTTP Basic authentication.

    ``secrets`` maps what must not be recorded to what stands for it; the password is always among them.
    ``transport`` replaces the network (and with it the deadline on sockets) in tests.
    """

    def __init__(
        self,
        carrier: str,
        base_url: str,
        auth: tuple[str, str],
        *,
        secrets: Mapping[str, str],
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        recorder: Recorder | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.carrier = carrier
        self._base_url = base_url.rstrip("/") + "/"
        self._auth = httpx.BasicAuth(*auth)
        self._secrets = {auth[1]: "***", **secrets}
        self._timeouts = timeouts
        self._recorder = recorder
        self._own_client = _new_client(transport) if transport else None

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str | Sequence[str]] | None = None,
    ) -> Reply:
        """Send one request and return whatever was answered. Raises TransportError when nothing was.

        ``body`` goes out as JSON, ``form`` as form fields; one with several values is repeated.
        """
        request = self._client.build_request(method, self.url(path), params=params, json=body, data=form)
        with deadline(self._timeouts.deadline):
            if method != "GET":
                return self._attempt(request)
            try:
                reply = self._attempt(request)
            except TransportError:
                if not _may_repeat(0.0):
                    raise
                return self._attempt(request)
            if reply.status == 429 and _may_repeat(pause := reply.retry_after or 0.2):
                time.sleep(pause)
                return self._attempt(request)
            return reply

    def url(self, path: str) -> str:
        return self._base_url + path

    def masked(self, text: str) -> str:
        for secret, stand_in in self._secrets.items():
            text = text.replace(secret, stand_in)
        return text

    @property
    def _client(self) -> httpx.Client:
        return self._own_client or _shared_client()

    def _attempt(self, request: httpx.Request) -> Reply:
        started = time.monotonic()
        try:
            reply = self._send(request)
        except httpx.RequestError as error:
            self._count(request, None, started)
            self._record(request, None, type(error).__name__, started)
            raise self._no_answer(request.method, error) from error
        self._count(request, reply.status, started)
        self._record(request, reply, "", started)
        return reply

    def _send(self, request: httpx.Request) -> Reply:
        left = max(remaining() or 0.0, 0.001)
        brief = min(self._timeouts.connect, left)
        timeout = httpx.Timeout(left, connect=brief, pool=brief)
        request.extensions = {**request.extensions, "timeout": timeout.as_dict()}
        response = self._client.send(request, stream=True, auth=self._auth, follow_redirects=False)
        try:
            return _read(response)
        finally:
            response.close()

    def _count(self, request: httpx.Request, status: int | None, started: float) -> None:
        count_carrier_request(
            self.carrier, request.method, request.url.path, status, time.monotonic() - started
        )

    def _no_answer(self, method: str, error: httpx.RequestError) -> TransportError:
        safe = method == "GET" or isinstance(error, _NEVER_SENT)
        outcome = Outcome.NOT_DONE if safe else Outcome.UNKNOWN
        text = printable(self.masked(f"{type(error).__name__}: {error}"))
        return TransportError(text, carrier=self.carrier, outcome=outcome)

    def _record(self, request: httpx.Request, reply: Reply | None, error: str, started: float) -> None:
        """Tell the recorder. A record that can't be written must not hide that a number was sold.

        A database or disk that fails is logged and forgotten; the answer counts. Anything else the recorder
        raises is a mistake in it and propagates: the caller then looks the number up, as after a crash.
        """
        if self._recorder is None:
            return
        exchange = Exchange(
            carrier=self.carrier,
            method=request.method,
            url=self.masked(str(request.url)),
            request_body=self._recordable(request.content.decode("utf-8", "replace")),
            status=reply.status if reply else None,
            response_body=self._recordable(reply.text) if reply else "",
            error=error,
            duration_ms=round((time.monotonic() - started) * 1000),
        )
        try:
            self._recorder(exchange)
        except (django.db.Error, OSError):
            logger.exception("not recorded: %s %s -> %s", exchange.method, exchange.url, exchange.status)

    def _recordable(self, text: str) -> str:
        return self.masked(text)[:MAX_RECORDED].replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _read(response: httpx.Response) -> Reply:
    """Read at most MAX_BODY. We ask for no compression, so whatever comes compressed is left alone."""
    body = bytearray()
    complete = response.headers.get("content-encoding", "identity") == "identity"
    for chunk in response.iter_bytes() if complete else ():
        body += chunk
        if len(body) > MAX_BODY:
            complete = False
            break
    text = bytes(body[:MAX_BODY]).decode("utf-8", "replace")
    return Reply(response.status_code, response.headers, text, complete)


def _may_repeat(pause: float) -> bool:
    left = remaining()
    return pause <= LONGEST_PAUSE and (left is None or left > pause)


def _new_client(transport: httpx.BaseTransport) -> httpx.Client:
    client = httpx.Client(transport=transport, trust_env=False, headers={"accept-encoding": "identity"})
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # accounts share the client
    return client


@functools.cache
def _shared_client() -> httpx.Client:
    return _new_client(DeadlineTransport())


os.register_at_fork(after_in_child=_shared_client.cache_clear)  # a socket must not have two readers

"""One POST to a server nobody here vouches for: one deadline for all of it, no redirects, little is read.

The connection goes to an address that has been judged (see ``addressing``); the certificate must be for the
host in the URL. No cookies, no compression, no proxies, nothing is kept from one request to the next.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import certifi
import h11
from django.utils.translation import gettext_noop as _

from dialnexa.errors import Refusal
from dialnexa.webhooks.addressing import Place, Resolver, locate, parse_url

READ_MOST = 1 << 16  # bytes of an answer's body
KEPT = 500  # characters of it
BODY_PATIENCE = 2.0  # seconds for the body, once the status is known
AGENT = "DialNexa-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Answer:
    """``http_status`` is None when no answer came; ``sentence`` says what happened, in English."""

    http_status: int | None
    sentence: str
    took_ms: int
    body: str = ""

    @property
    def is_success(self) -> bool:
        return self.http_status is not None and 200 <= self.http_status < 300


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, resolver: Resolver | None = None
) -> Answer:
    """Send ``body`` and say what came of it; raises nothing for anything a server can do.

    ``seconds`` is the deadline for looking up, connecting, sending and reading together.
    """
    began = time.monotonic()
    exchange = _Exchange(began + seconds)
    try:
        place = parse_url(url)
        exchange.run(place, locate(place, resolver=resolver), body, headers)
        problem = ""
    except Refusal as refusal:
        problem = refusal.sentence
    except TimeoutError:
        problem = _("No answer within %(seconds)s seconds.") % {"seconds": f"{seconds:g}"}
    except ssl.SSLCertVerificationError as error:
        problem = _("Its certificate is not accepted: %(why)s.") % {"why": error.verify_message}
    except (OSError, h11.ProtocolError) as error:
        problem = _words(error)
    took = round((time.monotonic() - began) * 1000)
    if exchange.status is None:
        return Answer(None, problem, took)
    return Answer(exchange.status, _verdict(exchange.status), took, _kept(exchange))


def _verdict(status: int) -> str:
    if 200 <= status < 300:
        return _("Delivered.")
    if 300 <= status < 400:
        sentence = _(
            "It answered %(status)s: another address. Redirects are not followed; enter that address here."
        )
        return sentence % {"status": status}
    if status == 410:
        return _("It answered 410 Gone: it wants no more messages.")
    return _("It answered %(status)s instead of 2xx.") % {"status": status}


def _words(error: OSError | h11.ProtocolError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return _("It refused the connection.")
    if isinstance(error, ConnectionError):
        return _("It closed the connection without an answer.")
    if isinstance(error, h11.ProtocolError):
        return _("What it answered is not HTTP.")
    if isinstance(error, ssl.SSLError):
        return _("No encrypted connection could be made.")
    return _("It could not be reached.")


def _kept(exchange: _Exchange) -> str:
    text = bytes(exchange.read).decode("utf-8", "replace")
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text[:KEPT])


@functools.cache
def tls() -> ssl.SSLContext:
    """Trusts what the machine and certifi trust."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class _Exchange:
    """One request and its answer. ``status`` is set as soon as it is known, whatever happens afterwards."""

    def __init__(self, ends_at: float) -> None:
        self.status: int | None = None
        self.read = bytearray()
        self._ends_at = ends_at
        self._http = h11.Connection(h11.CLIENT)

    def run(self, place: Place, addresses: Sequence[str], body: bytes, headers: Mapping[str, str]) -> None:
        """Raises OSError (TimeoutError among them) and h11.ProtocolError."""
        with contextlib.closing(self._connect(place, addresses)) as line:
            self._send(line, self._request(place, body, headers))
            while self._receive(line):
                pass

    def _connect(self, place: Place, addresses: Sequence[str]) -> socket.socket:
        """The first address that takes the connection. Nothing has been sent to the others."""
        *others, last = addresses
        for address in others:
            with contextlib.suppress(OSError):
                return self._connect_to(address, place, self._left() / 2)
        return self._connect_to(last, place, self._left())

    def _connect_to(self, address: str, place: Place, seconds: float) -> socket.socket:
        line = socket.create_connection((address, place.port), timeout=seconds)
        if place.scheme == "http":
            return line
        try:
            line.settimeout(self._left())
            return tls().wrap_socket(line, server_hostname=place.host)
        except BaseException:
            line.close()
            raise

    def _request(self, place: Place, body: bytes, headers: Mapping[str, str]) -> bytes:
        own = {
            "host": place.authority,
            "user-agent": AGENT,
            "accept-encoding": "identity",
            "connection": "close",
            "content-type": "application/json",
            "content-length": str(len(body)),
        }
        request = h11.Request(method="POST", target=place.path, headers=list({**own, **headers}.items()))
        parts = [self._http.send(event) for event in (request, h11.Data(data=body), h11.EndOfMessage())]
        return b"".join(part for part in parts if part)

    def _send(self, line: socket.socket, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            line.settimeout(self._left())
            rest = rest[line.send(rest) :]

    def _receive(self, line: socket.socket) -> bool:
        """Read the next piece. False when there is no more that is wanted."""
        event = self._http.next_event()
        if event is h11.NEED_DATA:
            line.settimeout(self._left())
            self._http.receive_data(line.recv(1 << 14))
        elif isinstance(event, h11.Response):
            self.status = event.status_code
            self._ends_at = min(self._ends_at, time.monotonic() + BODY_PATIENCE)
            encoding = dict(event.headers).get(b"content-encoding", b"identity")
            return encoding == b"identity"  # we asked for no compression: what comes so is left alone
        elif isinstance(event, h11.Data):
            self.read += event.data[: READ_MOST - len(self.read)]
            return len(self.read) < READ_MOST
        else:
            return isinstance(event, h11.InformationalResponse)
        return True

    def _left(self) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

"""The sandbox's HTTP server: threads, keep-alive, and sockets it can hang, cut and reset.

``start`` runs it beside the caller, ``serve_forever`` until SIGTERM or Ctrl-C.
"""

from __future__ import annotations

import ipaddress
import logging
import select
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from .carrier_api import TOKEN, CarrierApi
from .console import Console
from .context import Request
from .control import Control
from .dialects import DIALECTS, VOICES
from .engine import SLUG, Engine
from .inbox import Inbox
from .inventory import PER_RANGE, Inventory
from .journal import Journal
from .sip import Trunk
from .state import State
from .switchboard import Switchboard
from .wire import Answer, Delivery, refused

logger = logging.getLogger(__name__)

MAX_BODY = 1 << 20
GONE_CHECK = 0.05  # seconds between two looks whether a client that gets no answer is still there

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that answers at ``url``. ``state`` is its live memory, ``trunk`` its SIP trunk."""

    host: str
    port: int
    state: State
    trunk: Trunk
    stop: Callable[[], None]

    @property
    def url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def start(
    host: str = "127.0.0.1",
    port: int = 0,
    data_dir: Path | None = None,
    *,
    token: str = TOKEN,
    per_range: int = PER_RANGE,
    engine: Engine | None = None,
) -> RunningSandbox:
    """Serve in a thread. Port 0 picks a free one; without ``data_dir`` nothing outlives the process.

    ``per_range`` is how many numbers each country has of each type; ``engine`` brings calls in over SIP.
    Raises ValueError for an address that is not loopback: the sandbox must never be reachable from elsewhere.
    """
    if not ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback:
        raise ValueError(f"the sandbox carrier only listens on loopback, not on {host}")
    journal = Journal(data_dir / "journal.jsonl" if data_dir else None)
    state = State(Inventory(per_range), journal)
    server = _Server((host, port), state, token, engine)
    try:
        trunk = server.console.trunk = Trunk(host, server.server_address[1])
    except OSError:
        server.server_close()
        raise
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="sandbox-carrier", daemon=True)
    thread.start()
    server.switchboard.resume()

    def stop() -> None:
        trunk.stop()
        server.switchboard.stop()
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
        journal.close()

    return RunningSandbox(host, server.server_address[1], state, trunk, stop)


def serve_forever(
    host: str,
    port: int,
    data_dir: Path | None,
    announce: Callable[[str], None],
    *,
    per_range: int = PER_RANGE,
    engine: Engine | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; ``announce`` is told the URL once requests are answered.

    The other arguments and the errors are those of ``start``. Call it from the main thread.
    """
    asked_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_stop.set())
    sandbox = start(host, port, data_dir, per_range=per_range, engine=engine)
    announce(sandbox.url)
    asked_to_stop.wait()
    sandbox.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a handler that hangs on purpose must not hold up the end
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], state: State, token: str, engine: Engine | None) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.stopping = threading.Event()
        self.switchboard = Switchboard(state, VOICES | ({SLUG: engine} if engine else {}), token)
        self.apis = tuple(CarrierApi(dialect, state, self.switchboard, token) for dialect in DIALECTS)
        self.control = Control(state, self.switchboard, engine)
        self.console, self.inbox = Console(state, self.control), Inbox(state)
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what this server is for; anything else is a mistake in it."""
        if not isinstance(sys.exception(), OSError):
            logger.exception("the sandbox carrier failed")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "SandboxCarrier"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet for headers and body
    timeout = 120.0

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  # names the base class looks for

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the page shows the requests."""

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            self._deliver(refused(413, "the body is too large or its length is unknown"))
            return
        split = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        self._deliver(self._answer(Request(self.command, split.path, query, headers, body)))

    def _answer(self, request: Request) -> Answer:
        if not _from_this_machine(request):
            return refused(403, "only from this machine")
        for api in self.server.apis:
            if api.dialect.speaks(request.path):
                return api.respond(request)
        if request.path.startswith("/control/"):
            return self.server.control.respond(request)
        if request.path.startswith("/webhooks"):
            return self.server.inbox.respond(request)
        if request.path in ("/", "/calls") or (
            request.path.startswith("/console/") and request.method == "POST"
        ):
            return self.server.console.respond(request)
        return refused(404, "not found")

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        known = length.isascii() and length.isdigit() and "Transfer-Encoding" not in self.headers
        return self.rfile.read(int(length)) if known and int(length) <= MAX_BODY else None

    def _deliver(self, answer: Answer) -> None:
        if answer.delivery is Delivery.RESET:
            self._reset()
        elif answer.delivery is Delivery.NEVER:
            self._hold(answer.seconds)
            self.close_connection = True
        else:
            self._hold(answer.delay)
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        whole = answer.delivery is Delivery.WHOLE
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.status != 204:
            lines += [f"Content-Type: {answer.content_type}", f"Content-Length: {len(answer.body)}"]
        if self.close_connection or not whole:
            lines.append("Connection: close")
            self.close_connection = True
        message = "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body
        if answer.delivery is Delivery.DRIPPED:
            self._drip(message, answer.seconds)
        else:
            self.wfile.write(message if whole else message[: -len(answer.body) // 2])
            self.wfile.flush()

    def _drip(self, message: bytes, seconds: float) -> None:
        """Even the headers byte by byte: a client that only times its reads waits for all of it."""
        for index in range(len(message)):
            self.wfile.write(message[index : index + 1])
            self.wfile.flush()
            if self.server.stopping.wait(seconds):
                return

    def _hold(self, seconds: float) -> None:
        """Wait, but no longer than the client does, and not beyond the server's end."""
        for _ in range(round(seconds / GONE_CHECK)):
            if self.server.stopping.wait(GONE_CHECK) or self._client_is_gone():
                return

    def _client_is_gone(self) -> bool:
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        try:
            return bool(poll.poll(0)) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    def _reset(self) -> None:
        """Close without a goodbye, so that the client sees a reset and not an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for file in (self.rfile, self.wfile, self.connection):
            file.close()
        raise ConnectionAbortedError("reset on purpose")


def _from_this_machine(request: Request) -> bool:
    """Whether a page or program of this machine asks: a foreign site's form or a rebound name does not."""
    host = request.headers.get("host", "")
    name = urlsplit(f"//{host}").hostname or ""
    return name in _LOOPBACK_NAMES and request.headers.get("origin", f"http://{host}") == f"http://{host}"

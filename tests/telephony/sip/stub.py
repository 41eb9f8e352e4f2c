"""Servers on loopback that answer as a test says, truthfully or not."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

COPIED = re.compile(r"^(?:Via|From|To|Call-ID|CSeq): .*\r\n", re.M)
Respond = Callable[[str], Iterable[bytes | float]]  # what to send, and how many seconds to wait in between


@dataclass
class Stub:
    """``heard``: the requests as they came; ``at``: when."""

    port: int
    heard: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    def hear(self, data: bytes) -> str:
        self.heard.append(data.decode())
        self.at.append(time.monotonic())
        return self.heard[-1]


def header(request: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)\r$", request, re.M)
    return found[1] if found else ""


def reply(request: str, status: str, *headers: str, body: bytes = b"") -> bytes:
    """A proper reply to ``request``: ``reply(request, "200 OK", "Allow: INVITE")``."""
    lines = [f"SIP/2.0 {status}\r\n", *COPIED.findall(request), *(f"{line}\r\n" for line in headers)]
    return "".join([*lines, f"Content-Length: {len(body)}\r\n\r\n"]).encode() + body


def always(status: str, *headers: str) -> Respond:
    return lambda request: [reply(request, status, *headers)]


@contextmanager
def datagrams(respond: Respond, host: str = "127.0.0.1") -> Iterator[Stub]:
    """A UDP server."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as server, _ending() as over:
        server.bind((host, 0))
        server.settimeout(0.05)
        stub = Stub(server.getsockname()[1])

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError, ConnectionError):
                    data, sender = server.recvfrom(65_535)
                    send = partial(_send_to, server, sender)
                    _send(respond(stub.hear(data)), send, over)

        with _running(serve, over):
            yield stub


@contextmanager
def streams(
    respond: Respond, *, secured: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[Stub]:
    """A TCP server, or with ``secured`` a TLS server, for one request after another on each connection.

    ``respond`` is first asked about ``""``, when a connection is made; it closes when it raises EOFError.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as server, _ending() as over:
        server.bind((host, 0))
        server.listen()
        server.settimeout(0.05)
        stub = Stub(server.getsockname()[1])

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError, EOFError, OSError):
                    connection, _ = server.accept()
                    with connection if not secured else _secured(connection, secured) as stream:
                        _talk(stream)

        def _talk(stream: socket.socket) -> None:
            _send(respond(""), partial(_send_on, stream), over)
            data = b""
            while not over.is_set():
                stream.settimeout(0.05)
                try:
                    part = stream.recv(65_535)
                except TimeoutError:
                    continue
                if not part:
                    return
                data += part
                while b"\r\n\r\n" in data:
                    request, _, data = data.partition(b"\r\n\r\n")
                    _send(respond(stub.hear(request + b"\r\n\r\n")), partial(_send_on, stream), over)

        with _running(serve, over):
            yield stub


def _secured(connection: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
    connection.settimeout(5)
    try:
        return context.wrap_socket(connection, server_side=True)
    except OSError:
        connection.close()
        raise


def _send_to(server: socket.socket, receiver: Any, part: bytes) -> None:
    server.sendto(part, receiver)


def _send_on(stream: socket.socket, part: bytes) -> None:
    stream.settimeout(5)
    stream.sendall(part)


def _send(parts: Iterable[bytes | float], send: Callable[[bytes], object], over: threading.Event) -> None:
    for part in parts:
        if isinstance(part, bytes):
            send(part)
        elif over.wait(part):
            return


@contextmanager
def _ending() -> Iterator[threading.Event]:
    over = threading.Event()
    try:
        yield over
    finally:
        over.set()


@contextmanager
def _running(serve: Callable[[], None], over: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(5)

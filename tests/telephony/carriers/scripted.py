"""Carriers that answer what a test tells them to: in memory, or over a socket byte by byte."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from telephony.carriers.plivo import PlivoCarrier

AUTH_ID = "MASCRIPTED0000000000"
TOKEN = "canary-of-a-token"


@dataclass
class Scripted:
    """An adapter whose requests get ``answers`` in turn, the last one for ever."""

    answers: list[httpx.Response]
    requests: list[httpx.Request] = field(default_factory=list)

    def carrier(self, **options: Any) -> PlivoCarrier:
        transport = httpx.MockTransport(self._answer)
        return PlivoCarrier("https://carrier.invalid", AUTH_ID, TOKEN, transport=transport, **options)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        index = min(len(self.requests), len(self.answers)) - 1
        answer = self.answers[index]
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def scripted(status: int, body: Any = b"", **headers: str) -> Scripted:
    return Scripted([response(status, body, **headers)])


def response(status: int, body: Any = b"", **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, content=content)


@contextmanager
def raw_server(speak: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """Yields a URL and the requests it received. ``speak`` answers each connection after its request."""
    received: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with connection:
            received.append(connection.recv(65536))
            try:
                speak(connection)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", received
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()

"""A customer's server on loopback, which answers as a test says."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Answer = Callable[["Heard"], Iterable[bytes | float]]  # what to send, and how long to wait in between


@dataclass(frozen=True, slots=True)
class Heard:
    """One request; header names in small letters."""

    line: str
    headers: dict[str, str]
    body: str


@dataclass
class Receiver:
    port: int
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0
    answers: Answer = lambda _heard: [OK]
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"


def always(status: str, *headers: str, body: bytes = b"") -> Answer:
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"))
    return lambda heard: [f"{head}\r\n".encode() + body]


@contextmanager
def receiving(
    answers: Answer = lambda _heard: [OK], *, tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """Every connection has a thread of its own."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        receiver = Receiver(server.getsockname()[1], answers=answers)
        accepting = threading.Thread(target=_accept, args=(server, receiver, tls, over), daemon=True)
        accepting.start()
        try:
            yield receiver
        finally:
            over.set()
            accepting.join(5)


def _accept(
    server: socket.socket, receiver: Receiver, tls: ssl.SSLContext | None, over: threading.Event
) -> None:
    while not over.is_set():
        try:
            line, _ = server.accept()
        except TimeoutError:
            continue
        receiver.connections += 1
        threading.Thread(target=_serve, args=(line, receiver, tls, over), daemon=True).start()


def _serve(
    line: socket.socket, receiver: Receiver, tls: ssl.SSLContext | None, over: threading.Event
) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        line.settimeout(5)
        with tls.wrap_socket(line, server_side=True) if tls else line as talking:
            heard = _read(talking)
            with receiver.lock:
                receiver.heard.append(heard)
                receiver.at_once += 1
                receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
            try:
                _answer(talking, receiver.answers(heard), over)
            finally:
                with receiver.lock:
                    receiver.at_once -= 1


def _answer(talking: socket.socket, parts: Iterable[bytes | float], over: threading.Event) -> None:
    for part in parts:
        if over.is_set():
            return
        if isinstance(part, bytes):
            talking.sendall(part)
        else:
            time.sleep(part)


def _read(talking: socket.socket) -> Heard:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(talking)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += _more(talking)
    return Heard(first, headers, body.decode())


def _more(talking: socket.socket) -> bytes:
    data = talking.recv(65536)
    if not data:
        raise ConnectionError
    return data

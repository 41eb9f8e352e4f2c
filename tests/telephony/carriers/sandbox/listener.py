"""An application on this machine: it answers a carrier's webhooks and remembers them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

PATIENCE = 10.0


@dataclass(frozen=True)
class Post:
    path: str
    fields: dict[str, str]
    headers: dict[str, str]


@dataclass
class Listener:
    url: str
    xml: str = "<Response/>"
    status: int = 200
    heard: list[Post] = field(default_factory=list)

    def about(self, path: str) -> list[Post]:
        return [post for post in self.heard if post.path.partition("?")[0] == path]

    def wait(self, done: Callable[[], object]) -> None:
        until = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < until, self.heard
            time.sleep(0.005)


@contextmanager
def listening() -> Iterator[Listener]:
    """``/answer…`` is answered with the listener's XML, everything else with 204."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            listener.heard.append(Post(self.path, dict(parse_qsl(body, keep_blank_values=True)), headers))
            xml = listener.xml.encode() if self.path.startswith("/answer") else b""
            self.send_response(listener.status if xml else 204)
            if xml:
                self.send_header("Content-Length", str(len(xml)))
            self.end_headers()
            self.wfile.write(xml)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

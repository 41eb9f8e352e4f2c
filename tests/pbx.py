"""A telephone exchange of a few lines: answers OPTIONS over UDP on this machine, with digest if told so."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from dataclasses import dataclass, field

CHALLENGE = 'WWW-Authenticate: Digest realm="pbx", nonce="0123456789abcdef", algorithm=MD5\r\n'


@dataclass
class Pbx:
    """``secret`` set: whoever asks must know it. ``silent``: says nothing. ``calls`` counts what came in."""

    username: str = "desk"
    secret: str = ""
    silent: bool = False
    delay: float = 0.0
    code: int = 200
    calls: int = 0
    uri: str = field(init=False)

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.uri = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(2)
        self._socket.close()

    def _serve(self) -> None:
        self._socket.settimeout(0.05)
        while not self._stop.is_set():
            try:
                data, source = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            self.calls += 1
            if not self.silent and not self._stop.wait(self.delay):
                self._socket.sendto(self._answer(data.decode()), source)

    def _answer(self, request: str) -> bytes:
        head = "".join(
            f"{line}\r\n"
            for line in request.split("\r\n")
            if re.match(r"(Via|From|To|Call-ID|CSeq):", line, re.I)
        )
        allowed = not self.secret or self._proves(request)
        status = f"{self.code} {'OK' if self.code == 200 else 'No'}" if allowed else "401 Unauthorized"
        extra = "" if allowed else CHALLENGE
        return f"SIP/2.0 {status}\r\n{head}{extra}Content-Length: 0\r\n\r\n".encode()

    def _proves(self, request: str) -> bool:
        found = re.search(r"^Authorization: Digest (.*)$", request, re.M | re.I)
        if not found:
            return False
        said = dict(re.findall(r'(\w+)="?([^",\r]*)"?', found[1]))
        one = _md5(f"{self.username}:pbx:{self.secret}")
        two = _md5(f"OPTIONS:{said['uri']}")
        middle = [said["nonce"], *(said[key] for key in ("nc", "cnonce", "qop") if key in said)]
        return said["response"] == _md5(":".join([one, *middle, two]))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

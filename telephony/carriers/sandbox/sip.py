"""A carrier's SIP trunk on this machine, over UDP and TCP: it answers OPTIONS from who knows the password."""

from __future__ import annotations

import contextlib
import hmac
import re
import secrets
import socket
import socketserver
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from dialnexa import clock
from telephony.sip.digest import Challenge, Credentials, parse_parameters, response
from telephony.sip.message import Headers, NotSip, parse_message, take_message

USER, PASSWORD = "demo", "demo-secret"  # noqa: S105  the sandbox's own, known to everybody
REALM = "sandbox"
ALGORITHMS = ("SHA-256", "MD5")
COPIED = ("via", "from", "to", "call-id", "cseq")  # of a request into its reply
PATIENCE = 60.0  # seconds a connection may be idle
TRIES = 20  # ports


@dataclass(frozen=True, slots=True)
class SeenQuestion:
    at: float
    transport: str
    method: str
    user: str
    answer: str


class Trunk:
    """The trunk at ``port`` of ``host``. While ``silent``, it hears all and says nothing."""

    def __init__(self, host: str, near: int) -> None:
        self.silent = False
        self.seen: deque[SeenQuestion] = deque(maxlen=10)
        self._nonces: deque[str] = deque(maxlen=1000)
        self._servers = _bind(host, near, self)
        self.host, self.port = host, self._servers[0].server_address[1]
        for server in self._servers:
            threading.Thread(
                target=server.serve_forever, args=(0.05,), name="sandbox-trunk", daemon=True
            ).start()

    def stop(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def answer(self, message: bytes, sender: Any, transport: str) -> bytes:
        """The reply to send; nothing for what is no request, for ACK, and while silent."""
        with contextlib.suppress(NotSip):
            first, headers = parse_message(message)
            method, _, rest = first.partition(" ")
            if rest.endswith(" SIP/2.0") and method != "ACK":
                user, status, more = self._judge(method, headers)
                told = "nothing" if self.silent else status
                self.seen.appendleft(
                    SeenQuestion(clock.now().timestamp(), transport, method[:20], user, told)
                )
                return b"" if self.silent else _reply(status, headers, sender, more)
        return b""

    def _judge(self, method: str, headers: Headers) -> tuple[str, str, list[str]]:
        """Who asks, the status, and the reply's further headers."""
        if method != "OPTIONS":
            return "", "405 Method Not Allowed", ["Allow: OPTIONS"]
        shown = next((value for name, value in headers if name == "authorization"), "")
        told = parse_parameters(shown.partition(" ")[2]) or {}
        if self._is_proof(told):
            return told["username"], "200 OK", ["Allow: OPTIONS", "Accept: application/sdp"]
        nonce = secrets.token_hex(16)
        self._nonces.append(nonce)
        wanted = 'WWW-Authenticate: Digest realm="{}", nonce="{}", algorithm={}, qop="auth"'
        more = [wanted.format(REALM, nonce, algorithm) for algorithm in ALGORITHMS]
        return told.get("username", ""), "401 Unauthorized", more

    def _is_proof(self, told: dict[str, str]) -> bool:
        if told.get("nonce") not in self._nonces or told.get("algorithm") not in ALGORITHMS:
            return False
        challenge = Challenge(REALM, told["nonce"], told["algorithm"], "auth")
        count, cnonce = told.get("nc", ""), told.get("cnonce", "")
        wanted = response(
            challenge, Credentials(USER, PASSWORD), "OPTIONS", told.get("uri", ""), count, cnonce
        )
        right = hmac.compare_digest(told.get("response", "").encode(), wanted.encode())
        return right and told.get("username") == USER


def _reply(status: str, headers: Headers, sender: Any, more: list[str]) -> bytes:
    lines = [f"SIP/2.0 {status}"]
    for name, value in headers:
        if name == "via" and len(lines) == 1:  # tell the asker how it was seen (RFC 3581)
            value = re.sub(r";rport(?=;|$)", f";rport={sender[1]};received={sender[0]}", value)
        if name == "to" and "tag=" not in value:
            value += f";tag={secrets.token_hex(4)}"
        if name in COPIED:
            lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, *more, "Server: SandboxCarrier", "Content-Length: 0", "", ""]).encode()


class _Datagrams(socketserver.UDPServer):
    max_packet_size = 65_535

    def __init__(self, address: tuple[str, int], trunk: Trunk) -> None:
        self.trunk = trunk
        self.address_family = _family(address[0])
        super().__init__(address, _DatagramHandler)


class _DatagramHandler(socketserver.BaseRequestHandler):
    server: _Datagrams

    def handle(self) -> None:
        message, connection = self.request
        reply = self.server.trunk.answer(message, self.client_address, "UDP")
        if reply:
            connection.sendto(reply, self.client_address)


class _Streams(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], trunk: Trunk) -> None:
        self.trunk = trunk
        self.address_family = _family(address[0])
        super().__init__(address, _StreamHandler)


class _StreamHandler(socketserver.BaseRequestHandler):
    server: _Streams

    def handle(self) -> None:
        self.request.settimeout(PATIENCE)
        buffer = bytearray()
        with contextlib.suppress(OSError, NotSip):
            while data := self.request.recv(65_535):
                buffer += data
                while (message := take_message(buffer)) is not None:
                    self.request.sendall(self.server.trunk.answer(message, self.client_address, "TCP"))


def _bind(host: str, near: int, trunk: Trunk) -> tuple[_Streams, _Datagrams]:
    """Both servers on one port: the one after ``near``, or any. Raises OSError when there is none."""
    for port in (near + 1, *[0] * TRIES):
        with contextlib.suppress(OSError, OverflowError):
            streams = _Streams((host, port), trunk)
            try:
                return streams, _Datagrams((host, streams.server_address[1]), trunk)
            except OSError:
                streams.server_close()
    raise OSError(f"there is no free port for the SIP trunk on {host}")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET

"""The ways to a target: UDP, TCP and TLS, each message by message and with an end to all waiting."""

from __future__ import annotations

import errno
import socket
import ssl
import time
from abc import ABC, abstractmethod
from functools import cache
from typing import ClassVar, Literal

from django.conf import settings

from telephony.sip.message import NotSip, take_message
from telephony.sip.targets import Target

MOST_READ = 262_144  # bytes from one stream, whatever they are
CHUNK = 65_535  # the largest datagram

Kind = Literal[
    "silent", "mute", "silent_after_proof", "trying", "refused", "no_route", "closed", "not_sip",
    "no_tls", "client_certificate", "untrusted", "self_signed", "wrong_name", "expired", "not_yet_valid",
]  # fmt: skip
NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EACCES, errno.EPERM,
            errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL}  # fmt: skip
VERIFY_CODES: dict[int, Kind] = {  # OpenSSL's
    9: "not_yet_valid",
    10: "expired",
    18: "self_signed",
    62: "wrong_name",
    64: "wrong_name",
}


class Trouble(Exception):
    """No reply came, and ``kind`` says why."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self.kind: Kind = kind


class Channel(ABC):
    """A connection to one target. All methods raise Trouble; ``end`` is in ``time.monotonic()`` seconds."""

    via: ClassVar[str]
    resends: ClassVar[bool] = False  # whether messages may get lost on the way

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    @property
    def here(self) -> str:
        """Our address and port, as a header writes them."""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def send(self, message: bytes, end: float) -> None:
        self._wait_until(end)
        try:
            self._socket.sendall(message)
        except OSError as error:
            raise Trouble(kind_of(error)) from error

    @abstractmethod
    def receive(self, end: float) -> bytes:
        """The next message. Raises Trouble("silent") at ``end``."""

    def close(self) -> None:
        self._socket.close()

    def _read(self, end: float) -> bytes:
        self._wait_until(end)
        try:
            return self._socket.recv(CHUNK)
        except OSError as error:
            raise Trouble(kind_of(error)) from error

    def _wait_until(self, end: float) -> None:
        left = end - time.monotonic()
        if left <= 0:
            raise Trouble("silent")
        self._socket.settimeout(left)


class Datagrams(Channel):
    """UDP. The socket is connected: the kernel drops what others send, and tells when nobody listens."""

    via: ClassVar[str] = "UDP"
    resends: ClassVar[bool] = True

    def receive(self, end: float) -> bytes:
        return self._read(end)


class Stream(Channel):
    via: ClassVar[str] = "TCP"

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self._buffer = bytearray()
        self._read_so_far = 0

    def receive(self, end: float) -> bytes:
        while True:
            try:
                message = take_message(self._buffer)
            except NotSip:
                raise Trouble("not_sip") from None
            if message is not None:
                return message
            self._read_more(end)

    def _read_more(self, end: float) -> None:
        data = self._read(end)
        self._read_so_far += len(data)
        if not data:
            raise Trouble("not_sip" if self._buffer else "closed")
        if self._read_so_far > MOST_READ:
            raise Trouble("not_sip")
        self._buffer += data


class SecureStream(Stream):
    via: ClassVar[str] = "TLS"


def connect(target: Target, end: float) -> Channel:
    """Open the way to exactly this address. Raises Trouble."""
    kind = socket.SOCK_DGRAM if target.transport == "udp" else socket.SOCK_STREAM
    context = _context(settings.SIP_CA_FILE) if target.transport == "tls" else None
    try:
        connection = socket.socket(socket.AF_INET6 if ":" in target.address else socket.AF_INET, kind)
    except OSError as error:
        raise Trouble("no_route") from error
    try:
        connection.settimeout(_left(end))
        connection.connect((target.address, target.port))
        if context:
            return SecureStream(_secured(connection, context, target.tls_name, end))
    except (OSError, Trouble) as error:
        connection.close()
        raise error if isinstance(error, Trouble) else Trouble(kind_of(error)) from error
    return Datagrams(connection) if target.transport == "udp" else Stream(connection)


def _secured(connection: socket.socket, context: ssl.SSLContext, name: str, end: float) -> ssl.SSLSocket:
    connection.settimeout(_left(end))
    try:
        return context.wrap_socket(connection, server_hostname=name)
    except TimeoutError:
        raise Trouble("mute") from None


def _left(end: float) -> float:
    """Seconds until ``end``; never none, which would mean not to wait at all."""
    return max(end - time.monotonic(), 0.001)


def kind_of(error: OSError) -> Kind:
    """What an error of the operating system or of TLS means to somebody with a trunk."""
    if isinstance(error, TimeoutError):
        return "silent"
    if isinstance(error, ssl.SSLError):
        return _kind_of_tls(error)
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "no_route" if error.errno in NO_ROUTE else "closed"


def _kind_of_tls(error: ssl.SSLError) -> Kind:
    if isinstance(error, ssl.SSLCertVerificationError):
        return VERIFY_CODES.get(error.verify_code, "untrusted")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "closed"
    if "CERTIFICATE_REQUIRED" in str(error.reason):
        return "client_certificate"
    return "no_tls"


@cache
def _context(extra: str) -> ssl.SSLContext:
    """The system's certificates, and those in the file ``extra``."""
    context = ssl.create_default_context()
    if extra:
        context.load_verify_locations(extra)
    return context

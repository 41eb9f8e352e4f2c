"""SIP messages (RFC 3261): requests as we send them, replies as strangers send them.

A stranger's reply is read strictly and within limits; what is not SIP raises NotSip and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_HEAD = 16_384  # bytes of status line and headers
MOST_BODY = 65_536
MOST_HEADERS = 128
END = b"\r\n\r\n"

STATUS = re.compile(r"SIP/2\.0 ([1-6][0-9][0-9])(?: (.*))?", re.I)
REQUEST = re.compile(r"[A-Z0-9.!%*_+`'~-]+ \S+ SIP/2\.0", re.I)
HEADER = re.compile(r"([A-Za-z0-9.!%*_+`'~-]+)[ \t]*:(.*)")
FOLD = re.compile(r"\r\n[ \t]+")
BRANCH = re.compile(r";\s*branch\s*=\s*([^\s;,]+)", re.I)
CSEQ = re.compile(r"([0-9]{1,10})\s+([A-Za-z]+)")
FULL_NAMES = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
    "c": "content-type", "e": "content-encoding", "k": "supported", "s": "subject",
}  # fmt: skip


Headers = tuple[tuple[str, str], ...]  # lower-case full names with their values, in order


class NotSip(Exception):
    """What arrived is no SIP reply, or more of it than anybody needs."""


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    reason: str
    headers: Headers

    def all(self, name: str) -> list[str]:
        return [value for its_name, value in self.headers if its_name == name]

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def is_final(self) -> bool:
        return self.code >= 200

    def answers(self, branch: str, number: int, method: str) -> bool:
        """Whether it belongs to the request with this branch and CSeq (RFC 3261, 17.1.3)."""
        told = BRANCH.search(self.first("via").partition(",")[0])
        sequence = CSEQ.fullmatch(self.first("cseq"))
        return bool(
            told
            and told[1] == branch
            and sequence
            and (int(sequence[1]), sequence[2].upper()) == (number, method)
        )


def build_request(method: str, uri: str, headers: Sequence[tuple[str, str]]) -> bytes:
    """A request without a body. Raises ValueError for a value with a control character in it."""
    lines = [f"{method} {uri} SIP/2.0", *(f"{name}: {value}" for name, value in headers)]
    if not all(line.isprintable() for line in lines):
        raise ValueError("A SIP header can't hold line breaks or other control characters.")
    return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()


def parse_reply(data: bytes) -> Reply | None:
    """The whole reply in ``data``; None when it is a request. Raises NotSip."""
    first, headers = parse_message(data)
    if REQUEST.fullmatch(first):
        return None
    status = STATUS.fullmatch(first)
    if not status:
        raise NotSip("it does not begin with a SIP status line")
    return Reply(int(status[1]), status[2] or "", headers)


def parse_message(data: bytes) -> tuple[str, Headers]:
    """The first line and the headers of the whole message in ``data``, whatever it is. Raises NotSip."""
    head, end, body = data.partition(END)
    if not end or len(head) > MOST_HEAD:
        raise NotSip("there is no end of the headers")
    first, *lines = _lines(head)
    headers = _headers(lines)
    if _length(headers, len(body)) > len(body):
        raise NotSip("it was cut short")
    return first, headers


def take_message(buffer: bytearray) -> bytes | None:
    """Cut the first whole message off what a stream has brought; None: wait for more. Raises NotSip."""
    while buffer.startswith(b"\r\n"):  # between messages these keep the connection alive
        del buffer[:2]
    at = buffer.find(END)
    if at > MOST_HEAD or (at < 0 and len(buffer) > MOST_HEAD):
        raise NotSip("its headers don't end")
    if at < 0:
        _refuse_early(buffer)
        return None
    length = _length(_headers(_lines(bytes(buffer[:at]))[1:]), 0)
    if length > MOST_BODY:
        raise NotSip("its body is too large")
    size = at + len(END) + length
    if len(buffer) < size:
        return None
    message = bytes(buffer[:size])
    del buffer[:size]
    return message


def _refuse_early(buffer: bytearray) -> None:
    """No need to wait for the end of what can't become SIP."""
    line, end, _ = bytes(buffer[:MOST_HEAD]).partition(b"\r\n")
    text = line.decode("utf-8", "replace")
    begun = text.removesuffix("\r").replace("\t", " ").isprintable()
    if not begun or (end and not (STATUS.fullmatch(text) or REQUEST.fullmatch(text))):
        raise NotSip("it does not begin with a SIP status line")


def _lines(head: bytes) -> list[str]:
    """Unfolded lines; at least one."""
    lines = FOLD.sub(" ", head.decode("utf-8", "replace")).split("\r\n")
    if len(lines) > MOST_HEADERS + 1:
        raise NotSip("it has too many headers")
    return lines


def _headers(lines: Sequence[str]) -> Headers:
    found = []
    for line in lines:
        header = HEADER.fullmatch(line)
        if not header:
            raise NotSip("a line is no header")
        name = header[1].lower()
        found.append((FULL_NAMES.get(name, name), header[2].strip(" \t")))
    return tuple(found)


def _length(headers: Sequence[tuple[str, str]], otherwise: int) -> int:
    """The Content-Length; ``otherwise`` where it is left out."""
    told = {value for name, value in headers if name == "content-length"}
    if not told:
        return otherwise
    text = told.pop()
    if told or not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise NotSip("its Content-Length is no number")
    return int(text)

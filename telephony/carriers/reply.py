"""An answer from a carrier, read as what it is: text from outside that may be anything."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import httpx

from .base import (
    AuthFailed,
    BadRequest,
    CarrierError,
    InsufficientCredit,
    NotFound,
    NotPermitted,
    RateLimited,
    ServerError,
    TransportError,
    UnexpectedReply,
)

MAX_TEXT = 500  # characters of the carrier's words an error carries

_BY_STATUS: dict[int, type[CarrierError]] = {
    401: AuthFailed,
    402: InsufficientCredit,
    403: NotPermitted,
    404: NotFound,
    408: TransportError,  # a proxy gave up waiting: whoever is behind it may still act
    429: RateLimited,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read to its end or to MAX_BODY."""

    status: int
    headers: httpx.Headers
    text: str
    complete: bool = True

    def json(self) -> dict[str, Any]:
        """The body as an object that any database stores. Fractions stay strings, so money stays exact.

        Raises ValueError for anything else: cut off, not JSON, not an object, NaN, NUL, lone surrogates,
        nested too deeply.
        """
        if not self.complete:
            raise ValueError("the body is too large or encoded")
        try:
            value = json.loads(self.text, parse_float=str, parse_constant=_refuse_constant)
            canonical = json.dumps(value, ensure_ascii=False)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        canonical.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError
        if not isinstance(value, dict) or "\\u0000" in canonical:
            raise ValueError("not an object, or it holds NUL")
        return value

    @property
    def retry_after(self) -> float | None:
        """Seconds the carrier asks us to wait, when it says so in seconds."""
        try:
            seconds = float(self.headers.get("retry-after", ""))
        except ValueError:
            return None
        return seconds if math.isfinite(seconds) and seconds >= 0 else None


def error_class(status: int) -> type[CarrierError]:
    """The error an HTTP status means before its text is looked at."""
    if status >= 500:
        return ServerError
    return _BY_STATUS.get(status, BadRequest if status >= 400 else UnexpectedReply)


def printable(text: str, limit: int = MAX_TEXT) -> str:
    """``text`` for logs and errors: one line, no control characters, at most ``limit`` characters."""
    return "".join(c if c.isprintable() else " " for c in text[:limit]).strip()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")

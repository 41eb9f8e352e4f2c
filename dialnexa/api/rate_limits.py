"""How often a key may ask: exact moving windows, kept in Redis, shared by all web servers.

Without Redis reading goes on uncounted; what spends money or places calls is refused until it is back
(a limit that opens when its store is away is none).
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from limits import RateLimitItem, parse
from limits.errors import StorageError

from dialnexa.errors import Refusal
from dialnexa.rate_limiting import hit_and_look

log = logging.getLogger(__name__)
FAIL_CLOSED = {"purchase", "call"}


@dataclass(frozen=True, slots=True)
class Window:
    """What is left of a limit. ``reset`` is the Unix time at which the oldest request stops counting."""

    limit: int
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


class RateExceeded(Refusal):
    """429, with the window that is full."""

    def __init__(self, kind: str, item: RateLimitItem, window: Window, now: datetime) -> None:
        wait = min(max(1, math.ceil(window.reset - now.timestamp())), item.get_expiry())
        sentence = f"Too many requests: this key may send {item}. Try again in {wait} s."
        super().__init__("rate_limited", sentence, status=429, retry_after=wait, limit=kind)
        self.window = window


def count_request(who: str, kind: str, *, now: datetime) -> Window | None:
    """Count one request of ``kind`` (a key of settings.API_LIMITS) by ``who``; what is left of the window.

    None when it can't be counted and may go on all the same. Raises RateExceeded (429), or Refusal 503
    ``rate_limit_unavailable`` for kinds that fail closed.
    """
    item = parse(settings.API_LIMITS[kind])
    try:
        fits, stats = hit_and_look(item, kind, who)
    except StorageError as error:
        log.warning("Requests can't be counted: %s", error)
        if kind in FAIL_CLOSED:
            raise _uncountable() from error
        return None
    window = Window(item.amount, max(0, stats.remaining), math.ceil(stats.reset_time))
    if not fits:
        raise RateExceeded(kind, item, window, now)
    return window


def _uncountable() -> Refusal:
    return Refusal(
        "rate_limit_unavailable",
        "Requests that spend money can't be counted right now, so none is taken. This one did nothing; send "
        "it again with the same Idempotency-Key in a few seconds.",
        status=503,
        retry_after=5,
    )

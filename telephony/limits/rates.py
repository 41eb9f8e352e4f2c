"""Rates: how many calls may begin in a second or a minute.

Exact moving windows in Redis, counted for all processes together. Ask before the transaction, never in it:
Redis is a network away. What is counted stays counted, whatever comes of it. Without Redis nothing may
happen: a limit that opens when its store is away is none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.utils.translation import gettext as _
from limits import RateLimitItemPerSecond
from limits.errors import StorageError

from dialnexa.errors import Refusal
from dialnexa.rate_limiting import LATER, limiter, seconds_until_free
from telephony.limits.allowances import Allowance
from telephony.limits.table import Limit

log = logging.getLogger(__name__)


def take_turn(allowances: Iterable[Allowance]) -> None:
    """Count one more for each of these (rates only). Raises the Refusal of the first that is full, with
    ``retry_after`` in seconds, or 503 ``limits_unavailable``.
    """
    for allowance in allowances:
        if (value := allowance.value) is None:
            continue
        try:
            if value >= 1 and limiter().hit(_item(allowance), *_names(allowance)):
                continue
            wait = _wait(allowance)
        except StorageError as error:
            log.warning("%s can't be counted: %s", allowance.limit.name, error)
            raise unavailable() from error
        raise allowance.refusal(retry_after=wait)


def refusal_now(allowances: Iterable[Allowance]) -> Refusal | None:
    """What ``take_turn`` would raise now. Nothing is counted."""
    for allowance in allowances:
        try:
            if not allowance.fits(used_now(allowance)):
                return allowance.refusal(retry_after=_wait(allowance))
        except StorageError:
            return unavailable()
    return None


def used_now(allowance: Allowance) -> int:
    """How many the window of this rate holds now. Raises StorageError."""
    if not allowance.value or allowance.value < 1:
        return 0
    item = _item(allowance)
    return item.amount - limiter().get_window_stats(item, *_names(allowance)).remaining


def unavailable() -> Refusal:
    """What is counted in Redis can't be, so it is not allowed."""
    sentence = _(
        "Calls can't be counted right now, so none is placed. Try again in a few seconds. Nothing was "
        "charged."
    )
    return Refusal("limits_unavailable", sentence, status=503, retry_after=LATER)


def _wait(allowance: Allowance) -> int:
    """Seconds until the oldest of a full window stops counting."""
    limit: Limit = allowance.limit
    if not allowance.value or allowance.value < 1:
        return limit.seconds
    return min(limit.seconds, seconds_until_free(_item(allowance), *_names(allowance)))


def _item(allowance: Allowance) -> RateLimitItemPerSecond:
    assert allowance.value is not None
    return RateLimitItemPerSecond(int(allowance.value), allowance.limit.seconds)


def _names(allowance: Allowance) -> tuple[str, str]:
    return allowance.limit.name, allowance.who

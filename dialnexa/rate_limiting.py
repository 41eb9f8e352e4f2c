"""How often something may happen in a moving window, counted in Redis for all processes together.

For what must not be tried too often whoever asks through which door. (The REST API counts the requests of its
keys itself, see ``dialnexa.api.rate_limits``.)
"""

from __future__ import annotations

import functools
import logging
import math
import time

from django.conf import settings
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

log = logging.getLogger(__name__)
PATIENCE = 1.0  # seconds for Redis
LATER = 5  # seconds, when nothing can be counted


def seconds_to_wait(limit: str, *names: str) -> int:
    """Count one more for ``names`` ("sip-check", a workspace's id); 0 when it may happen now.

    ``limit`` is written like ``20/minute``. Without Redis nothing may happen: a limit that opens when its
    store is away is none.
    """
    item = parse(limit)
    try:
        if limiter().hit(item, *names):
            return 0
        return seconds_until_free(item, *names)
    except StorageError as error:
        log.warning("%s can't be counted: %s", " ".join(names), error)
        return LATER


def seconds_until_free(item: RateLimitItem, *names: str) -> int:
    """When the oldest of a full window stops counting, at least 1. Raises StorageError."""
    reset = limiter().get_window_stats(item, *names).reset_time
    return max(1, math.ceil(reset - time.time()))


def limiter() -> MovingWindowRateLimiter:
    """Exact moving windows in the installation's Redis. Its methods raise StorageError without it."""
    return _limiter(settings.REDIS_URL)


@functools.cache
def _limiter(url: str) -> MovingWindowRateLimiter:
    own = url.replace("unix://", "redis+unix://", 1) if url.startswith("unix:") else url
    patience = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    storage = storage_from_string(own, wrap_exceptions=True, key_prefix="numbers:limits", **patience)
    return MovingWindowRateLimiter(storage)

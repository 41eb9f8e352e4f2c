"""How often something may happen in a moving window, counted in Redis for all processes together.

For what must not be tried too often whoever asks through which door. (The REST API counts the requests of its
keys itself, see ``dialnexa.api.rate_limits``.)
"""

from __future__ import annotations

import functools
import logging
import math
import time
from typing import Any

from django.conf import settings
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import RedisStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from limits.util import WindowStats
from redis.exceptions import NoScriptError, RedisError

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


def hit_and_look(item: RateLimitItem, *names: str) -> tuple[bool, WindowStats]:
    """Count one more, and say whether it fitted and how the window stands, in one trip to Redis.

    Raises StorageError.
    """
    try:
        return _hit_and_look(item, names)
    except NoScriptError:  # Redis forgot the scripts: asked one by one they are sent again
        return limiter().hit(item, *names), limiter().get_window_stats(item, *names)
    except RedisError as error:
        raise StorageError(error) from error


def _hit_and_look(item: RateLimitItem, names: tuple[str, ...]) -> tuple[bool, WindowStats]:
    """The library's own two scripts, one after the other."""
    storage, span, now = limiter().storage, item.get_expiry(), time.time()
    assert isinstance(storage, RedisStorage)
    key = storage.prefixed_key(item.key_for(*names))
    client: Any = storage.get_connection()
    with client.pipeline(transaction=False) as pipe:
        pipe.evalsha(storage.lua_acquire_moving_window.sha, 1, key, now, item.amount, span, 1)
        pipe.evalsha(storage.lua_moving_window.sha, 1, key, now - span, item.amount)
        fits, window = pipe.execute()
    start, used = (float(window[0]), window[1]) if window else (now, 0)
    return bool(fits), WindowStats(start + span, item.amount - used)


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

"""The one place that reads the wall clock. Verbs take ``now``; interfaces pass ``clock.now()``.

The demo's clock can be moved ahead (``MOVABLE_CLOCK``), never back. How far it is ahead stands in a file in
the data folder, so that web, worker, sweeper and sandbox carrier agree within a fifth of a second without
asking the database. What people and other programs measure with their own clocks stays with ``wall_now``:
sessions, heartbeats, limits, the times in signatures.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

KEPT_IN = "clock_ahead"  # seconds, in the data folder
LOOK_EVERY = 0.2  # seconds

_ahead = timedelta(0)
_looked = float("-inf")


def now() -> datetime:
    """The current moment, aware, in UTC; in a demo whose clock was moved, the demo's."""
    return wall_now() + ahead()


def wall_now() -> datetime:
    """The current moment outside of the demo, too."""
    return timezone.now()


def ahead() -> timedelta:
    """How far the demo's clock was moved; nothing elsewhere."""
    global _looked
    if not settings.MOVABLE_CLOCK:
        return timedelta(0)
    if time.monotonic() - _looked > LOOK_EVERY:
        _take(_written())
        _looked = time.monotonic()  # last: another thread must not take what was not read yet for known
    return _ahead


def move_to(moment: datetime) -> None:
    """Let it be ``moment`` now, in every process; nothing happens when that has passed already.

    One process at a time may do this, and only where ``MOVABLE_CLOCK`` is set.
    """
    from dialnexa import keeper  # which production does not load

    assert settings.MOVABLE_CLOCK
    ahead = moment - wall_now()
    if ahead > _written():
        keeper.write_once(settings.DATA_DIR / KEPT_IN, repr(ahead.total_seconds()), replace=True)
    _take(_written())


def _take(written: timedelta) -> None:
    """Only forwards, whatever becomes of the file."""
    global _ahead
    _ahead = max(_ahead, written)


def _written() -> timedelta:
    path = settings.DATA_DIR / KEPT_IN
    return timedelta(seconds=float(path.read_text() or 0)) if path.exists() else timedelta(0)

"""Hearing of changes of routing: a thread that asks the database several times a second what has changed.

Triggers write every change that decides who takes a call into ``numbers_route_change``, with the number and
the transaction. Transactions do not commit in the order they began. So each look reads what was written by
those that were open at the look before, or began after it: nothing that has become visible since is missed,
however late it was committed. What is read twice is known by its id. LISTEN would need a session of its own,
which PgBouncer in transaction mode does not give.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from phone_numbers.inbound.cache import EVERYTHING, RouteCache

log = logging.getLogger(__name__)
CLEARED_AFTER = timedelta(hours=1)  # longer than any process trusts its entries
NEVER = 2**63 - 1  # a transaction there will not be
CHANGES = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, c.id, c.e164
FROM (SELECT 1) AS always LEFT JOIN numbers_route_change c ON c.xid >= %s::text::xid8
"""


class Watch:
    """Where looking has come to: all transactions before ``xmin`` are over; ``seen`` are ids read since."""

    def __init__(self) -> None:
        self.xmin = NEVER  # the first look only says from where to look
        self.seen: set[int] = set()

    def look(self) -> set[str]:
        """The numbers (E.164) that have changed since the last look; EVERYTHING where that is not known.

        Raises OperationalError and InterfaceError when the database is away.
        """
        with connection.cursor() as cursor:
            cursor.execute(CHANGES, [self.xmin])
            rows = cursor.fetchall()
        changed = {e164 for _, pk, e164 in rows if pk is not None and pk not in self.seen}
        xmin = min(row[0] for row in rows)
        if xmin < self.xmin != NEVER:  # another database stands in the old one's place
            changed = {EVERYTHING}
        self.xmin, self.seen = xmin, {pk for _, pk, _ in rows if pk is not None}
        return changed


def watch(cache: RouteCache) -> None:
    """Look for changes as long as the process lives; while the database is away, for its return.

    If this ever ends, nothing remembered counts any more, and the database is asked about each call.
    """
    looking = Watch()
    try:
        while True:
            _look(looking, cache)
            time.sleep(settings.ROUTES_LOOK_EVERY)
    finally:
        cache.distrust()


def _look(looking: Watch, cache: RouteCache) -> None:
    cache.ask()
    try:
        cache.confirm(looking.look())
    except (OperationalError, InterfaceError) as error:
        if not cache.failed:
            log.warning("Routes can't be confirmed, the database is away: %s", error)
        cache.fail()
        connection.close()


def clear_changes(now: datetime) -> None:
    """Delete what every process has heard of."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM numbers_route_change WHERE at < %s", [now - CLEARED_AFTER])

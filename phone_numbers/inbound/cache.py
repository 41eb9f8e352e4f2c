"""The routes this process knows, so that a call is answered without asking the database.

An entry is good as long as every change has been heard of: ``watching`` asks the database several times a
second what has changed, throws that away, and confirms the rest. Four cases:

- confirmed within CONFIRM seconds: entries count;
- the database does not answer: entries count for ROUTES_KEPT seconds. Nothing can change while it is away;
- nobody has asked for longer than CONFIRM seconds, as in a process that was asleep: the database is asked;
- never confirmed, or not for ROUTES_KEPT seconds: no entry counts.

An unknown number is never kept: the database is asked about it each time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from enum import Enum

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from phone_numbers.inbound.routes import Route, resolve_route

CONFIRM = 1.0  # seconds; a change counts everywhere within that
LARGEST = 200_000  # routes; about a kilobyte each
EVERYTHING = ""  # in the place of a number: no entry counts any more
Clock = Callable[[], float]


class Away(Exception):
    """Neither the database nor this process knows who takes the call."""


class Trust(Enum):
    """What the entries are worth now."""

    CONFIRMED = "confirmed"
    FROZEN = "frozen"  # the database is away
    DOUBTFUL = "doubtful"
    NONE = "none"


class RouteCache:
    """``kept``: seconds that entries outlive the database. Safe for threads."""

    def __init__(self, *, kept: float, tell: Clock = time.monotonic) -> None:
        self._kept, self._tell = kept, tell
        self._routes: dict[str, Route] = {}  # by E.164, which has one live owner at most
        self._lock = threading.Lock()
        self._round = 0
        self._confirmed: float | None = None
        self._asking: float | None = None
        self.failed = False

    @property
    def round(self) -> int:
        """Which round of changes is being waited for; to be noted before a route is read."""
        return self._round

    def trust(self) -> Trust:
        now, asking = self._tell(), self._asking
        if self._confirmed is None or now - self._confirmed > self._kept:
            return Trust.NONE
        if now - self._confirmed <= CONFIRM:
            return Trust.CONFIRMED
        unanswered = asking is not None and now - asking > CONFIRM
        return Trust.FROZEN if self.failed or unanswered else Trust.DOUBTFUL

    def get(self, carrier: str, e164: str) -> Route | None:
        route = self._routes.get(e164)
        return route if route and route.carrier == carrier else None

    def put(self, route: Route, *, since: int) -> None:
        """Keep it, unless changes have been heard of since the round in which it was read."""
        with self._lock:
            if since == self._round and len(self._routes) < LARGEST:
                self._routes[route.e164] = route

    def ask(self) -> None:
        """A look for changes begins."""
        self._asking = self._tell()

    def fail(self) -> None:
        """The database did not answer it."""
        self.failed, self._asking = True, None

    def confirm(self, changed: Iterable[str]) -> None:
        """It answered: these numbers have changed since the look before, all others have not."""
        began = self._asking if self._asking is not None else self._tell()
        changed = set(changed)
        with self._lock:
            self._round += 1
            if EVERYTHING in changed or self._is_too_old(began):
                self._routes.clear()
            for e164 in changed:
                self._routes.pop(e164, None)
        self._confirmed, self._asking, self.failed = began, None, False

    def distrust(self) -> None:
        """Nobody looks for changes any more."""
        self._confirmed = None

    def _is_too_old(self, now: float) -> bool:
        """Changes of so long ago may have been cleared away."""
        return self._confirmed is None or now - self._confirmed > self._kept


_cache: RouteCache | None = None


def route_cache() -> RouteCache:
    """This process's own."""
    global _cache  # noqa: PLW0603  one per process
    if _cache is None:
        _cache = RouteCache(kept=settings.ROUTES_KEPT)
    return _cache


def find_route(carrier: str, e164: str) -> Route | None:
    """Who takes a call to this number of ours; None when nobody here has it.

    Raises Away when that is not known and the database does not answer.
    """
    if not settings.INBOUND_IN_MEMORY:
        return _asked(carrier, e164)
    cache = route_cache()
    trust, known = cache.trust(), cache.get(carrier, e164)
    if known and trust in (Trust.CONFIRMED, Trust.FROZEN):
        return known
    if trust is Trust.FROZEN:
        raise Away
    try:
        return _asked(carrier, e164, cache)
    except Away:
        if known and trust is Trust.DOUBTFUL:
            return known
        raise


def _asked(carrier: str, e164: str, cache: RouteCache | None = None) -> Route | None:
    """As the database says."""
    began = cache.round if cache else 0
    try:
        route = resolve_route(carrier, e164)
    except (OperationalError, InterfaceError) as error:
        connection.close()
        raise Away from error
    if cache and route:
        cache.put(route, since=began)
    return route

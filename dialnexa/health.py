"""``/healthz``: this process is alive. ``/readyz``: what it needs to work is there too.

``answer_first`` answers both, and ``/metrics``, ahead of every other middleware: no session, no redirect to
https, no host name that has to be allowed, so a load balancer can ask by address.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import psycopg
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn

from dialnexa import clock, heartbeats
from dialnexa.metrics.telling import show_metrics

Check = tuple[bool, str]
SEEN_WITHIN = timedelta(seconds=30)
PATIENCE = 2  # seconds, for each of the things asked
QUESTION = b"SELECT 1"


def answer_first(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, to be named first."""
    views = {"/healthz": healthz, "/readyz": readyz, "/metrics": show_metrics}

    def handle(request: HttpRequest) -> HttpResponse:
        return views.get(request.path_info, get_response)(request)

    return handle


def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; it touches nothing else."""
    return HttpResponse("alive\n", content_type="text/plain", headers={"Cache-Control": "no-store"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, broker, worker and sweeper are all there, else 503 and what is missing."""
    found = {"database": check_database(), "broker": check_broker()}
    found |= check_processes(database_answers=found["database"][0])
    checks = {name: {"ok": ok, "says": says} for name, (ok, says) in found.items()}
    ready = all(ok for ok, _ in found.values())
    body = {"ready": ready, "checks": checks}
    response = JsonResponse(body, status=200 if ready else 503, headers={"Cache-Control": "no-store"})
    response._has_been_logged = True  # type: ignore[attr-defined]  # asked every second: not an error each time
    return response


def check_database() -> Check:
    """Over a connection of its own: one that hangs must not make the question hang."""
    arguments = connection.get_connection_params() | {"connect_timeout": PATIENCE, "autocommit": True}
    for name in ("cursor_factory", "context", "prepare_threshold"):
        arguments.pop(name, None)
    try:
        with closing(psycopg.connect(**arguments)) as own:
            if _answers(own.pgconn):
                return True, "The database answers."
    except (psycopg.Error, DatabaseError):
        pass
    return False, "The database does not answer."


def _answers(server: PGconn) -> bool:
    """Ask something, and wait no longer than PATIENCE (a pooler would hold us for minutes)."""
    server.send_query(QUESTION)
    while select.select([server.socket], [], [], PATIENCE)[0]:
        server.consume_input()
        if not server.is_busy():
            result = server.get_result()
            return result is not None and result.status == ExecStatus.TUPLES_OK
    return False


def check_broker() -> Check:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        ) as broker:
            broker.ping()
    except (redis.RedisError, ValueError):
        return False, "The broker does not answer: purchases wait until it is back."
    return True, "The broker answers."


def check_processes(*, database_answers: bool) -> dict[str, Check]:
    """Whether worker and sweeper were seen lately; they write that into the database."""
    names = heartbeats.PROCESSES
    try:
        now = clock.wall_now()
        silent = heartbeats.silent(names, now=now, within=SEEN_WITHIN) if database_answers else None
    except DatabaseError:
        silent = None
    return {name: _seen(name, silent) for name in names}


def _seen(name: str, silent: list[str] | None) -> Check:
    if silent is None:
        return False, f"Without the database nobody knows when a {name} was seen."
    if name in silent:
        return False, f"No {name} was seen in the last {SEEN_WITHIN.seconds} seconds."
    return True, f"A {name} was seen in the last {SEEN_WITHIN.seconds} seconds."

"""``/healthz``: this process is alive. ``/readyz``: what it needs to work is there too.

``answer_first`` answers both, and ``/metrics``, ahead of every other middleware: no session, no redirect to
https, no host name that has to be allowed, so a load balancer can ask by address.
"""

from __future__ import annotations

import functools
import select
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import redis
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn

from dialnexa import clock, heartbeats
from dialnexa.isolation.role_check import wall_missing
from dialnexa.metrics.telling import show_metrics

Check = tuple[bool, str]
SEEN_WITHIN = timedelta(seconds=30)
PATIENCE = 2  # seconds, for each of the things asked
QUESTION = b"SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean"


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
    """200 when this process can serve; 503 and what is missing when not.

    With ``?whole``: also what all of them need to get work done. A load balancer asks without: a worker that
    is away is no reason to take every web server out, which can still take orders and say how they stand.
    """
    found = {"serving": check_serving(), "database": check_database()}
    found["schema"] = check_schema(database_answers=found["database"][0])
    if settings.WALLED:
        found["wall"] = check_wall(database_answers=found["database"][0])
    found["static files"] = check_static_files()
    if "whole" in request.GET:
        found["broker"] = check_broker()
        found |= check_processes(database_answers=found["database"][0])
    checks = {name: {"ok": ok, "says": says} for name, (ok, says) in found.items()}
    ready = all(ok for ok, _ in found.values())
    body = {"ready": ready, "checks": checks}
    response = JsonResponse(body, status=200 if ready else 503, headers={"Cache-Control": "no-store"})
    response._has_been_logged = True  # type: ignore[attr-defined]  # asked every second: not an error each time
    return response


def check_serving() -> Check:
    if settings.DRAIN_FILE and Path(settings.DRAIN_FILE).exists():
        return False, "This process is being stopped: send requests to another."
    return True, "This process takes requests."


def check_schema(*, database_answers: bool) -> Check:
    """Whether the database has every migration that this code was written for; it may have later ones."""
    unknown = False, "Without the database nobody knows which tables it has."
    if not database_answers:
        return unknown
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except DatabaseError:
        return unknown
    if missing := [".".join(leaf) for leaf in newest_migrations() if leaf not in applied]:
        return False, f"The database lacks {', '.join(missing)}: run manage.py migrate."
    return True, "The database has this version's tables."


def check_wall(*, database_answers: bool) -> Check:
    """Whether the database keeps this process to one workspace at a time, as it was told to be kept."""
    unknown = False, "Without the database nobody knows what its role may do."
    try:
        missing = wall_missing() if database_answers else ""
    except DatabaseError:
        return unknown
    if missing:
        return False, missing
    return (True, "The database's role sees one workspace at a time.") if database_answers else unknown


@functools.cache
def newest_migrations() -> list[tuple[str, str]]:
    return MigrationLoader(None).graph.leaf_nodes()


def check_static_files() -> Check:
    """In production names of files come from a list that collectstatic makes; pages fail without it."""
    if not getattr(staticfiles_storage, "hashed_files", True):
        return False, "There is no list of static files: run manage.py collectstatic."
    return True, "Static files are there."


def check_database() -> Check:
    """Over a connection of its own: one that hangs must not make the question hang."""
    arguments = connection.get_connection_params() | {"connect_timeout": PATIENCE, "autocommit": True}
    for name in ("cursor_factory", "context", "prepare_threshold"):
        arguments.pop(name, None)
    try:
        with closing(psycopg.connect(**arguments)) as own:
            if _answers(own.pgconn):
                return True, "The database answers and can be written to."
    except ReadOnly:
        return False, "The database can only be read: it is a replica, or not made a primary yet."
    except (psycopg.Error, DatabaseError):
        pass
    return False, "The database does not answer."


class ReadOnly(Exception):
    """It answers, but takes no writes."""


def _answers(server: PGconn) -> bool:
    """Ask whether it can be written to, for no longer than PATIENCE: a pooler would hold us for minutes."""
    server.send_query(QUESTION)
    while select.select([server.socket], [], [], PATIENCE)[0]:
        server.consume_input()
        if not server.is_busy():
            result = server.get_result()
            if result is None or result.status != ExecStatus.TUPLES_OK:
                return False
            if result.get_value(0, 0) == b"t":
                raise ReadOnly
            return True
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

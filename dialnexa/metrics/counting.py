"""What processes count as they work. All processes of a machine count into one folder, so any may tell.

Labels are few and known beforehand: no ids, no numbers, nothing that somebody outside can choose.
"""

from __future__ import annotations

import functools
import logging
import re
from os import environ
from pathlib import Path
from typing import Any

from django.contrib.auth.signals import user_login_failed
from prometheus_client import Counter, Histogram

log = logging.getLogger(__name__)
QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds
SLOW = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30)
WORD = re.compile(r"^(?:v\d|[A-Za-z][A-Za-z_.-]{0,30})$")

REQUESTS = Counter("dialnexa_requests", "Answers given", ["method", "route", "status"])
ANSWERED = Histogram(
    "dialnexa_request_seconds",
    "How long answers took, by door: carrier, api, page, support or other",
    ["door"],
    buckets=QUICK,
)
TASKS = Counter("dialnexa_tasks", "Tasks that workers ended", ["task", "outcome"])
TASK_SECONDS = Histogram("dialnexa_task_seconds", "How long tasks took", ["task"], buckets=SLOW)
CARRIER_REQUESTS = Counter(
    "dialnexa_carrier_requests",
    "Requests to carriers; status is what was answered, or none",
    ["carrier", "operation", "status"],
)
CARRIER_SECONDS = Histogram(
    "dialnexa_carrier_seconds", "How long carriers took to answer", ["carrier"], buckets=SLOW
)
SIGN_INS_FAILED = Counter(
    "dialnexa_sign_ins_failed", "Wrong passwords, unknown people, locked accounts", ["step"]
)

DOORS = (("carrier/", "carrier"), ("v1/", "api"), ("api/", "api"), ("w/", "page"), ("admin/", "support"))


@functools.cache
def can_count() -> bool:
    """The folder is made when there is something to count: most commands have nothing."""
    try:
        Path(environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.warning("Nothing is counted: DIALNEXA_METRICS_DIR can't be used: %s", error)
        return False
    return True


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """``route`` is the pattern of the address."""
    if not can_count():
        return
    REQUESTS.labels(method if method in METHODS else "other", route, str(status)).inc()
    door = next((door for start, door in DOORS if route.startswith(start)), "other")
    ANSWERED.labels(door).observe(seconds)


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def count_task(task: str, outcome: str, seconds: float) -> None:
    if not can_count():
        return
    TASKS.labels(task, outcome).inc()
    TASK_SECONDS.labels(task).observe(seconds)


def count_carrier_request(carrier: str, method: str, path: str, status: int | None, seconds: float) -> None:
    """One request on the wire, and its repetition if there was one. ``status`` None: no answer came."""
    if not can_count():
        return
    CARRIER_REQUESTS.labels(carrier, operation(method, path), str(status or "none")).inc()
    CARRIER_SECONDS.labels(carrier).observe(seconds)


def operation(method: str, path: str) -> str:
    """``GET /v1/Account/*/Number/*``: the path without ids, accounts and numbers."""
    parts = [part if not part or WORD.match(part) else "*" for part in path.split("/")]
    return f"{method} {'/'.join(parts)}"


def listen() -> None:
    """To sign-ins that fail."""
    user_login_failed.connect(count_failed_sign_in)


def count_failed_sign_in(**rest: Any) -> None:
    if can_count():
        SIGN_INS_FAILED.labels("password").inc()

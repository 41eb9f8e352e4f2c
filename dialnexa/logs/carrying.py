"""Over the broker goes the id of the request that rang, so that a worker's lines and entries carry it, too.

A message that the sweeper rang has none of a request: then it is the last one that touched the object.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import Task
from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun

from dialnexa.audit import last_request_about
from dialnexa.logs import context
from dialnexa.metrics.counting import count_task

HEADER = "dialnexa_request_id"
SWEPT = "run_"  # ids of work that nobody asked for
log = logging.getLogger("dialnexa.work")
_begun: dict[str, tuple[float, dict[str, Any]]] = {}  # by task: when, and what lines carried until then


def listen() -> None:
    """To Celery's signals, in every process that rings or works."""
    setup_logging.connect(leave_as_it_is)
    before_task_publish.connect(carry)
    task_prerun.connect(begin)
    task_postrun.connect(end)


def leave_as_it_is(**rest: Any) -> None:
    """Celery would put its own handlers where Django has put ours; that somebody listens keeps it off."""


def carry(headers: dict[str, Any], **rest: Any) -> None:
    headers[HEADER] = context.current_request_id()


def begin(task_id: str, task: Task, kwargs: dict[str, Any], **rest: Any) -> None:
    about = {name: str(value) for name, value in kwargs.items() if name.endswith("_id")}
    _begun[task_id] = time.monotonic(), context.noted()
    context.replace({"request_id": request_behind(task, about), "task_id": task_id, **about})


def end(task_id: str, task: Task, state: str, **rest: Any) -> None:
    began, outside = _begun.pop(task_id)
    seconds = time.monotonic() - began
    count_task(task.name, state, seconds)
    facts = {"task": task.name, "outcome": state, "ms": round(seconds * 1000)}
    log.info("%s %s", task.name, state, extra=facts)
    context.replace(outside)


def request_behind(task: Task, about: dict[str, str]) -> str:
    """The id of the request this task is done for."""
    carried = str(task.request.get(HEADER) or (task.request.headers or {}).get(HEADER) or "")
    if carried and not carried.startswith(SWEPT):
        return carried
    return next(filter(None, map(last_request_about, about.values())), carried) or f"run_{task.request.id}"

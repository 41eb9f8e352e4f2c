"""Ringing a worker. The row in PostgreSQL is the job; the message is only a doorbell and may be lost."""

import logging
from typing import Any

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def ring(task: Task, **ids: str) -> None:
    """Send the message now, or say in the log that the broker is away: the sweeper rings again."""
    try:
        task.apply_async(kwargs=ids)
    except OperationalError as error:
        log.warning("The broker did not take %s %s: %s", task.name, ids, error)


def ring_on_commit(task: Task, **ids: Any) -> None:
    """Send the message once the surrounding transaction has committed."""
    transaction.on_commit(lambda: ring(task, **ids), robust=True)

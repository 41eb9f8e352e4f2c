"""Ringing a worker. The row in PostgreSQL is the job; the message is only a doorbell and may be lost."""

import functools
import logging

from celery import Task, current_app
from django.db import transaction
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.pools import producers
from redis import RedisError

log = logging.getLogger(__name__)
EXPIRES = 60  # seconds: while workers are away, messages rung again must not pile up
PATIENCE = 0.8  # seconds: a broker that accepts connections and never answers must not hold up a page


def ring(task: Task, **ids: str) -> bool:
    """Send the message now. False when the broker is away: the sweeper rings again."""
    try:
        with producers[_line()].acquire(block=True, timeout=PATIENCE) as producer:
            task.apply_async(kwargs=ids, producer=producer, expires=EXPIRES)
    except (OperationalError, RedisError, OSError) as error:
        rows = {name: value for name, value in ids.items() if name.endswith("_id")}  # no addresses of people
        log.warning("The broker did not take %s %s: %s", task.name, rows, error)
        return False
    return True


def ring_on_commit(task: Task, **ids: str) -> None:
    """Send the message once the surrounding transaction has committed."""
    transaction.on_commit(lambda: ring(task, **ids), robust=True)


@functools.cache
def _line() -> Connection:
    """The connection for sending, less patient than the workers' own."""
    line = current_app.connection_for_write()
    line.transport_options = {**(line.transport_options or {}), "socket_timeout": PATIENCE}
    return line

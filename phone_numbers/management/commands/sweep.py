"""``manage.py sweep``: a plain loop, not a beat task, so that it outlives the broker. Run two of them."""

import logging
import signal
import threading
from datetime import datetime, timedelta
from typing import Any

from celery import Task
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections

from dialnexa import clock, heartbeats
from dialnexa.doorbell import ring
from kyc.expiring import expire_due, remind_due
from phone_numbers import strays, sweeping, tasks

log = logging.getLogger(__name__)
KYC_EVERY = timedelta(minutes=1)


class Command(BaseCommand):
    help = "Ring the workers for every order that is due, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        while not stop.wait(settings.SWEEP_EVERY):
            try:
                sweep()
            except (OperationalError, InterfaceError) as error:
                log.warning("The database is away: %s", error)
                close_old_connections()


def sweep() -> None:
    """One round: say that we are alive, ring for due orders, numbers, strays and trunks, watch KYC's clock.

    The ringing ends at the first message the broker does not take; what was not rung for is due again soon.
    """
    now = clock.now()
    heartbeats.beat("sweeper", now=now)
    calls: list[tuple[Task, str, str]]
    calls = [(tasks.fulfil_order, "order_id", pk) for pk in sweeping.take_due_orders(now=now)]
    calls += [(tasks.confirm_number, "number_id", pk) for pk in sweeping.take_due_numbers(now=now)]
    calls += [(tasks.release_number, "number_id", pk) for pk in sweeping.take_due_releases(now=now)]
    calls += [(tasks.release_stray, "stray_id", pk) for pk in strays.take_due_strays(now=now)]
    calls += [(tasks.check_trunk, "trunk_id", pk) for pk in sweeping.take_due_trunks(now=now)]
    calls += [(tasks.end_interrupted_link, "trunk_id", pk) for pk in sweeping.take_interrupted_links(now=now)]
    calls += [(tasks.advance_call, "call_id", pk) for pk in sweeping.take_due_calls(now=now)]
    all(ring(task, **{name: pk}) for task, name, pk in calls)
    if heartbeats.take_turn("kyc", now=now, every=KYC_EVERY):
        watch_verifications(now)


def watch_verifications(now: datetime) -> None:
    """Done here, without workers: it is little, and shall happen also while the broker is away."""
    expire_due(now)
    remind_due(now)

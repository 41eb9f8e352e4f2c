"""``manage.py sweep``: a plain loop, not a beat task, so that it outlives the broker. Run two of them."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from celery import Task
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, close_old_connections

from dialnexa import clock, heartbeats, notice_mail
from dialnexa.audit_chain import link_new
from dialnexa.doorbell import ring
from dialnexa.ids import new_id
from dialnexa.logs import context
from dialnexa.mail import PATIENCE
from dialnexa.notice_mail import ROUND
from dialnexa.telling import tell_of_ending_keys
from dialnexa.webhooks.redelivering import forget_old
from dialnexa.webhooks.sending import send_due
from kyc.expiring import expire_due, remind_due
from phone_numbers import sweeping, tasks
from phone_numbers.buying import strays
from phone_numbers.calls import costing
from phone_numbers.demo import clock as demo_clock
from phone_numbers.drift import ghosts, sweeps
from phone_numbers.inbound import pointing, watching
from phone_numbers.proofs.proving import TURN, forget_proofs, prove_books
from phone_numbers.proofs.telling import mail_failures
from phone_numbers.renting.sweep import sweep_rent
from telephony.batches.background import take_due_readings
from telephony.carriers import carrier_slugs
from telephony.limits.shape import watch_shapes
from telephony.tasks import read_batch

log = logging.getLogger(__name__)
KYC_EVERY, KEYS_EVERY = timedelta(minutes=1), timedelta(hours=1)
CHAIN_EVERY = timedelta(minutes=1)
NOTED_EVERY = 5.0  # seconds
ROUTES_EVERY = timedelta(minutes=5)
PROVE_EVERY = timedelta(days=1)
DRIFT_EVERY = timedelta(minutes=1)
WEBHOOKS_EVERY = timedelta(minutes=1)
SHAPES_EVERY = timedelta(seconds=30)


class Command(BaseCommand):
    help = "Ring the workers for every order that is due and mail notices, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        beside = [
            threading.Thread(target=keep, args=(stop, settings.MAIL_EVERY, send_mail, "mail"), daemon=True),
            threading.Thread(target=send_webhooks, args=(stop,), daemon=True),
            threading.Thread(target=keep, args=(stop, settings.RENT_EVERY, charge_rent, "rent"), daemon=True),
        ]
        if settings.MOVABLE_CLOCK:
            beside.append(threading.Thread(target=pass_time, args=(stop,), daemon=True))
        for thread in beside:
            thread.start()
        keep(stop, settings.SWEEP_EVERY, lambda: sweep_beside(beside, stop))
        for thread in beside:
            thread.join(timeout=ROUND + PATIENCE)


def keep(stop: threading.Event, every: float, act: Callable[[], object], name: str = "") -> None:
    """Do it every so many seconds, until stopped; also while the database comes and goes.

    A round that ended well is noted under ``name`` (see ``readings.heartbeats``).
    """
    noted = 0.0
    while not stop.wait(every):
        with context.working_on(new_id("run")):
            try:
                act()
                if name and time.monotonic() - noted >= NOTED_EVERY:
                    heartbeats.beat(f"sweeper:{name}", now=clock.wall_now())
                    noted = time.monotonic()
            except (OperationalError, InterfaceError) as error:
                log.warning("The database is away: %s", error)
                close_old_connections()


def send_mail() -> int:
    """In a thread of its own: a slow mail server holds up neither orders nor the workers that buy."""
    now = clock.now()
    return mail_failures(now) + notice_mail.send_due_mail(now)


def charge_rent() -> None:
    """In a thread of its own: on the first of a month there is much of it, and calls can't wait."""
    now = clock.now()
    sweep_rent(now=now)
    if heartbeats.take_turn(TURN, now=now, every=PROVE_EVERY):
        prove_books(now=now)
        forget_proofs(now=now)


def pass_time(stop: threading.Event) -> None:
    """In the demo, which moves its clock."""
    keep(stop, settings.SWEEP_EVERY, lambda: demo_clock.live_on(stopping=stop.is_set))


def send_webhooks(stop: threading.Event) -> None:
    """In a thread of its own, too: customers' servers may be slow, and there are many of them."""
    keep(stop, settings.WEBHOOKS_EVERY, lambda: send_due(stopping=stop.is_set), "webhooks")


def sweep_beside(threads: list[threading.Thread], stop: threading.Event) -> None:
    """A sweeper that can't mail or send any more ends, and is started anew."""
    if not (all(thread.is_alive() for thread in threads) or stop.is_set()):
        raise CommandError("The thread that mails or sends has died; its traceback stands above.")
    sweep()


def sweep() -> None:
    """One round: say that we are alive, ring for due orders, numbers, strays and trunks, watch KYC's clock.

    The ringing ends at the first message the broker does not take; what was not rung for is due again soon.
    """
    now = clock.now()
    heartbeats.beat("sweeper", now=clock.wall_now())
    calls: list[tuple[Task, str, str]]
    calls = [(tasks.fulfil_order, "order_id", pk) for pk in sweeping.take_due_orders(now=now)]
    calls += [(tasks.confirm_number, "number_id", pk) for pk in sweeping.take_due_numbers(now=now)]
    calls += [(tasks.release_number, "number_id", pk) for pk in sweeping.take_due_releases(now=now)]
    calls += [(tasks.point_number, "number_id", pk) for pk in pointing.take_due_pointings(now=now)]
    calls += [(tasks.release_stray, "stray_id", pk) for pk in strays.take_due_strays(now=now)]
    calls += [(tasks.check_trunk, "trunk_id", pk) for pk in sweeping.take_due_trunks(now=now)]
    calls += [(tasks.end_interrupted_link, "trunk_id", pk) for pk in sweeping.take_interrupted_links(now=now)]
    calls += [(tasks.advance_call, "call_id", pk) for pk in sweeping.take_due_calls(now=now)]
    calls += [(tasks.read_call_cost, "call_id", pk) for pk in costing.take_due_costs(now=now)]
    calls += [(tasks.advance_batch, "batch_id", pk) for pk in sweeping.take_due_batches(now=now)]
    calls += [(tasks.hang_up_batch, "batch_id", pk) for pk in sweeping.take_due_hang_ups(now=now)]
    calls += [(read_batch, "batch_id", pk) for pk in take_due_readings(now=now)]
    calls += [(tasks.read_sweep, "sweep_id", pk) for pk in sweeps.take_due_sweeps(now=now)]
    calls += [(tasks.confirm_ghost, "drift_id", pk) for pk in ghosts.take_due_ghosts(now=now)]
    all(ring(task, **{name: pk}) for task, name, pk in calls)
    if not demo_clock.is_moving() and heartbeats.take_turn("drift", now=now, every=DRIFT_EVERY):
        sweeps.begin_nightly(now=now)
    if heartbeats.take_turn("recent", now=now, every=timedelta(seconds=settings.DRIFT_RECENT_EVERY)):
        all(ring(tasks.ask_about_recent, carrier=slug) for slug in carrier_slugs())
    if heartbeats.take_turn("routes", now=now, every=ROUTES_EVERY):
        watching.clear_changes(clock.wall_now())  # the database dates them
    if heartbeats.take_turn("webhooks", now=now, every=WEBHOOKS_EVERY):
        forget_old(now=now)
    if heartbeats.take_turn("shapes", now=now, every=SHAPES_EVERY):
        watch_shapes(now=now)
    if heartbeats.take_turn("kyc", now=now, every=KYC_EVERY):
        watch_verifications(now)
    if heartbeats.take_turn("audit chain", now=now, every=CHAIN_EVERY):
        link_new()
    if heartbeats.take_turn("keys", now=now, every=KEYS_EVERY):
        tell_of_ending_keys(now)


def watch_verifications(now: datetime) -> None:
    """Done here, without workers: it is little, and shall happen also while the broker is away."""
    expire_due(now)
    remind_due(now)

"""Reading a carrier's whole list into listings, page by page, whoever dies on the way.

The sweep's row is the job. A page is kept only if the sweep still stands where it was asked for, so two
workers can't keep it twice. A list that changes while it is read is begun anew, and given up after STARTS
times: then the sweep is not complete, and nothing follows from it.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Q

from dialnexa import audit, clock
from dialnexa.actors import Actor
from phone_numbers.buying.fulfilment import Clock
from phone_numbers.drift.comparing import compare
from phone_numbers.models import CarrierListing, CarrierSweep
from telephony.carriers import carrier_slugs, get_carrier
from telephony.carriers.base import (
    CarrierError,
    Exchange,
    OwnedNumber,
    OwnedPage,
    RateLimited,
    ServerError,
    TransportError,
)
from telephony.exchanges import save_exchanges

log = logging.getLogger(__name__)
STARTS = 3  # times a list is begun before it is given up
BUDGET = 25.0  # seconds one task reads; the next one reads on
LEASE = timedelta(minutes=2)  # after a worker that never reported
AGAIN = timedelta(seconds=30)  # after a carrier that did not answer
PATIENCE = timedelta(hours=1)  # a list that can't be read for so long is given up
LONGEST = timedelta(hours=6)  # what is read for longer says nothing about one moment
PASSING = (TransportError, ServerError, RateLimited)
Scope = CarrierSweep.Scope


def begin_sweep(carrier: str, *, now: datetime) -> CarrierSweep:
    """The sweep of this carrier's whole list that is running, or a new one that is due now.

    Raises LookupError for a carrier that is not configured.
    """
    if carrier not in carrier_slugs():
        known = ", ".join(carrier_slugs()) or "none"
        raise LookupError(f"No carrier {carrier!r} is configured. Configured: {known}.")
    fresh = {"started_at": now, "next_run_at": now}
    running = {"carrier": carrier, "scope": Scope.FULL, "finished_at": None}
    return CarrierSweep.objects.get_or_create(**running, defaults=fresh)[0]


def ask_for_sweep(carrier: str, *, by: Actor, now: datetime, reason: str = "") -> CarrierSweep:
    """As ``begin_sweep``, for somebody: the history says who asked. Raises LookupError as that does."""
    with transaction.atomic():
        sweep = begin_sweep(carrier, now=now)
        audit.record(sweep, "ask", by=by, now=now, reason=reason)
    return sweep


def begin_nightly(*, now: datetime) -> list[str]:
    """Begin each carrier's nightly sweep, unless it was begun since DRIFT_HOUR. Returns the carriers."""
    night = now.replace(hour=settings.DRIFT_HOUR, minute=0, second=0, microsecond=0)
    night -= timedelta(days=1) if night > now else timedelta()
    full = CarrierSweep.objects.filter(scope=Scope.FULL)
    swept = set(full.filter(started_at__gte=night).values_list("carrier", flat=True))
    due = [slug for slug in carrier_slugs() if slug not in swept]
    for slug in due:
        begin_sweep(slug, now=now)
    return due


def take_due_sweeps(*, now: datetime) -> list[str]:
    """The ids of whole-list sweeps to read on now, and again a little later if nothing comes of it."""
    due = CarrierSweep.objects.filter(scope=Scope.FULL, finished_at=None, next_run_at__lte=now)
    unrung = due.filter(Q(rung_until__isnull=True) | Q(rung_until__lte=now)).order_by("next_run_at")
    with transaction.atomic():
        ids = list(unrung.select_for_update(skip_locked=True).values_list("id", flat=True))
        again = now + timedelta(seconds=settings.RING_AGAIN)
        CarrierSweep.objects.filter(pk__in=ids).update(rung_until=again)
    return ids


def read_on(sweep_id: str, *, tell: Clock = clock.now, budget: float = BUDGET) -> CarrierSweep:
    """Read on for ``budget`` seconds, if that is due; what is not read then is due at once. Safe to repeat.

    Asks the carrier, so call it outside any transaction. Returns the sweep as it then is.
    """
    until = time.monotonic() + budget
    sweep = CarrierSweep.objects.get(pk=sweep_id)
    while not sweep.finished_at and (due := sweep.next_run_at) and due <= tell():
        if not _take(sweep, tell()):
            break
        _read_page(sweep, tell)
        sweep.refresh_from_db()
        if time.monotonic() > until:
            break
    return sweep


def _take(sweep: CarrierSweep, now: datetime) -> bool:
    """Who asks for the page that comes next: one of all that would."""
    mine = CarrierSweep.objects.filter(pk=sweep.pk, finished_at=None, next_run_at=sweep.next_run_at)
    return bool(mine.update(next_run_at=now + LEASE))


def _read_page(sweep: CarrierSweep, tell: Clock) -> None:
    exchanges: deque[Exchange] = deque(maxlen=1)
    try:
        page = get_carrier(sweep.carrier, recorder=exchanges.append).list_page(sweep.cursor)
    except (LookupError, ImproperlyConfigured) as error:
        give_up(sweep, str(error), now=tell())
    except CarrierError as error:
        now = tell()
        save_exchanges(exchanges, about=sweep.pk, workspace_id=None, now=now)
        _note_failure(sweep, error, now)
    else:
        keep_page(sweep, page, now=tell())


def _note_failure(sweep: CarrierSweep, error: CarrierError, now: datetime) -> None:
    told = f"{error.sentence} {error.text}".strip()
    if not isinstance(error, PASSING) or now - sweep.started_at > PATIENCE:
        give_up(sweep, told, now=now)
        return
    after = timedelta(seconds=error.retry_after or 0)
    running = CarrierSweep.objects.filter(pk=sweep.pk, finished_at=None)
    running.update(next_run_at=now + max(after, AGAIN), problem=_storable(told))


def give_up(sweep: CarrierSweep, why: str, *, now: datetime) -> None:
    """End it as not complete: nothing follows from it, and what it listed is dropped."""
    with transaction.atomic():
        ended = {"finished_at": now, "next_run_at": None, "problem": _storable(why)}
        if CarrierSweep.objects.filter(pk=sweep.pk, finished_at=None).update(**ended):
            CarrierListing.objects.filter(sweep=sweep).delete()
            log.error("%s: the list is not complete: %s", sweep, why)


def _storable(text: str) -> str:
    return text.replace("\x00", "")[:500]


# --- keeping pages ----------------------------------------------------------------------------------


def keep_page(sweep: CarrierSweep, page: OwnedPage, *, now: datetime) -> None:
    """Keep a page that was asked for where ``sweep`` stands; compare once it was the last.

    Does nothing when somebody else has kept it first.
    """
    with transaction.atomic():
        rows = CarrierSweep.objects.select_for_update(no_key=True)
        stands = {"cursor": sweep.cursor, "pages": sweep.pages, "starts": sweep.starts}
        current = rows.filter(pk=sweep.pk, finished_at=None, **stands).first()
        if current is None:
            return
        problem = _problem(current, page, now)
        if problem:
            _begin_anew(current, problem, now)
            return
        CarrierListing.objects.bulk_create([listing_of(current, number) for number in page.numbers])
        _move_on(current, page, now)


def _problem(sweep: CarrierSweep, page: OwnedPage, now: datetime) -> str:
    """Why this page does not continue the list that was begun; empty when it does."""
    names = [number.e164 for number in page.numbers]
    if sweep.pages and page.total != sweep.told_total:
        return f"The list went from {sweep.told_total} to {page.total} numbers while it was read."
    if len(set(names)) < len(names) or sweep.listings.filter(e164__in=names).exists():
        return "The list names a number twice."
    counted = sweep.counted + len(names)
    if not page.cursor and page.total not in (None, counted):
        return f"The list holds {counted} numbers, and the carrier says {page.total}."
    if not names and page.cursor:
        return "A page in the middle of the list is empty."
    return "It took too long to be one list." if now - sweep.started_at > LONGEST else ""


def _begin_anew(sweep: CarrierSweep, problem: str, now: datetime) -> None:
    if sweep.starts >= STARTS or now - sweep.started_at > LONGEST:
        give_up(sweep, f"{problem} It was begun {sweep.starts} times.", now=now)
        return
    CarrierListing.objects.filter(sweep=sweep).delete()
    fresh = {"cursor": "", "pages": 0, "counted": 0, "told_total": None, "problem": problem}
    # Dated anew: whatever changes from here on changes while it is read.
    CarrierSweep.objects.filter(pk=sweep.pk).update(
        **fresh, starts=sweep.starts + 1, started_at=now, next_run_at=now
    )


def _move_on(sweep: CarrierSweep, page: OwnedPage, now: datetime) -> None:
    sweep.pages += 1
    sweep.counted += len(page.numbers)
    sweep.cursor, sweep.told_total, sweep.next_run_at = page.cursor, page.total, now
    if not page.cursor:
        sweep.finished_at, sweep.complete, sweep.next_run_at, sweep.problem = now, True, None, ""
    sweep.save()
    if sweep.complete:
        compare(sweep, now=now)


def listing_of(sweep: CarrierSweep, number: OwnedNumber) -> CarrierListing:
    cost = number.monthly_cost
    return CarrierListing(
        sweep=sweep,
        e164=number.e164,
        carrier_number_id=number.number_id[:64],
        monthly_cost=cost.amount if cost else None,
        currency=cost.currency if cost else "",
        route=number.route.replace("\x00", "")[:1000],
        papers=number.status.value,
        capabilities=list(number.capabilities),
        acquired_at=number.acquired_at,
    )

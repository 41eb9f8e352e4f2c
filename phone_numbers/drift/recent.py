"""Asking about single numbers all day: what changed lately, and what differed when last seen.

The answers are a sweep of their own (``recent``). It says nothing about numbers that were not asked for, so
it finds ghosts and differences between two nights, orphans only where an order once named the number, and
is the second opinion a difference needs. The nightly sweep of the whole list is what nothing escapes.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Q

from dialnexa import clock
from phone_numbers.buying.fulfilment import Clock
from phone_numbers.drift.comparing import compare
from phone_numbers.drift.sweeps import BUDGET, give_up, listing_of
from phone_numbers.models import CarrierListing, CarrierSweep, Drift, NumberOrder, PhoneNumber
from telephony.carriers import get_carrier
from telephony.carriers.base import Carrier, CarrierError, Exchange
from telephony.exchanges import save_exchanges

log = logging.getLogger(__name__)
LATELY = timedelta(days=1)
LEASE = timedelta(minutes=2)  # a round that takes longer has died


def ask_about_recent(carrier: str, *, tell: Clock = clock.now) -> CarrierSweep | None:
    """Ask the carrier about what is due to be asked about; None when nothing is, or another is at it.

    Speaks to the carrier, so call it outside any transaction.
    """
    due = recent_numbers(carrier, now=tell())
    return ask_about(carrier, due[: settings.DRIFT_RECENT_AT_ONCE], tell=tell) if due else None


def recent_numbers(carrier: str, *, now: datetime) -> list[str]:
    """E.164, the most pressing first: open differences, new numbers, orders that ended in doubt."""
    lately = now - LATELY
    settled = now - timedelta(seconds=settings.DRIFT_MARGIN)
    differ = Drift.objects.filter(carrier=carrier, status__in=Drift.SEEN)
    differ = differ.filter(last_seen_at__lt=now - timedelta(seconds=settings.DRIFT_APART))
    new = PhoneNumber.objects.filter(carrier=carrier, status__in=("active", "pending"))
    new = new.filter(activated_at__gte=lately, activated_at__lt=settled)
    doubt = NumberOrder.objects.filter(carrier=carrier, status=NumberOrder.Status.REJECTED)
    doubt = doubt.filter(Q(doubted_at__isnull=False), finished_at__gte=lately, finished_at__lt=settled)
    ordered = (differ.order_by("last_seen_at"), new.order_by("-activated_at"), doubt.order_by("-finished_at"))
    return list(dict.fromkeys(e164 for rows in ordered for e164 in rows.values_list("e164", flat=True)))


def ask_about(carrier: str, numbers: Iterable[str], *, tell: Clock) -> CarrierSweep | None:
    """Ask for exactly these numbers and compare the answers; None when another round is at it.

    Numbers the carrier gives no clear answer about are left out: nothing follows for them.
    """
    sweep = _begin(carrier, tell())
    if sweep is None:
        return None
    exchanges: deque[Exchange] = deque(maxlen=1)
    try:
        line = get_carrier(carrier, recorder=exchanges.append)
        listings = _ask(line, numbers, sweep, until=time.monotonic() + BUDGET)
    except (LookupError, ImproperlyConfigured) as error:
        give_up(sweep, str(error), now=tell())
        return sweep
    except CarrierError as error:
        save_exchanges(exchanges, about=sweep.pk, workspace_id=None, now=tell())
        give_up(sweep, f"{error.sentence} {error.text}".strip(), now=tell())
        return sweep
    _close(sweep, listings, now=tell())
    return sweep


def _begin(carrier: str, now: datetime) -> CarrierSweep | None:
    recent = {"carrier": carrier, "scope": CarrierSweep.Scope.RECENT, "finished_at": None}
    for dead in CarrierSweep.objects.filter(**recent, started_at__lt=now - LEASE):
        give_up(dead, "Whoever asked did not report back.", now=now)
    sweep, new = CarrierSweep.objects.get_or_create(**recent, defaults={"started_at": now})
    return sweep if new else None


def _ask(line: Carrier, numbers: Iterable[str], sweep: CarrierSweep, *, until: float) -> list[CarrierListing]:
    """The answers there is time for. Raises the first refusal: a carrier that is away is not asked on."""
    answers = []
    for e164 in numbers:
        if time.monotonic() > until:
            break
        owned = line.find_owned(e164)
        denied = CarrierListing(sweep=sweep, e164=e164, owned=False)
        answers.append(listing_of(sweep, owned) if owned else denied)
    return answers


def _close(sweep: CarrierSweep, listings: list[CarrierListing], *, now: datetime) -> None:
    with transaction.atomic():
        rows = CarrierSweep.objects.select_for_update(no_key=True)
        if not rows.filter(pk=sweep.pk, finished_at=None).exists():
            return
        CarrierListing.objects.bulk_create(listings)
        sweep.finished_at, sweep.complete, sweep.counted = now, True, len(listings)
        sweep.save()
        compare(sweep, now=now)

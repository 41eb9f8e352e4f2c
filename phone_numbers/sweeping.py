"""Ringing again. Whatever is due and unattended gets its doorbell rung, by any number of sweepers at once.

A message may be lost, doubled or late; the row stays due until a worker has moved it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet, Window
from django.db.models.functions import Greatest, RowNumber

from phone_numbers.linking.health import LEASE
from phone_numbers.models import NumberOrder, PhoneNumber, SipTrunk
from telephony.models import BatchCall, Call

BATCH = 400
EVER = datetime.min.replace(tzinfo=UTC)


def take_due_orders(*, now: datetime) -> list[str]:
    """The ids of open orders that are due and not rung in the last RING_AGAIN seconds; marked as rung."""
    due = Q(status__in=NumberOrder.OPEN, next_run_at__lte=now)
    unrung = Q(rung_until__isnull=True) | Q(rung_until__lte=now)
    rows = NumberOrder.objects.filter(due & unrung).order_by("next_run_at")
    with transaction.atomic():
        ids = list(rows.select_for_update(skip_locked=True).values_list("id", flat=True)[:BATCH])
        NumberOrder.objects.filter(pk__in=ids).update(rung_until=now + timedelta(seconds=settings.RING_AGAIN))
    return ids


def take_due_releases(*, now: datetime) -> list[str]:
    """The ids of numbers to give back at the carrier now, and again a little later if nothing comes of it."""
    rows = PhoneNumber.objects.filter(status="releasing", next_release_at__lte=now).order_by(
        "next_release_at"
    )
    with transaction.atomic():
        unrung = Q(rung_until__isnull=True) | Q(rung_until__lte=now)
        ids = list(
            rows.filter(unrung).select_for_update(skip_locked=True).values_list("id", flat=True)[:BATCH]
        )
        PhoneNumber.objects.filter(pk__in=ids).update(rung_until=now + timedelta(seconds=settings.RING_AGAIN))
    return ids


def take_due_numbers(*, now: datetime) -> list[str]:
    """The ids of pending numbers whose papers should be asked about now, and later if nothing comes of it."""
    rows = PhoneNumber.objects.filter(status="pending", next_check_at__lte=now).order_by("next_check_at")
    with transaction.atomic():
        ids = list(rows.select_for_update(skip_locked=True).values_list("id", flat=True)[:BATCH])
        again = now + timedelta(seconds=settings.PAPERS_CHECK_EVERY)
        PhoneNumber.objects.filter(pk__in=ids).update(next_check_at=again)
    return ids


def take_due_calls(*, now: datetime) -> list[str]:
    """The ids of calls somebody should look at, and again a little later if nothing comes of it."""
    due = Call.objects.filter(status__in=Call.OPEN, next_run_at__lte=now).order_by("next_run_at")
    unrung = Q(rung_until__isnull=True) | Q(rung_until__lte=now)
    with transaction.atomic():
        ids = list(
            due.filter(unrung).select_for_update(skip_locked=True).values_list("id", flat=True)[:BATCH]
        )
        Call.objects.filter(pk__in=ids).update(rung_until=now + timedelta(seconds=settings.RING_AGAIN))
    return ids


def take_due_batches(*, now: datetime) -> list[str]:
    """The ids of batches that dial or may begin now; again a little later if nothing comes of it."""
    due = BatchCall.objects.filter(next_run_at__lte=now, status__in=("waiting", "scheduled", "running"))
    with transaction.atomic():
        rows = due.filter(_unrung(now)).order_by("next_run_at").select_for_update(skip_locked=True)
        ids = list(rows.values_list("id", flat=True)[:BATCH])
        BatchCall.objects.filter(pk__in=ids).update(rung_until=now + timedelta(seconds=settings.RING_AGAIN))
    return ids


def take_due_hang_ups(*, now: datetime) -> list[str]:
    """The ids of cancelled batches whose calls are to be ended, again a little later while any goes on."""
    due = BatchCall.objects.filter(hang_up_at__lte=now).order_by("hang_up_at")
    with transaction.atomic():
        ids = list(due.select_for_update(skip_locked=True).values_list("id", flat=True)[:BATCH])
        again = now + timedelta(seconds=settings.RING_AGAIN)
        BatchCall.objects.filter(pk__in=ids).update(hang_up_at=again)
    return ids


def take_due_trunks(*, now: datetime) -> list[str]:
    """The ids of linked trunks to check now, and again a little later if nothing comes of it.

    A trunk that does not answer keeps a worker for seconds, and purchases use the same workers: no more than
    TRUNK_CHECKS_AT_ONCE are out at a time. Workspaces take turns.
    """
    due = SipTrunk.objects.filter(status=SipTrunk.Status.LINKED, next_check_at__lte=now)
    room = settings.TRUNK_CHECKS_AT_ONCE - due.filter(rung_until__gt=now).count()
    if room <= 0:
        return []
    return _take_trunks(due.filter(pk__in=_by_turns(due, room, now)), now=now, limit=room)


def _by_turns(due: QuerySet[SipTrunk], room: int, now: datetime) -> list[str]:
    """Whose trunks were looked at longest ago comes first: many silent ones of one workspace, each of which
    takes seconds, hold up nobody else's.
    """
    place = Window(RowNumber(), partition_by="workspace", order_by=("next_check_at", "id"))
    first = due.filter(_unrung(now)).annotate(place=place).filter(place__lte=room)
    rows = list(first.values_list("place", "workspace", "next_check_at", "id"))
    theirs = SipTrunk.objects.filter(workspace__in={row[1] for row in rows})
    served = dict(theirs.values_list("workspace").annotate(at=Max(Greatest("checked_at", "rung_until"))))
    rows.sort(key=lambda row: (row[0], served[row[1]] or EVER, *row[2:]))
    return [row[-1] for row in rows[:room]]


def take_interrupted_links(*, now: datetime) -> list[str]:
    """The ids of trunks whose link has taken too long, so that its process must have died."""
    due = SipTrunk.objects.filter(status=SipTrunk.Status.LINKING, next_check_at__lte=now)
    return _take_trunks(due, now=now, limit=BATCH)


def _unrung(now: datetime) -> Q:
    return Q(rung_until__isnull=True) | Q(rung_until__lte=now)


def _take_trunks(due: QuerySet[SipTrunk], *, now: datetime, limit: int) -> list[str]:
    unrung = due.filter(_unrung(now)).order_by("next_check_at", "id")
    with transaction.atomic():
        ids = list(unrung.select_for_update(skip_locked=True).values_list("id", flat=True)[:limit])
        SipTrunk.objects.filter(pk__in=ids).update(rung_until=now + LEASE)
    return ids

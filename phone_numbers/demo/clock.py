"""The demo's clock, moved day by day: what happens to rent in weeks is seen in seconds.

``ask`` writes down until when; the sweeper, which calls ``live_on``, lives through it, also when it was
killed on the way. Time passes in steps, and each does what the sweeper does in as long in life, in its order:
a leap over a month would look like an outage, and hand every rental to support. Nothing here runs where the
clock can't be moved.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min
from django.utils.translation import gettext as _

from dialnexa import clock, keeper
from dialnexa.errors import Refusal
from dialnexa.isolation.scope import everywhere
from dialnexa.models import Workspace
from dialnexa.telling import tell_of_ending_keys
from kyc.expiring import expire_due, remind_due
from phone_numbers.models import NumberOrder, ReassignableNumber, Rental
from phone_numbers.renting.sweep import Swept, sweep_rent
from telephony.models import Call

STEP = timedelta(hours=12)  # at most; so each day has a step in its day-time, when people are reminded
FARTHEST = timedelta(days=400)  # at once
ASKED, LOCK = "clock_until", "clock_moving"  # files in the data folder
Tell = Callable[[datetime, Swept], object]


def ask(until: datetime) -> None:
    """Have the sweeper live through the time until then.

    Raises Refusal: 409 ``clock_fixed`` outside of the demo, ``clock_moving``, ``clock_busy`` while a number
    is bought or a call is on; 400 ``too_far`` for more than FARTHEST.
    """
    _refuse_fixed()
    if is_moving():
        raise _moving()
    _write(until)


def is_moving() -> bool:
    """Whether days are passing, or are about to."""
    return asked_until() is not None


def asked_until() -> datetime | None:
    """Until when time shall pass, while it has not."""
    written = keeper.read(settings.DATA_DIR / ASKED) if settings.MOVABLE_CLOCK else ""
    until = datetime.fromisoformat(written) if written else None
    return until if until and until > clock.now() else None


def live_on(*, stopping: Callable[[], bool] = lambda: False) -> None:
    """Live through what was asked for, if anything was and nobody is at it."""
    until = asked_until()
    if until is None:
        return
    with _alone() as alone:
        if alone:
            _live(until, lambda *_: None, stopping)


def live_through(span: timedelta, *, tell: Tell = lambda *_: None) -> tuple[datetime, datetime]:
    """Live through ``span`` here and now; returns from when to when. Raises Refusal as ``ask`` does."""
    since = clock.now()
    live_until(since + span, tell=tell)
    return since, clock.now()


def live_until(until: datetime, *, tell: Tell = lambda *_: None) -> None:
    """Live through the time until then here and now, and ``tell`` after each step what it brought.

    Killed on the way, the sweeper goes on. Raises Refusal as ``ask`` does.
    """
    _refuse_fixed()
    with _alone() as alone:
        if not alone or is_moving():
            raise _moving()
        _write(until)
        _live(until, tell, lambda: False)


def next_renewal(workspace: Workspace) -> datetime:
    """When something happens to rent of this workspace next. Raises Refusal 409 ``no_rental``."""
    rentals = Rental.objects.filter(workspace=workspace, ended_at=None, next_run_at__gt=clock.now())
    at = rentals.aggregate(at=Min("next_run_at"))["at"]
    if at is None:
        sentence = _("Nothing is rented here that could be renewed. Buy a number first.")
        raise Refusal("no_rental", sentence, status=409)
    return at


def _write(until: datetime) -> None:
    _refuse_too_far(until)
    _refuse_busy()
    keeper.write_once(settings.DATA_DIR / ASKED, until.isoformat(), replace=True)


def _live(until: datetime, tell: Tell, stopping: Callable[[], bool]) -> None:
    while (now := clock.now()) < until and not stopping():
        clock.move_to(_next_stop(now, until))
        tell(clock.now(), _happen(clock.now()))


def _next_stop(now: datetime, until: datetime) -> datetime:
    """The end of the step, or what is due before."""
    rentals = Rental.objects.filter(ended_at=None, next_run_at__gt=now)
    pooled = ReassignableNumber.objects.filter(closed_at=None, release_at__gt=now)
    due = rentals.aggregate(at=Min("next_run_at"))["at"], pooled.aggregate(at=Min("release_at"))["at"]
    return min(at for at in (until, now + STEP, *due) if at)


def _happen(now: datetime) -> Swept:
    """What the sweeper does by itself. What it rings workers for, it goes on ringing for meanwhile."""
    swept = sweep_rent(now=now)
    expire_due(now)
    remind_due(now)
    tell_of_ending_keys(now)
    return swept


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else moves the clock. The kernel frees the lock of whoever is killed."""
    lock = keeper.try_lock(settings.DATA_DIR / LOCK)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)


def _moving() -> Refusal:
    return Refusal("clock_moving", _("Days are passing already. Wait until they have."), status=409)


def _refuse_fixed() -> None:
    if not settings.MOVABLE_CLOCK:
        sentence = _("Only the demo's clock can be moved (see make run).")
        raise Refusal("clock_fixed", sentence, status=409)


def _refuse_too_far(until: datetime) -> None:
    if until > clock.now() + FARTHEST:
        raise Refusal("too_far", _("At most %(days)s days can pass at once.") % {"days": FARTHEST.days})


def _refuse_busy() -> None:
    """Whoever waits for a carrier would find that it has been silent for days."""
    with everywhere("Time passes for all workspaces."):
        is_buying = NumberOrder.objects.filter(status=NumberOrder.Status.BUYING).exists()
        is_calling = Call.objects.filter(status__in=Call.OPEN).exists()
    if is_buying:
        sentence = _("A number is being bought. Wait until that is settled.")
        raise Refusal("clock_busy", sentence, status=409)
    if is_calling:
        sentence = _("A call is on. Hang up first, or wait until it is over.")
        raise Refusal("clock_busy", sentence, status=409)

"""Reminders of rent, ahead of the day on which something happens to a number unless somebody acts.

Each number has one such day at a time: its renewal, the end of its grace period, or the end of its hold. So
many days before it (the steps) its workspace is told, if the forecast says that the number is at risk. A
number that the wallet covers is passed over in silence: many mails would bury the one that matters. What is
told of one kind on one day is one notice, for one number or for forty.

The rental keeps the last step that was looked at: a step is told once, and one that was missed is told as
soon as somebody looks again, as what is left until the day; what is over is not told at all. Days are those
of the workspace, and begin for reminders when people get up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber, Rental
from phone_numbers.renting.forecast import Risk, forecast
from phone_numbers.renting.reminders import Kind, tell_of
from phone_numbers.renting.schedule import grace_end, hold_end

RENEWAL_STEPS, GRACE_STEPS, HOLD_STEPS = (14, 7, 3, 1), (4, 1), (7, 1)  # days before
AHEAD = timedelta(days=RENEWAL_STEPS[0] + 1)  # a day more than the first step, for any time zone
FROM_HOUR = 8  # of the workspace's day
COLUMNS = ("paid_through", "short_since", "expired_at", "reminded_of", "reminded_days")
Found = dict[str, list[str]]


def remind_due(*, now: datetime) -> int:
    """Look at every number whose next step has come; how many notices were told. Safe to repeat and to miss,
    in any number of processes.
    """
    return sum(_remind(workspace_id, ids, now) for workspace_id, ids in _due(now).items())


def step_of(rental: Rental, time_zone: str, now: datetime) -> int | None:
    """How many days ahead the step stands that has come and was not looked at; None: there is none."""
    ends, steps = _coming(rental)
    zone = ZoneInfo(time_zone)
    left = (ends.astimezone(zone).date() - now.astimezone(zone).date()).days
    begun = [days for days in steps if left <= days]
    if not begun or ends <= now or now.astimezone(zone).hour < FROM_HOUR:
        return None
    seen = rental.reminded_days if rental.reminded_of == ends else None
    return begun[-1] if seen is None or begun[-1] < seen else None


def _coming(rental: Rental) -> tuple[datetime, Sequence[int]]:
    """When something happens to it next, and how many days before its workspace is told."""
    if rental.expired_at:
        most = settings.RENT_HOLD_DAYS
        return hold_end(rental.expired_at), [days for days in HOLD_STEPS if days < most]
    if rental.short_since:
        most = settings.RENT_GRACE_DAYS  # the beginning of it was told by itself
        return grace_end(rental.short_since), [days for days in GRACE_STEPS if days < most]
    return rental.paid_through, RENEWAL_STEPS


def _candidates(now: datetime) -> QuerySet[Rental]:
    """What may have a step: never what a person or the carrier has to speak about first."""
    near = Q(paid_through__gt=now, paid_through__lte=now + AHEAD) | Q(short_since__isnull=False)
    rows = Rental.objects.filter(near, ended_at=None, review_since=None, next_run_at__isnull=False)
    return rows.filter(number__status=PhoneNumber.Status.ACTIVE, number__missing_since=None)


def _due(now: datetime) -> Found:
    """The rentals with a step, by workspace."""
    found: Found = defaultdict(list)
    rows = _candidates(now).select_related("workspace")
    for rental in rows.only(*COLUMNS, "workspace__time_zone").iterator(chunk_size=2000):
        if step_of(rental, rental.workspace.time_zone, now):
            found[rental.workspace_id].append(rental.pk)
    return found


@transaction.atomic
def _remind(workspace_id: str, ids: Sequence[str], now: datetime) -> int:
    """Tell one workspace; how many notices that were. What another process looks at is left to it."""
    workspace = Workspace.objects.get(pk=workspace_id)
    rows = Rental.objects.filter(pk__in=ids, ended_at=None)
    locked = rows.select_for_update(of=("self",), no_key=True, skip_locked=True).order_by("pk")
    steps = {rental: step_of(rental, workspace.time_zone, now) for rental in locked}
    rentals = [rental for rental, step in steps.items() if step]
    if not rentals:
        return 0
    outlook = forecast(workspace, now=now, days=RENEWAL_STEPS[0], calls=False)
    risks = {risk.number_id: risk for risk in outlook.risks}
    told = 0
    for kind, some in sorted(
        _by_kind(rentals, risks).items()
    ):  # in one order, so that nobody waits in a circle
        at_risk = [risks[rental.number_id] for rental in some if rental.number_id in risks]
        if at_risk and not tell_of(workspace, kind, at_risk, outlook, now=now):
            continue  # one notice a day: these wait for tomorrow's
        told += bool(at_risk)
        _mark(some, steps)
    return told


def _by_kind(rentals: Iterable[Rental], risks: dict[str, Risk]) -> dict[Kind, list[Rental]]:
    """By what is told of them; those that are safe go with those of which money is told."""
    kinds: dict[Kind, list[Rental]] = defaultdict(list)
    for rental in rentals:
        risk = risks.get(rental.number_id)
        if rental.expired_at:
            kinds[Kind.HOLD].append(rental)
        elif rental.short_since:
            kinds[Kind.GRACE].append(rental)
        else:
            kinds[Kind.SHORT if risk is None or risk.auto_renew else Kind.OFF].append(rental)
    return kinds


def _mark(rentals: Sequence[Rental], steps: dict[Rental, int | None]) -> None:
    for rental in rentals:
        rental.reminded_of, rental.reminded_days = _coming(rental)[0], steps[rental]
    Rental.objects.bulk_update(rentals, ["reminded_of", "reminded_days"], batch_size=500)

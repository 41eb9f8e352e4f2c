"""Reminders of rent, ahead of the day on which something happens to a number unless somebody acts.

Each number has one such day at a time: its renewal, the end of its grace period, or the end of its hold. So
many days before it (the steps) its workspace is told, if the forecast says that the number is at risk. A
number that the wallet covers is passed over in silence: many mails would bury the one that matters. What is
told of one kind on one day is one notice, for one number or for forty.

The rental keeps the last step that was looked at: a step is told once, and one that was missed is told as
soon as somebody looks again, as what is left until the day; what is over is not told at all. Days are those
of the workspace, and begin for reminders when people get up.

It also keeps when its next step comes (``remind_at``), so that a look reads only what is due. When a date or
the zone changes, the database sets that back to where steps may begin: too early does no harm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from dialnexa.bulk import update_rows
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber, Rental
from phone_numbers.renting.forecast import Risk, forecast
from phone_numbers.renting.reminders import Kind, tell_of
from phone_numbers.renting.schedule import grace_end, hold_end

RENEWAL_STEPS, GRACE_STEPS, HOLD_STEPS = (14, 7, 3, 1), (4, 1), (7, 1)  # days before
FROM_HOUR = 8  # of the workspace's day
COLUMNS = ("number", "workspace", "paid_through", "short_since", "expired_at", "reminded_of", "reminded_days")
KEPT = ("id", "reminded_of", "reminded_days", "remind_at")


def remind_due(*, now: datetime) -> int:
    """Look at every number whose next step has come; how many notices were told. Safe to repeat and to miss,
    in any number of processes.
    """
    whose = _due(now).order_by("workspace").values_list("workspace", flat=True).distinct()
    return sum(_remind(workspace_id, now) for workspace_id in list(whose))


def step_of(rental: Rental, time_zone: str, now: datetime) -> int | None:
    """How many days ahead the step stands that has come and was not looked at; None: there is none."""
    ends, steps = _coming(rental)
    zone = ZoneInfo(time_zone)
    left = (ends.astimezone(zone).date() - now.astimezone(zone).date()).days
    begun = [days for days in steps if left <= days]
    if not begun or ends <= now or now.astimezone(zone).hour < FROM_HOUR:
        return None
    seen = _seen(rental, ends)
    return begun[-1] if seen is None or begun[-1] < seen else None


def next_look(rental: Rental, time_zone: str, now: datetime) -> datetime | None:
    """When a step comes that was not looked at, later than now, or else the end, should settings move it;
    None: that is over.
    """
    ends, steps = _coming(rental)
    zone, seen = ZoneInfo(time_zone), _seen(rental, ends)
    here, last = now.astimezone(zone), ends.astimezone(zone).date()
    morning = here.date() + timedelta(days=here.hour >= FROM_HOUR)
    comes = [max(last - timedelta(days=days), morning) for days in steps if seen is None or days < seen]
    ahead = [datetime.combine(day, time(FROM_HOUR), zone).astimezone(UTC) for day in comes]
    return min([*ahead, ends]) if ends > now else None


def _seen(rental: Rental, ends: datetime) -> int | None:
    return rental.reminded_days if rental.reminded_of == ends else None


def _coming(rental: Rental) -> tuple[datetime, Sequence[int]]:
    """When something happens to it next, and how many days before its workspace is told."""
    if rental.expired_at:
        most = settings.RENT_HOLD_DAYS
        return hold_end(rental.expired_at), [days for days in HOLD_STEPS if days < most]
    if rental.short_since:
        most = settings.RENT_GRACE_DAYS  # the beginning of it was told by itself
        return grace_end(rental.short_since), [days for days in GRACE_STEPS if days < most]
    return rental.paid_through, RENEWAL_STEPS


def _due(now: datetime) -> QuerySet[Rental]:
    """What may have a step: never what a person or the carrier has to speak about first."""
    rows = Rental.objects.filter(remind_at__lte=now, ended_at=None, review_since=None)
    rows = rows.filter(next_run_at__isnull=False)
    return rows.filter(number__status=PhoneNumber.Status.ACTIVE, number__missing_since=None)


@transaction.atomic
def _remind(workspace_id: str, now: datetime) -> int:
    """Tell one workspace; how many notices that were. What another process looks at is left to it."""
    workspace = Workspace.objects.get(pk=workspace_id)
    rows = _due(now).filter(workspace=workspace).only(*COLUMNS).order_by("pk")
    locked = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
    steps = {rental: step_of(rental, workspace.time_zone, now) for rental in locked}
    told, looked_at = _tell(workspace, {rental: step for rental, step in steps.items() if step}, now)
    early = [rental for rental, step in steps.items() if not step]
    _plan([*early, *looked_at], workspace.time_zone, now)
    return told


def _tell(workspace: Workspace, steps: dict[Rental, int], now: datetime) -> tuple[int, list[Rental]]:
    """How many notices were told, and whose steps are looked at with that."""
    if not steps:
        return 0, []
    outlook = forecast(workspace, now=now, days=RENEWAL_STEPS[0], calls=False)
    risks = {risk.number_id: risk for risk in outlook.risks}
    told, looked_at = 0, list[Rental]()
    for kind, some in sorted(_by_kind(steps, risks).items()):  # in one order: nobody waits in a circle
        at_risk = [risks[rental.number_id] for rental in some if rental.number_id in risks]
        if at_risk and not tell_of(workspace, kind, at_risk, outlook, now=now):
            continue  # one notice a day: these wait for tomorrow's
        told += bool(at_risk)
        looked_at += some
    for rental in looked_at:
        rental.reminded_of, rental.reminded_days = _coming(rental)[0], steps[rental]
    return told, looked_at


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


def _plan(rentals: Sequence[Rental], time_zone: str, now: datetime) -> None:
    """Keep what was looked at, and when there is something to look at again."""
    for rental in rentals:
        rental.remind_at = next_look(rental, time_zone, now)
    update_rows(Rental, [{name: getattr(rental, name) for name in KEPT} for rental in rentals])

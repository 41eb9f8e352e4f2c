"""How much of the limits is used: calls in the air, money that calls cost and may still cost."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.timezone import localtime

from dialnexa.models import LedgerEntry, Workspace
from dialnexa.spending import month_begin
from telephony.models import Call, Direction

CALL = "call_"  # what the ids of calls begin with
LATE = timedelta(minutes=10)  # after midnight, what yesterday cost is certain
Kind = LedgerEntry.Kind
NOTHING = Decimal(0)


def calls_in_progress(workspace: Workspace, at: datetime, *, keys: Collection[str] = ()) -> int:
    """How many calls that go out had begun and not ended at ``at``; with ``keys`` only those of these."""
    calls = Call.objects.filter(workspace=workspace, direction=Direction.OUTBOUND)
    if keys:
        calls = calls.filter(api_key__in=keys)
    running = Q(status__in=Call.OPEN) | Q(ended_at__gt=at)
    return calls.filter(running, created_at__lte=at, created_at__gt=at - timedelta(days=1)).count()


def held_now(workspace: Workspace) -> Decimal:
    """What calls in the air may still cost, by what was reserved for them."""
    calls = Call.objects.filter(
        workspace=workspace, direction=Direction.OUTBOUND, status__in=Call.OPEN, held__gt=0
    )
    return calls.aggregate(sum=Sum("held"))["sum"] or NOTHING


def spent_today(workspace: Workspace, at: datetime) -> Decimal:
    """What calls were charged on the day of ``at``, in the workspace's time zone, until then."""
    return _charged(_of_calls(workspace, at).filter(created_at__gte=midnight(workspace, at)))


def spent_this_month(workspace: Workspace, at: datetime, today: Decimal) -> Decimal:
    """What calls were charged in the month of ``at`` until then; ``today`` of it on its last day."""
    begin, day = month_begin(workspace, at), midnight(workspace, at)
    if begin >= day:
        return today
    if at < day + LATE:
        return _between(workspace.pk, begin, day) + today
    return _closed_days(workspace.pk, begin, day) + today


def spent_by_keys(workspace: Workspace, keys: Collection[str], at: datetime) -> Decimal:
    """What the calls that these keys placed on the day of ``at`` cost, or may still cost."""
    calls = Call.objects.filter(workspace=workspace, api_key__in=keys, direction=Direction.OUTBOUND)
    calls = calls.filter(created_at__gte=midnight(workspace, at), created_at__lte=at)
    over = calls.exclude(status__in=Call.OPEN).aggregate(sum=Sum("charged"))["sum"]
    held = calls.filter(status__in=Call.OPEN).aggregate(sum=Sum(Coalesce("held", NOTHING)))["sum"]
    return (over or NOTHING) + (held or NOTHING)


def midnight(workspace: Workspace, at: datetime) -> datetime:
    """When the day of ``at`` began in the workspace's time zone."""
    here = localtime(at, ZoneInfo(workspace.time_zone))
    return here.replace(hour=0, minute=0, second=0, microsecond=0)


@lru_cache(maxsize=2_000)
def _closed_days(workspace_id: str, begin: datetime, end: datetime) -> Decimal:
    """The book is only added to: what past days cost stays as it is."""
    return _between(workspace_id, begin, end)


def _between(workspace_id: str, begin: datetime, end: datetime) -> Decimal:
    entries = LedgerEntry.objects.filter(workspace=workspace_id, subject_id__startswith=CALL)
    return _charged(entries.filter(created_at__gte=begin, created_at__lt=end))


def _of_calls(workspace: Workspace, at: datetime) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(workspace=workspace, created_at__lte=at, subject_id__startswith=CALL)


def _charged(entries: QuerySet[LedgerEntry]) -> Decimal:
    taken = Sum("amount", filter=Q(kind=Kind.CAPTURE), default=NOTHING)
    returned = Sum("amount", filter=Q(kind=Kind.REFUND), default=NOTHING)
    found = entries.order_by().aggregate(taken=taken, returned=returned)
    return found["taken"] - found["returned"]

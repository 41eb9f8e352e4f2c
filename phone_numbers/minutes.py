"""What calls cost, have cost and hold: what the wallet and the caps are asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum
from django.utils.timezone import localtime

from dialnexa.models import LedgerAccount, LedgerEntry, Workspace
from telephony.models import Call, Direction
from telephony.rating import CallPrice

CALL = "call_"  # what the ids of calls begin with
Kind = LedgerEntry.Kind


def decided_by(price: CallPrice) -> str:
    """What the rate that decides covers, in words."""
    if not price.network_group:
        return "calls over your own carrier"
    return f"{price.group_name}, prefix +{price.prefix}" if price.prefix else price.group_name


def balance_at(workspace: Workspace, at: datetime) -> Decimal:
    """What the wallet held at ``at``, summed up from the book."""
    kind, currency = LedgerAccount.Kind.WALLET, workspace.currency
    purse = LedgerAccount.objects.filter(workspace=workspace, kind=kind, currency=currency)
    entries = LedgerEntry.objects.filter(created_at__lte=at)
    came, went = (_sum(entries.filter(**{f"{side}__in": purse})) for side in ("credit", "debit"))
    return came - went


def spent_today(workspace: Workspace, at: datetime) -> Decimal:
    """What calls were charged on the day of ``at``, in the workspace's time zone, until then."""
    midnight = localtime(at, ZoneInfo(workspace.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    entries = _of_calls(workspace, at).filter(created_at__gte=midnight)
    return _sum(entries.filter(kind=Kind.CAPTURE)) - _sum(entries.filter(kind=Kind.REFUND))


def calls_in_progress(workspace: Workspace, at: datetime) -> int:
    """How many calls that go out had begun and not ended at ``at``."""
    calls = Call.objects.filter(workspace=workspace, direction=Direction.OUTBOUND)
    running = Q(status__in=Call.OPEN) | Q(ended_at__gt=at)
    return calls.filter(running, created_at__lte=at, created_at__gt=at - timedelta(days=1)).count()


def _of_calls(workspace: Workspace, at: datetime) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(workspace=workspace, created_at__lte=at, subject_id__startswith=CALL)


def _sum(entries: QuerySet[LedgerEntry]) -> Decimal:
    return entries.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)

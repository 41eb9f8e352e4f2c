"""What an API key has spent this month, and the cap on it."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum

from dialnexa.errors import Refusal
from dialnexa.models import ApiKey, LedgerEntry
from dialnexa.money import format_money

Kind = LedgerEntry.Kind


def spent_this_month(key: ApiKey, *, now: datetime) -> Decimal:
    """What this key has reserved or paid since the month began in the workspace's time zone, in the wallet's
    currency. What was given back does not count.
    """
    zone = zoneinfo.ZoneInfo(key.workspace.time_zone)
    begin = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    held = LedgerEntry.objects.filter(api_key=key, kind=Kind.HOLD, created_at__gte=begin)
    subjects = held.values("subject_id")
    returned = LedgerEntry.objects.filter(kind__in=(Kind.VOID, Kind.REFUND), subject_id__in=subjects)
    return _sum(held) - _sum(returned)


def refuse_over_cap(key: ApiKey, amount: Decimal, *, now: datetime) -> None:
    """Call inside the transaction that spends. The key's row stays locked, so two can't both fit under it.

    Raises Refusal 402 ``spend_cap_reached`` when ``amount`` more would pass the key's monthly cap.
    """
    locked = ApiKey.objects.select_for_update(no_key=True, of=("self",)).select_related("workspace")
    key = locked.get(pk=key.pk)
    if key.monthly_spend_cap is None:
        return
    left = key.monthly_spend_cap - spent_this_month(key, now=now)
    if amount <= left:
        return
    currency = key.workspace.currency
    cap, rest, asked = (
        format_money(x, currency) for x in (key.monthly_spend_cap, max(left, Decimal(0)), amount)
    )
    raise Refusal(
        "spend_cap_reached",
        f"This API key may spend {cap} a month; {rest} of it is left, and this needs {asked}. An owner or "
        "admin can raise the cap in Settings.",
        status=402,
        fix="api_keys",
        cap=str(key.monthly_spend_cap),
        left=str(max(left, Decimal(0))),
        needed=str(amount),
    )


def _sum(entries: QuerySet[LedgerEntry]) -> Decimal:
    total: Decimal | None = entries.aggregate(total=Sum("amount"))["total"]
    return total or Decimal(0)

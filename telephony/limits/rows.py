"""Every limit of a workspace with how much of it is used, for the page and the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from limits.errors import StorageError

from dialnexa.models import ApiKey, Workspace
from telephony.limits.allowances import Allowance, Allowances, read_allowances
from telephony.limits.orders import ordered_within_hour
from telephony.limits.rates import used_now
from telephony.limits.table import CALL_RATES, CALLS_AT_ONCE, DAILY_SPEND, LIMITS, MONTHLY_SPEND, PURCHASES
from telephony.limits.usage import calls_in_progress, held_now, spent_this_month, spent_today
from telephony.models import LimitRequest


@dataclass(frozen=True, slots=True)
class LimitRow:
    """``used`` None: it can't be said in one number, or not now."""

    allowance: Allowance
    used: Decimal | None
    asked: LimitRequest | None = None

    @property
    def share(self) -> int | None:
        """Hundredths that are used, at most 100."""
        value = self.allowance.value
        if self.used is None or value is None:
            return None
        return min(100, int(100 * self.used / value)) if value else 100

    @property
    def tone(self) -> str:
        share = self.share or 0
        return "trouble" if share >= 100 else "waiting" if share >= 80 else "ok"

    @property
    def used_words(self) -> str:
        return "" if self.used is None else self.allowance.amount(self.used)

    @property
    def value_words(self) -> str:
        value = self.allowance.value
        return _("No limit") if value is None else self.allowance.amount(value)

    @property
    def asked_words(self) -> str:
        return self.allowance.amount(self.asked.value) if self.asked else ""


def limit_rows(workspace: Workspace, *, now: datetime, key: ApiKey | None = None) -> list[LimitRow]:
    """In the table's order. Asks Redis, so not in a transaction."""
    allowances = read_allowances(workspace, at=now, key=key)
    open_requests = LimitRequest.objects.filter(workspace=workspace, answered_at=None)
    asked = {request.limit: request for request in open_requests}
    used = _used(allowances, now)
    return [
        LimitRow(allowances.of(limit), used.get(name, _rate(allowances.of(limit))), asked.get(name))
        for name, limit in LIMITS.items()
    ]


def _used(allowances: Allowances, now: datetime) -> dict[str, Decimal]:
    workspace = allowances.workspace
    today, held = spent_today(workspace, now), held_now(workspace)
    return {
        CALLS_AT_ONCE.name: Decimal(calls_in_progress(workspace, now)),
        DAILY_SPEND.name: today + held,
        MONTHLY_SPEND.name: spent_this_month(workspace, now, today) + held,
        PURCHASES.name: Decimal(ordered_within_hour(workspace, now)),
    }


def _rate(allowance: Allowance) -> Decimal | None:
    if allowance.limit not in CALL_RATES:
        return None
    try:
        return Decimal(used_now(allowance))
    except StorageError:
        return None


def key_rows(workspace: Workspace, *, now: datetime) -> Sequence[Allowance]:
    """What holds for single keys of the workspace."""
    rows = read_allowances(workspace, at=now).overrides
    return [
        Allowance(LIMITS[row.limit], row.value, workspace.currency, row.api_key_id, str(row.api_key), row)
        for row in rows
        if row.api_key_id
    ]

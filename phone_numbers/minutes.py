"""What calls cost, and what the wallet has held: what a call is asked for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from dialnexa.models import LedgerAccount, LedgerEntry, Workspace
from telephony.rating import CallPrice


def decided_by(price: CallPrice) -> str:
    """What the rate that decides covers, in words."""
    if not price.network_group:
        return _("calls over your own carrier")
    words = {"group": price.group_name, "prefix": price.prefix}
    return _("%(group)s, prefix +%(prefix)s") % words if price.prefix else price.group_name


def balance_at(workspace: Workspace, at: datetime) -> Decimal:
    """What the wallet held at ``at``, summed up from the book."""
    kind, currency = LedgerAccount.Kind.WALLET, workspace.currency
    purse = LedgerAccount.objects.filter(workspace=workspace, kind=kind, currency=currency)
    entries = LedgerEntry.objects.filter(created_at__lte=at)
    came, went = (_sum(entries.filter(**{f"{side}__in": purse})) for side in ("credit", "debit"))
    return came - went


def _sum(entries: QuerySet[LedgerEntry]) -> Decimal:
    return entries.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)

"""The wallet card: what there is, what is reserved, how long it pays the rent of today's numbers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum
from django.urls import reverse

from dialnexa.access import RIGHTS, Right
from dialnexa.models import LedgerAccount, Membership, Workspace

MANY = 10_000  # rentals: to add up more takes longer than the rest of a page
KEPT_FOR = 60.0  # seconds, in each process
_kept: dict[str, tuple[float, Decimal]] = {}  # workspace → until when (monotonic), rent a month


@dataclass(frozen=True, slots=True)
class Purse:
    """``days`` is for how many days the balance covers the rent of today's numbers; None without rent."""

    currency: str
    balance: Decimal
    held: Decimal
    monthly_rent: Decimal
    days: int | None
    url: str


def read_purse(membership: Membership) -> Purse:
    """The wallet card of the membership's workspace. Of very many numbers, the rent is up to a minute old."""
    workspace = membership.workspace
    accounts = LedgerAccount.objects.filter(workspace=workspace, currency=workspace.currency)
    kinds = dict(accounts.values_list("kind", "balance"))
    rent = _monthly_rent(workspace)
    balance = kinds.get(LedgerAccount.Kind.WALLET, Decimal(0))
    return Purse(
        currency=workspace.currency,
        balance=balance,
        held=kinds.get(LedgerAccount.Kind.HELD, Decimal(0)),
        monthly_rent=rent,
        days=int(balance * 30 / rent) if rent else None,
        url=reverse("wallet", args=[workspace.slug]) if Right.OWN in RIGHTS[membership.role] else "",
    )


def _monthly_rent(workspace: Workspace) -> Decimal:
    """In the workspace's currency."""
    until, rent = _kept.get(workspace.pk, (0.0, Decimal(0)))
    if time.monotonic() < until:
        return rent
    rentals = workspace.rentals.filter(rental_status="active", ended_at=None, currency=workspace.currency)
    rentals = rentals.filter(number__missing_since=None)  # those cost nothing
    told = rentals.aggregate(sum=Sum("monthly_price"), count=Count("pk"))
    rent = told["sum"] or Decimal(0)
    if told["count"] > MANY:
        _kept[workspace.pk] = time.monotonic() + KEPT_FOR, rent
    return rent

"""What an API key has spent this month, and the cap on it.

Rotating a key must not double its cap: a key shares one cap with the keys it was rotated from or to. Together
they are a chain; what one of them spends counts for all.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from dialnexa.errors import Refusal
from dialnexa.models import ApiKey, LedgerAccount, LedgerEntry, Workspace
from dialnexa.money import format_money

Kind = LedgerEntry.Kind
GIVEN_BACK = (Kind.VOID, Kind.REFUND)
NOTHING = Decimal(0)


def spent_this_month(key: ApiKey, *, now: datetime) -> Decimal:
    """What this key and the others of its chain have reserved or paid since the month began in the
    workspace's time zone, in the wallet's currency. What was given back does not count, but for rent: months
    paid ahead that came back with a release stay spent.
    """
    spent = _spent_by_key(LedgerEntry.objects.filter(api_key__in=chain_of(key)), key.workspace, now)
    return sum(spent.values(), NOTHING)


def spending_of(workspace: Workspace, *, now: datetime) -> dict[str, Decimal]:
    """For each of the workspace's keys (by id) what ``spent_this_month`` would say, in three queries."""
    roots = _roots(workspace.pk)
    by_chain: dict[str, Decimal] = {}
    entries = LedgerEntry.objects.filter(workspace=workspace, api_key__isnull=False)
    for pk, amount in _spent_by_key(entries, workspace, now).items():
        root = roots.get(pk, pk)
        by_chain[root] = by_chain.get(root, NOTHING) + amount
    return {pk: by_chain.get(root, NOTHING) for pk, root in roots.items()}


def chain_of(key: ApiKey) -> list[str]:
    """The ids of the key, of those it was rotated from and of those rotated from them, in order."""
    roots = _roots(key.workspace_id)
    return sorted(pk for pk, root in roots.items() if root == roots.get(key.pk))


def lock_chain(key: ApiKey) -> list[ApiKey]:
    """Lock the rows of the key's chain, in the order of their ids so that nobody waits in a circle.

    Whoever spends or rotates has the chain's oldest key among them, so they come one after the other; a key
    that joined the chain in between is found by asking again for what was spent.
    """
    locked = ApiKey.objects.select_for_update(no_key=True, of=("self",)).select_related("workspace")
    return list(locked.filter(pk__in=chain_of(key)).order_by("pk"))


def refuse_over_cap(key: ApiKey, amount: Decimal, *, now: datetime) -> None:
    """Call inside the transaction that spends. The chain stays locked, so two can't both fit under its cap.

    Raises Refusal 402 ``spend_cap_reached`` when ``amount`` more would pass the key's monthly cap.
    """
    key = _locked(key)
    left = _left(key, now)
    if left is None or key.monthly_spend_cap is None or amount <= left:
        return
    currency = key.workspace.currency
    cap, rest, asked = (format_money(x, currency) for x in (key.monthly_spend_cap, left, amount))
    sentence = _(
        "This API key may spend %(cap)s a month; %(rest)s of it is left, and this needs %(asked)s. An owner "
        "or admin can raise the cap in Settings."
    )
    raise Refusal(
        "spend_cap_reached",
        sentence % {"cap": cap, "rest": rest, "asked": asked},
        status=402,
        fix="api_keys",
        cap=str(key.monthly_spend_cap),
        left=str(left),
        needed=str(amount),
    )


def left_under_cap(key: ApiKey, *, now: datetime) -> Decimal | None:
    """What the key may still spend this month; None without a cap. Locks the chain as ``lock_chain`` does."""
    return _left(_locked(key), now)


def _locked(key: ApiKey) -> ApiKey:
    """The key as it is now, its chain locked."""
    return next(row for row in lock_chain(key) if row.pk == key.pk)


def _left(key: ApiKey, now: datetime) -> Decimal | None:
    if key.monthly_spend_cap is None:
        return None
    return max(key.monthly_spend_cap - spent_this_month(key, now=now), NOTHING)


def month_begin(workspace: Workspace, now: datetime) -> datetime:
    """When the month began in the workspace's time zone, in UTC."""
    here = now.astimezone(zoneinfo.ZoneInfo(workspace.time_zone))
    return here.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def month_end(workspace: Workspace, now: datetime) -> datetime:
    """When the next month begins in the workspace's time zone and caps count anew, in UTC."""
    here = now.astimezone(zoneinfo.ZoneInfo(workspace.time_zone)).replace(day=28) + timedelta(days=4)
    return month_begin(workspace, here)


def _spent_by_key(entries: QuerySet[LedgerEntry], workspace: Workspace, now: datetime) -> dict[str, Decimal]:
    """What each key reserved since the month began, less what was given back of it, and what it paid at
    once."""
    spent = _reserved(entries, workspace, now)
    direct = entries.filter(kind=Kind.CAPTURE, debit__kind=LedgerAccount.Kind.WALLET).order_by()
    paid = direct.filter(created_at__gte=month_begin(workspace, now)).values("api_key")
    for pk, amount in paid.annotate(paid=Sum("amount")).values_list("api_key", "paid"):
        spent[pk] = spent.get(pk, NOTHING) + amount
    return spent


def _reserved(entries: QuerySet[LedgerEntry], workspace: Workspace, now: datetime) -> dict[str, Decimal]:
    returned = LedgerEntry.objects.filter(kind__in=GIVEN_BACK, subject_id=OuterRef("subject_id"))
    total = returned.order_by().values("subject_id").annotate(total=Sum("amount")).values("total")
    held = entries.filter(kind=Kind.HOLD, created_at__gte=month_begin(workspace, now)).order_by()
    kept = held.annotate(kept=F("amount") - Coalesce(Subquery(total), NOTHING))
    return dict(kept.values("api_key").annotate(spent=Sum("kept")).values_list("api_key", "spent"))


def _roots(workspace_id: str) -> dict[str, str]:
    """For each key of the workspace the oldest key of its chain, which names the chain."""
    keys = ApiKey.objects.filter(workspace=workspace_id).order_by("pk")
    parents: Mapping[str, str | None] = dict(keys.values_list("pk", "replaces"))
    roots: dict[str, str] = {}
    for pk in parents:
        path = [pk]
        while path[-1] not in roots and (parent := parents.get(path[-1])):
            path.append(parent)
        root = roots.get(path[-1], path[-1])
        roots.update(dict.fromkeys(path, root))
    return roots

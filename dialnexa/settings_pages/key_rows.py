"""API keys as the page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from dialnexa.api_keys import is_live
from dialnexa.models import ApiKey, Workspace
from dialnexa.scope_words import access_of
from dialnexa.spending import spending_of

SOON = timedelta(days=7)  # before its end a key is called expiring
ENDED_SHOWN = 50


@dataclass(frozen=True, slots=True)
class KeyRow:
    """``state`` and ``tone`` are the status; ``spent`` is the whole chain's, which shares one cap.

    ``successor`` is the key that takes its place, while both work; ``share`` is how much of the cap is spent,
    in percent.
    """

    key: ApiKey
    state: str
    tone: str
    access: str
    spent: Decimal
    successor: ApiKey | None = None

    @property
    def share(self) -> int:
        cap = self.key.monthly_spend_cap
        return 0 if cap is None else min(100, int(self.spent * 100 / cap) if cap else 100)

    @property
    def is_live(self) -> bool:
        return self.tone != "off"


@dataclass(frozen=True, slots=True)
class KeyList:
    """``live`` with each key directly above those it replaces; ``ended``, latest first, ``more`` left out."""

    live: list[KeyRow]
    ended: list[KeyRow]
    more: int


def read_keys(workspace: Workspace, *, now: datetime) -> KeyList:
    """Every key of the workspace, in two queries for its keys and three for what they spent."""
    keys = list(workspace.api_keys.select_related("created_by", "replaces").order_by("-created_at", "-pk"))
    spending = spending_of(workspace, now=now)
    successors = {key.replaces_id: key for key in reversed(keys) if key.replaces_id and not key.revoked_at}
    rows = [read_key(key, spending.get(key.pk, Decimal(0)), successors.get(key.pk), now) for key in keys]
    live = [row for row in rows if row.is_live]
    ended = sorted((row for row in rows if not row.is_live), key=_ended_at, reverse=True)
    return KeyList(_paired(live), ended[:ENDED_SHOWN], max(0, len(ended) - ENDED_SHOWN))


def read_key(key: ApiKey, spent: Decimal, successor: ApiKey | None, now: datetime) -> KeyRow:
    state, tone = _state(key, successor, now)
    shown = None if tone == "off" else successor
    return KeyRow(key, state, tone, access_of(key.scopes), spent, shown)


def _state(key: ApiKey, successor: ApiKey | None, now: datetime) -> tuple[str, str]:
    if key.revoked_at is not None:
        return _("Revoked"), "off"
    if not is_live(key, now):
        return _("Expired"), "off"
    if successor is not None:
        return _("Being replaced"), "waiting"
    if key.expires_at is not None and key.expires_at <= now + SOON:
        return _("Expiring"), "waiting"
    return _("Active"), "ok"


def _ended_at(row: KeyRow) -> datetime:
    ends = (row.key.revoked_at, row.key.expires_at)
    return min(end for end in ends if end is not None)


def _paired(rows: list[KeyRow]) -> list[KeyRow]:
    """Newest first, but what a key replaces follows it at once."""
    replaced: dict[str, list[KeyRow]] = {}
    for row in rows:
        if row.successor is not None:
            replaced.setdefault(row.successor.pk, []).append(row)
    here = {row.key.pk for row in rows}
    heads = [row for row in rows if row.successor is None or row.successor.pk not in here]
    return [each for head in heads for each in _with_replaced(head, replaced)]


def _with_replaced(row: KeyRow, replaced: dict[str, list[KeyRow]]) -> list[KeyRow]:
    older = replaced.get(row.key.pk, [])
    return [row, *(each for old in older for each in _with_replaced(old, replaced))]

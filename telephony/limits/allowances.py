"""What holds for a workspace, and the one rule that every limit is enforced by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext, override
from django.utils.translation import gettext_noop as _

from dialnexa.errors import Refusal
from dialnexa.models import ApiKey, Workspace
from dialnexa.money import format_money
from dialnexa.spending import chain_of
from dialnexa.translations.retelling import retell
from telephony.limits.table import LIMITS, Limit
from telephony.models import LimitOverride

ASK = _("An owner or admin can ask for more on the Limits page; support raises it.")
SLOWED = _(
    "It was slowed down: %(reason)s An owner or admin can confirm on the Limits page that all is well."
)


class LimitReached(Refusal):
    """``english`` is the sentence in the language that rows keep."""

    def __init__(self, code: str, sentence: str, english: str, **more: Any) -> None:
        super().__init__(code, sentence, **more)
        self.english = english


@dataclass(frozen=True, slots=True)
class Allowance:
    """What holds now. ``value`` None: no limit. ``who`` names what is counted: the workspace, or the oldest
    key of a chain; ``holder`` is the same in words (English, or a name). ``override`` is what decides, if
    it is not the default.
    """

    limit: Limit
    value: Decimal | None
    currency: str
    who: str
    holder: str = _("This workspace")
    override: LimitOverride | None = None

    def room(self, used: Decimal | int) -> Decimal | None:
        """What is left of it; None without a limit."""
        return None if self.value is None else max(self.value - used, Decimal(0))

    def fits(self, used: Decimal | int, more: Decimal | int = 1) -> bool:
        """The rule: what is used and what is asked for must not pass the value together."""
        return self.value is None or used + more <= self.value

    def amount(self, value: Decimal | int) -> str:
        return format_money(Decimal(value), self.currency) if self.limit.is_money else f"{int(value):,}"

    def rule(self, used: Decimal | int | None = None) -> str:
        """``This workspace may have 10 calls a minute, and 7 are used.``"""
        assert self.value is not None
        named = {"holder": gettext(self.holder), "amount": self.amount(self.value)}
        if used is None:
            return gettext(self.limit.says) % named
        return gettext(self.limit.says_used) % (named | {"used": self.amount(used)})

    def sentence(self, used: Decimal | int | None = None) -> str:
        """What its refusal says: the limit, how much of it is used, what to do, and who can raise it."""
        what_to_do = gettext(ASK)
        if self.override and self.override.is_alarm:
            what_to_do = gettext(SLOWED) % {"reason": retell(self.override.reason)}
        return f"{self.rule(used)} {gettext(self.limit.wait)} {what_to_do}"

    def refusal(self, used: Decimal | int | None = None, *, retry_after: int = 0) -> LimitReached:
        """``retry_after``: seconds, when more is known than to wait."""
        limit = self.limit
        facts = {"limit": limit.name} | ({"retry_after": retry_after} if retry_after else {})
        with override("en"):
            english = self.sentence(used)
        return LimitReached(
            limit.code, self.sentence(used), english, status=limit.status, fix="limits", **facts
        )


def enforce(allowance: Allowance, used: Decimal | int, more: Decimal | int = 1) -> None:
    """Call inside the transaction that uses it, holding the workspace's row. Raises the limit's Refusal."""
    if not allowance.fits(used, more):
        raise allowance.refusal(used)


@dataclass(frozen=True, slots=True)
class Allowances:
    """All that hold for a workspace at a moment, and for the key that asks, if it has limits of its own."""

    workspace: Workspace
    overrides: Sequence[LimitOverride]
    key: ApiKey | None = None
    chain: Sequence[str] = ()

    def of(self, limit: Limit) -> Allowance:
        """The workspace's."""
        found = next((row for row in self.overrides if row.limit == limit.name and not row.api_key_id), None)
        value = found.value if found else limit.default(self.workspace.currency)
        return Allowance(limit, value, self.workspace.currency, self.workspace.pk, override=found)

    def of_key(self, limit: Limit) -> Allowance | None:
        """The key's own, None where it has none. Keys it was rotated from or to share it."""
        for row in self.overrides:
            if row.limit == limit.name and row.api_key_id in self.chain:
                who, holder = self.chain[0], _("This API key")
                return Allowance(limit, row.value, self.workspace.currency, who, holder, row)
        return None

    def all_of(self, *limits: Limit) -> list[Allowance]:
        """The workspace's and then the key's, of these limits."""
        found = (each for limit in limits for each in (self.of(limit), self.of_key(limit)))
        return [each for each in found if each is not None]


def read_allowances(workspace: Workspace, *, at: datetime, key: ApiKey | None = None) -> Allowances:
    """What holds (or held) at ``at``. One query; three for a key with limits of its own."""
    rows = list(standing(at).filter(workspace=workspace).order_by("-created_at", "-id"))
    chain = chain_of(key) if key and any(row.api_key_id for row in rows) else []
    return Allowances(workspace, _known(rows), key, chain)


def standing(at: datetime) -> QuerySet[LimitOverride]:
    """The overrides that stand at ``at``, of all workspaces."""
    begun = LimitOverride.objects.filter(created_at__lte=at)
    return begun.filter(Q(until=None) | Q(until__gt=at), Q(ended_at=None) | Q(ended_at__gt=at))


def _known(rows: Iterable[LimitOverride]) -> list[LimitOverride]:
    """An alarm before what is higher: nothing that staff set lifts one, only confirming does. Less than it
    allows stays less.
    """
    known = [row for row in rows if row.limit in LIMITS]
    slowest = {row.limit: row.value for row in known if row.is_alarm}
    return sorted(known, key=lambda row: not row.is_alarm and row.value >= slowest.get(row.limit, 0))

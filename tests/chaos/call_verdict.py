"""What is true of calls in the end: our rows, the money, and what the carrier carried, compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dialnexa import wallet
from dialnexa.models import LedgerEntry, Workspace
from telephony.models import Call
from tests.chaos.buyers import Memory


@dataclass
class CallVerdict:
    """Each list holds sentences; an empty one is good. ``given_away``: carried, and not told in time; staff
    can see it, but for ``unnoticed``.
    """

    placed_twice: list[str] = field(default_factory=list)
    charged_wrongly: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    given_away: int = 0
    unnoticed: int = 0

    @property
    def line(self) -> str:
        return (
            f"placed twice {len(self.placed_twice)}, charged wrongly {len(self.charged_wrongly)}, "
            f"held {len(self.held)}, stuck {len(self.stuck)}"
        )

    @property
    def findings(self) -> list[str]:
        return [*self.placed_twice, *self.charged_wrongly, *self.held, *self.stuck]


def judge_calls(carrier: dict[str, Any], memory: Memory, credit: Decimal) -> CallVerdict:
    """Compare the sandbox's ``/control/state`` with the database and with what callers were told."""
    verdict = CallVerdict()
    carried = {f"+{call['to']}": call for call in carrier["calls"]}
    often = Counter(f"+{call['to']}" for call in carrier["calls"])
    verdict.placed_twice += [f"{to} was called {n} times" for to, n in often.items() if n > 1]
    rows = list(Call.objects.select_related("workspace"))
    for to, n in Counter(call.to_text for call in rows).items():
        if n > 1:
            verdict.placed_twice.append(f"{to} has {n} calls here")
    for call in rows:
        if call.is_open:
            verdict.stuck.append(f"{call.pk} is {call.status}")
        _check_charge(verdict, call, carried.get(call.to_text))
    missing = memory.accepted - {call.to_text for call in rows}
    verdict.stuck += [f"a call that was accepted is gone: {to}" for to in missing]
    _check_wallets(verdict, rows, credit)
    return verdict


def _check_charge(verdict: CallVerdict, call: Call, carried: dict[str, Any] | None) -> None:
    """One hold and at most one charge; never more than what the carrier carried costs."""
    kinds = Counter(LedgerEntry.objects.filter(subject_id=call.pk).values_list("kind", flat=True))
    if kinds["hold"] != 1 or kinds["capture"] > 1:
        verdict.charged_wrongly.append(f"{call.pk} has {dict(kinds)} in the book")
    charged, owed = call.charged or Decimal(0), _owed(call, carried)
    if charged > owed:
        verdict.charged_wrongly.append(f"{call.pk} ({call.status}) was charged {charged}, {owed} was owed")
    elif charged < owed and not call.is_open:
        verdict.given_away += 1
        verdict.unnoticed += not call.given_away


def _owed(call: Call, carried: dict[str, Any] | None) -> Decimal:
    if not carried or carried["answered_at"] is None or carried["ended_at"] is None or not call.per_minute:
        return Decimal(0)
    seconds = carried["ended_at"] - carried["answered_at"]
    return call.per_minute * -(-round(seconds * 1000) // 60_000)


def _check_wallets(verdict: CallVerdict, rows: list[Call], credit: Decimal) -> None:
    for workspace in Workspace.objects.all():
        mine = [call for call in rows if call.workspace_id == workspace.pk]
        spent = sum((call.charged or Decimal(0) for call in mine), Decimal(0))
        if held := wallet.held(workspace):
            verdict.held.append(f"{workspace.slug} still holds {held}")
        if wallet.balance(workspace) + held != credit - spent:
            verdict.charged_wrongly.append(
                f"{workspace.slug} has {wallet.balance(workspace)} and {held} held; {credit} were paid in "
                f"and calls cost {spent}"
            )

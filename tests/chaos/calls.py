"""``python -m tests.chaos.calls``: call many people while everything is killed, then look what is true."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.chaos.call_sabotage import CALL_SABOTAGES
from tests.chaos.faults import Nemesis
from tests.chaos.program import Part, Run, settle

WORKSPACES = 3
CALLERS = 6
QUIET_WITHIN = 90.0  # seconds for the next one to finish once nothing breaks any more
CALL_TIMINGS = {
    "DIALNEXA_CALL_DOUBT": "12",
    "DIALNEXA_CALL_GIVE_UP": "60",
    "DIALNEXA_CALL_LOOK_EVERY": "2",
    "DIALNEXA_CALL_RING": "6",
    "DIALNEXA_CALL_LONGEST": "300",
    "DIALNEXA_CALL_COST_LOOKS": "2,4",
    "DIALNEXA_CALLS_AT_ONCE": "1000",
    "DIALNEXA_CALLS_A_SECOND": "1000000",
    "DIALNEXA_CALLS_A_MINUTE": "1000000",
    "DIALNEXA_NEW_COUNTRY_CALLS": "1000000",
    "DIALNEXA_CALLS_DAILY_SPEND": "INR=1000000000",
    "DIALNEXA_CALLS_MONTHLY_SPEND": "INR=1000000000",
    "DIALNEXA_SHAPE_CALLS": "1000000",
}
PACE = 0.05  # real seconds that a second of a call lasts
CALL_FAULTS: tuple[dict[str, object], ...] = (
    {"on": "call", "kind": "sold_then_silent", "share": 0.06, "seconds": 4},
    {"on": "call", "kind": "sold_late", "share": 0.05, "seconds": 40},
    {"on": "call", "kind": "error_after", "share": 0.07},
    {"on": "call", "kind": "reset_after", "share": 0.05},
    {"on": "call", "kind": "error_before", "share": 0.05},
    {"on": "call", "kind": "reset_before", "share": 0.04},
    {"on": "call", "kind": "slow", "share": 0.15, "seconds": 1},
    {"on": "call", "kind": "rate_limited", "share": 0.06, "seconds": 1},
    {"on": "callee", "kind": "busy", "share": 0.1},
    {"on": "callee", "kind": "no_answer", "share": 0.1},
    {"on": "callee", "kind": "fails", "share": 0.05},
    {"on": "callee", "kind": "hangs_up", "share": 0.1},
    {"on": "callee", "kind": "talks_long", "share": 0.2},
    {"on": "webhook", "kind": "twice", "share": 0.15},
    {"on": "webhook", "kind": "lost", "share": 0.1},
    {"on": "webhook", "kind": "reordered", "share": 0.1},
    {"on": "webhook", "kind": "late", "share": 0.1, "seconds": 30},
    {"on": "webhook", "kind": "forged", "share": 0.1},
    {"on": "call_get", "kind": "error_before", "share": 0.1},
)


def play(run: Run) -> int:
    from tests.chaos import callers, shop
    from tests.chaos.buyers import Memory

    dice, memory = random.Random(run.options.seed), Memory()
    shop.open_shop(WORKSPACES)
    errands: Any = callers.rings(run.options.n, callers.open_lines(WORKSPACES, run.carriers), dice)
    shop.break_carrier(run.sandbox_url, run.options.seed, (*run.sabotage.faults, *CALL_FAULTS), "sell_again")
    mode = {"call_pace": PACE, "ring_seconds": 3}
    httpx.put(f"{run.sandbox_url}/control/mode", json=mode).raise_for_status()
    run.world.start()
    nemesis = Nemesis(run.world, run.options.seed, run.every, lambda: ring_again(dice))
    began = time.monotonic()
    people = [callers.Caller(run.world.url, errands, memory, k) for k in range(CALLERS)]
    for thread in (*people, nemesis):
        thread.start()
    for person in people:
        person.join()
    print(f"  {time.monotonic() - began:6.1f} s  every caller has an answer", flush=True)
    settle(moving, 20, few=run.options.n // 20)
    nemesis.rest()
    print(f"  {time.monotonic() - began:6.1f} s  nothing breaks any more", flush=True)
    settle(moving, QUIET_WITHIN)
    run.world.stop()  # so that all rows are of one moment
    return report(nemesis, memory, run.carrier_state())


def ring_again(dice: random.Random) -> str:
    """Deliver messages twice: for calls somebody is at work on (for others it would be a help)."""
    from phone_numbers.tasks import advance_call
    from telephony.models import Call

    busy = Call.objects.filter(status__in=Call.OPEN, next_run_at__gt=datetime.now(UTC))
    ids = list(busy.values_list("id", flat=True)[:50])
    for call_id in dice.sample(ids, min(8, len(ids))):
        for _ in range(2):
            advance_call.apply_async(kwargs={"call_id": call_id})
    return "deliver messages twice"


def moving() -> int:
    """How many calls are open, or what they cost is still to be read."""
    from telephony.models import Call

    rows = Call.objects.all()
    return rows.filter(status__in=Call.OPEN).count() + rows.exclude(next_cost_at=None).count()


def report(nemesis: Nemesis, memory: Any, carrier: dict[str, Any]) -> int:
    from telephony.models import Call
    from tests.chaos.call_verdict import judge_calls
    from tests.chaos.shop import CREDIT

    verdict = judge_calls(carrier, memory, CREDIT)
    states = Counter(Call.objects.values_list("status", flat=True))
    strikes = ", ".join(f"{n} × {what}" for what, n in nemesis.done.most_common())
    print(f"\n{sum(nemesis.done.values())} strikes: {strikes}")
    print(
        f"{memory.presses} presses of Call: {len(memory.accepted)} accepted, {len(memory.refused)} refused, "
        f"{len(memory.gave_up)} without an answer"
    )
    print("calls: " + ", ".join(f"{n} {state}" for state, n in states.most_common()))
    print(
        f"the carriers carried {len(carrier['calls'])}; {verdict.given_away} cost more than was charged, "
        f"{verdict.unnoticed} of them unseen by staff"
    )
    for finding in verdict.findings[:20]:
        print(f"  ! {finding}")
    print(verdict.line)
    return 1 if verdict.findings else 0


CALLS = Part("tests.chaos.calls", "calls", "placed twice", CALL_SABOTAGES, play, CALL_TIMINGS)

if __name__ == "__main__":
    sys.exit(CALLS.main())

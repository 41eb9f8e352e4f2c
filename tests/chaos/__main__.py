"""``python -m tests.chaos``: see the package."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from typing import Any

from tests.chaos.faults import CARRIER_FAULTS, Nemesis
from tests.chaos.program import Part, Run, settle
from tests.chaos.sabotage import SABOTAGES
from tests.chaos.world import World

WORKSPACES = 4
BUYERS = 6
QUIET_WITHIN = 150.0  # seconds for the next one to finish once nothing breaks (papers are asked about calmly)


def play(run: Run) -> int:
    from tests.chaos import shop
    from tests.chaos.buyers import Buyer, Memory

    dice, seed = random.Random(run.options.seed), run.options.seed
    shop.open_shop(WORKSPACES)
    errands = shop.errands(run.options.n, WORKSPACES, dice, run.carriers)
    memory = Memory()
    shop.break_carrier(run.sandbox_url, seed, (*run.sabotage.faults, *CARRIER_FAULTS), "sell_again")
    run.world.start()
    nemesis = Nemesis(run.world, seed, run.every, lambda: shop.ring_again(dice))
    began = time.monotonic()
    buyers = [Buyer(run.world.url, errands, memory, seed + k) for k in range(BUYERS)]
    for thread in (*buyers, nemesis):
        thread.start()
    for buyer in buyers:
        buyer.join()
    print(f"  {time.monotonic() - began:6.1f} s  every customer has an answer", flush=True)
    settle(moving, 45, few=run.options.n // 20)
    nemesis.rest()
    print(f"  {time.monotonic() - began:6.1f} s  nothing breaks any more", flush=True)
    settle(moving, QUIET_WITHIN)
    run.world.stop()  # so that all rows are of one moment
    return report(run.world, nemesis, memory, run.carrier_state(), time.monotonic() - began)


def moving() -> int:
    """How many orders are open, and numbers on their way in or out."""
    from phone_numbers.models import NumberOrder, PhoneNumber

    orders = NumberOrder.objects.filter(status__in=NumberOrder.OPEN)
    return orders.count() + PhoneNumber.objects.filter(status__in=("pending", "releasing")).count()


def report(world: World, nemesis: Nemesis, memory: Any, carrier: dict[str, Any], took: float) -> int:
    from phone_numbers.models import NumberOrder, PhoneNumber
    from tests.chaos.shop import CREDIT
    from tests.chaos.verdict import judge, our_accounts

    verdict = judge(carrier, memory, CREDIT)
    states = {
        state: NumberOrder.objects.filter(status=state).count() for state, _ in NumberOrder.Status.choices
    }
    print(
        f"\n{sum(nemesis.done.values())} strikes: "
        + ", ".join(f"{n} × {w}" for w, n in nemesis.done.most_common())
    )
    print(
        f"{memory.presses} presses of Buy: {len(memory.accepted)} accepted, {len(memory.refused)} refused, "
        f"{len(memory.gave_up)} without an answer"
    )
    went_back = PhoneNumber.objects.filter(status="released").count()
    print("orders: " + ", ".join(f"{n} {state}" for state, n in states.items()) + f"; {went_back} gone back")
    names = {account: slug for slug, account in our_accounts().items()}
    sold = Counter(names.get(sale["account"], "nobody we know") for sale in carrier["sales"])
    print("sold: " + ", ".join(f"{n} by {slug}" for slug, n in sorted(sold.items())))
    print(
        f"the carriers sold {len(carrier['sales'])} and took {took:.0f} s; lives: "
        + ", ".join(f"{part.name} {part.starts}" for part in world.parts.values())
    )
    for told, n in Counter(told[:80] for told in memory.refused.values()).most_common(5):
        print(f"  {n} × {told}")
    for finding in verdict.findings[:20]:
        print(f"  ! {finding}")
    print(verdict.line)
    return 1 if verdict.findings else 0


PURCHASES = Part("tests.chaos", "purchases", "bought twice", SABOTAGES, play)

if __name__ == "__main__":
    sys.exit(PURCHASES.main())

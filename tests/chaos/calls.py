"""``python -m tests.chaos.calls``: call many people while everything is killed, then look what is true."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.chaos.call_sabotage import CALL_SABOTAGES
from tests.chaos.faults import Nemesis
from tests.chaos.sabotage import Sabotage, copy_and_break
from tests.chaos.world import TIMINGS, World, wait_for

WORKSPACES = 3
CALLERS = 6
QUIET_WITHIN = 90.0  # seconds to finish once nothing breaks any more
CALL_TIMINGS = {
    "DIALNEXA_CALL_DOUBT": "12",
    "DIALNEXA_CALL_GIVE_UP": "20",
    "DIALNEXA_CALL_LOOK_EVERY": "2",
    "DIALNEXA_CALL_RING": "6",
    "DIALNEXA_CALL_LONGEST": "300",
    "DIALNEXA_CALLS_AT_ONCE": "1000",
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


def main() -> int:
    options = parse()
    if options.prove:
        return prove(options)
    sabotage = CALL_SABOTAGES[options.sabotage] if options.sabotage else Sabotage("")
    without = f", without {options.sabotage}" if options.sabotage else ""
    print(f"chaos: {options.n} calls, seed {options.seed}{without}", flush=True)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        base = Path(folder)
        base.chmod(0o711)
        return run(options, sabotage, base, copy_and_break(sabotage, base / "project"))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.calls")
    parser.add_argument("--n", type=int, default=200, help="calls")
    parser.add_argument("--seed", type=int, default=1, help="of every fault and choice")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two strikes, about")
    parser.add_argument("--carriers", default="plivo,twilio,signalwire", help="whom to call over")
    parser.add_argument("--sabotage", choices=sorted(CALL_SABOTAGES), help="take this guard away")
    parser.add_argument("--prove", help="all, or names with commas: succeed if every one of them is caught")
    return parser.parse_args()


def prove(options: argparse.Namespace) -> int:
    """Run each sabotage by itself. A harness that misses one can't be believed."""
    names = sorted(CALL_SABOTAGES) if options.prove == "all" else options.prove.split(",")
    missed = 0
    for name in names:
        command = [sys.executable, "-m", "tests.chaos.calls", "--sabotage", name, "--n", str(options.n)]
        done = subprocess.run([*command, "--seed", str(options.seed)], capture_output=True, text=True)
        said = "".join(done.stdout.splitlines()[-1:] or done.stderr.splitlines()[-1:])
        caught = done.returncode == 1 and "placed twice" in said
        missed += not caught
        print(f"{'caught' if caught else 'MISSED'}  {name}: {said}", flush=True)
    print(f"{len(names) - missed} of {len(names)} sabotages caught")
    return 1 if missed else 0


def run(options: argparse.Namespace, sabotage: Sabotage, base: Path, root: Path) -> int:
    from dialnexa import embedded
    from dialnexa.keeper import free_port
    from tests.chaos import shop

    data = base / "data"
    data.mkdir(mode=0o711)
    port, sandbox_port = free_port(), free_port()
    sandbox_url = f"http://127.0.0.1:{sandbox_port}"
    os.environ["DIALNEXA_EMBEDDED_FSYNC"] = "off"  # processes die here, the machine does not
    os.environ["DATABASE_URL"] = embedded.postgres_url(data)
    os.environ["REDIS_URL"] = embedded.redis_url(data)
    os.environ["DIALNEXA_PUBLIC_BASE_URL"] = f"http://127.0.0.1:{port}"  # where webhooks go
    timings = TIMINGS | CALL_TIMINGS | sabotage.settings
    env = shop.configure(str(data), sandbox_url, timings, options.carriers.split(","))
    env["PYTHONPATH"] = str(root)
    world = World(root, base, env, port)
    served = ("--port", str(sandbox_port), "--data-dir", str(base))
    command = [sys.executable, "manage.py", "sandbox_carrier", *served]
    carrier = subprocess.Popen(command, cwd=root, env=env, stdout=subprocess.DEVNULL)
    try:
        return play(options, sabotage, world, sandbox_url)
    finally:
        world.stop()
        carrier.terminate()
        carrier.wait(10)
        embedded.stop(data)


def play(options: argparse.Namespace, sabotage: Sabotage, world: World, sandbox_url: str) -> int:
    import django

    from tests.chaos import callers, shop
    from tests.chaos.buyers import Memory

    world.manage("migrate", "-v0")
    world.manage("load_catalogue")
    django.setup()
    dice, memory = random.Random(options.seed), Memory()
    shop.open_shop(WORKSPACES)
    lines = callers.open_lines(WORKSPACES, options.carriers.split(","))
    errands: Any = callers.rings(options.n, lines, dice)
    wait_for(lambda: httpx.get(f"{sandbox_url}/control/state").status_code == 200, 20)
    shop.break_carrier(sandbox_url, options.seed, (*sabotage.faults, *CALL_FAULTS), "sell_again")
    httpx.put(f"{sandbox_url}/control/mode", json={"call_pace": PACE, "ring_seconds": 3}).raise_for_status()
    world.start()
    nemesis = Nemesis(world, options.seed, sabotage.every or options.every, lambda: ring_again(dice))
    began = time.monotonic()
    people = [callers.Caller(world.url, shop.PASSWORD, errands, memory, k) for k in range(CALLERS)]
    for thread in (*people, nemesis):
        thread.start()
    for person in people:
        person.join()
    print(f"  {time.monotonic() - began:6.1f} s  every caller has an answer", flush=True)
    settle(20)
    nemesis.rest()
    print(f"  {time.monotonic() - began:6.1f} s  nothing breaks any more", flush=True)
    settle(QUIET_WITHIN)
    return report(nemesis, memory, sandbox_url)


def ring_again(dice: random.Random) -> str:
    """Deliver messages twice: also for calls that somebody is at work on."""
    from phone_numbers.tasks import advance_call
    from telephony.models import Call

    ids = list(Call.objects.filter(status__in=Call.OPEN).values_list("id", flat=True)[:50])
    for call_id in dice.sample(ids, min(8, len(ids))):
        for _ in range(2):
            advance_call.apply_async(kwargs={"call_id": call_id})
    return "deliver messages twice"


def settle(seconds: float) -> None:
    """Until no call is open any more, or the time is over."""
    from django.db import Error, close_old_connections, connection

    from telephony.models import Call

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if not Call.objects.filter(status__in=Call.OPEN).exists():
                return
        except Error:
            connection.close()
        close_old_connections()
        time.sleep(0.5)


def report(nemesis: Nemesis, memory: Any, sandbox_url: str) -> int:
    from telephony.models import Call
    from tests.chaos.call_verdict import judge_calls
    from tests.chaos.shop import CREDIT

    carrier = httpx.get(f"{sandbox_url}/control/state", timeout=30).json()
    verdict = judge_calls(carrier, memory, CREDIT)
    states = Counter(Call.objects.values_list("status", flat=True))
    strikes = ", ".join(f"{n} × {what}" for what, n in nemesis.done.most_common())
    print(f"\n{sum(nemesis.done.values())} strikes: {strikes}")
    print(
        f"{memory.presses} presses of Call: {len(memory.accepted)} accepted, {len(memory.refused)} refused, "
        f"{len(memory.gave_up)} without an answer"
    )
    print("calls: " + ", ".join(f"{n} {state}" for state, n in states.most_common()))
    print(f"the carriers carried {len(carrier['calls'])}; {verdict.given_away} cost more than was charged")
    for finding in verdict.findings[:20]:
        print(f"  ! {finding}")
    print(verdict.line)
    return 1 if verdict.findings else 0


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.chaos``: see the package."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.chaos.faults import CARRIER_FAULTS, Nemesis
from tests.chaos.sabotage import ROOT, SABOTAGES, Sabotage, copy_and_break
from tests.chaos.world import TIMINGS, World, wait_for

WORKSPACES = 4
BUYERS = 6
QUIET_WITHIN = 150.0  # seconds to finish once nothing breaks any more (papers are asked about calmly)


def main() -> int:
    options = parse()
    if options.prove:
        return prove(options)
    sabotage = SABOTAGES[options.sabotage] if options.sabotage else Sabotage("")
    print(
        f"chaos: {options.n} purchases, seed {options.seed}"
        + f", without {options.sabotage}" * bool(options.sabotage)
    )
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        base = Path(folder)
        base.chmod(0o711)
        root = copy_and_break(sabotage, base / "project") if sabotage.edits else ROOT
        return run(options, sabotage, base, root)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--n", type=int, default=200, help="purchases")
    parser.add_argument("--seed", type=int, default=1, help="of every fault and choice")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two strikes, about")
    parser.add_argument("--carriers", default="plivo,twilio,signalwire", help="whom to buy from, in turn")
    parser.add_argument("--sabotage", choices=sorted(SABOTAGES), help="take this guard away")
    parser.add_argument("--prove", help="all, or names with commas: succeed if every one of them is caught")
    return parser.parse_args()


def prove(options: argparse.Namespace) -> int:
    """Run each sabotage by itself. A harness that misses one can't be believed."""
    names = sorted(SABOTAGES) if options.prove == "all" else options.prove.split(",")
    missed = []
    for name in names:
        command = [sys.executable, "-m", "tests.chaos", "--sabotage", name, "--n", str(options.n)]
        command += ["--seed", str(options.seed), "--carriers", options.carriers]
        done = subprocess.run(command, capture_output=True, text=True)
        said = done.stdout.splitlines()[-1:] or done.stderr.splitlines()[-1:]
        caught = done.returncode == 1 and "bought twice" in "".join(said)
        missed += [] if caught else [name]
        print(f"{'caught' if caught else 'MISSED'}  {name}: {''.join(said)}", flush=True)
    print(f"{len(names) - len(missed)} of {len(names)} sabotages caught")
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
    carriers = options.carriers.split(",")
    env = shop.configure(str(data), sandbox_url, TIMINGS | sabotage.settings, carriers)
    env["PYTHONPATH"] = str(root)
    world = World(root, base, env, port)
    carrier = subprocess.Popen(
        [
            sys.executable,
            "manage.py",
            "sandbox_carrier",
            "--port",
            str(sandbox_port),
            "--data-dir",
            str(base),
        ],
        cwd=root,
        env=env,
        stdout=subprocess.DEVNULL,
    )
    try:
        return play(options, sabotage, world, sandbox_url)
    finally:
        world.stop()
        carrier.terminate()
        carrier.wait(10)
        embedded.stop(data)
        if options.sabotage is None and "CHAOS_KEEP" in os.environ:
            shutil.copytree(base, os.environ["CHAOS_KEEP"], ignore=shutil.ignore_patterns("data", "project"))


def play(options: argparse.Namespace, sabotage: Sabotage, world: World, sandbox_url: str) -> int:
    import django

    from tests.chaos import shop
    from tests.chaos.buyers import Buyer, Memory

    world.manage("migrate", "-v0")
    world.manage("load_catalogue")
    django.setup()
    from django.db import connection

    dice = random.Random(options.seed)
    with connection.cursor() as cursor:
        for statement in sabotage.sql:
            cursor.execute(statement)
    shop.open_shop(WORKSPACES)
    wait_for(lambda: httpx.get(f"{sandbox_url}/control/state").status_code == 200, 20)
    errands = shop.errands(options.n, WORKSPACES, dice, options.carriers.split(","))
    memory = Memory()
    shop.break_carrier(sandbox_url, options.seed, (*sabotage.faults, *CARRIER_FAULTS), "sell_again")
    world.start()
    every = sabotage.every or options.every
    nemesis = Nemesis(world, options.seed, every, lambda: shop.ring_again(dice))
    began = time.monotonic()
    buyers = [Buyer(world.url, shop.PASSWORD, errands, memory, options.seed + k) for k in range(BUYERS)]
    for thread in (*buyers, nemesis):
        thread.start()
    for buyer in buyers:
        buyer.join()
    print(f"  {time.monotonic() - began:6.1f} s  every customer has an answer", flush=True)
    settle(45)
    nemesis.rest()
    print(f"  {time.monotonic() - began:6.1f} s  nothing breaks any more", flush=True)
    settle(QUIET_WITHIN)
    return report(world, nemesis, memory, carrier_state(sandbox_url), time.monotonic() - began)


def settle(seconds: float) -> None:
    """Until nothing is open any more, or the time is over."""
    from django.db import Error, close_old_connections, connection

    from phone_numbers.models import NumberOrder, PhoneNumber

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            open_ones = NumberOrder.objects.filter(status__in=NumberOrder.OPEN).exists()
            moving = PhoneNumber.objects.filter(status__in=("pending", "releasing")).exists()
            if not open_ones and not moving:
                return
        except Error:
            connection.close()
        close_old_connections()
        time.sleep(0.5)


def carrier_state(url: str) -> dict[str, Any]:
    return httpx.get(f"{url}/control/state", timeout=30).json()


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


if __name__ == "__main__":
    sys.exit(main())

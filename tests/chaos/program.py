"""What every part of the chaos program shares: its arguments, its start and end, and proving sabotages."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.chaos.sabotage import Sabotage, copy_and_break
from tests.chaos.world import TIMINGS, World, wait_for
from tests.databases import load_kept


@dataclass(frozen=True)
class Run:
    """One run: what was asked for, the guard that is missing, the processes, the sandbox's address."""

    options: argparse.Namespace
    sabotage: Sabotage
    world: World
    sandbox_url: str

    @property
    def every(self) -> float:
        """Seconds between two strikes, about."""
        return self.sabotage.every or float(self.options.every)

    @property
    def carriers(self) -> list[str]:
        return str(self.options.carriers).split(",")

    def carrier_state(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(f"{self.sandbox_url}/control/state", timeout=30).json()
        return answer


@dataclass(frozen=True)
class Part:
    """``python -m <module>``: N ``things`` happen while everything breaks. ``play`` returns the exit status.

    ``verdict`` stands in the last line of a run that came to its end, good or bad.
    """

    module: str
    things: str
    verdict: str
    sabotages: Mapping[str, Sabotage]
    play: Callable[[Run], int]
    timings: Mapping[str, str] = field(default_factory=dict)

    def main(self) -> int:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # who is told to end leaves nothing running
        options = self._parse()
        if options.prove:
            return self._prove(options)
        sabotage = self.sabotages[options.sabotage] if options.sabotage else Sabotage("")
        without = f", without {options.sabotage}" if options.sabotage else ""
        print(f"chaos: {options.n} {self.things}, seed {options.seed}{without}", flush=True)
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            base = Path(folder)
            base.chmod(0o711)
            root = copy_and_break(sabotage, base / "project")
            with started(options, sabotage, base, root, self.timings) as run:
                return self.play(run)

    def _parse(self) -> argparse.Namespace:
        parser = argparse.ArgumentParser(prog=f"python -m {self.module}")
        parser.add_argument("--n", type=int, default=200, help=self.things)
        parser.add_argument("--seed", type=int, default=1, help="of every fault and choice")
        parser.add_argument("--every", type=float, default=1.0, help="seconds between two strikes, about")
        parser.add_argument("--carriers", default="plivo,twilio,signalwire", help="which ones, in turn")
        parser.add_argument("--sabotage", choices=sorted(self.sabotages), help="take this guard away")
        parser.add_argument(
            "--prove", help="all, or names with commas: succeed if every one of them is caught"
        )
        return parser.parse_args()

    def _prove(self, options: argparse.Namespace) -> int:
        """Run each sabotage by itself. A harness that misses one can't be believed."""
        names = sorted(self.sabotages) if options.prove == "all" else options.prove.split(",")
        missed = 0
        for name in names:
            command = [sys.executable, "-m", self.module, "--sabotage", name, "--n", str(options.n)]
            command += ["--seed", str(options.seed), "--every", str(options.every)]
            command += ["--carriers", options.carriers]
            done = subprocess.run(command, capture_output=True, text=True)
            said = "".join(done.stdout.splitlines()[-1:] or done.stderr.splitlines()[-1:])
            caught = done.returncode == 1 and self.verdict in said
            missed += not caught
            print(f"{'caught' if caught else 'MISSED'}  {name}: {said}", flush=True)
        print(f"{len(names) - missed} of {len(names)} sabotages caught")
        return 1 if missed else 0


@contextmanager
def started(
    options: argparse.Namespace, sabotage: Sabotage, base: Path, root: Path, timings: Mapping[str, str]
) -> Iterator[Run]:
    """Database, broker and sandbox of the run's own; Django set up here; everything ended afterwards."""
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
    settings = TIMINGS | dict(timings) | sabotage.settings
    env = shop.configure(str(data), sandbox_url, settings, options.carriers.split(","))
    env["PYTHONPATH"] = str(root)
    world = World(root, base, env, port)
    carrier = _sandbox(world, sandbox_port, options.n)
    try:
        _set_up(world, sabotage, sandbox_url)
        yield Run(options, sabotage, world, sandbox_url)
    finally:
        world.stop()
        carrier.terminate()
        carrier.wait(10)
        embedded.stop(data)
        if options.sabotage is None and "CHAOS_KEEP" in os.environ:
            shutil.copytree(base, os.environ["CHAOS_KEEP"], ignore=shutil.ignore_patterns("data", "project"))


def _sandbox(world: World, port: int, n: int) -> subprocess.Popen[bytes]:
    """With so many numbers of each kind that any two of them would do."""
    from telephony.carriers.sandbox.inventory import PER_RANGE

    stock = str(max(PER_RANGE, n // 2))
    command = [sys.executable, "manage.py", "sandbox_carrier", "--port", str(port), "--stock", stock]
    command += ["--data-dir", str(world.base)]
    return subprocess.Popen(command, cwd=world.root, env=world.env, stdout=subprocess.DEVNULL)


def _set_up(world: World, sabotage: Sabotage, sandbox_url: str) -> None:
    import django

    if not load_kept(world.base / "data", os.environ["DATABASE_URL"]):
        world.manage("migrate", "-v0")
    world.manage("load_catalogue")
    django.setup()
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in sabotage.sql:
            cursor.execute(statement)
    wait_for(lambda: httpx.get(f"{sandbox_url}/control/state").status_code == 200, 20)


def settle(moving: Callable[[], int], seconds: float, few: int = 0) -> None:
    """Until no more than a ``few`` things move, or none has come to rest for so many seconds.

    So a slow machine takes longer, and what is stuck is found. The database may be away meanwhile.
    """
    from django.db import Error, close_old_connections, connection

    least, end = sys.maxsize, time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            left = moving()
            if left <= few:
                return
            if left < least:
                least, end = left, time.monotonic() + seconds
        except Error:
            connection.close()
        close_old_connections()
        time.sleep(0.5)

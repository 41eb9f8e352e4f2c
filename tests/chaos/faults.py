"""What goes wrong, and when: all of it from one seed, printed as it happens."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable

from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

from tests.chaos.world import World

# Answers of the carrier, and their share: about 31 of 100 purchases are ambiguous, some of them sold late.
CARRIER_FAULTS = (
    {"on": "buy", "kind": "sold_then_silent", "share": 0.06, "seconds": 4},
    {"on": "buy", "kind": "sold_late", "share": 0.05, "seconds": 6},
    {"on": "buy", "kind": "error_after", "share": 0.06},
    {"on": "buy", "kind": "reset_after", "share": 0.05},
    {"on": "buy", "kind": "error_before", "share": 0.04},
    {"on": "buy", "kind": "reset_before", "share": 0.03},
    {"on": "buy", "kind": "garbage", "share": 0.02},
    {"on": "buy", "kind": "slow", "share": 0.15, "seconds": 1},
    {"on": "buy", "kind": "rate_limited", "share": 0.03, "seconds": 1},
    {"on": "buy", "kind": "unavailable", "share": 0.05},
    {"on": "buy", "kind": "pending", "share": 0.02, "seconds": 2},
    {"on": "buy", "kind": "rejected", "share": 0.08, "seconds": 1},
    {"on": "get", "kind": "error_before", "share": 0.08},
    {"on": "get", "kind": "silent", "share": 0.03, "seconds": 3},
    {"on": "release", "kind": "error_before", "share": 0.1},
    {"on": "release", "kind": "error_after", "share": 0.2},
)


class Nemesis(threading.Thread):
    """Breaks something every second or so, until told to stop."""

    def __init__(self, world: World, seed: int, every: float, stutter: Callable[[], str]) -> None:
        super().__init__(daemon=True)
        self.world, self.random, self.every, self.stutter = world, random.Random(seed), every, stutter
        self.done: Counter[str] = Counter()
        self.over = threading.Event()
        self.began = time.monotonic()

    def run(self) -> None:
        while not self.over.wait(self.random.uniform(0.4, 1.6) * self.every):
            what = self.strike()
            self.done[what.split(" for ")[0]] += 1
            print(f"  {time.monotonic() - self.began:6.1f} s  {what}", flush=True)

    def strike(self) -> str:
        world, n = self.world, self.random.choice((1, 2))
        kind = self.random.choices(
            ("worker", "child", "sweeper", "web", "redis", "postgres", "pause", "stutter"),
            (6, 5, 2, 1, 2, 1.5, 3, 4),
        )[0]
        strikes: dict[str, Callable[[], str]] = {
            "stutter": self._stutter,
            "worker": lambda: world.kill(f"worker {n}"),
            "child": lambda: world.kill_child(f"worker {n}"),
            "sweeper": lambda: world.kill(f"sweeper {n}"),
            "web": lambda: world.kill("web"),
            "redis": world.wipe_redis,
            "postgres": world.crash_postgres,
            "pause": lambda: world.pause(f"worker {n}", self.random.uniform(0.5, 3)),
        }
        return strikes[kind]()

    def _stutter(self) -> str:
        try:
            return self.stutter()
        except (DatabaseError, OperationalError):
            return "deliver messages twice: the broker or the database is away"
        finally:
            connection.close()

    def rest(self) -> None:
        self.over.set()
        self.join()

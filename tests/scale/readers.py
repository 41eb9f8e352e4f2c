"""Who looks at pages and lists meanwhile: wrk, and what it found."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.scale.servers import HOST, find

SCRIPT = Path(__file__).with_name("answers.lua")
LONGEST = 3600  # seconds: whoever starts wrk also stops it
PROXIED = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}  # as nginx says it


@dataclass(frozen=True, slots=True)
class Look:
    """At what, for whom: ``headers`` say who asks, answers have to be of the workspace ``slug``."""

    slug: str
    path: str
    headers: dict[str, str]


@dataclass
class Reading:
    """What was answered in ``seconds``.

    ``told`` counts: broken (5xx), refused (other than 200), strange (rows of somebody else's), marks (rows),
    lost (connections), late (no answer in 30 s); ``took``: answers by their milliseconds.
    """

    seconds: float = 0.0
    told: Counter[str] = field(default_factory=Counter)
    took: Counter[float] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.took.total() / self.seconds if self.seconds else 0.0

    def within(self, share: float) -> float:
        """So many milliseconds, or fewer, took this share of the answers."""
        left = share * self.took.total()
        for took, count in sorted(self.took.items()):
            left -= count
            if left <= 0:
                return took
        return 0.0

    def add(self, said: str) -> None:
        for name, first, second in re.findall(r"^(\w+) (\d+)(?: (\d+))?$", said, re.MULTILINE):
            if name == "took":
                self.took[int(first) / 1000] += int(second)
            else:
                self.told[name] += int(first)


class Readers:
    """``connections`` for each look at each of these servers, until they are told to stop."""

    def __init__(self, urls: Sequence[str], looks: Sequence[Look], connections: int = 1) -> None:
        self.looks, self.connections = looks, connections
        self.began, self.reading = time.monotonic(), Reading()
        self.running = {url: [self._begin(url, look) for look in looks] for url in urls}

    def move(self, dead: str, alive: str) -> None:
        """From a server that is gone to one that is there; connections it refused don't count."""
        before = self.reading.told["lost"]
        self._end(dead)
        self.reading.told["lost"] = before
        self.running[alive] += [self._begin(alive, look) for look in self.looks]

    def stop(self) -> Reading:
        for url in [*self.running]:
            self._end(url)
        self.reading.seconds = time.monotonic() - self.began
        return self.reading

    def _begin(self, url: str, look: Look) -> subprocess.Popen[str]:
        headers = [
            part for name, told in (PROXIED | look.headers).items() for part in ("-H", f"{name}: {told}")
        ]
        fixed = ["-t1", f"-c{self.connections}", f"-d{LONGEST}s", "--timeout", "30s", "-s", str(SCRIPT)]
        command = [find("wrk"), *fixed, *headers, f"{url}{look.path}", "--", look.slug]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)

    def _end(self, url: str) -> None:
        for one in self.running[url]:
            one.send_signal(signal.SIGINT)
        for one in self.running.pop(url):
            self.reading.add(one.communicate()[0])

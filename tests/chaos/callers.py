"""People who call: they press Call in the real dialog, press again when nothing comes back, and remember."""

from __future__ import annotations

import queue
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import httpx

from tests.chaos.buyers import Buyer

RATE = Decimal("1.25")  # rupees a minute, everywhere
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Ring:
    """One person to be called once, from a number of ours. The same key goes with every press."""

    slug: str
    email: str
    number: str  # its id
    to: str
    key: str


class Caller(Buyer):
    """A Buyer's patience and memory, for calls: every fourth press is a double click."""

    def _press(self, errand: Ring) -> httpx.Response | None:  # type: ignore[override]
        with self.memory.lock:
            self.memory.presses += 1
        form = {"from": errand.number, "to": errand.to, "agent_version": "", "key": errand.key}
        try:
            client = self._client(errand.email)
            headers = {"X-CSRFToken": client.cookies["csrftoken"], "HX-Request": "true"}
            return client.post(f"/w/{errand.slug}/calls/new/", data=form, headers=headers)
        except (httpx.HTTPError, KeyError):
            return None

    def _remember(self, errand: Ring, answer: httpx.Response) -> None:  # type: ignore[override]
        with self.memory.lock:
            if answer.status_code == 200:
                self.memory.accepted.add(errand.to)
            else:
                self.memory.refused[errand.to] = str(answer.status_code)


def open_lines(workspaces: int, carriers: Sequence[str]) -> dict[int, list[str]]:
    """In each workspace a paid number of every carrier with an agent that calls; their ids by workspace."""
    from dialnexa.models import Workspace
    from telephony.models import CallRate, NetworkGroup

    for group in NetworkGroup.objects.filter(country="US", carrier__in=carriers):
        rate = {"per_minute": RATE, "currency": "INR", "valid_from": LONG_AGO}
        CallRate.objects.create(network_group=group, **rate)
    return {n: list(_lines(Workspace.objects.get(slug=f"shop-{n}"), n, carriers)) for n in range(workspaces)}


def _lines(workspace: object, n: int, carriers: Sequence[str]) -> Iterator[str]:
    from dialnexa.actors import SYSTEM
    from phone_numbers.routes.routing import route_number
    from telephony import agents
    from tests.numbers.rows import make_number, make_rental

    now = datetime.now(UTC)
    url = "wss://agents.example.com/1"
    agent = agents.create_agent(workspace, title="Sales", runtime_url=url, by=SYSTEM, now=now)  # type: ignore[arg-type]
    agents.publish(agents.newest_version(agent), by=SYSTEM, now=now)
    version = agents.published_versions(workspace).get()  # type: ignore[arg-type]
    for k, carrier in enumerate(carriers):
        number = make_number(workspace, f"+1212555{n}{k:03}", carrier=carrier)  # type: ignore[arg-type]
        make_rental(number, now.replace(year=now.year + 1))
        route_number(number, inbound=version, outbound=version, by=SYSTEM, now=now)
        yield number.pk


def rings(n: int, lines: dict[int, list[str]], dice: random.Random) -> queue.Queue[Ring]:
    """N people, none of them magic, each called once."""
    people = (f"+1415{number}" for number in range(2_010_000, 9_999_999, 7) if number % 10_000 // 100 != 80)
    wanted: queue.Queue[Ring] = queue.Queue()
    for k, to in zip(range(n), people, strict=False):
        shop = k % len(lines)
        number = dice.choice(lines[shop])
        wanted.put(Ring(f"shop-{shop}", f"owner-{shop}@chaos.example", number, to, f"chaos-{k}"))
    return wanted

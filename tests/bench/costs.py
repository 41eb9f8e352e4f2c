"""What a request of the test client costs: processor time of this process and of its connection's server.

That is what the answer takes where nothing else runs; on a busy machine a clock on the wall shows the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.bench.figures import micro, told

if TYPE_CHECKING:
    from django.test import Client

    from dialnexa.models import Workspace


def owner_of(workspace: Workspace, **options: Any) -> Client:
    """A client of the workspace's owner, made here and signed in."""
    from django.test import Client

    from dialnexa.models import Membership, User

    owner = User.objects.create_user(email=f"owner@{workspace.slug}.example")
    Membership.objects.create(workspace=workspace, user=owner, role="owner")
    client = Client(SERVER_NAME="localhost", **options)
    client.force_login(owner)
    return client


def turns(asks: Mapping[str, Callable[[], object]], *, rounds: int, times: int = 1) -> dict[str, float]:
    """Seconds of one, by name: each asked ``times`` in its turn; the median of all turns after the first."""
    took: dict[str, list[float]] = {name: [] for name in asks}
    for turn in range(rounds + 1):
        for name, ask in asks.items():
            cost = cost_of(ask, times)
            if turn:
                took[name].append(cost)
    return {name: median(costs) for name, costs in took.items()}


def cost_of(ask: Callable[[], object], times: int = 1) -> float:
    began = _spent()
    for _ in range(times):
        ask()
    return (_spent() - began) / times


def _spent() -> float:
    """Seconds; Linux counts them in nanoseconds."""
    from django.db import connection

    connection.ensure_connection()
    server = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text().split()
    return time.process_time() + int(server[0]) / 1e9


def tell_cost(what: str, took: Mapping[str, float], ours: str, baseline: str, *, most: float = inf) -> None:
    """``took``: seconds by name, as ``turns`` gives them."""
    own, base = took[ours], took[baseline]
    told(what, own / base, most=most, baseline=f"{baseline} {micro(base)}", ours=micro(own))

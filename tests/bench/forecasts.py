"""The forecast of a workspace with very many numbers, end to end: the page, and GET /v1/wallet/forecast.

Counted is processor time, of this process and of its connection's server process: what the answer takes where
nothing else runs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.rating import say, told

ROUNDS = 7
MOST = 300  # milliseconds
TICKS = os.sysconf("SC_CLK_TCK")

# Bought over four weeks: two months of each fall due, and the wallet covers half of that.
SPREAD = """
WITH bought AS (
    SELECT id, %(now)s - (row_number() OVER (ORDER BY id) %% 28) * interval '1 day' AS at FROM numbers_rental)
UPDATE numbers_rental SET anchor = at, paid_through = at + interval '1 month',
    next_run_at = at + interval '1 month'
FROM bought WHERE bought.id = numbers_rental.id
"""


def forecast_many(count: int) -> None:
    """In a database of their own: so many numbers of one workspace."""
    from django.db import connection

    from tests.bench.rentals import rent_out

    now = datetime.now(UTC)
    rent_out(count, 1, now, "3")
    with connection.cursor() as cursor:
        cursor.execute(SPREAD, {"now": now})
    say(f"forecast: {count:,} rentals of a workspace, milliseconds of processor time")
    page, rest = _askers(now)
    for what, ask in (("page", page), ("GET /v1/wallet/forecast", rest)):
        ask()  # warm
        told(f"forecast, {what}", median(_cost(ask) for _ in range(ROUNDS)), most=MOST)


def _askers(now: datetime) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Ask for the page as a member, and for the answer as a program."""
    from django.test import Client

    from dialnexa.actors import SYSTEM
    from dialnexa.api_keys import create_api_key
    from dialnexa.models import Membership, User, Workspace

    workspace, client = Workspace.objects.get(), Client(SERVER_NAME="localhost")
    owner = User.objects.create_user(email="bench@shop.example")
    Membership.objects.create(workspace=workspace, user=owner, role="owner")
    client.force_login(owner)
    _, secret = create_api_key(workspace, "bench", ["wallet:read"], by=SYSTEM, now=now)

    def answer(path: str, **headers: str) -> None:
        response = client.get(path, headers=headers)
        assert response.status_code == 200, response.content

    return (
        lambda: answer(f"/w/{workspace.slug}/wallet/forecast/"),
        lambda: answer("/v1/wallet/forecast", authorization=f"Bearer {secret}"),
    )


def _cost(ask: Callable[[], Any]) -> float:
    began = _spent()
    for _ in range(3):  # the clock of processes ticks a hundred times a second
        ask()
    return (_spent() - began) * 1000 / 3


def _spent() -> float:
    from django.db import connection

    connection.ensure_connection()
    ticks = (
        Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    )
    return time.process_time() + (int(ticks[11]) + int(ticks[12])) / TICKS

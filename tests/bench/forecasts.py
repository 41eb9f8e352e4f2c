"""The forecast of a workspace with very many numbers, end to end: the page, and GET /v1/wallet/forecast."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

from tests.bench.costs import cost_of, owner_of
from tests.bench.figures import head, told

ROUNDS = 7
MOST = 300  # milliseconds

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
    head(f"forecast: {count:,} rentals of a workspace, processor time")
    page, rest = _askers(now)
    for what, ask in (("page", page), ("GET /v1/wallet/forecast", rest)):
        ask()  # warm
        each = median(cost_of(ask) for _ in range(ROUNDS))
        told(f"forecast: {what}", each * 1000, most=MOST, unit=" ms")


def _askers(now: datetime) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Ask for the page as a member, and for the answer as a program."""
    from dialnexa.actors import SYSTEM
    from dialnexa.api_keys import create_api_key
    from dialnexa.models import Workspace

    workspace = Workspace.objects.get()
    client = owner_of(workspace)
    _, secret = create_api_key(workspace, "bench", ["wallet:read"], by=SYSTEM, now=now)

    def answer(path: str, **headers: str) -> None:
        response = client.get(path, headers=headers)
        assert response.status_code == 200, response.content

    return (
        lambda: answer(f"/w/{workspace.slug}/wallet/forecast/"),
        lambda: answer("/v1/wallet/forecast", authorization=f"Bearer {secret}"),
    )

"""``python -m tests.bench.tables``: the Phone Numbers page of a workspace that has most of very many numbers.

Compared with the same page of a workspace with 1,000 numbers, in the same database: the first page, one far
down, the table alone, and the statements that count for the chips.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.bench.costs import owner_of, tell_cost, turns
from tests.bench.figures import head
from tests.bench.rating import database

if TYPE_CHECKING:
    from dialnexa.models import Workspace

ROUNDS = 9
SMALL = 1_000
SHARE = 0.6  # of all numbers, in the large workspace
OTHERS = 20  # workspaces that share the rest
# Rows like a first one, written by the database itself: a million of them in a minute or two.
MORE_NUMBERS = """
INSERT INTO numbers_phonenumber ({columns}) SELECT {values}
FROM generate_series(%s, %s) g, numbers_phonenumber n WHERE n.id = %s
"""
MORE_RENTALS = """
INSERT INTO numbers_rental ({columns}) SELECT {values} FROM numbers_phonenumber n, numbers_rental r
WHERE r.number_id = %s AND n.workspace_id = %s AND n.id <> r.number_id
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tables", description=__doc__)
    parser.add_argument("--numbers", type=int, default=100_000, help="in the database")
    count = parser.parse_args().numbers
    with database():
        from django.conf import settings

        settings.DEBUG = False  # which keeps every statement
        large, small = furnish(count)
        head(f"tables: {int(count * SHARE):,} of {count:,} numbers in one workspace, {SMALL:,} in another")
        asks = {
            f"{size} {what}": ask
            for size, shop in (("large", large), ("small", small))
            for what, ask in views(shop)
        }
        took = turns(asks, rounds=ROUNDS)
        for what, most in (("first page", 2.0), ("far page", 2.0), ("chips and counts", 2.5)):
            told = {"same with 1,000": took[f"small {what}"], "ours": took[f"large {what}"]}
            tell_cost(f"tables: {what}", told, "ours", "same with 1,000", most=most)
    return 0


def furnish(count: int) -> tuple[Workspace, Workspace]:
    """So many numbers with a rental each, in a large workspace, a small one and many others."""
    from django.db import connection

    from dialnexa.models import Workspace

    now, large = datetime.now(UTC), int(count * SHARE)
    sizes = {"large": large, "small": SMALL} | {
        f"other-{n}": (count - large - SMALL) // OTHERS for n in range(OTHERS)
    }
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET session_replication_role = replica")
        first = 1
        for slug, size in sizes.items():
            _fill(Workspace.objects.create(slug=slug, name=slug), range(first, first + size), now)
            first += size
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE numbers_phonenumber, numbers_rental")
    return Workspace.objects.get(slug="large"), Workspace.objects.get(slug="small")


def _fill(workspace: Workspace, serials: range, now: datetime) -> None:
    """Most are answered by an agent, one in a hundred by nobody; rents fall due over a month."""
    from dialnexa import wallet
    from dialnexa.actors import SYSTEM
    from telephony import agents
    from tests.numbers.rows import make_number, make_rental

    wallet.open_accounts(workspace)
    agent = agents.create_agent(
        workspace, title="Agent", runtime_url="wss://bench.example", by=SYSTEM, now=now
    )
    version = agents.newest_version(agent)
    number = make_number(workspace, f"+1{2_000_000_000 + serials[0]}", inbound_version=version)
    rental = make_rental(number, now + timedelta(days=20))
    serial = "(2000000000 + g)"
    changed = {
        "id": "'phn_' || g",
        "uuid": "gen_random_uuid()",
        "e164": f"'+1' || {serial}",
        "national_number": f"{serial}::text",
        "created_at": "n.created_at - g * interval '1 second'",
        "inbound_version_id": "CASE WHEN g % 100 > 0 THEN n.inbound_version_id END",
    }
    _copy(MORE_NUMBERS, number, "n", changed, [serials[1], serials[-1], number.pk])
    spread = "make_interval(secs => ('x' || substr(md5(n.id), 1, 6))::bit(24)::int %% 2592000)"
    changed = {"id": "'rent_' || n.id", "number_id": "n.id"}
    changed |= {name: f"r.{name} + {spread}" for name in ("anchor", "paid_through", "next_run_at")}
    _copy(MORE_RENTALS, rental, "r", changed, [number.pk, workspace.pk])


def _copy(statement: str, row: object, alias: str, changed: dict[str, str], given: Sequence[Any]) -> None:
    from django.db import connection

    names = [field.column for field in row._meta.concrete_fields]  # type: ignore[attr-defined]
    values = ", ".join(changed.get(name, f"{alias}.{name}").replace("% 100", "%% 100") for name in names)
    with connection.cursor() as cursor:
        cursor.execute(statement.format(columns=", ".join(names), values=values), given)


def views(workspace: Workspace) -> list[tuple[str, Callable[[], object]]]:
    """What is measured of a workspace, by name."""
    from phone_numbers.models import PhoneNumber
    from phone_numbers.number_table.filters import Filters
    from phone_numbers.number_table.table import NumberTable

    client, now = owner_of(workspace), datetime.now(UTC)
    mine = PhoneNumber.objects.filter(workspace=workspace)
    deep = mine.order_by("-created_at")[mine.count() * 9 // 10].pk

    def page(query: str) -> None:
        response = client.get(f"/w/{workspace.slug}/numbers/{query}")
        assert response.status_code == 200, response.content

    def chips() -> None:
        table = NumberTable(workspace, Filters(), now)
        assert table.chips
        assert table.selects()

    return [
        ("first page", lambda: page("")),
        ("far page", lambda: page(f"?after={deep}")),
        ("chips and counts", chips),
    ]


if __name__ == "__main__":
    sys.exit(main())

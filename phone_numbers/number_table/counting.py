"""How many rows the table's views have: exactly up to COUNTED, beyond that "and more".

An exact count reads every row of the workspace, and nobody needs it of half a million. Where there are more
than COUNTED, each view is counted up to that by itself; the rare ones have an index (``PhoneNumber.Meta``,
``Rental.Meta``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from dialnexa.models import Workspace

COUNTED = 10_000
# The next combination after each one, found through the index ``number_kinds``: a workspace has few of them,
# and may have very many numbers.
KINDS = """
WITH RECURSIVE seen AS (
    (SELECT country, type, carrier FROM numbers_phonenumber
    WHERE workspace_id = %(workspace)s AND dismissed_at IS NULL AND status <> 'released'
    ORDER BY country, type, carrier LIMIT 1)
    UNION ALL
    SELECT later.* FROM seen CROSS JOIN LATERAL (
        SELECT country, type, carrier FROM numbers_phonenumber
        WHERE workspace_id = %(workspace)s AND dismissed_at IS NULL AND status <> 'released'
            AND (country, type, carrier) > (seen.country, seen.type, seen.carrier)
        ORDER BY country, type, carrier LIMIT 1
    ) later
)
SELECT country, type, carrier FROM seen
"""


def count_views(numbers: QuerySet[Any], views: Mapping[str, Q]) -> dict[str, int]:
    """How many of ``numbers`` are in each view (a condition by name), at most one more than COUNTED."""
    counts = {name: Count("pk", filter=condition or None) for name, condition in views.items()}
    found = numbers.order_by()[: COUNTED + 1].aggregate(**counts, _all=Count("pk"))
    if is_exact(found.pop("_all")):
        return dict(found)
    return {name: capped_count(numbers.filter(condition)) for name, condition in views.items()}


def capped_count(numbers: QuerySet[Any]) -> int:
    """At most one more than COUNTED."""
    return numbers.order_by().values("pk")[: COUNTED + 1].count()


def is_exact(count: int) -> bool:
    """Whether a count of ``count_views`` is all there are."""
    return count <= COUNTED


def count_words(count: int) -> str:
    """``10,000+`` where there are more."""
    return f"{count:,}" if is_exact(count) else f"{COUNTED:,}+"


def occurring_kinds(workspace: Workspace) -> list[tuple[str, str, str]]:
    """(country, type, carrier) of the workspace's visible numbers, each once."""
    with connection.cursor() as cursor:
        cursor.execute(KINDS, {"workspace": workspace.pk})
        return cursor.fetchall()

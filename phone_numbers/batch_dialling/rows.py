"""The rows of a batch that dials, streamed from its list into PostgreSQL: a long list never is in memory.

Not by COPY: PostgreSQL takes none for a table that has policies, from who they hold for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from dialnexa.bulk import insert_rows
from telephony.batches.judging import Choices, Row, judge_rows
from telephony.batches.reading import Source
from telephony.destinations import Rules
from telephony.models import BatchCall, BatchRow

TOGETHER = 2_000  # rows in one statement


def good_rows(source: Source, rules: Rules, choices: Choices) -> Iterator[Row]:
    return (row for row in judge_rows(source, rules, choices) if not row.codes)


def write_rows(batch: BatchCall, source: Source, rows: Iterable[Row]) -> int:
    """Make a row of each; returns how many. Call it in a transaction."""
    written, rows = 0, iter(rows)
    same: dict[str, Any] = {
        "batch_id": batch.pk,
        "workspace_id": batch.workspace_id,
        "state": BatchRow.State.WAITING,
    }
    same |= {"tries": 0, "reason_code": "", "reason": ""}
    while together := list(islice(rows, TOGETHER)):
        insert_rows(
            BatchRow,
            [
                {"row": row.number, "e164": row.e164, "variables": variables_of(row, source)}
                for row in together
            ],
            **same,
        )
        written += len(together)
    return written


def variables_of(row: Row, source: Source) -> dict[str, str]:
    """The other cells by the names of their columns, as the agent gets them."""
    cells = zip(source.header, row.cells, strict=False)
    return {name: cell for index, (name, cell) in enumerate(cells) if name and index != source.phone}

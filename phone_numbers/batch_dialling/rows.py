"""The rows of a batch that dials, streamed from its list into PostgreSQL: a long list never is in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from django.db import connection

from telephony.batches.judging import Choices, Row, judge_rows
from telephony.batches.reading import Source
from telephony.destinations import Rules
from telephony.models import BatchCall, BatchRow

COPY = f"""COPY {BatchRow._meta.db_table}
 (batch_id, workspace_id, "row", e164, variables, state, tries, reason_code, reason) FROM STDIN"""


def good_rows(source: Source, rules: Rules, choices: Choices) -> Iterator[Row]:
    return (row for row in judge_rows(source, rules, choices) if not row.codes)


def write_rows(batch: BatchCall, source: Source, rows: Iterable[Row]) -> int:
    """Make a row of each; returns how many. Call it in a transaction."""
    written = 0
    ours = batch.pk, batch.workspace_id
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for row in rows:
            variables = json.dumps(variables_of(row, source), ensure_ascii=False)
            copy.write_row((*ours, row.number, row.e164, variables, BatchRow.State.WAITING, 0, "", ""))
            written += 1
    return written


def variables_of(row: Row, source: Source) -> dict[str, str]:
    """The other cells by the names of their columns, as the agent gets them."""
    cells = zip(source.header, row.cells, strict=False)
    return {name: cell for index, (name, cell) in enumerate(cells) if name and index != source.phone}

"""``python -m tests.bench.batch_rows``: the rows of a batch written with INSERT, against COPY.

COPY is what one would take, and PostgreSQL takes none from a role that policies hold for (docs/isolation.md).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.bench.costs import tell_cost, turns
from tests.bench.figures import head
from tests.bench.rating import database
from tests.bench.validation import make_list

if TYPE_CHECKING:
    from telephony.batches.judging import Row
    from telephony.batches.reading import Source
    from telephony.models import BatchCall

ROUNDS = 5
INTO = (
    "COPY telephony_batchrow"
    " (batch_id, workspace_id, state, tries, reason_code, reason, row, e164, variables) FROM STDIN"
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.batch_rows", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    count = parser.parse_args().rows
    with database():
        head(f"batch: {count:,} rows written, processor time of both processes")
        took = turns(_writers(count), rounds=ROUNDS)
        tell_cost("batch: rows written, INSERT to COPY", took, "ours", "COPY")
    return 0


def _writers(count: int) -> dict[str, Callable[[], None]]:
    """Both ways, each undone at the end of its turn."""
    from phone_numbers.batch_dialling.rows import good_rows, write_rows
    from telephony.batches.judging import Choices
    from telephony.batches.reading import read_source
    from tests.bench.lists import rules

    batch, source = _batch(), read_source(make_list(count, messy=0.0))
    rows = list(good_rows(source, rules(), Choices()))
    return {
        "COPY": _undone(lambda: _copy(batch, source, rows)),
        "ours": _undone(lambda: write_rows(batch, source, rows)),
    }


def _batch() -> BatchCall:
    from dialnexa.actors import SYSTEM
    from dialnexa.models import User
    from telephony.batches.drafts import upload_batch
    from tests.conftest import furnish_acme, make_catalogue

    now = datetime.now(UTC)
    make_catalogue()
    workspace = furnish_acme(User.objects.create_user("who@bench.example"), now)
    list_ = b"phone_number\n+919876543210\n"
    return upload_batch(workspace, list_, title="Bench", name="bench.csv", by=SYSTEM, now=now)


def _undone(write: Callable[[], object]) -> Callable[[], None]:
    from django.db import transaction

    def turn() -> None:
        with transaction.atomic():
            write()
            transaction.set_rollback(True)

    return turn


def _copy(batch: BatchCall, source: Source, rows: Sequence[Row]) -> None:
    from django.db import connection

    from phone_numbers.batch_dialling.rows import variables_of

    same = (batch.pk, batch.workspace_id, "waiting", 0, "", "")
    with connection.cursor() as cursor, cursor.copy(INTO) as copy:
        for row in rows:
            copy.write_row((*same, row.number, row.e164, json.dumps(variables_of(row, source))))


if __name__ == "__main__":
    sys.exit(main())

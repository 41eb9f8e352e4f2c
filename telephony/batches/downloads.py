"""The two files that come out of a list: good rows with numbers in full, and all others with why."""

from __future__ import annotations

from collections.abc import Iterator

from dialnexa.cells import csv_lines, safe_cell
from telephony.batches.judging import Choices, Row, judge_rows
from telephony.batches.reading import Source
from telephony.destinations import Rules

REASONS, ROW = "rejected_because", "row"


def corrected_lines(source: Source, rules: Rules, choices: Choices) -> Iterator[str]:
    """CSV of the good rows: numbers as ``+`` and digits, variables as they were, no duplicates."""
    rows = judge_rows(source, rules, choices)
    return csv_lines(_names(source), (_corrected(row, source) for row in rows if not row.codes))


def rejected_lines(source: Source, rules: Rules, choices: Choices) -> Iterator[str]:
    """CSV of the others, as they were, each with its row number and every reason."""
    rows = judge_rows(source, rules, choices)
    header = (*_names(source), ROW, REASONS)
    return csv_lines(header, (_rejected(row, source) for row in rows if row.codes))


def _names(source: Source) -> tuple[str, ...]:
    return tuple(safe_cell(name) for name in source.header)


def _corrected(row: Row, source: Source) -> list[str]:
    cells = _full(row, source)
    cells[source.phone] = row.e164
    return cells


def _rejected(row: Row, source: Source) -> list[str]:
    why = [f"{code} (row {row.first_row})" if code == "destination_duplicate" else code for code in row.codes]
    return [*_full(row, source), str(row.number), ", ".join(why)]


def _full(row: Row, source: Source) -> list[str]:
    """As many cells as the header has."""
    width = len(source.header)
    return [*row.cells[:width], *[""] * (width - len(row.cells))]

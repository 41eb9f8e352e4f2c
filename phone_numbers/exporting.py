"""The table as CSV: every row the filters let through, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import datetime, tzinfo

from django.utils import timezone

from phone_numbers.rows import Row, read_row
from phone_numbers.table import NumberTable

E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
# What makes a spreadsheet read a cell as a formula, plain or full-width, and blanks that hide it.
LEADERS = frozenset(
    "=+-@%|\t\r\n\0\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}"
    "\N{FULLWIDTH COMMERCIAL AT}\N{FULLWIDTH PERCENT SIGN}\N{FULLWIDTH VERTICAL LINE}\N{MINUS SIGN}"
)
# Where a spreadsheet may cut a cell in two: in many countries at a semicolon, whatever the quotes say.
SPLITTERS = re.compile(r"([;\t\r\n])")
HEADER = (
    "number",
    "country",
    "type",
    "nickname",
    "label",
    "status",
    "reason",
    "rental_status",
    "provider",
    "call_type",
    "inbound_agent",
    "outbound_agent",
    "renews_on",
    "monthly_price",
    "currency",
    "id",
)


def safe_cell(text: str) -> str:
    """The text as a cell no spreadsheet takes for a formula. An E.164 number may keep its ``+``."""
    if E164.fullmatch(text):
        return text
    pieces = SPLITTERS.split(text)  # every other one is what was split at
    pieces[::2] = [_disarmed(piece) for piece in pieces[::2]]
    safe = "".join(pieces)
    return safe if safe.startswith("'") else _disarmed(safe)


def _disarmed(text: str) -> str:
    """With an apostrophe in front when the first sign that shows, or one before it, begins a formula."""
    for sign in text:
        if sign in LEADERS:
            return f"'{text}"
        if sign.isprintable() and not sign.isspace():
            break
    return text


class _Echo:
    def write(self, line: str) -> str:
        return line


def export_lines(table: NumberTable, now: datetime) -> Iterator[str]:
    """CSV, line by line, in the table's order; begins with the mark that tells Excel it is UTF-8.

    Days are those of the zone that is current when this is called, as in the table.
    """
    return _lines(table, now, timezone.get_current_timezone())


def _lines(table: NumberTable, now: datetime, zone: tzinfo) -> Iterator[str]:
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield "\ufeff" + writer.writerow(HEADER)
    for number in table.chosen.iterator(chunk_size=500):
        yield writer.writerow([safe_cell(cell) for cell in _cells(read_row(number, now), zone)])


def _cells(row: Row, zone: tzinfo) -> list[str]:
    number, agents = row.number, dict(row.agents)
    return [
        number.e164,
        number.country,
        number.get_type_display(),
        number.nickname,
        number.label,
        row.status,
        row.reason or row.doing,
        row.rental_status,
        number.get_carrier_display(),
        row.call_type,
        str(agents.get("in", "")),
        str(agents.get("out", "")),
        f"{row.renews_at.astimezone(zone):%Y-%m-%d}" if row.renews_at else "",
        f"{row.monthly_price:.2f}" if row.monthly_price is not None else "",
        row.currency,
        number.id,
    ]

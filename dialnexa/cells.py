"""Cells of CSV files that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
# What makes a spreadsheet read a cell as a formula, plain or full-width, and blanks that hide it.
LEADERS = frozenset(
    "=+-@%|\t\r\n\0\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}"
    "\N{FULLWIDTH COMMERCIAL AT}\N{FULLWIDTH PERCENT SIGN}\N{FULLWIDTH VERTICAL LINE}\N{MINUS SIGN}"
)
# Where a spreadsheet may cut a cell in two: in many countries at a semicolon, whatever the quotes say.
SPLITTERS = re.compile(r"([;\t\r\n])")
MARK = "\ufeff"  # tells Excel that it is UTF-8


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


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """CSV, line by line, every cell safe; begins with the mark for Excel."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield MARK + writer.writerow([safe_cell(name) for name in header])
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])

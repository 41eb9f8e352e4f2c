"""Reading the CSV files of rate decks as spreadsheets write them, line by line.

UTF-8 (with or without a byte order mark) or UTF-16 with one; commas, semicolons or tabs between the columns;
LF or CRLF line ends; a header row in any case and order. Where semicolons or tabs separate, an amount may be
written with a decimal comma, but not in one line with a comma and in another with a point: one of the two is
then no decimal sign. Between commas ``"1,200"`` could be either, and is no amount.
"""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

Row = Mapping[str, str]
Line = TypeVar("Line")
Refuse = Callable[[int, str], None]  # line number and reason
SEPARATORS = ",;\t"
MOST_BAD = 1_000  # lines that can't be used
LONGEST_HEADER = 10_000  # bytes


class Unusable(Exception):
    """Why the value being read can't be used."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns a deck has; ``amounts`` are those with money."""

    required: Collection[str]
    optional: Collection[str]
    amounts: Collection[str]


def read_lines(
    file: BinaryIO, parse: Callable[[int, Row], Line], columns: Columns, *, refuse: Refuse
) -> Iterator[Line]:
    """What ``parse(number, row)`` makes of every line; what it finds Unusable is refused.

    ``row`` has {column: trimmed value}; empty lines are left out.
    Reading stops at the first line that is no text or not CSV, and after ``MOST_BAD`` that can't be used.
    """
    bad = 0
    for number, row in _rows(file, columns, refuse):
        try:
            line = parse(number, row)
        except Unusable as error:
            bad += 1
            refuse(number, str(error))
            if bad == MOST_BAD:
                refuse(number, f"is the last that was read, because {bad:,} lines can't be used")
                return
            continue
        yield line


def _rows(file: BinaryIO, columns: Columns, refuse: Refuse) -> Iterator[tuple[int, Row]]:
    text, separator = _open(file)
    reader = csv.reader(text, delimiter=separator, strict=True)
    try:
        header = _header(next(reader, []), columns)
        amounts = None if separator == "," else _Amounts(columns.amounts)
        for cells in reader:
            if not any(map(str.strip, cells)):
                continue
            if len(cells) != len(header):
                refuse(reader.line_num, f"has {len(cells)} columns instead of {len(header)}")
                continue
            row = dict(zip(header, map(str.strip, cells), strict=True))
            if amounts is None or not (wrong := amounts.write_with_points(row)):
                yield reader.line_num, row
            else:
                refuse(reader.line_num, wrong)
    except UnicodeError:
        refuse(reader.line_num + 1, "is not UTF-8 text. Save the file as CSV UTF-8 and import it again")
    except csv.Error as error:
        refuse(reader.line_num, f"is not proper CSV ({error})")
    except Unusable as error:
        refuse(1, str(error))


def _open(file: BinaryIO) -> tuple[Iterator[str], str]:
    """The lines as text, and what separates their columns."""
    start = file.read(LONGEST_HEADER)
    file.seek(0)
    if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return io.TextIOWrapper(file, encoding="utf-16", newline=""), _separator(start.replace(b"\0", b""))
    return _decoded(file), _separator(start)


def _separator(start: bytes) -> str:
    """What the header has most of; a comma where it has none of them."""
    header = start.partition(b"\n")[0]
    return max(SEPARATORS, key=lambda separator: header.count(separator.encode()))


def _decoded(file: BinaryIO) -> Iterator[str]:
    """Line by line, so that the line that can't be read can be named."""
    for number, raw in enumerate(file):
        yield raw.decode("utf-8-sig" if number == 0 else "utf-8")


class _Amounts:
    """The decimal sign of one file: what its first amount with one is written with."""

    def __init__(self, columns: Collection[str]) -> None:
        self.columns = columns
        self.sign = ""

    def write_with_points(self, row: dict[str, str]) -> str:
        """What is wrong with the row's amounts, or nothing."""
        for name in self.columns:
            text = row.get(name, "")
            for sign in ".,":
                self.sign = self.sign or (sign if sign in text else "")
                if sign in text and sign != self.sign:
                    return f"{name} has another decimal sign than the amounts before it: {show(text)}"
            if "," in text:
                row[name] = text.replace(",", ".")
        return ""


def _header(cells: list[str], columns: Columns) -> list[str]:
    if any("\0" in cell for cell in cells):
        raise Unusable(
            "is UTF-16 without its mark, or no text. Save the file as CSV UTF-8 and import it again"
        )
    header = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]
    if missing := [name for name in columns.required if name not in header]:
        raise Unusable(f"the header lacks {', '.join(missing)}")
    known = [*columns.required, *columns.optional]
    if strange := [name or "(empty)" for name in header if name not in known]:
        named = ", ".join(name if name.isprintable() else show(name) for name in strange)[:200]
        raise Unusable(f"the header has columns that mean nothing here: {named}. Known: {', '.join(known)}")
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise Unusable(f"the header has {', '.join(twice)} twice")
    return header


def show(text: str) -> str:
    """A value in a message: printable and short."""
    short = text if len(text) <= 40 else f"{text[:40]}…"
    return repr(short)

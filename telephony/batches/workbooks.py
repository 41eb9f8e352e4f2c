"""Excel workbooks, opened only after their insides have been measured.

A workbook is an archive, and an archive may claim small sizes and unpack to terabytes: so every part is
unpacked once, counted and thrown away, before a parser sees any of it. No part may declare entities.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.parsers.expat import ExpatError

import openpyxl
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHARED_STRINGS

from dialnexa.errors import Refusal
from telephony.batches.workbook_parts import PartWalk, Unsafe, read_texts

MOST_PARTS = 300
MOST_UNPACKED = 200_000_000  # bytes, all parts together
MOST_RATIO = 200  # a part of more than a megabyte may not be packed tighter
MOST_SHEETS = 20
MOST_CELLS = 2 * 26  # elements of a row that is as wide as a list may be
NEEDED = ("[Content_Types].xml", "xl/workbook.xml")
EXACT = 10**15  # above, a spreadsheet no longer keeps every digit
BROKEN: tuple[type[BaseException], ...] = (
    *(zipfile.BadZipFile, zlib.error, InvalidFileException, EOFError, OSError, ExpatError, SyntaxError),
    # and of every kind for XML that is not as openpyxl expects it
    *(LookupError, ValueError, TypeError, AttributeError, ArithmeticError, AssertionError, RuntimeError),
)
AGAIN = gettext_noop("Open it in a spreadsheet, save it as CSV UTF-8 and upload that.")
SHEET = gettext_noop("Only the sheet “%(sheet)s” was read, not %(others)s.")  # kept with the report


@dataclass(frozen=True, slots=True)
class Workbook:
    """``about`` is how many rows its sheets have together, more or less."""

    rows: Callable[[], Iterator[list[str]]]
    about: int
    warnings: tuple[str, ...]


def open_workbook(data: bytes, *, most_columns: int) -> Workbook:
    """The first visible sheet. Raises Refusal ``batch_workbook_…`` (400)."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            about = _measure(archive, data)
        book, sheets = _open(data)
    except BROKEN as error:
        said = _("The workbook is damaged or protected by a password.")
        raise _no("batch_workbook_broken", said) from error
    left_out = sheets[1:]
    said = SHEET % {"sheet": sheets[0], "others": ", ".join(f"“{name}”" for name in left_out)}
    return Workbook(lambda: _rows(book, sheets[0], most_columns + 1), about, (said,) if left_out else ())


def _measure(archive: zipfile.ZipFile, data: bytes) -> int:
    """About how many rows there are. Raises Refusal for what no spreadsheet writes."""
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if not names.issuperset(NEEDED):
        raise _no("batch_file_type", _("This is an archive, not a workbook."))
    if "xl/vbaProject.bin" in names:
        raise _no("batch_workbook_unsafe", _("The workbook has macros."))
    if len(parts) > MOST_PARTS or len(names) < len(parts) or archive.comment or b"%PDF-" in data[:1024]:
        raise _no("batch_workbook_unsafe", _("The workbook is not built as spreadsheets build them."))
    left, seen = MOST_UNPACKED, Counter[str]()
    for part in parts:
        try:
            left -= _unpacked(archive, part, left, seen)
        except Unsafe as error:
            raise _no("batch_workbook_unsafe", _(str(error))) from None
    return max(seen["row"], seen["inside"] // MOST_CELLS)


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int, seen: Counter[str]) -> int:
    """How large a part really is; what is in it is counted into ``seen``.

    Raises Refusal as soon as it is too large, and Unsafe for what is in it.
    """
    size, tail, walk = 0, b"", PartWalk(seen)
    with archive.open(part) as stream:
        while piece := stream.read(1 << 20):
            size += len(piece)
            if size > left or (size > 1_000_000 and size > MOST_RATIO * max(1, part.compress_size)):
                said = _("The workbook unpacks to far more than its size (%(part)s).")
                raise _no("batch_workbook_unsafe", said % {"part": part.filename[:60]})
            if b"<!" in tail + piece and _declares(tail + piece) or b"\0" in piece and _is_xml(part):
                raise _no("batch_workbook_unsafe", _("The workbook declares entities of its own."))
            walk.feed(piece)
            tail = piece[-16:]
    return size


def _is_xml(part: zipfile.ZipInfo) -> bool:
    return part.filename.lower().endswith((".xml", ".rels"))


def _declares(piece: bytes) -> bool:
    upper = piece.upper()
    return b"<!DOCTYPE" in upper or b"<!ENTITY" in upper


class _Reader(ExcelReader):
    """As ``openpyxl.load_workbook`` uses it."""

    def read_strings(self) -> None:
        if (found := self.package.find(SHARED_STRINGS)) is not None:
            with self.archive.open(found.PartName[1:]) as part:
                self.shared_strings = read_texts(part)


def _open(data: bytes) -> tuple[openpyxl.Workbook, list[str]]:
    """The workbook and the names of its visible sheets. Its shared texts are read here, and only once."""
    reader = _Reader(io.BytesIO(data), read_only=True, data_only=True)
    reader.read()
    book = reader.wb
    sheets = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not sheets or len(book.worksheets) > MOST_SHEETS:
        raise _no(
            "batch_workbook_sheets", _("A workbook may have 1 to %(most)s sheets.") % {"most": MOST_SHEETS}
        )
    return book, sheets


def _rows(book: openpyxl.Workbook, sheet: str, most_columns: int) -> Iterator[list[str]]:
    try:
        page = book[sheet]
        page.reset_dimensions()  # what the file claims may be wrong
        for cells in page.iter_rows(max_col=most_columns, values_only=True):
            row = [_text(cell) for cell in cells]
            while row and not row[-1]:
                row.pop()
            yield row
    except BROKEN as error:
        said = _("The sheet “%(sheet)s” is damaged.") % {"sheet": sheet}
        raise _no("batch_workbook_broken", said) from error


def _no(code: str, said: str) -> Refusal:
    return Refusal(code, f"{said} {_(AGAIN)}")


def _text(value: Any) -> str:
    """A cell as its reader sees it. A whole number keeps its digits while the spreadsheet still had them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float) and (abs(value) >= EXACT or value != value):
        return f"{value:.2E}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)

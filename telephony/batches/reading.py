"""Uploaded lists as rows of text: what the bytes are, in which signs, cut where, with which header.

Nothing is believed because of a file's name. What can't be a list of numbers is refused with what it is,
before anything is kept.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa.errors import Refusal
from telephony.batches.workbooks import open_workbook

MOST_COLUMNS = 25
DELIMITERS = ",;\t|"
PHONE = frozenset({"phonenumber", "phone"})  # a header's name without blanks, underscores, hyphens and case
NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
BEGINNINGS = (  # what other files begin with, and what they are
    (b"%PDF", gettext_noop("a PDF")),
    (b"\xd0\xcf\x11\xe0", gettext_noop("an old or password-protected Office file")),
    (b"\x89PNG", gettext_noop("a picture")),
    (b"\xff\xd8\xff", gettext_noop("a picture")),
    (b"GIF8", gettext_noop("a picture")),
    (b"Rar!", gettext_noop("an archive")),
    (b"7z\xbc\xaf", gettext_noop("an archive")),
    (b"\x1f\x8b", gettext_noop("an archive")),
    (b"{\\rtf", gettext_noop("a text document")),
    (b"<", gettext_noop("a web page or XML")),
)
INSIDE = (b"%PDF-", b"PK\x03\x04", b"PK\x05\x06")  # a list holds none of these anywhere
LIST = gettext_noop("Upload a CSV file or an Excel workbook (.xlsx) with a column phone_number.")
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cells = list[str]


@dataclass(frozen=True, slots=True)
class Source:
    """One list, ready to be read any number of times. ``phone`` is the index of the column with the numbers.

    ``rows`` yields (number as a spreadsheet counts, cells); the header is row 1, empty rows are left out.
    ``about`` is how many there are, more or less, without reading them.
    """

    header: tuple[str, ...]
    phone: int
    rows: Callable[[], Iterator[tuple[int, Cells]]]
    media_type: str
    encoding: str
    delimiter: str
    about: int
    warnings: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(name for index, name in enumerate(self.header) if index != self.phone)


def read_source(data: bytes, *, most_bytes: int = 0) -> Source:
    """The list in an uploaded file. ``most_bytes``: other than the setting's.

    Raises Refusal 400 ``batch_…`` (413 ``batch_file_too_large``): what the file is instead, or what is wrong.
    Its ``rows`` raise it too, for what shows only later (too many rows, a quote that never ends).
    """
    most = most_bytes or settings.BATCH_MOST_BYTES
    if len(data) > most:
        sentence = _("The file has %(bytes)s bytes; %(most)s are allowed. Split it into several lists.")
        sentence %= {"bytes": f"{len(data):,}", "most": f"{most:,}"}
        raise Refusal("batch_file_too_large", sentence, status=413)
    if not data.strip():
        raise Refusal("batch_file_empty", _list(_("The file is empty.")))
    if data.startswith(b"PK\x03\x04"):
        book = open_workbook(data, most_columns=MOST_COLUMNS)
        return _source(book.rows, XLSX, "", "", book.about, book.warnings)
    return _text_source(data)


def _text_source(data: bytes) -> Source:
    _refuse_other_files(data)
    plain, encoding, warnings = _as_utf8(data)
    delimiter, skipped = _delimiter(plain)

    def rows() -> Iterator[Cells]:
        lines = io.TextIOWrapper(io.BytesIO(plain), encoding="utf-8", newline="")
        reader = csv.reader(lines, delimiter=delimiter)
        for _line in range(skipped):
            next(reader, None)
        return reader

    return _source(rows, CSV, encoding, delimiter, plain.count(b"\n"), warnings)


def _refuse_other_files(data: bytes) -> None:
    start = data[:1024].lstrip()
    what = next((what for beginning, what in BEGINNINGS if start.startswith(beginning)), "")
    if not what and any(sign in data for sign in INSIDE):
        what = gettext_noop("two kinds of file in one")
    if what:
        raise Refusal("batch_file_type", _list(_("This is %(what)s, not a list.") % {"what": _(what)}))


def _as_utf8(data: bytes) -> tuple[bytes, str, tuple[str, ...]]:
    """The text in UTF-8 without its mark, how it was written, and what to warn of."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if NO_TEXT.search(text):
            raise Refusal(
                "batch_file_type", _list(_("The file holds signs that no text has (NUL or others)."))
            )
        return text.removeprefix("\ufeff").encode(), encoding, WARNINGS.get(encoding, ())
    raise Refusal(
        "batch_encoding", _("The file can't be read as text. Save it as CSV UTF-8 and upload it again.")
    )


WARNINGS = {
    "cp1252": (
        gettext_noop(
            "The file is not UTF-8 and was read as Windows-1252. Look whether names with accents are right."
        ),
    )
}


def _delimiter(plain: bytes) -> tuple[str, int]:
    """What cuts the cells, and how many lines come before the header (Excel's ``sep=;``: one)."""
    first, _end, rest = plain.partition(b"\n")
    if said := re.fullmatch(r'"?sep=([,;\t|])"?', first.decode().strip(" \r")):
        return said[1], 1
    line = plain[:20_000].decode(errors="ignore")

    def fits(delimiter: str) -> tuple[bool, int]:
        try:
            cells = next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
        except csv.Error:
            return False, 0
        return any(_is_phone(cell) for cell in cells), len(cells)

    return max(DELIMITERS, key=fits), 0


def _source(
    rows: Callable[[], Iterator[Cells]],
    media_type: str,
    encoding: str,
    delimiter: str,
    about: int,
    warnings: Iterable[str],
) -> Source:
    header = tuple(cell.strip() for cell in next(_numbered(rows), (1, []))[1])
    while header and not header[-1]:
        header = header[:-1]
    phone = _phone_column(header)
    return Source(
        header,
        phone,
        lambda: _data_rows(rows),
        media_type,
        encoding,
        delimiter,
        about,
        tuple(warnings),
    )


def _phone_column(header: tuple[str, ...]) -> int:
    """Raises Refusal for a header that can't be used, naming what was found."""
    found = ", ".join(f"“{name[:40]}”" for name in header[:8]) + (" …" if len(header) > 8 else "")
    if len(header) > MOST_COLUMNS:
        sentence = _(
            "The file has %(count)s columns; %(most)s are allowed. Leave out what no agent needs."
        ) % {"count": len(header), "most": MOST_COLUMNS}
        raise Refusal("batch_too_many_columns", sentence)
    phones = [index for index, name in enumerate(header) if _is_phone(name)]
    if not phones:
        sentence = _("No column is called phone_number. The first row says: %(names)s.")
        raise Refusal("batch_header_missing", _list(sentence % {"names": found or _("nothing")}))
    names = [name for name in header if name]
    twice = sorted({name for name in names if names.count(name) > 1})
    if len(phones) > 1 or twice:
        what = ", ".join(f"“{name[:40]}”" for name in twice or [header[index] for index in phones])
        sentence = _("Columns appear more than once: %(names)s. Leave one of each.") % {"names": what}
        raise Refusal("batch_header_duplicate", sentence)
    return phones[0]


def _is_phone(name: str) -> bool:
    return re.sub(r"[\s_\-\ufeff]", "", name).lower() in PHONE


def _numbered(rows: Callable[[], Iterator[Cells]]) -> Iterator[tuple[int, Cells]]:
    try:
        yield from enumerate(rows(), 1)
    except csv.Error as error:
        sentence = _("The file can't be cut into cells: %(error)s. Look for a quote that never ends.")
        sentence %= {"error": error}
        raise Refusal("batch_file_broken", sentence) from None


def _data_rows(rows: Callable[[], Iterator[Cells]]) -> Iterator[tuple[int, Cells]]:
    numbered, most = _numbered(rows), settings.BATCH_MOST_ROWS + 1
    next(numbered, None)
    for number, cells in numbered:
        if number > most:
            sentence = _("The file has more than %(most)s rows. Split it into several lists.")
            sentence %= {"most": f"{most - 1:,}"}
            raise Refusal("batch_too_many_rows", sentence)
        if any(cells):
            yield number, cells


def _list(sentence: str) -> str:
    return f"{sentence} {_(LIST)}"

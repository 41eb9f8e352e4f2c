"""What a workbook's parts are made of, counted before its parser builds anything of them.

Packed tightly, a few megabytes unpack to millions of elements, and each costs the parser a hundred bytes and
some microseconds. So every part is walked once, not kept, and what no spreadsheet writes is refused.
"""

from __future__ import annotations

from collections import Counter
from typing import IO, Any
from xml.parsers import expat

from django.utils.translation import gettext_noop as _

DEEPEST = 64  # elements in each other
MOST_IN_ROW = 60_000  # elements of one row; a spreadsheet has 16,384 columns
MOST_IN_ROWS = 12_000_000  # of all rows: a million rows with two columns have five million
MOST_TEXTS = 1_000_000  # different texts of all cells
MOST_IN_TEXT = 2_000  # elements of one of them: pieces in different styles
MOST_ELSEWHERE = 150_000  # elements of everything else: styles, names, widths


class Unsafe(Exception):
    """The part is not what a spreadsheet writes; the message says what it does instead, in English."""


class PartWalk:
    """Takes a part of a workbook piece by piece, as ``feed``. What is no XML is left alone.

    ``seen`` is shared by all parts of a workbook: rows, elements in rows, texts and others.
    """

    def __init__(self, seen: Counter[str]) -> None:
        self.seen = seen
        self.depth = self.inside = self.counted = 0
        self.within = ""  # row or si, while in one
        self.parser: Any = expat.ParserCreate()
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._declare

    def feed(self, piece: bytes) -> None:
        """Raises Unsafe."""
        try:
            if self.parser is not None:
                self.parser.Parse(piece, False)
        except expat.ExpatError:  # the parser will stop there, too
            self.parser = None

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unsafe(_("The workbook nests elements too deeply."))
        if self.within:
            self._count_inside()
        elif (local := name.rpartition(":")[2]) in ("row", "si"):
            self.within, self.inside, self.counted = local, self.depth, 0
            self._add(local, MOST_TEXTS if local == "si" else MOST_IN_ROWS)
        else:
            self._add("elsewhere", MOST_ELSEWHERE)

    def _count_inside(self) -> None:
        self.counted += 1
        if self.counted > (MOST_IN_ROW if self.within == "row" else MOST_IN_TEXT):
            raise Unsafe(_("The workbook has a row or text of too many parts."))
        self._add("inside", MOST_IN_ROWS)

    def _end(self, name: str) -> None:
        if self.within and self.depth == self.inside:
            self.within = ""
        self.depth -= 1

    def _add(self, what: str, most: int) -> None:
        self.seen[what] += 1
        if self.seen[what] > most:
            raise Unsafe(_("The workbook has far more parts than cells that are shown."))

    def _declare(self, *said: Any) -> None:
        raise Unsafe(_("The workbook declares entities of its own."))


def read_texts(part: IO[bytes]) -> list[str]:
    """The texts that cells share, without their styles; openpyxl takes ten times as long over them."""
    texts: list[str] = []
    pieces: list[str] = []
    path: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        path.append(name.rpartition(":")[2])
        if path[-1] == "si":
            pieces.clear()

    def end(name: str) -> None:
        if path.pop() == "si":
            texts.append("".join(pieces))

    def read(text: str) -> None:
        if path[-1] == "t" and "rPh" not in path:  # which is how it is pronounced
            pieces.append(text)

    parser: Any = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, read
    parser.ParseFile(part)
    return texts

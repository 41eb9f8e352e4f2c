"""Reading a workbook that was made to be expensive …"""

from __future__ import annotations

import contextlib
import io
import random
import zipfile
from collections.abc import Callable

import openpyxl
import pytest

from dialnexa.errors import Refusal
from telephony.batches import workbook_parts
from telephony.batches.reading import read_source
from tests.telephony.batches.test_reading import packed, refusal, rows

SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>phone</t></is></c></row>'


def with_rows(xml: str) -> bytes:
    return packed(**{SHEET: f"<worksheet {NS}><sheetData>{HEADER}{xml}</sheetData></worksheet>".encode()})


def with_texts(xml: str, sheet: str = "") -> bytes:
    """Cells refer to texts in a part of their own; openpyxl itself writes none."""
    types = _content("[Content_Types].xml").decode()
    declared = types.replace("</Types>", f'<Override PartName="/{TEXTS}" ContentType="{TYPE}"/></Types>')
    parts = {"[Content_Types].xml": declared, TEXTS: f"<sst {NS}>{xml}</sst>", SHEET: sheet}
    return packed(**{name: part.encode() for name, part in parts.items() if part})


def _content(part: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(packed())) as archive:
        return archive.read(part)


def tags(count: int, close: str = "") -> str:
    """Elements no two of which follow each other in a pattern: they are not packed too tightly."""
    names = random.Random(4).choices(("abc", "bca", "cab", "acb", "bac"), k=count)
    return "".join(f"<{name}{close}>" for name in names)


@pytest.mark.parametrize(
    "made, said",
    [
        (lambda: with_rows(f"<row>{tags(100)}"), "nests elements too deeply"),
        (lambda: with_texts(f"<si>{tags(100)}"), "nests elements too deeply"),
        (lambda: with_rows(f"<row>{tags(60_001, '/')}</row>"), "a row or text of too many parts"),
        (lambda: with_texts(f"<si>{tags(2_001, '/')}</si>"), "a row or text of too many parts"),
        (lambda: with_rows(tags(150_001, "/")), "far more parts than cells"),
        (lambda: packed(**{"xl/styles.xml": f"<a>{tags(150_001, '/')}</a>".encode()}), "far more parts"),
    ],
)
def test_refuses_what_would_fill_the_memory(made: Callable[[], bytes], said: str) -> None:
    refused = refusal(made())
    assert refused.code == "batch_workbook_unsafe"
    assert said in refused.sentence


def test_refuses_more_texts_than_a_list_may_have_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_parts, "MOST_TEXTS", 10)
    rows(read_source(with_texts("<si/>" * 10)))
    assert refusal(with_texts("<si/>" * 11)).code == "batch_workbook_unsafe"


@pytest.mark.parametrize(
    "cell",
    [
        f'<c r="A2"><v>{"9" * 4_299}</v></c>',  # a number that no float holds
        '<c r="A2"><v>many</v></c>',
        '<c r="A2" t="s"><v>99</v></c>',  # a text that is not there
        '<c r="A2" t="d"><v>never</v></c>',
        '<c r="2A"><v>1</v></c>',
        '<c r="A2" s="x"><v>1</v></c>',
    ],
)
def test_refuses_a_cell_that_makes_no_sense(cell: str) -> None:
    refused = refusal(with_rows(f'<row r="2">{cell}</row>'))
    assert refused.code == "batch_workbook_broken"


def test_reads_damaged_workbooks_or_refuses_them() -> None:
    chance, whole = random.Random(11), [SHEET, "[Content_Types].xml", "xl/workbook.xml", "xl/styles.xml"]
    for _ in range(300):
        part = chance.choice(whole)
        raw = bytearray(_content(part))
        for _ in range(chance.randint(1, 4)):
            raw[chance.randrange(len(raw))] = chance.choice(b'<>/"= 019a-sx')
        with contextlib.suppress(Refusal):
            rows(read_source(packed(**{part: bytes(raw)})))


def test_reads_styled_and_pronounced_texts_as_openpyxl_does() -> None:
    xml = (
        "<si><t>phone</t></si><si><r><rPr><b/></rPr><t>Zo</t></r><r><t>ë &amp; co</t></r></si>"
        '<si><t xml:space="preserve"> a b </t><rPh sb="0" eb="1"><t>ka</t></rPh></si><si/>'
    )
    cells = "".join(f'<c r="{name}1" t="s"><v>{n}</v></c>' for n, name in enumerate("ABCD"))
    sheet = f'<worksheet {NS}><sheetData><row r="1">{cells}</row><row r="2"><c r="A2"><v>1</v></c></row>'
    data = with_texts(xml, f"{sheet}</sheetData></worksheet>")
    theirs = [str(cell.value or "").strip() for cell in openpyxl.load_workbook(io.BytesIO(data)).active[1]]
    assert read_source(data).header == tuple(theirs[:3])
    assert theirs[1:] == ["Zoë & co", "a b", ""]

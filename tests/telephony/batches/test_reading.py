"""Reading an uploaded list …"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest

from dialnexa.errors import Refusal
from telephony.batches.reading import Source, read_source

TEXT = "phone_number,Name\n+919876543210,Zoë\n"
NUMBER = "+919876543210"


def rows(source: Source) -> list[tuple[int, list[str]]]:
    return list(source.rows())


def refusal(data: bytes) -> Refusal:
    with pytest.raises(Refusal) as raised:
        rows(read_source(data))
    return raised.value


def workbook(*table: tuple[Any, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in table:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_reads_every_usual_way_to_write_signs(encoding: str) -> None:
    source = read_source(TEXT.encode(encoding))
    assert rows(source) == [(2, [NUMBER, "Zoë"])]
    assert bool(source.warnings) == (encoding == "cp1252")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_finds_out_what_cuts_the_cells(delimiter: str) -> None:
    source = read_source(
        f"Name{delimiter}Phone Number{delimiter}x.y\nZ{delimiter}{NUMBER}{delimiter}1".encode()
    )
    assert (source.phone, source.variables) == (1, ("Name", "x.y"))
    assert rows(source) == [(2, ["Z", NUMBER, "1"])]


@pytest.mark.parametrize("name", ["phone_number", "PHONE", "PhoneNumber", " Phone Number ", "phone-number"])
def test_knows_the_column_by_any_of_its_names(name: str) -> None:
    assert read_source(f"{name}\n{NUMBER}\n".encode()).phone == 0


def test_follows_excels_own_line_about_the_delimiter() -> None:
    assert rows(read_source(b"sep=;\nphone;a\n1;2\n")) == [(2, ["1", "2"])]


def test_counts_rows_as_a_spreadsheet_does_and_leaves_out_empty_ones() -> None:
    assert [number for number, _ in rows(read_source(b'phone,a\n1,"x\ny"\n\n,\n2,\n'))] == [2, 5]


def test_reads_a_workbook_with_numbers_kept_as_numbers() -> None:
    source = read_source(workbook(("phone", "n"), (919876543210, 1.5), ("+44 20", None), (9.19e20, True)))
    assert [cells for _, cells in rows(source)] == [
        ["919876543210", "1.5"],
        ["+44 20"],
        ["9.19E+20", "TRUE"],
    ]


@pytest.mark.parametrize(
    "data, code",
    [
        (b"", "batch_file_empty"),
        (b" \r\n", "batch_file_empty"),
        (b"%PDF-1.7\n1 0 obj<</S/JavaScript/JS(app.alert(1))>>", "batch_file_type"),
        (b"phone\n1\n%PDF-1.4", "batch_file_type"),
        (b"\xd0\xcf\x11\xe0 old", "batch_file_type"),
        (b"<html><table>", "batch_file_type"),
        (b"phone\n+91\x00987", "batch_file_type"),
        ("phone\n1".encode("utf-16-le"), "batch_file_type"),
        (TEXT.encode() + b"PK\x03\x04", "batch_file_type"),
        (b"name,mobile\nx,1\n", "batch_header_missing"),
        (b"+919876543210\n+919876543211\n", "batch_header_missing"),
        (b"phone,a,a\n1,2,3\n", "batch_header_duplicate"),
        (b"phone,Phone_Number\n1,2\n", "batch_header_duplicate"),
        (",".join(["phone", *(f"v{n}" for n in range(29))]).encode("utf-16"), "batch_too_many_columns"),
        (b'phone\n"' + b"x" * 200_000, "batch_file_broken"),
    ],
)
def test_refuses_what_is_no_list_and_says_why(data: bytes, code: str) -> None:
    assert refusal(data).code == code


def test_names_what_the_header_says_instead() -> None:
    assert "“name”, “mobile”" in refusal(b"name,mobile\nx,1\n").sentence


def test_refuses_too_many_bytes_and_too_many_rows(settings: Any) -> None:
    settings.BATCH_MOST_ROWS = 2
    assert refusal(b"phone\n1\n2\n3\n").code == "batch_too_many_rows"
    settings.BATCH_MOST_BYTES = 5
    assert refusal(b"phone\n1\n").status == 413


def packed(**parts: bytes) -> bytes:
    """A workbook with further parts, or others in their place."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(("phone",), (1,)))) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "part, content",
    [
        ("xl/worksheets/sheet1.xml", b" " * 30_000_000),
        ("xl/media/bomb.bin", b"0" * 30_000_000),
        ("xl/worksheets/sheet1.xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'),
        ("xl/worksheets/sheet1.xml", '<?xml version="1.0"?><!DOCTYPE x>'.encode("utf-16")),
        ("xl/vbaProject.bin", b"macro"),
    ],
    ids=["bomb", "bomb beside", "entities", "entities in UTF-16", "macros"],
)
def test_refuses_a_workbook_that_is_a_trap(part: str, content: bytes) -> None:
    assert refusal(packed(**{part: content})).code == "batch_workbook_unsafe"


@pytest.mark.parametrize("cut", [40, 2_000])
def test_refuses_a_damaged_workbook(cut: int) -> None:
    assert refusal(workbook(("phone",), (1,))[:-cut]).code == "batch_workbook_broken"


def test_refuses_an_archive_that_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("list.csv", TEXT)
    assert refusal(out.getvalue()).code == "batch_file_type"

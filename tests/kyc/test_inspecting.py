"""kyc.inspecting …"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pikepdf
import pytest
from PIL import Image

from dialnexa.errors import Refusal
from kyc import inspecting
from kyc.inspecting import clean_name, inspect
from tests.kyc.papers import jpeg, pdf, png


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("payload.exe", b"MZ" * 100)
    return out.getvalue()


def gif() -> bytes:
    out = io.BytesIO()
    Image.new("P", (9, 9)).save(out, "gif")
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it is 30,000 by 30,000 pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def script(kind: str = "JavaScript") -> pikepdf.Dictionary:
    return pikepdf.Dictionary(S=pikepdf.Name(f"/{kind}"), JS="app.alert(1)")


def attached() -> bytes:
    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    made.attachments["a.exe"] = b"MZ"
    made.save(out)
    return out.getvalue()


def scripted_link() -> bytes:
    """The script is in a link on the page, written inside other objects and packed with them."""
    made, out = pikepdf.new(), io.BytesIO()
    page = made.add_blank_page()
    link = pikepdf.Dictionary(
        Subtype=pikepdf.Name.Link, A=pikepdf.Dictionary(S=pikepdf.Name.URI, Next=script())
    )
    page.obj["/Annots"] = pikepdf.Array([link])
    made.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
XFA = pikepdf.Dictionary(XFA=pikepdf.Array([]))
MEDIA = pikepdf.Dictionary(Subtype=pikepdf.Name.RichMedia)
SENDS = pikepdf.Dictionary(S=pikepdf.Name.SubmitForm, F="https://example.com")
STARTS = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="calc.exe")
CHAIN = pikepdf.Dictionary(S=pikepdf.Name.GoTo, Next=script())
BAD = {
    "nothing": ("a.pdf", b"", "file_empty"),
    "11 MB": ("a.jpg", jpeg() + bytes(11_000_000), "file_too_large"),
    "JPEG and zip": ("a.jpg", jpeg() + zipped(), "file_polyglot"),
    "PNG and zip": ("a.png", png() + zipped(), "file_polyglot"),
    "PDF and zip": ("a.pdf", pdf() + zipped(), "file_polyglot"),
    "JPEG and HTML": ("a.jpg", jpeg() + HTML, "file_polyglot"),
    "HTML in a JPEG's comment": ("a.jpg", jpeg(comment=HTML), "file_polyglot"),
    "JPEG and PDF": ("a.jpg", jpeg() + pdf(), "file_polyglot"),
    "PDF in HTML": ("a.pdf", HTML + pdf(), "file_type"),
    "PDF behind a blank": ("a.pdf", b"\n" + pdf(), "file_type"),
    "GIF renamed": ("a.png", gif(), "file_type"),
    "SVG": ("a.svg", SVG, "file_type"),
    "SVG renamed": ("a.png", SVG, "file_type"),
    "program": ("a.pdf", b"MZ" * 500, "file_type"),
    "JPEG called PDF": ("a.pdf", jpeg(), "file_ending"),
    "PDF called page": ("a.html", pdf(), "file_ending"),
    "no ending": ("pdf", pdf(), "file_ending"),
    "bomb": ("a.png", bomb(), "image_too_large"),
    "picture of 26 megapixels": ("a.png", png(size=(26_000, 1_000)), "image_too_large"),
    "JPEG cut off": ("a.jpg", jpeg(size=(900, 900))[:-900], "file_damaged"),
    "PNG cut off": ("a.png", png()[:60], "file_damaged"),
    "JPEG's first bytes": ("a.jpg", b"\xff\xd8\xff\xe0", "file_damaged"),
    "PDF's first bytes": ("a.pdf", b"%PDF-1.7\n", "file_damaged"),
    "password": ("a.pdf", pdf(encryption=pikepdf.Encryption(owner="a", user="b")), "pdf_encrypted"),
    "owner's password": ("a.pdf", pdf(encryption=pikepdf.Encryption(owner="a", user="")), "pdf_encrypted"),
    "60 pages": ("a.pdf", pdf(pages=60), "pdf_too_long"),
    "no page": ("a.pdf", pdf(pages=0), "file_damaged"),
    "opens with a script": ("a.pdf", pdf(root={"/OpenAction": script()}), "pdf_action"),
    "opens with a chain": ("a.pdf", pdf(root={"/OpenAction": CHAIN}), "pdf_action"),
    "further actions": ("a.pdf", pdf(root={"/AA": pikepdf.Dictionary(WC=script())}), "pdf_action"),
    "named script": ("a.pdf", pdf(root={"/Names": pikepdf.Dictionary(JavaScript=script())}), "pdf_script"),
    "script in a link": ("a.pdf", scripted_link(), "pdf_script"),
    "attachment": ("a.pdf", attached(), "pdf_attachment"),
    "starts a program": ("a.pdf", pdf(root={"/X": STARTS}), "pdf_action"),
    "form of its own": ("a.pdf", pdf(root={"/AcroForm": XFA}), "pdf_form"),
    "form that sends": ("a.pdf", pdf(root={"/X": SENDS}), "pdf_form"),
    "film": ("a.pdf", pdf(root={"/X": MEDIA}), "pdf_media"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_refuses_with_a_reason_of_its_own(case: str) -> None:
    name, data, code = BAD[case]
    with pytest.raises(Refusal) as refused:
        inspect(data, name)
    assert refused.value.code == code
    assert len(refused.value.sentence) > 20


@pytest.mark.parametrize(
    "name, data, media_type",
    [
        ("a.jpg", jpeg(), "image/jpeg"),
        ("A.JPEG", jpeg(), "image/jpeg"),
        ("a.png", png(), "image/png"),
        ("a.pdf", pdf(pages=50), "application/pdf"),
    ],
)
def test_takes_what_is_a_document(name: str, data: bytes, media_type: str) -> None:
    taken = inspect(data, name)
    assert (taken.media_type, taken.name) == (media_type, name)
    assert taken.pages == (50 if name == "a.pdf" else 1)


def test_keeps_the_pixels_and_nothing_else() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6  # lies on its side
    taken = inspect(jpeg(exif=exif, comment=b"remember") + b"trailing bytes of the phone", "a.jpg")
    for left in (b"SecretCamera", b"Exif", b"remember", b"trailing"):
        assert left not in taken.content
    assert Image.open(io.BytesIO(taken.content)).size == (40, 60)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_takes_every_kind_of_png(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (5, 5)).save(out, "png")
    assert Image.open(io.BytesIO(inspect(out.getvalue(), "a.png").content)).size == (5, 5)


def test_takes_pictures_of_printers() -> None:
    out = io.BytesIO()
    Image.new("CMYK", (5, 5)).save(out, "jpeg")
    assert inspect(out.getvalue(), "a.jpg").media_type == "image/jpeg"


def test_leaves_out_where_a_pdf_begins_to_be_read() -> None:
    opens = pikepdf.Array([0, pikepdf.Name.Fit])
    content = inspect(pdf(root={"/OpenAction": opens}), "a.pdf").content
    assert b"OpenAction" not in content


@pytest.mark.parametrize(
    "sent, kept",
    [
        ("C:\\Users\\me\\pan.pdf", "pan.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("‮fdp.exe.pdf", "fdp.exe.pdf"),
        ("पैन कार्ड.pdf", "पैन कार्ड.pdf"),
        ('"><script>.png', "___script_.png"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("", "file"),
    ],
)
def test_cleans_names(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


def test_looks_into_two_files_at_once_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspecting, "WAIT", 0.01)
    codes: list[str] = []

    def look(data: bytes, name: str) -> bytes:
        """Another file comes while this one is being looked into."""
        with pytest.raises(Refusal) as raised:
            inspect(data, name)
        codes.append(raised.value.code)
        return b'{"refused": "file_damaged"}\n'

    monkeypatch.setattr(inspecting, "_ask", look)
    with pytest.raises(Refusal):
        inspect(b"%PDF-", "a.pdf")
    assert codes == ["files_busy", "file_damaged"]  # the third is told to come again
    with pytest.raises(Refusal):
        inspect(b"%PDF-", "a.pdf")
    assert codes[2:] == codes[:2]  # and the turns were given back

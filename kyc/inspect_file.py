"""Look into an uploaded file and write it anew: ``python -m kyc.inspect_file NAME <file >result``.

A program of its own, because parsing what strangers send is how servers are broken into: it gets no secrets,
little memory and little time, and may die. The result is one line of JSON (``{"refused": code}`` or the type
and pages) and then the new file.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import pikepdf
from PIL import Image, ImageOps

MEMORY = 1024 * 1024 * 1024  # bytes of address space
SECONDS = 15  # of processor time
MOST_PIXELS = 25_000_000
MOST_PAGES = 50
MOST_DEPTH = 40
SIGNATURES = {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n\x1a\n": "png"}
ENDINGS = {"pdf": ("pdf",), "jpeg": ("jpg", "jpeg", "jpe", "jfif"), "png": ("png",)}
FOREIGN = (b"%pdf-", b"<html", b"<script", b"<!doctype", b"<svg", b"<?php")  # never inside a picture
SCRIPTS = ("/JS", "/JavaScript")
FILES = ("/EmbeddedFiles", "/EmbeddedFile", "/EF")
FORBIDDEN_KEYS = {"/AA": "pdf_action", "/OpenAction": "pdf_action", "/XFA": "pdf_form"}
FORBIDDEN_KEYS |= dict.fromkeys(SCRIPTS, "pdf_script") | dict.fromkeys(FILES, "pdf_attachment")
FORBIDDEN_NAMES = {  # values of /S, /Type and /Subtype
    "/JavaScript": "pdf_script",
    "/Launch": "pdf_action",
    "/SubmitForm": "pdf_form",
    "/ImportData": "pdf_form",
    "/RichMedia": "pdf_media",
    "/EmbeddedFile": "pdf_attachment",
    "/FileAttachment": "pdf_attachment",
}


class Refused(Exception):
    """The file is not taken; the message is the code."""


def main(name: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        told, content = inspect(sys.stdin.buffer.read(), name)
    except Refused as refused:
        told, content = {"refused": str(refused)}, b""
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + content)


def inspect(data: bytes, name: str) -> tuple[dict[str, Any], bytes]:
    """Type and pages, and the file written anew. Raises Refused."""
    kind = next((kind for signature, kind in SIGNATURES.items() if data.startswith(signature)), "")
    if not kind:
        raise Refused("file_type")
    if name.rpartition(".")[2].lower() not in ENDINGS[kind]:
        raise Refused("file_ending")
    if zipfile.is_zipfile(io.BytesIO(data)):
        raise Refused("file_polyglot")
    if kind == "pdf":
        content, pages = rewrite_pdf(data)
        return {"media_type": "application/pdf", "pages": pages}, content
    return {"media_type": f"image/{kind}", "pages": 1}, rewrite_image(data, kind)


# --- pictures ---------------------------------------------------------------------------------------


def rewrite_image(data: bytes, kind: str) -> bytes:
    """The picture's pixels and nothing else: no EXIF, no comments, nothing behind its end."""
    lower = data.lower()
    if any(mark in lower for mark in FOREIGN):
        raise Refused("file_polyglot")
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as opened:
            pixels = bare(ImageOps.exif_transpose(opened), kind)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Refused("image_too_large") from None
    except (OSError, ValueError, SyntaxError):
        raise Refused("file_damaged") from None
    out = io.BytesIO()
    pixels.save(out, kind, **({"quality": 90} if kind == "jpeg" else {}))
    return out.getvalue()


def bare(image: Image.Image, kind: str) -> Image.Image:
    """A new picture with these pixels: whatever else the file said stays behind."""
    plain = ("L", "RGB") if kind == "jpeg" else ("1", "L", "LA", "RGB", "RGBA")
    clear = "RGBA" if kind == "png" and image.has_transparency_data else "RGB"
    image = image if image.mode in plain else image.convert(clear)
    new = Image.new(image.mode, image.size)
    new.paste(image)
    return new


# --- PDF --------------------------------------------------------------------------------------------


def rewrite_pdf(data: bytes) -> tuple[bytes, int]:
    """The document saved anew, and its pages."""
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            pages = judge_pdf(pdf)
            out = io.BytesIO()
            pdf.save(out)
    except pikepdf.PasswordError:
        raise Refused("pdf_encrypted") from None
    except (pikepdf.PdfError, ValueError, RecursionError):
        raise Refused("file_damaged") from None
    return out.getvalue(), pages


def judge_pdf(pdf: pikepdf.Pdf) -> int:
    """The number of pages of a document that does nothing by itself. Raises Refused."""
    if pdf.is_encrypted:
        raise Refused("pdf_encrypted")
    pages = len(pdf.pages)
    if not pages:
        raise Refused("file_damaged")
    if pages > MOST_PAGES:
        raise Refused("pdf_too_long")
    drop_first_view(pdf)
    for found in pdf.objects:
        for part in dictionaries(found):
            judge_dictionary(part)
    return pages


def drop_first_view(pdf: pikepdf.Pdf) -> None:
    """Many programs write where to begin reading into /OpenAction. That does nothing, and is left out."""
    action = pdf.Root.get("/OpenAction")
    goes = isinstance(action, pikepdf.Dictionary) and action.get("/S") == "/GoTo" and "/Next" not in action
    if isinstance(action, pikepdf.Array) or goes:
        del pdf.Root["/OpenAction"]


def dictionaries(found: Any, depth: int = 0) -> Iterator[Any]:
    """This object and what is written inside it, as far as they are dictionaries."""
    if depth > MOST_DEPTH:
        raise Refused("file_damaged")
    if isinstance(found, pikepdf.Array):
        children = list(found)
    elif isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
        yield found
        children = [value for _, value in found.items()]
    else:
        return
    for child in children:
        if not getattr(child, "is_indirect", False):
            yield from dictionaries(child, depth + 1)


def judge_dictionary(part: Any) -> None:
    for key in part.keys():  # noqa: SIM118  a stream's keys are not what iterating gives
        if key in FORBIDDEN_KEYS:
            raise Refused(FORBIDDEN_KEYS[key])
    for key in ("/S", "/Type", "/Subtype"):
        code = FORBIDDEN_NAMES.get(str(part.get(key, "")))
        if code:
            raise Refused(code)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")

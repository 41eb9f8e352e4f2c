"""Files as customers send them, good and bad, and a document without the way through the pages."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pikepdf
from PIL import Image

from dialnexa.sealing import place, seal_bytes
from kyc.models import KycCase, KycDocument, KycFile


def jpeg(**options: Any) -> bytes:
    return picture("jpeg", **options)


def png(**options: Any) -> bytes:
    return picture("png", **options)


def picture(kind: str, size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


def pdf(pages: int = 1, root: dict[str, Any] | None = None, **options: Any) -> bytes:
    """With further entries of its catalogue, and options for saving."""
    made, out = pikepdf.new(), io.BytesIO()
    for _ in range(pages):
        made.add_blank_page()
    for key, value in (root or {}).items():
        made.Root[key] = value
    made.save(out, **options)
    return out.getvalue()


def make_document(case: KycCase, kind: str = "pan", content: bytes = b"the bytes") -> KycDocument:
    document = KycDocument.objects.create(
        case=case,
        workspace=case.workspace,
        kind=kind,
        file_name=f"{kind}.pdf",
        media_type="application/pdf",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    file = KycFile(document=document, workspace=case.workspace)
    file.sealed = seal_bytes(content, **place(file, "sealed"))
    file.save(force_insert=True)
    return document

"""Uploaded files are looked into by another process, ``kyc.inspect_file``; this refuses in words."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import threading
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from dialnexa.errors import Refusal

log = logging.getLogger(__name__)
LARGEST = 10_000_000  # bytes
LARGEST_KEPT = 20_000_000  # written anew, a picture may grow
PATIENCE = 20.0  # seconds
WAIT = 5.0  # seconds for a turn
# Each look may take a processor for 15 seconds and a gigabyte. The other web threads stay free for pages.
_turns = threading.BoundedSemaphore(2)
NAME_LIMIT = 120
PROJECT = Path(__file__).resolve().parent.parent

REFUSALS = {
    "file_missing": _("Choose a file first."),
    "file_too_many": _("Send one file at a time. Several pages of a document belong in one PDF."),
    "file_empty": _("This file is empty. Choose it again, or scan the document once more."),
    "file_too_large": _("This file is larger than 10 MB. Scan it with a lower resolution."),
    "file_type": _("This is neither a PDF nor a JPEG or PNG picture. Save it as one of them."),
    "file_ending": _("The name does not end as this kind of file should. Save it again as what it is."),
    "file_polyglot": _("This file holds something else beside the document. Scan the document again."),
    "file_damaged": _("This file is damaged or not complete. Open it, save it again, and send that."),
    "file_unreadable": _("We could not read this file safely. Print it to a new PDF, or send a photograph."),
    "image_too_large": _("This picture has more than 25 megapixels. Make it smaller and send that."),
    "pdf_encrypted": _("This PDF asks for a password. Print it to a new PDF without one, and send that."),
    "pdf_too_long": _("This PDF has more than 50 pages. Send only the pages that prove it."),
    "pdf_action": _("This PDF does something when it is opened. Print it to a new PDF and send that."),
    "pdf_script": _("This PDF carries a script. Print it to a new PDF and send that."),
    "pdf_attachment": _("This PDF carries another file inside. Print it to a new PDF and send that."),
    "pdf_form": _("This PDF is a form that sends or loads data. Print it to a new PDF and send that."),
    "pdf_media": _("This PDF carries film or sound. Print it to a new PDF and send that."),
}


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file as it may be kept: ``content`` was written anew."""

    name: str
    media_type: str
    pages: int
    content: bytes


def inspect(data: bytes, name: str) -> Inspected:
    """The file as it may be kept, from what was sent under this name.

    Raises Refusal with one of ``REFUSALS``, or ``files_busy`` (503) while too many others are looked into.
    Takes up to 25 seconds: call it outside a transaction.
    """
    if not data:
        raise refused("file_empty")
    if len(data) > LARGEST:
        raise refused("file_too_large")
    told, _, content = _ask_in_turn(data, name).partition(b"\n")
    answer = json.loads(told)
    if "refused" in answer:
        raise refused(answer["refused"])
    if len(content) > LARGEST_KEPT:
        raise refused("file_too_large")
    return Inspected(clean_name(name), answer["media_type"], answer["pages"], content)


def refused(code: str) -> Refusal:
    """The refusal with this code of ``REFUSALS``."""
    return Refusal(code, gettext(REFUSALS[code]), status=413 if code == "file_too_large" else 422)


def clean_name(name: str) -> str:
    """As the customer called it: no folders, nothing invisible, no signs that mean something to a system."""
    plain = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(sign if sign.isprintable() else " " for sign in plain)
    words = " ".join(re.sub(r'[<>:"|?*;%$&`\']', "_", shown).split()).lstrip(".")
    stem, dot, ending = words.rpartition(".")
    return f"{stem[: NAME_LIMIT - len(ending) - 1]}{dot}{ending}"[-NAME_LIMIT:] or "file"


def _ask_in_turn(data: bytes, name: str) -> bytes:
    if not _turns.acquire(timeout=WAIT):
        sentence = gettext("Many files are being looked into right now. Send it again in half a minute.")
        raise Refusal("files_busy", sentence, status=503, retry_after=30)
    try:
        return _ask(data, name)
    finally:
        _turns.release()


def _ask(data: bytes, name: str) -> bytes:
    """What the other process answered. It knows no more of the name than its ending."""
    ending = re.sub("[^a-z]", "", name.rpartition(".")[2].lower())[:10]
    command = [sys.executable, "-m", "kyc.inspect_file", f"file.{ending}" if "." in name else "file"]
    try:
        done = subprocess.run(  # noqa: S603  our own program, and no word of the stranger's
            command, input=data, capture_output=True, cwd=PROJECT, env={}, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        log.warning("An uploaded file of %d bytes took too long to look into.", len(data))
        raise refused("file_unreadable") from None
    if done.returncode or not done.stdout:
        log.warning("Looking into an uploaded file of %d bytes ended with %d.", len(data), done.returncode)
        raise refused("file_unreadable")
    return done.stdout

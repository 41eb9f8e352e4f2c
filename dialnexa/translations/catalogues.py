"""The catalogues: each language's areas, one file for each, merged into the one file that Django reads.

``locale/hi/areas/*.po`` are written by people; ``locale/hi/LC_MESSAGES/django.mo`` is made of them, and is in
no repository. Areas have files of their own so that several people can translate at once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

LIBRARIES = "libraries"  # the area of sentences that come from Django and allauth
WIDTH = 110
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"Plural-Forms: {plurals}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""
PLURALS = {"hi": "nplurals=2; plural=(n > 1);"}  # the Unicode CLDR's: none is said like one


def languages(locale: Path) -> list[str]:
    """Those beside English of which there are areas, such as ``hi``."""
    return sorted(folder.parent.name for folder in locale.glob("*/areas"))


def read_areas(locale: Path, language: str) -> dict[str, Catalog]:
    """The catalogues of a language by the name of their area. Raises ValueError for a file that is no PO."""
    paths = sorted((locale / language / "areas").glob("*.po"))
    return {path.stem: read_area(path, language) for path in paths}


def read_area(path: Path, language: str) -> Catalog:
    """An area's catalogue, empty where there is no file yet."""
    if not path.exists():
        return new_catalogue(language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def new_catalogue(language: str) -> Catalog:
    """An empty one. It has no date: the same sentences make the same file."""
    catalogue = Catalog(locale=language, creation_date=EPOCH)
    catalogue.mime_headers = [("Plural-Forms", PLURALS[language])]
    return catalogue


def messages_of(catalogue: Catalog) -> Iterator[Message]:
    """Without the one that holds the header, in the order of their English."""
    return (message for message in sorted(catalogue, key=_order) if message.id)


def merge(areas: dict[str, Catalog], language: str) -> Catalog:
    """One catalogue of what is translated and not fuzzy; of two areas that say the same, the first counts."""
    merged = new_catalogue(language)
    for area in sorted(areas):
        for message in messages_of(areas[area]):
            if is_translated(message) and merged.get(message.id, message.context) is None:
                merged.add(message.id, message.string, context=message.context)
    return merged


def is_translated(message: Message) -> bool:
    """In all plural forms, by somebody who was sure."""
    forms = message.string if isinstance(message.string, tuple | list) else [message.string]
    return bool(forms) and all(forms) and not message.fuzzy


def compile_catalogues(locale: Path) -> list[Path]:
    """Make the files Django reads of those that are newer; which ones were made."""
    made = []
    for language in languages(locale):
        target = locale / language / "LC_MESSAGES" / "django.mo"
        if _is_older(target, locale / language / "areas"):
            _write(target, merge(read_areas(locale, language), language))
            made.append(target)
    return made


def write_area(path: Path, catalogue: Catalog) -> None:
    """As every area is written: sorted by the English, without dates, names or line numbers."""
    plain = new_catalogue(str(catalogue.locale))
    for message in messages_of(catalogue):
        plain.add(message.id, message.string, context=message.context, user_comments=message.user_comments)
    written = BytesIO()
    write_po(written, plain, width=WIDTH, omit_header=True, sort_output=True)
    header = HEADER.format(language=plain.locale, plurals=plain.plural_forms)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(header + written.getvalue().decode().strip() + "\n")


def _order(message: Message) -> tuple[str, str]:
    english = message.id if isinstance(message.id, str) else message.id[0]
    return english, message.context or ""


def _is_older(target: Path, areas: Path) -> bool:
    """The folder counts, too: a file may have been taken away."""
    if not target.exists():
        return True
    newest = max(path.stat().st_mtime for path in [areas, *areas.glob("*.po")])
    return target.stat().st_mtime <= newest


def _write(target: Path, catalogue: Catalog) -> None:
    """Whole or not at all: other processes read it."""
    target.parent.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".django")
    with os.fdopen(handle, "wb") as file:
        write_mo(file, catalogue)
    Path(name).chmod(0o644)
    Path(name).replace(target)

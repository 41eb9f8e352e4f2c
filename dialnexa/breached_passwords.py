"""Passwords that became known elsewhere: looked up in a file of ours, nothing leaves the machine.

The file holds SHA-1 hashes in hexadecimal, one a line and sorted, each with ``:`` and a count behind it or
not, as such lists are published. It is searched where it lies: forty gigabytes take some thirty small reads.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

HASH = 40  # characters


class BreachedPasswordValidator:
    """For AUTH_PASSWORD_VALIDATORS. ``path`` names the file."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def validate(self, password: str, user: object = None) -> None:
        """Raises ValidationError ``password_breached``. A file that can't be read raises OSError."""
        if is_listed(password, self.path):
            sentence = _(
                "This password is on a list of passwords that were stolen elsewhere. Choose another."
            )
            raise ValidationError(sentence, code="password_breached")

    def get_help_text(self) -> str:
        return _("No password that was stolen elsewhere.")


def is_listed(password: str, path: Path) -> bool:
    """Whether the sorted file has the password's hash."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb", buffering=512) as file:
        begin, end = 0, file.seek(0, 2)
        while begin < end:
            middle = (begin + end) // 2
            found, after = _line_at(file, middle)
            if found == wanted:
                return True
            begin, end = (after, end) if found and found < wanted else (begin, middle)
    return False


def _line_at(file: BinaryIO, place: int) -> tuple[bytes, int]:
    """The hash of the line that holds the byte at ``place``, and where the next line begins."""
    file.seek(max(0, place - 2 * HASH))
    before = file.read(place - file.tell())
    start = place - len(before) + before.rfind(b"\n") + 1
    file.seek(start)
    line = file.readline(4 * HASH)
    return line[:HASH].upper(), start + len(line)

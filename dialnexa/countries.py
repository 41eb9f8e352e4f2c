"""Countries as people know them: names and flags for ISO 3166-1 codes."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale


@cache
def _names(language: str) -> dict[str, str]:
    """From the Unicode CLDR: the names ``phonenumbers`` carries are from 2020 and take 100 MB to load."""
    return dict(Locale.parse(language).territories)


def country_name(iso: str, language: str = "en") -> str:
    """``India`` for ``IN``; the code itself where it is unknown."""
    return _names(language).get(iso, iso)


def flag(iso: str) -> str:
    """The country's flag as an emoji; empty for anything but two capital letters."""
    if not re.fullmatch("[A-Z]{2}", iso):
        return ""
    return "".join(chr(ord(letter) - ord("A") + 0x1F1E6) for letter in iso)

"""Countries as people know them: names and flags for ISO 3166-1 codes."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale
from django.utils.translation import get_language, to_locale


@cache
def _names(language: str) -> dict[str, str]:
    """From the Unicode CLDR: the names ``phonenumbers`` carries are from 2020 and take 100 MB to load."""
    return dict(Locale.parse(language).territories)


def country_name(iso: str, language: str = "") -> str:
    """``India`` for ``IN``, in the active language unless told; the code itself where it is unknown."""
    return _names(language or to_locale(get_language() or "en")).get(iso, iso)


def translated(name: str) -> str:
    """What the active language calls the country of this English name; empty for anything else."""
    iso = _codes().get(name, "")
    return country_name(iso) if iso else ""


@cache
def _codes() -> dict[str, str]:
    return {name: iso for iso, name in _names("en").items() if len(iso) == 2}


def flag(iso: str) -> str:
    """The country's flag as an emoji; empty for anything but two capital letters."""
    if not re.fullmatch("[A-Z]{2}", iso):
        return ""
    return "".join(chr(ord(letter) - ord("A") + 0x1F1E6) for letter in iso)

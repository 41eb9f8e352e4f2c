"""What a number that can't be read was probably meant to be, where only one reading is possible.

No country is ever guessed: a national number is completed only with the country somebody has chosen for the
whole list, and not when its digits could as well begin with a calling code. A repair is proposed; it counts
once its kind has been taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.utils.translation import gettext_noop as _

from telephony.e164 import E164, SEPARATORS, all_regions, is_valid, parse_national, read_destination
from telephony.fast_e164 import IMPOSSIBLE, read_fast

MANGLED = re.compile(r"\s*['\"]?[+-]?\d+(?:[.,]\d+)?[eE]\+?\d{1,2}\s*")
DECIMAL = re.compile(r"(\+?\d{7,15})[.,]0+")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
DIGITS = re.compile(r"[0-9]+")
DECORATION = re.compile(
    r"^(?:tel:|callto:|sip:)?['\"`\u2018\u2019\u00b4]*|['\"`\u2018\u2019\u00b4]+$", re.IGNORECASE
)
KINDS = {  # kind → what it does, in words
    "signs": _("Leave out quotes, decimals and invisible signs"),
    "double_zero": _("Write + instead of 00"),
    "missing_plus": _("Put the missing + in front"),
    "trunk_zero": _("Leave out the leading 0 and add the country code"),
    "national": _("Add the country code"),
}


@dataclass(frozen=True, slots=True)
class Repair:
    kind: str
    e164: str
    country: str


def is_mangled(text: str) -> bool:
    """Whether a spreadsheet has turned the number into a power of ten: its last digits are lost."""
    return MANGLED.fullmatch(text) is not None


def propose_repair(text: str, country: str) -> Repair | None:
    """The one safe reading of ``text``; ``country`` (ISO) is the one chosen for the list, or empty."""
    if is_mangled(text) or len(text) > 64:
        return None
    found = list(_readings(_bare(text), country))
    return found[0] if len({repair.e164 for repair in found}) == 1 else None


def _bare(text: str) -> str:
    bare = DECORATION.sub("", INVISIBLE.sub("", text).strip()).strip()
    if decimal := DECIMAL.fullmatch(bare):
        return decimal[1]
    return SEPARATORS.sub("", bare.replace("(0)", "")).translate(ASCII_DIGITS)


ASCII_DIGITS = {ord("\uff10") + digit: str(digit) for digit in range(10)} | {ord("\uff0b"): "+"}


def _readings(bare: str, country: str) -> Iterator[Repair]:
    if bare.startswith("+"):
        yield from _international(bare, "signs")
    elif not DIGITS.fullmatch(bare):
        return
    elif bare.startswith("00"):
        yield from _international(f"+{bare[2:]}", "double_zero")
    elif country:
        if not bare.startswith("0") and bare.startswith(calling_code(country)):
            readings = _international(f"+{bare}", "missing_plus")
            yield from (repair for repair in readings if is_valid(repair.e164))
        if number := parse_national(bare, country):
            kind = "trunk_zero" if bare.startswith("0") else "national"
            yield Repair(kind, number.e164, number.country)


def _international(text: str, kind: str) -> Iterator[Repair]:
    country = read_fast(text)
    if country is not None:
        if country is not IMPOSSIBLE:
            yield Repair(kind, text, country)
        return
    number = read_destination(text)
    if isinstance(number, E164) and DIGITS.fullmatch(text[1:]):
        yield Repair(kind, number.e164, number.country)


@cache
def calling_code(country: str) -> str:
    """Of a country (ISO); what no number begins with where there is none."""
    return next((str(region.calling_code) for region in all_regions() if region.iso == country), "?")

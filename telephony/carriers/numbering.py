"""What an adapter needs to know of the numbering plan: a number's country, and its digits inside it."""

from __future__ import annotations

import re

import phonenumbers

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def is_e164(number: str) -> bool:
    return _E164.fullmatch(number) is not None


def country_of(e164: str) -> str:
    """ISO 3166-1 alpha-2; empty for numbers of no country (+800 …) and unassigned ranges."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(e164))
    return region if region and len(region) == 2 and region != "ZZ" else ""


def national_digits(e164: str) -> str:
    """The digits after the calling code, leading zeros kept."""
    return phonenumbers.national_significant_number(phonenumbers.parse(e164))

"""The five steps of a destination once more, written from their description with plain loops.

Nothing of the product is used: numbers are read by the phonenumbers library itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers


@dataclass(frozen=True)
class World:
    """``groups``: (country, prefixes with calling code) of what is enabled at the call's provider."""

    verified: bool
    own: str
    linked: bool
    switch: bool
    groups: tuple[tuple[str, tuple[str, ...]], ...]


def read(text: str) -> tuple[str, phonenumbers.PhoneNumber | None]:
    """What is wrong (or nothing), and the number."""
    if not text.strip():
        return "destination_missing", None
    if len(text) > 64:
        return "destination_unparseable", None
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return "destination_unparseable", None
    if number.extension:
        return "destination_unparseable", None
    if not phonenumbers.is_possible_number(number) or len(e164_of(number)) > 16:
        return "destination_not_possible", None
    return "", number


def e164_of(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def country_of(number: phonenumbers.PhoneNumber) -> str:
    region = phonenumbers.region_code_for_number(number)
    if region is None:
        region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return "" if region in ("001", "ZZ") else region


def judge(text: str, world: World) -> list[str]:
    """``pass``, ``skip`` or the code of the failure, for each of the four."""
    problem, number = read(text)
    if number is None:
        return [problem, "skip", "skip", "skip"]
    e164 = e164_of(number)
    kyc = "kyc_not_verified"
    if world.verified:
        kyc = "pass"
    if world.own and world.own == e164:
        kyc = "pass"
    if world.linked or world.switch:
        return ["pass", kyc, "skip", "skip"]
    enabled = []
    for country, prefixes in world.groups:
        if country != "" and country == country_of(number):
            enabled.append(prefixes)
    if len(enabled) == 0:
        return ["pass", kyc, "country_not_enabled", "skip"]
    return ["pass", kyc, "pass", "pass" if covered(e164, enabled) else "prefix_not_enabled"]


def covered(e164: str, enabled: list[tuple[str, ...]]) -> bool:
    for prefixes in enabled:
        if len(prefixes) == 0:
            return True
        for prefix in prefixes:
            if e164.startswith("+" + prefix):
                return True
    return False

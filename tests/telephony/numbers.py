"""Numbers and texts of every region, made from a seed: right ones, and wrong ones of every kind."""

from __future__ import annotations

from random import Random

import phonenumbers
from phonenumbers import PhoneNumberType

KINDS = (
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.VOIP,
    PhoneNumberType.UAN,
)
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
NON_GEOGRAPHIC = sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
EXAMPLES = {
    region: [
        f"{number.country_code}{phonenumbers.national_significant_number(number)}"
        for kind in KINDS
        if (number := phonenumbers.example_number_for_type(region, kind))
    ]
    for region in REGIONS
}
# Where the library finds the region again (Western Sahara's numbers it takes for Morocco's).
NAMED = {
    region
    for region, examples in EXAMPLES.items()
    if any(phonenumbers.region_code_for_number(phonenumbers.parse(f"+{each}")) == region for each in examples)
}
SEPARATORS = " -./()\u00a0"


def make_digits(random: Random, region: str) -> str:
    """Digits after the ``+``: an example of the region with its tail anew, sometimes too short or long."""
    digits = random.choice(EXAMPLES[region])
    kept = random.randint(1, len(digits))
    tail = "".join(random.choice("0123456789") for _ in digits[kept:])
    changed = digits[:kept] + tail
    match random.randrange(12):
        case 0:
            return changed[: random.randint(1, len(changed))]
        case 1:
            return changed + "".join(random.choice("0123456789") for _ in range(random.randint(1, 6)))
        case 2:
            code = str(phonenumbers.country_code_for_region(region))
            return f"{code}0{changed[len(code) :]}"
        case 3:
            other = str(random.choice(NON_GEOGRAPHIC))
            return other + changed[len(other) :]
    return changed


def write(random: Random, digits: str) -> str:
    """As somebody might type it; mostly plain E.164."""
    match random.randrange(14):
        case 0:
            return "".join(
                digit + (random.choice(SEPARATORS) if random.random() < 0.3 else "") for digit in f"+{digits}"
            )
        case 1:
            return f"00{digits}"
        case 2:
            return digits
        case 3:
            return f"  +{digits}\t"
        case 4:
            return f"+{digits}{random.choice([' ext. 12', 'x3', ';ext=9', 'abc', '+', '#'])}"
        case 5:
            return "".join(chr(ord(char) + 0xFEE0) for char in f"+{digits}")  # full width
        case 6:
            return random.choice(["", " ", "hello", "+", "tel:+" + digits, "0" * 70, "9.19E+11"])
    return f"+{digits}"


def make_text(random: Random) -> str:
    return write(random, make_digits(random, random.choice(REGIONS)))

"""Phone numbers as the world writes them. The only place that imports ``phonenumbers``.

Two questions are kept apart. A number is *possible* when its length fits its country's plan: that is what
``parse_e164`` asks, because carriers open ranges before the metadata knows them (a new US area code, India's
1600 series) and refusing those would lose real calls. It is *valid* when the metadata knows its range:
``is_valid`` says so, and nothing is refused on that ground alone.

The country comes from the number itself, also where countries share a calling code (+1, +7, +44). A number
that is possible but in no known range counts as its calling code's main country (+1: US); one that belongs
to no country (satellite, universal freephone) has the country ``""``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import phonenumbers
from django.utils.translation import gettext as _
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult
from phonenumbers.phonemetadata import PhoneMetadata

from dialnexa.countries import country_name as country_name
from dialnexa.countries import flag as flag
from dialnexa.errors import Refusal
from dialnexa.translations.marking import gettext_noop
from telephony.carriers.base import NumberType

EXAMPLE = gettext_noop("Write it like +91 22 6123 4567.")
LONGEST_INPUT = 64  # characters: far more than any way of writing 15 digits
SHORTEST, LONGEST = 7, 15  # digits with the calling code; ITU-T E.164 ends at 15
NO_COUNTRY = "001"  # what the metadata calls calling codes that belong to no country
# What people and programs put between digits: blanks, dots, slashes, brackets, hyphens, and the invisible
# direction marks that come along when a number is copied from a contact list.
SEPARATORS = re.compile(
    "[ ./()\u00ad\u00a0\u2000-\u200f\u202a-\u202f\u2060-\u2069\ufeff\u2010-\u2015\u2212-]"
)
DIGITS = re.compile(r"[0-9]+")
PATTERN = re.compile(r"\+[1-9][0-9]{6,14}")
KINDS = {
    PhoneNumberType.FIXED_LINE: NumberType.LOCAL,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberType.LOCAL,
    PhoneNumberType.MOBILE: NumberType.MOBILE,
    PhoneNumberType.TOLL_FREE: NumberType.TOLL_FREE,
    PhoneNumberType.SHARED_COST: NumberType.NATIONAL,
    PhoneNumberType.UAN: NumberType.NATIONAL,
    PhoneNumberType.VOIP: NumberType.NATIONAL,
}


@dataclass(frozen=True, slots=True)
class E164:
    """One number. ``e164`` has its ``+``, its parts have none; ``type`` is None where none of ours fits.

    ``type`` has the values of ``telephony.models.NumberKind`` (and equals them), without needing the models.
    """

    e164: str
    country: str  # ISO 3166-1 alpha-2; "" for numbers of no country
    calling_code: str  # "91"
    national_number: str  # with the leading zero where it is part of the number (Italy)
    type: NumberType | None

    def __str__(self) -> str:
        return self.e164


@dataclass(frozen=True, slots=True)
class Region:
    """A country with a numbering plan. ``max_length`` is the digits of its longest national number."""

    iso: str
    name: str
    calling_code: int
    max_length: int


def parse_e164(text: str) -> E164:
    """The number that ``text`` spells out in full: ``+``, calling code, number; separators are ignored.

    Nothing is guessed: no default country, no national trunk zero removed. Raises Refusal
    ``number_invalid`` (400) with a sentence that says what is wrong.
    """
    digits = _digits(text)
    number = _parse(digits)
    _refuse_unless_possible(number)
    return E164(
        e164=f"+{digits}",
        country=_country(number),
        calling_code=str(number.country_code),
        national_number=phonenumbers.national_significant_number(number),
        type=KINDS.get(phonenumbers.number_type(number)),
    )


def _digits(text: str) -> str:
    """The digits after the ``+``, or why there are none."""
    if len(text) > LONGEST_INPUT:
        said = _("That is %(count)s characters long. A phone number has at most %(most)s digits.")
        raise _invalid(said % {"count": f"{len(text):,}", "most": LONGEST})
    bare = SEPARATORS.sub("", text.strip())
    if not bare:
        raise _invalid(_("Enter a phone number with its country code."))
    if not bare.startswith("+"):
        raise _invalid(_why_no_plus(bare))
    if not DIGITS.fullmatch(bare[1:]):
        raise _invalid(_("A phone number is + and the digits 0 to 9, without letters or extensions."))
    return bare[1:]


def _why_no_plus(bare: str) -> str:
    if bare.startswith("00"):
        return _("Write + instead of 00 in front of the country code.")
    if bare.isdecimal() or bare.startswith("\uff0b"):
        return _("Begin with + and the country code, in the digits 0 to 9.")
    return _("That is not a phone number. Begin with + and the country code.")


def _parse(digits: str) -> phonenumbers.PhoneNumber:
    if not SHORTEST <= len(digits) <= LONGEST:
        raise _invalid(_wrong_length(digits))
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException as error:
        raise _invalid(_unknown_code(digits)) from error
    if phonenumbers.format_number(number, PhoneNumberFormat.E164) != f"+{digits}":
        said = _("After +%(code)s leave out the digits dialled only inside the country, often a 0.")
        raise _invalid(said % {"code": number.country_code})
    return number


def _refuse_unless_possible(number: phonenumbers.PhoneNumber) -> None:
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise _invalid(_impossible(number))


def _wrong_length(digits: str) -> str:
    said = _(
        "+%(digits)s is too long: a phone number has %(least)s to %(most)s digits with its country code."
    )
    if len(digits) < SHORTEST:
        said = _(
            "+%(digits)s is too short: a phone number has %(least)s to %(most)s digits with its country code."
        )
    return said % {"digits": digits, "least": SHORTEST, "most": LONGEST}


def _unknown_code(digits: str) -> str:
    return _("No country code begins like +%(digits)s.") % {"digits": digits[:3]}


def _impossible(number: phonenumbers.PhoneNumber) -> str:
    place = country_name(_country(number)) or _("that network")
    count = len(phonenumbers.national_significant_number(number))
    said = _("+%(code)s and %(count)s digits do not make a number in %(place)s: too few or too many.")
    return said % {"code": number.country_code, "count": count, "place": place}


def _invalid(what: str) -> Refusal:
    return Refusal("number_invalid", _like(what), status=400)


def _like(what: str) -> str:
    return f"{what} {_(EXAMPLE)}"


def _country(number: phonenumbers.PhoneNumber) -> str:
    region = phonenumbers.region_code_for_number(number)
    region = region or phonenumbers.region_code_for_country_code(number.country_code or 0)
    return "" if region in (NO_COUNTRY, "ZZ") else region


def is_e164(text: str) -> bool:
    """Whether this has the shape of a stored number: ``+``, 7 to 15 digits, nothing else."""
    return PATTERN.fullmatch(text) is not None


def country_of(e164: str) -> str:
    """The country (ISO) as in ``E164.country``; empty for what is no number."""
    number = _read(e164)
    return _country(number) if number else ""


def national_digits(e164: str) -> str:
    """The digits after the calling code, leading zeros kept; empty for what is no number."""
    number = _read(e164)
    return phonenumbers.national_significant_number(number) if number else ""


def prefix_countries(digits: str) -> Iterator[str]:
    """The countries (ISO) whose numbers may begin with these digits (calling code first).

    Lazy and with repetitions, because ``iso in prefix_countries(digits)`` mostly ends at the first. Yields
    nothing where the metadata knows no such number. Only shared calling codes take any work: there the
    prefix is filled up to whole numbers, two or more digits in every way and the rest from example numbers.
    """
    number = _calling_code(digits)
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(number, ())
    national = digits[len(str(number)) :]
    if len(regions) < 2 or not national:
        yield from (region for region in regions if region != NO_COUNTRY)
        return
    free = max(2, 3 - len(national))
    tails = {tail for example in _examples(regions) if (tail := example[len(national) + free :])}
    for fill in range(10**free):
        for tail in sorted(tails) or [""]:
            yield from _known_region(number, f"{national}{fill:0{free}}{tail}")


def _calling_code(digits: str) -> int:
    codes = (int(digits[:length]) for length in (1, 2, 3) if digits[:length].isdecimal())
    return next((code for code in codes if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), 0)


def _examples(regions: Iterable[str]) -> Iterator[str]:
    for region in regions:
        for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE):
            if example := phonenumbers.example_number_for_type(region, kind):
                yield phonenumbers.national_significant_number(example)


def _known_region(code: int, national: str) -> Iterator[str]:
    zeros = len(national) - len(national.lstrip("0"))
    number = phonenumbers.PhoneNumber(
        code, int(national), italian_leading_zero=zeros > 0, number_of_leading_zeros=zeros or None
    )
    region = phonenumbers.region_code_for_number(number)
    if region and region != NO_COUNTRY:
        yield region


def is_valid(e164: str) -> bool:
    """Whether the metadata knows the range this number is in (``parse_e164`` asks for less)."""
    number = _read(e164)
    return number is not None and phonenumbers.is_valid_number(number)


def number_type(e164: str) -> NumberType | None:
    """What kind of number this is by its range. In +1, local and mobile look alike and count as local."""
    number = _read(e164)
    return KINDS.get(phonenumbers.number_type(number)) if number else None


def costs_extra(e164: str) -> bool:
    """Whether a call to it costs more than one to its country: premium rate, shared cost, satellites and
    other networks of no country.
    """
    number = _read(e164)
    if number is None:
        return False
    dear = phonenumbers.number_type(number) in (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)
    return dear or not _country(number)


DEAR = {  # kinds of numbers that cost whoever calls far more than others of their country
    PhoneNumberType.PREMIUM_RATE: gettext_noop("premium rate"),
    PhoneNumberType.SHARED_COST: gettext_noop("shared cost"),
    PhoneNumberType.UAN: gettext_noop("company-wide (UAN)"),
    PhoneNumberType.PERSONAL_NUMBER: gettext_noop("personal (follow-me)"),
    PhoneNumberType.PAGER: gettext_noop("pager"),
}


def dear_kind(e164: str) -> str:
    """What kind of expensive number this is by its range, in words; empty for any other."""
    number = _read(e164)
    return DEAR.get(phonenumbers.number_type(number), "") if number else ""


@cache
def dear_patterns(code: int) -> tuple[str, ...]:
    """The patterns of the expensive national numbers behind a calling code. Empty where it is none."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    kinds = ("premium_rate", "shared_cost", "uan", "personal_number", "pager")
    found = [PhoneMetadata.metadata_for_region(region) for region in regions if region != NO_COUNTRY]
    described = [getattr(metadata, kind) for metadata in found if metadata for kind in kinds]
    patterns = {what.national_number_pattern for what in described if what}
    return tuple(sorted(pattern for pattern in patterns if pattern))


@lru_cache(maxsize=10_000)
def format_international(e164: str) -> str:
    """``+91 22 6123 4567``. What is no number comes back as it was, so that a page can always show it."""
    number = _read(e164)
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL) if number else e164


@lru_cache(maxsize=10_000)
def format_national(e164: str) -> str:
    """``022 6123 4567``: how it is dialled inside its country."""
    number = _read(e164)
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL) if number else e164


# --- numbers to be called ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a text is no number that could be called. ``problem``: missing, unparseable or not_possible.

    ``tell`` makes the sentence when somebody wants to read it: of a list only the problems are kept.
    """

    problem: str
    tell: Callable[[], str]

    @property
    def sentence(self) -> str:
        return self.tell()


def read_destination(text: str) -> E164 | Unreadable:
    """The number that ``text`` asks to call, as the phonenumbers library reads it.

    The library is the authority on what is possible. Three things it would let pass are refused, because
    they could not be dialled: no calling code (no country is ever guessed), an extension, and more than the
    15 digits of ITU-T E.164. Digits dialled only inside a country (+44 (0)20 …) are left out, as it does.
    """
    if not text or not text.strip():
        return Unreadable("missing", lambda: _like(_("There is no number to call.")))
    if len(text) > LONGEST_INPUT:
        return Unreadable("unparseable", lambda: _too_long(text))
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return Unreadable("unparseable", lambda: _like(_why_unparseable(text)))
    if number.extension:
        return Unreadable("unparseable", _why_no_extension)
    return _possible(number)


def parse_national(digits: str, country: str) -> E164 | None:
    """The number that ``digits`` are inside ``country`` (ISO), as dialled there; None where they are none."""
    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number_for_region(number, country):
        return None  # stricter than for numbers written in full: this one is completed, not read
    found = _possible(number)
    return found if isinstance(found, E164) else None


def _possible(number: phonenumbers.PhoneNumber) -> E164 | Unreadable:
    national = phonenumbers.national_significant_number(number)
    code = str(number.country_code)
    if not phonenumbers.is_possible_number(number) or len(code) + len(national) > LONGEST:
        return Unreadable("not_possible", lambda: _like(_impossible(number)))
    kind = KINDS.get(phonenumbers.number_type(number))
    return E164(f"+{code}{national}", _country(number), code, national, kind)


def _too_long(text: str) -> str:
    return _("That is %(count)s characters long, too long for a number.") % {"count": f"{len(text):,}"}


def _why_no_extension() -> str:
    return _("Leave the extension out; it can't be dialled before somebody answers.")


def _why_unparseable(text: str) -> str:
    bare = SEPARATORS.sub("", text.strip())
    if not bare.startswith(("+", "\uff0b")):
        return _why_no_plus(bare)
    if DIGITS.fullmatch(bare[1:]):
        return _unknown_code(bare[1:])
    return _("That is not a phone number.")


def _read(e164: str) -> phonenumbers.PhoneNumber | None:
    if len(e164) > LONGEST_INPUT or not e164.startswith("+"):
        return None
    try:
        return phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return None


@cache
def all_regions() -> tuple[Region, ...]:
    """Every country with a numbering plan, by ISO code."""
    return tuple(_region(iso) for iso in sorted(phonenumbers.SUPPORTED_REGIONS))


def _region(iso: str) -> Region:
    code = phonenumbers.country_code_for_region(iso)
    metadata = PhoneMetadata.metadata_for_region(iso)
    assert metadata is not None
    assert metadata.general_desc is not None
    longest = max(metadata.general_desc.possible_length)
    return Region(iso, country_name(iso, "en"), code, min(longest, LONGEST - len(str(code))))


# --- what ``fast_e164`` makes its table from ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """How numbers of one calling code are read. ``trunk`` is the pattern of what may be left out in front.

    ``patterns`` decide which of several countries a number is in (each pattern: does it have to match the
    whole number?); ``countries`` are those sharing the code (ISO), the main one first.
    """

    countries: tuple[str, ...]
    lengths: frozenset[int]  # of a national number that may be called
    known: frozenset[int]  # the same, and those dialled only within a town
    trunk: str
    patterns: tuple[tuple[str, bool], ...]


@cache
def numbering_plan(code: int) -> Plan | None:
    """The plan of a calling code; None where there is none, or it belongs to no country."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    found = [PhoneMetadata.metadata_for_region(region) for region in regions if region != NO_COUNTRY]
    main = found[0] if found else None
    if main is None or main.general_desc is None:
        return None
    patterns = {pattern for metadata in found if metadata for pattern in _patterns(metadata)}
    lengths = frozenset(main.general_desc.possible_length)
    known = lengths | frozenset(main.general_desc.possible_length_local_only)
    return Plan(regions, lengths, known, main.national_prefix_for_parsing or "", tuple(sorted(patterns)))


def _patterns(metadata: PhoneMetadata) -> Iterator[tuple[str, bool]]:
    if metadata.leading_digits:
        yield metadata.leading_digits, False
        return
    kinds = ("general_desc", "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost")
    for kind in (*kinds, "personal_number", "voip", "pager", "uan", "voicemail"):
        described = getattr(metadata, kind)
        if described is not None and described.national_number_pattern:
            yield described.national_number_pattern, True

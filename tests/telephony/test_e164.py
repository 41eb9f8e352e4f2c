"""telephony.e164 …"""

import ast
from contextlib import suppress
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialnexa.errors import Refusal
from telephony import e164
from telephony.carriers.base import NumberType
from telephony.e164 import E164, parse_e164
from telephony.models import NumberKind

ROOT = Path(__file__).parents[2]
SHARED_RANGES = {"EH": "MA", "MF": "BL"}  # told apart by nobody: they share their numbers


def refusal(text: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse_e164(text)
    return caught.value


def test_takes_a_number_apart() -> None:
    assert parse_e164("+91 22 6123 4567") == E164("+912261234567", "IN", "91", "2261234567", NumberType.LOCAL)


def test_keeps_a_zero_that_is_part_of_the_number() -> None:
    assert parse_e164("+39 06 1234 5678").national_number == "0612345678"


@pytest.mark.parametrize(
    "text",
    [
        "  +14155552671\n",
        "+1 (415) 555-2671",
        "+1.415.555.2671",
        "+1\u00a0415\u2009555\u20112671",
        "\u202a+1 415 555 2671\u202c",
    ],
)
def test_ignores_harmless_separators(text: str) -> None:
    assert parse_e164(text).e164 == "+14155552671"


@pytest.mark.parametrize(
    "text, country",
    [
        ("+14155552671", "US"),
        ("+14165550123", "CA"),
        ("+18765550123", "JM"),
        ("+17875550123", "PR"),
        ("+74951234567", "RU"),
        ("+77011234567", "KZ"),
        ("+442079460958", "GB"),
        ("+441481222222", "GG"),
    ],
)
def test_tells_countries_with_one_calling_code_apart(text: str, country: str) -> None:
    assert parse_e164(text).country == country


def test_gives_satellite_numbers_no_country() -> None:
    assert parse_e164("+881612345678").country == ""


def test_accepts_possible_numbers_in_ranges_the_metadata_does_not_know() -> None:
    number = parse_e164("+12005550123")
    assert (number.country, number.type) == ("US", None)
    assert not e164.is_valid(number.e164)
    assert e164.is_valid("+14155552671")


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "Enter a phone number"),
        ("   ", "Enter a phone number"),
        ("02261234567", "Begin with + and the country code"),
        ("912261234567", "Begin with + and the country code"),
        ("00912261234567", "Write + instead of 00"),
        ("hello", "not a phone number"),
        ("+91 22 CALL ME", "without letters"),
        ("+912261234567;ext=3", "without letters or extensions"),
        ("+912261234567\n+912261234568", "digits 0 to 9"),
        ("+9122612\x0034567", "digits 0 to 9"),
        ("+９１２２６１２３４５６７", "digits 0 to 9"),
        ("+٩١٢٢٦١٢٣٤٥٦٧", "digits 0 to 9"),
        ("＋912261234567", "digits 0 to 9"),
        ("+3906", "too short"),
        ("+" + "4" * 16, "too long"),
        ("+" + "1" * 10_000, "10,001 characters"),
        (" " * 10_000, "10,000 characters"),
        ("+999123456789", "No country code begins like +999"),
        ("+0912261234567", "No country code begins like +091"),
        ("+44 (0)20 7946 0958", "After +44 leave out the digits"),
        ("+91 22 6123", "+91 and 6 digits do not make a number in India"),
    ],
)
def test_says_what_is_wrong(text: str, words: str) -> None:
    refused = refusal(text)
    assert (refused.code, refused.status) == ("number_invalid", 400)
    assert words in refused.sentence
    assert refused.sentence.endswith("Write it like +91 22 6123 4567.")
    assert len(refused.sentence) < 200


@given(st.text(max_size=80))
def test_refuses_or_returns_but_never_crashes(text: str) -> None:
    with suppress(Refusal):
        number = parse_e164(text)
        assert parse_e164(number.e164) == number


@given(st.from_regex(r"\+[1-9][0-9]{5,16}", fullmatch=True))
def test_agrees_with_the_library(text: str) -> None:
    try:
        theirs = phonenumbers.parse(text)
        possible = (
            phonenumbers.is_possible_number_with_reason(theirs) == phonenumbers.ValidationResult.IS_POSSIBLE
            and phonenumbers.format_number(theirs, phonenumbers.PhoneNumberFormat.E164) == text
            and 7 <= len(text) - 1 <= 15
        )
    except phonenumbers.NumberParseException:
        possible = False
    if not possible:
        refusal(text)
        return
    ours = parse_e164(text)
    assert ours.e164 == text == f"+{ours.calling_code}{ours.national_number}"
    if phonenumbers.is_valid_number(theirs) and ours.country:
        assert phonenumbers.is_valid_number_for_region(theirs, ours.country)


@pytest.mark.parametrize("iso", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_knows_every_country_by_its_own_example(iso: str) -> None:
    example = phonenumbers.example_number(iso)
    assert example is not None
    text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    assert parse_e164(text).country == SHARED_RANGES.get(iso, iso)


def test_writes_numbers_for_people() -> None:
    assert e164.format_international("+912261234567") == "+91 22 6123 4567"
    assert e164.format_national("+912261234567") == "022 6123 4567"


@pytest.mark.parametrize("text", ["", "nonsense", "+", "+" + "9" * 10_000])
def test_shows_what_is_no_number_as_it_is(text: str) -> None:
    assert e164.format_international(text) == e164.format_national(text) == text
    assert e164.number_type(text) is None
    assert not e164.is_valid(text)


@pytest.mark.parametrize(
    "text, kind",
    [
        ("+912261234567", NumberType.LOCAL),
        ("+919812345678", NumberType.MOBILE),
        ("+18005550199", NumberType.TOLL_FREE),
        ("+443001234567", NumberType.NATIONAL),
        ("+449098790000", None),
    ],
)
def test_knows_the_kind_of_number(text: str, kind: NumberType | None) -> None:
    assert e164.number_type(text) == kind


def test_speaks_of_kinds_as_the_models_do() -> None:
    assert {str(kind) for kind in e164.KINDS.values()} == set(NumberKind.values)


def test_names_countries() -> None:
    assert e164.country_name("IN") == "India"
    assert e164.country_name("DE", "hi") == "जर्मनी"
    assert e164.country_name("QQ") == "QQ"


def test_answers_an_adapter() -> None:
    assert e164.is_e164("+390612345678")
    assert not any(map(e164.is_e164, ["390612345678", "+0612345678", "+39 06", "+3906\n", "+٣٩٠٦١٢٣٤٥٦"]))
    assert (e164.country_of("+77011234567"), e164.country_of("nonsense")) == ("KZ", "")
    assert (e164.national_digits("+390612345678"), e164.national_digits("")) == ("0612345678", "")


def test_flies_flags() -> None:
    assert e164.flag("IN") == "🇮🇳"
    assert e164.flag("") == e164.flag("in") == e164.flag("001") == ""


def test_lists_every_region_with_a_name() -> None:
    regions = {region.iso: region for region in e164.all_regions()}
    assert len(regions) > 240
    assert regions["IN"] == e164.Region("IN", "India", 91, 13)
    assert all(region.name != region.iso for region in regions.values())
    assert all(len(str(region.calling_code)) + region.max_length <= 15 for region in regions.values())


def test_is_the_only_place_that_imports_phonenumbers() -> None:
    """The sandbox carrier may too: it stands for somebody else's system."""
    allowed = {ROOT / "telephony/e164.py"}
    strangers = [
        path
        for app in ("dialnexa", "kyc", "telephony", "phone_numbers")
        for path in (ROOT / app).rglob("*.py")
        if path not in allowed
        and "carriers/sandbox" not in path.as_posix()
        and "phonenumbers" in _imports(path)
    ]
    assert strangers == []


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names

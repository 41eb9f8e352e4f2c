"""Reading by the table …"""

from __future__ import annotations

import random
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.e164 import E164, Unreadable, all_regions, read_destination
from telephony.fast_e164 import COUNTRIES, IMPOSSIBLE, only_country, read_fast, without_spaces

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def examples() -> Iterator[tuple[str, str]]:
    """Every region and kind of number the metadata gives an example of."""
    for region in all_regions():
        for kind in range(11):
            if number := phonenumbers.example_number_for_type(region.iso, kind):
                yield region.iso, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def disagrees(text: str) -> bool:
    number = read_destination(text)
    plain = without_spaces(text)
    country = read_fast(plain)
    if country == IMPOSSIBLE:
        return not (isinstance(number, Unreadable) and number.problem == "not_possible")
    return country is not None and not (
        isinstance(number, E164) and (number.e164, number.country) == (plain, country)
    )


def test_agrees_with_the_library_in_every_region() -> None:
    chance = random.Random(11)
    for _, example in examples():
        for changed in range(1, 7):
            tail = "".join(chance.choices("0123456789", k=changed + chance.choice((-1, 0, 0, 1))))
            number = example[:-changed] + tail
            assert not disagrees(number)
            spaced = "".join(
                digit + chance.choice(("", "", " ", "-", ".", " (", ") ", "--")) for digit in number
            )
            assert not disagrees(spaced)


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_the_library_on_any_digits(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(4_000):
        digits = "".join(chance.choices("0123456789", k=chance.randint(5, 12)))
        assert not disagrees(f"+{chance.choice(CODES)}{digits}")


@given(st.text("+0123456789\uff11\u0661 ()-.", max_size=18))
def test_agrees_with_the_library_on_anything(text: str) -> None:
    assert not disagrees(text)


def test_answers_most_real_numbers_by_itself() -> None:
    found = [read_fast(text) is not None for _, text in examples() if 7 <= len(text) <= 16]
    assert sum(found) / len(found) > 0.6


@pytest.mark.parametrize(
    "text, country",
    [("+919876543210", "IN"), ("+12125550123", "US"), ("+16135550123", "CA"), ("+77172123456", "KZ")],
)
def test_tells_countries_apart_that_share_a_calling_code(text: str, country: str) -> None:
    assert read_fast(text) == country


@pytest.mark.parametrize(
    "text", ["+3906698", "+39066982000", "+5491123456789", "919876543210", "", "+91 98765"]
)
def test_leaves_to_the_library_what_the_table_can_not_settle(text: str) -> None:
    assert read_fast(text) is None


def test_forgets_rather_than_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.fast_e164.MOST_ENTRIES", 10)
    for number in range(100):
        read_fast(f"+91{number:04}123456")
    assert len(COUNTRIES) <= 10


@pytest.mark.parametrize(
    "digits, country",
    [("919876", "IN"), ("1416555", "CA"), ("1212555", "US"), ("1416", ""), ("447911", ""), ("999999", "")],
)
def test_knows_the_one_country_of_all_that_begins_so(digits: str, country: str) -> None:
    assert only_country(digits) == country

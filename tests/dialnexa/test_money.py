"""Money …"""

from __future__ import annotations

from decimal import Decimal

import pytest

from dialnexa.errors import Refusal
from dialnexa.money import format_money, read_money


@pytest.mark.parametrize(
    "typed, amount",
    [
        ("2500", "2500"),
        ("2500.5", "2500.5"),
        (" 0.01 ", "0.01"),
        ("0", "0"),
        ("₹2,50,000.00", "250000"),
        ("INR 250,000", "250000"),
        ("9999999999.99", "9999999999.99"),
    ],
)
def test_is_read_exactly(typed: str, amount: str) -> None:
    assert read_money(typed, "INR") == Decimal(amount)


@pytest.mark.parametrize("amount", ["0", "92", "118000", "12345678.9"])
@pytest.mark.parametrize("currency", ["INR", "USD", "CHF"])
def test_is_read_as_it_is_written(amount: str, currency: str) -> None:
    assert read_money(format_money(Decimal(amount), currency), currency) == Decimal(amount)


@pytest.mark.parametrize(
    "typed, words",
    [
        ("", "plain digits"),
        ("1e3", "plain digits"),
        ("NaN", "plain digits"),
        ("Infinity", "plain digits"),
        ("0x10", "plain digits"),
        ("1_000", "plain digits"),
        ("1,50", "plain digits"),
        ("1.000,50", "plain digits"),
        (",500", "plain digits"),
        ("+5", "plain digits"),
        ("$5", "plain digits"),
        ("٣٤", "plain digits"),
        ("5 0", "plain digits"),
        ("5\x00", "plain digits"),
        ("5.", "plain digits"),
        (".5", "plain digits"),
        ("-1", "less than zero"),
        ("₹-1", "less than zero"),
        ("−1", "less than zero"),
        ("1.005", "at most two places"),
        ("99999999999", "more than we can count"),
        ("9,99,99,99,99,999", "more than we can count"),
    ],
)
def test_is_refused_with_what_to_write_instead(typed: str, words: str) -> None:
    with pytest.raises(Refusal, match=words) as refused:
        read_money(typed, "INR")
    assert refused.value.code == "amount_invalid"

"""What is said about numbers to be called is what the phonenumbers library says …"""

from __future__ import annotations

import secrets

from telephony.e164 import E164, Unreadable, read_destination
from telephony.fast_e164 import read_fast
from tests.telephony.numbers import NAMED
from tests.telephony.verdicts import compare

TEXTS = 20_000  # `python -m tests.bench.verdicts` compares a million


def test_for_numbers_of_every_region() -> None:
    seed = secrets.randbits(32)
    found = compare(TEXTS, seed=seed)
    assert found.differences == [], f"seed {seed}"
    assert set(found.regions) >= NAMED
    assert found.fast > TEXTS / 5  # and by the table that batches read with
    assert {"destination_missing", "destination_unparseable", "destination_not_possible"} <= set(
        found.verdicts
    )


def test_and_a_difference_is_noticed() -> None:
    def no_jersey(text: str) -> E164 | Unreadable:
        read = read_destination(text)
        isle = isinstance(read, E164) and read.country == "JE"
        return Unreadable("not_possible", lambda: "There is no Jersey.") if isle else read

    assert compare(2_000, seed=1, read=no_jersey).differences


def test_and_a_difference_of_the_table_is_noticed() -> None:
    def no_india(text: str) -> str | None:
        country = read_fast(text)
        return "PK" if country == "IN" else country

    found = compare(2_000, seed=1, fast=no_india)
    assert any("the table says" in line for line in found.differences)

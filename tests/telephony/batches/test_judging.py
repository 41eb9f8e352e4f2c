"""Judging the rows of a list …"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.batches.judging import DUPLICATE, WITHOUT_PLUS, Choices, Row, judge_rows
from telephony.batches.reading import read_source
from telephony.batches.repairs import KINDS
from telephony.destinations import Rules, judge_destination
from telephony.e164 import Unreadable, read_destination
from tests.telephony.test_destinations import DELHI, INDIA, MOBILE, RULES, UNVERIFIED, US
from tests.telephony.test_fast_e164 import examples

MESSY = Path(__file__).parents[2] / "files" / "messy.csv"
NONE = Choices()
ALL = Choices("IN", frozenset(KINDS))


def judged(*numbers: str, rules: Rules = RULES, choices: Choices = NONE) -> list[Row]:
    quoted = "\n".join(f'"{number}",x' for number in numbers)
    return list(judge_rows(read_source(f"phone,name\n{quoted}\n".encode()), rules, choices))


@pytest.mark.parametrize(
    "rules",
    [
        RULES,
        UNVERIFIED,
        replace(UNVERIFIED, verification_number="+919876543210"),
        replace(RULES, sip_switch=True),
        replace(UNVERIFIED, sip_route=True),
        replace(RULES, groups={}),
        replace(RULES, groups={"IN": (MOBILE, DELHI), "US": (US,)}),
        replace(RULES, groups={"IN": (MOBILE, INDIA), "CA": (US,)}),
    ],
    ids=["all", "no kyc", "verification number", "switch", "route", "nothing on", "prefixes", "mixed"],
)
def test_gives_the_verdicts_of_single_calls(rules: Rules) -> None:
    chance = random.Random(3)
    numbers = [number for _, number in examples()]
    numbers += [
        f"+91{chance.choice(('98', '11', '12', '987'))}{chance.randrange(10**7):08}" for _ in range(300)
    ]
    numbers += ["", "nonsense", "+91 98765 43210", "+919876543210", "9.19E+11", "+1 (212) 555-0123"]
    for number, row in zip(numbers, judged(*numbers, rules=rules), strict=True):
        single = tuple(step.code for step in judge_destination(number, rules).failures)
        assert tuple(c for c in row.codes if c not in (DUPLICATE, "destination_mangled")) == single, number


@given(st.sampled_from("0123456789"), st.text("0123456789 ().-", max_size=40))
def test_knows_without_asking_that_the_library_needs_a_plus(digit: str, rest: str) -> None:
    text = digit + rest
    assert WITHOUT_PLUS(text)
    number = read_destination(text)
    assert isinstance(number, Unreadable)
    assert number.problem == "unparseable"


def test_finds_duplicates_however_they_are_written() -> None:
    rows = judged("+919876543210", "+91 98765-43210", "919876543210", choices=ALL)
    assert [(row.codes, row.first_row) for row in rows] == [((), 0), ((DUPLICATE,), 2), ((DUPLICATE,), 2)]


@pytest.mark.parametrize(
    "text, country, kind, number",
    [
        ("00919876543210", "", "double_zero", "+919876543210"),
        ("919876543210", "IN", "missing_plus", "+919876543210"),
        ("098765 43210", "IN", "trunk_zero", "+919876543210"),
        ("98765-43210", "IN", "national", "+919876543210"),
        ("'919876543210.0", "IN", "missing_plus", "+919876543210"),
        ("(0)20 7946 0958", "GB", "national", "+442079460958"),
        ("\uff10\uff10\uff19\uff11 9876543210", "", "double_zero", "+919876543210"),
    ],
)
def test_proposes_a_repair_and_takes_it_when_told(text: str, country: str, kind: str, number: str) -> None:
    row = judged(text, choices=Choices(country))[0]
    assert (row.repair, row.repaired, row.e164, row.codes) == (kind, number, "", ("destination_unparseable",))
    taken = judged(text, choices=Choices(country, frozenset({kind})), rules=replace(RULES, sip_switch=True))[
        0
    ]
    assert (taken.e164, taken.codes) == (number, ())


@pytest.mark.parametrize("text", ["919876543210", "9876543210", "098765 43210", "9.19E+11", "no", "12", ""])
def test_never_guesses_a_country(text: str) -> None:
    assert judged(text)[0].repair == ""


def test_says_of_what_a_spreadsheet_has_mangled_that_it_is_lost() -> None:
    row = judged("9.19876543210E+11", choices=ALL)[0]
    assert (row.codes, row.repair) == (("destination_unparseable", "destination_mangled"), "")


def test_mends_the_messy_list() -> None:
    source = read_source(MESSY.read_bytes())
    before = sum(not row.codes for row in judge_rows(source, RULES, Choices()))
    after = sum(not row.codes for row in judge_rows(source, RULES, ALL))
    assert (before, after) == (10, 15)

"""The rows of a list, each with every reason against it: ``judge_destination``'s verdicts at a file's speed.

Numbers that read as they stand are read by ``fast_e164``'s table, all others by ``read_destination``; sets of
prefixes decide about both. No sentence is made, only codes. Tests hold rows to the same verdicts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from telephony.batches.reading import Source
from telephony.batches.repairs import is_mangled, propose_repair
from telephony.destinations import Group, Rules
from telephony.e164 import E164, read_destination
from telephony.fast_e164 import COUNTRIES, HEAD, IMPOSSIBLE, WELL_FORMED, without_spaces
from telephony.high_cost import Ranges, Suspects

DUPLICATE, MANGLED = "destination_duplicate", "destination_mangled"
UNPARSEABLE, NOT_POSSIBLE = "destination_unparseable", "destination_not_possible"
WITHOUT_PLUS = re.compile(r"[0-9][0-9 ().-]{0,40}").fullmatch
Codes = tuple[str, ...]
Judge = Callable[[str, str], Codes]  # number and its country → codes of what fails
Prefixes = tuple[tuple[int, frozenset[str]], ...]  # length with the "+" → the prefixes that are as long
KYC, COUNTRY, PREFIX = "kyc_not_verified", "country_not_enabled", "prefix_not_enabled"
HIGH_COST = "high_cost_number"


@dataclass(frozen=True, slots=True)
class Choices:
    """What is decided for the whole list: a country (ISO) for numbers without one, repairs by kind."""

    country: str = ""
    repairs: frozenset[str] = frozenset()


class Row(NamedTuple):
    """``codes`` are all reasons against it, none for a good row. ``first_row`` has the number, too."""

    number: int
    cells: list[str]
    e164: str  # empty where there is none
    country: str
    codes: Codes
    repair: str = ""  # the kind that was taken, or would mend it
    repaired: str = ""  # what it makes of the number
    first_row: int = 0


def judge_rows(source: Source, rules: Rules, choices: Choices) -> Iterator[Row]:
    """Every row in order, once. Memory: the numbers seen so far. Raises what the source's rows raise."""
    phone, judge, countries, new = source.phone, code_judge(rules), COUNTRIES, tuple.__new__
    seen: dict[int, int] = {}
    for number, cells in source.rows():
        text = written = cells[phone] if phone < len(cells) else ""
        fits = WELL_FORMED(text)
        if not fits:
            text = without_spaces(text)
            fits = WELL_FORMED(text)
        country = countries[text[:HEAD]].get(len(text)) if fits else None
        if country is None:
            row = _unusual(number, cells, written, choices, judge)
        elif country is IMPOSSIBLE:
            row = Row(number, cells, "", "", (NOT_POSSIBLE,))
        else:  # a tuple at once: reading the defaults of a Row takes as long as judging it
            row = new(Row, (number, cells, text, country, judge(text, country), "", "", 0))
        if row.e164:
            first = seen.setdefault(int(row.e164), number)
            if first != number:
                row = row._replace(codes=(*row.codes, DUPLICATE), first_row=first)
        yield row


def _unusual(number: int, cells: list[str], text: str, choices: Choices, judge: Judge) -> Row:
    codes: Codes = (UNPARSEABLE,)
    if WITHOUT_PLUS(text):  # the library can't read digits without a country, and nor can a repair
        if text.isdecimal() and not choices.country and not text.startswith("00"):
            return Row(number, cells, "", "", codes)
    else:
        called = read_destination(text)
        if isinstance(called, E164):
            return Row(number, cells, called.e164, called.country, judge(called.e164, called.country))
        codes = (f"destination_{called.problem}",)
    if is_mangled(text):
        return Row(number, cells, "", "", (*codes, MANGLED))
    repair = propose_repair(text, choices.country) if text.strip() else None
    if repair is None:
        return Row(number, cells, "", "", codes)
    if repair.kind not in choices.repairs:
        return Row(number, cells, "", "", codes, repair.kind, repair.e164)
    left = judge(repair.e164, repair.country)
    return Row(number, cells, repair.e164, repair.country, left, repair.kind, repair.e164)


def code_judge(rules: Rules) -> Judge:
    """A function from a number and its country to the codes of the steps that fail, as judged one by one."""
    kyc = () if rules.kyc_verified else (KYC,)
    verification, over_sip = rules.verification_number, rules.over_sip
    prefixes = {country: _by_length(groups) for country, groups in rules.groups.items() if groups}

    def judge(e164: str, country: str) -> Codes:
        said = kyc if kyc and e164 != verification else ()
        if over_sip:
            return said
        if country not in prefixes:
            return (*said, COUNTRY)
        lengths = prefixes[country]
        if not lengths:
            return said
        for length, found in lengths:
            if e164[:length] in found:
                return said
        return (*said, PREFIX)

    return _with_high_cost(judge, rules.ranges) if rules.ranges is not None else judge


def _with_high_cost(judge: Judge, ranges: Ranges) -> Judge:
    suspects = Suspects(ranges)

    def dearer(e164: str, country: str) -> Codes:
        codes = judge(e164, country)
        return (*codes, HIGH_COST) if suspects[e164[:HEAD]] and ranges.why_not(e164) else codes

    return dearer


def _by_length(groups: tuple[Group, ...]) -> Prefixes:
    """Nothing where one of the groups covers the whole country."""
    if not all(group.prefixes for group in groups):
        return ()
    found = {f"+{digits}" for group in groups for digits in group.prefixes}
    lengths = sorted({len(prefix) for prefix in found})
    return tuple((n, frozenset(prefix for prefix in found if len(prefix) == n)) for n in lengths)

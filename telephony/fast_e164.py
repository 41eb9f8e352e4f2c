"""Reading well-formed numbers by a table, for files of a million rows.

``COUNTRIES["+912261"]`` says, for the ``+`` and first six digits of a number, which lengths of the whole
text are possible and which country each is in. The table is made from the library's own metadata (through
``telephony.e164``), entry by entry when first asked for. Where those six digits do not settle how the library
would read the number (a national prefix may be left out, several countries share a calling code and more
digits decide), there is no entry, and ``read_destination`` has to be asked. So what the table says is what
the library says; tests compare the two over every region.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from telephony.e164 import LONGEST, Plan, country_of, numbering_plan

# CPython's own reader of patterns: what it does not give in the shapes below is left to the library.
from re import _constants as kinds  # type: ignore[attr-defined]  # isort: skip
from re import _parser as parser  # type: ignore[attr-defined]  # isort: skip

HEAD = 7  # "+" and six digits
MOST_ENTRIES = 200_000
IMPOSSIBLE = "impossible"  # in place of a country: too few or too many digits
WELL_FORMED = re.compile(r"\+[1-9][0-9]{5,14}").fullmatch
SHORTEST = 6  # digits: as many as decide
SPACED = re.compile(r"\+[1-9][0-9 ().-]{4,40}[0-9]").fullmatch  # with what the library skips between digits
SPACES = dict.fromkeys(map(ord, " ().-"))
ALL = frozenset("0123456789")
Sequence = tuple[Any, ...]  # of a pattern's parts, see below
Lengths = dict[int, str]  # length of the whole text → country (ISO), or IMPOSSIBLE


class Unsettled(Exception):
    """The digits so far do not decide."""


class _Table(dict[str, Lengths]):
    def __missing__(self, head: str) -> Lengths:
        if len(self) >= MOST_ENTRIES:
            self.clear()
        self[head] = lengths = _entry(head[1:])
        return lengths


COUNTRIES = _Table()


def read_fast(text: str) -> str | None:
    """The country (ISO) of ``+`` and digits, or IMPOSSIBLE; None: ask ``read_destination``."""
    return COUNTRIES[text[:HEAD]].get(len(text)) if WELL_FORMED(text) else None


def only_country(digits: str) -> str:
    """The country (ISO) of every possible number that begins so; empty where six digits do not settle it."""
    lengths = _entry(digits[: HEAD - 1]) if len(digits) >= HEAD - 1 else {}
    countries = set(lengths.values()) - {IMPOSSIBLE}
    return countries.pop() if len(countries) == 1 else ""


def without_spaces(text: str) -> str:
    """``+91 (98765) 432-10`` as ``+919876543210``; as it was where the library might see more in it."""
    return text.translate(SPACES) if SPACED(text) else text


def _entry(digits: str) -> Lengths:
    for size in (1, 2, 3):
        if plan := numbering_plan(int(digits[:size])):
            return _settled(digits[:size], digits[size:], plan)
    return {}


def _settled(code: str, national: str, plan: Plan) -> Lengths:
    """Empty unless these first national digits settle the reading, whatever follows."""
    if national[0] == "0" or _may_leave_out(plan.trunk, national):
        return {}
    if len(plan.countries) == 1:
        return _alone(code)
    for end in range(2, len(national) + 1):
        if _decides(code, national[:end]):
            return _shared(code, national[:end])
    return {}


@cache
def _alone(code: str) -> Lengths:
    plan = numbering_plan(int(code))
    assert plan
    return _impossible(code, plan) | {1 + len(code) + n: plan.countries[0] for n in _dialled(code, plan)}


@cache
def _shared(code: str, national: str) -> Lengths:
    """The library is asked once for each length: any number that begins like this is in the same country."""
    plan = numbering_plan(int(code))
    assert plan
    lengths = [length for length in _dialled(code, plan) if length >= len(national)]
    found = {1 + len(code) + n: country_of(f"+{code}{national.ljust(n, '2')}") for n in lengths}
    return _impossible(code, plan) | found


def _impossible(code: str, plan: Plan) -> Lengths:
    start = 1 + len(code)
    sizes = range(1 + SHORTEST, 2 + LONGEST)
    return {size: IMPOSSIBLE for size in sizes if size - start not in plan.known}


def _dialled(code: str, plan: Plan) -> Iterator[int]:
    return (length for length in plan.lengths if SHORTEST <= len(code) + length <= LONGEST)


# --- patterns, walked digit by digit -------------------------------------------------------------------
# A sequence holds sets of digits, choices and repetitions, the last two as below.


@dataclass(frozen=True, slots=True)
class Choice:
    sequences: tuple[Sequence, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    least: int
    most: int
    sequence: Sequence


@cache
def _may_leave_out(trunk: str, national: str) -> bool:
    """Whether the pattern of what is left out in front could match a number that begins so."""
    if not trunk:
        return False
    try:
        states = {_read(trunk)}
    except Unsettled:
        return True
    for digit in national:
        if any(_ends(state) for state in states):
            return True
        states = _step(states, digit)
    return bool(states)


@cache
def _decides(code: str, national: str) -> bool:
    """Whether, after these digits, no pattern looks at any digit any more, only at how many there are."""
    plan = numbering_plan(int(code))
    assert plan
    try:
        return all(_looks_no_more(_read(pattern), whole, national) for pattern, whole in plan.patterns)
    except Unsettled:
        return False


def could_match(pattern: str, digits: str) -> bool:
    """Whether the pattern (of whole national numbers) could match one that begins so."""
    try:
        states = {_read(pattern)}
    except Unsettled:
        return True
    for digit in digits:
        states = _step(states, digit)
    return bool(states)


def _looks_no_more(pattern: Sequence, whole: bool, national: str) -> bool:
    states = {pattern}
    for digit in national:
        if not whole and any(_ends(state) for state in states):
            return True  # it matches the beginning, so it matches
        states = _step(states, digit)
    if not whole:
        return not states or any(_ends(state) for state in states)
    return all(_is_plain(state) for state in states)


def _step(states: set[Sequence], digit: str) -> set[Sequence]:
    return {rest for state in states for digits, rest in _heads(state) if digit in digits}


def _ends(state: Sequence) -> bool:
    return any(not digits for digits, _ in _heads(state))


def _heads(state: Sequence) -> Iterator[tuple[frozenset[str], Sequence]]:
    """Which digits may come next, each with what is left then; no digits where it may end."""
    if not state:
        yield frozenset(), ()
        return
    first, rest = state[0], state[1:]
    if isinstance(first, Choice):
        for sequence in first.sequences:
            yield from _heads((*sequence, *rest))
    elif isinstance(first, Repeat):
        if first.most:
            again = Repeat(max(0, first.least - 1), first.most - 1, first.sequence)
            yield from _heads((*first.sequence, again, *rest))
        if not first.least:
            yield from _heads(rest)
    else:
        yield first, rest


def _is_plain(sequence: Sequence) -> bool:
    """Whether it takes any digits."""
    return all(_is_plain(node.sequence) if isinstance(node, Repeat) else node == ALL for node in sequence)


@cache
def _read(pattern: str) -> Sequence:
    """Raises Unsettled for a pattern with more in it than digits, choices and repetitions."""
    return _sequence(parser.parse(pattern))


def _sequence(nodes: Any) -> Sequence:
    return tuple(_node(kind, value) for kind, value in nodes)


def _node(kind: Any, value: Any) -> Any:
    if kind is kinds.LITERAL:
        return frozenset(chr(value))
    if kind is kinds.IN:
        return frozenset().union(*(_digits(what, inner) for what, inner in value))
    if kind is kinds.BRANCH:
        return Choice(tuple(_sequence(branch) for branch in value[1]))
    if kind is kinds.SUBPATTERN:
        return Choice((_sequence(value[3]),))
    if kind is kinds.MAX_REPEAT:
        return Repeat(value[0], min(LONGEST, int(value[1])), _sequence(value[2]))
    raise Unsettled


def _digits(what: Any, inner: Any) -> frozenset[str]:
    if what is kinds.LITERAL:
        return frozenset(chr(inner))
    if what is kinds.RANGE:
        return frozenset(chr(sign) for sign in range(inner[0], inner[1] + 1))
    if what is kinds.CATEGORY and inner is kinds.CATEGORY_DIGIT:
        return ALL
    raise Unsettled

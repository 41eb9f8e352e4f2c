"""Judging a destination says the same as a naive reading of the rules …"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from telephony import destinations
from telephony.destinations import Group, Judgement, Outcome, Rules, judge_destination
from telephony.e164 import E164, Unreadable, read_destination
from tests.telephony import naive
from tests.telephony.numbers import REGIONS, make_digits, write

SHARED = (
    "US",
    "CA",
    "PR",
    "JM",
    "DO",
    "RU",
    "KZ",
    "GB",
    "GG",
    "JE",
    "IM",
    "IT",
    "VA",
    "AU",
    "CC",
    "MA",
    "EH",
)
ASKED = 6  # numbers per world
Judge = Callable[[str, Rules], Judgement]


def make_case(random: Random) -> tuple[naive.World, list[str]]:
    """A workspace, and numbers to call: mostly of countries it has something to say about."""
    regions = random.sample(SHARED if random.random() < 0.6 else REGIONS, 4)
    digits = [make_digits(random, random.choice(regions)) for _ in range(ASKED)]
    groups = [(random.choice(regions), make_prefixes(random, digits)) for _ in range(random.randint(0, 5))]
    near = f"+{digits[0][:-1]}{random.randrange(10)}"  # mostly another number, and all but it
    own = random.choice(["", "", "+" + digits[0], near])
    world = naive.World(
        verified=random.random() < 0.6,
        own=own,
        linked=random.random() < 0.15,
        switch=random.random() < 0.15,
        groups=tuple(groups),
    )
    return world, [write(random, number) for number in digits]


def make_prefixes(random: Random, digits: list[str]) -> tuple[str, ...]:
    """None (the whole country), or beginnings of the numbers asked about, some of them missed by a digit."""
    if random.random() < 0.35:
        return ()
    found = []
    for _ in range(random.randint(1, 4)):
        number = random.choice(digits)
        prefix = number[: random.randint(1, len(number))]
        found.append(prefix if random.random() < 0.6 else prefix[:-1] + random.choice("0123456789"))
    return tuple(prefix for prefix in found if prefix[0] != "0") or ("1",)


def rules_of(world: naive.World) -> Rules:
    groups: dict[str, list[Group]] = defaultdict(list)
    for n, (country, prefixes) in enumerate(world.groups):
        groups[country].append(Group(f"nwg_{n}", f"{country} {n}", frozenset(prefixes)))
    return Rules(
        carrier="plivo",
        carrier_label="Plivo",
        kyc_verified=world.verified,
        kyc_case="",
        kyc_sentence="It is so.",
        verification_number=world.own,
        sip_route=world.linked,
        sip_switch=world.switch,
        groups={country: tuple(found) for country, found in groups.items()},
    )


def said(judgement: Judgement) -> list[str]:
    words = {Outcome.PASS: "pass", Outcome.SKIPPED: "skip"}
    return [words.get(step.outcome, step.code) for step in judgement.steps]


@given(seed=st.integers(0, 2**64))
@effort(max_examples=1_500, deadline=None, database=None)
def test_for_any_rules_and_numbers(seed: int) -> None:
    world, texts = make_case(Random(seed))
    rules = rules_of(world)
    for text in texts:
        judgement = judge_destination(text, rules)
        assert said(judgement) == naive.judge(text, world), text
        assert judgement.allowed == (judgement.refusal is None)


# --- and a broken rule is noticed -------------------------------------------------------------------------


def ignores_kyc(text: str, rules: Rules) -> Judgement:
    return judge_destination(text, replace(rules, kyc_verified=True))


def lets_sip_skip_kyc(text: str, rules: Rules) -> Judgement:
    return judge_destination(text, replace(rules, kyc_verified=rules.kyc_verified or rules.over_sip))


def forgets_the_verification_number(text: str, rules: Rules) -> Judgement:
    return judge_destination(text, replace(rules, verification_number=""))


def forgets_the_switch(text: str, rules: Rules) -> Judgement:
    return judge_destination(text, replace(rules, sip_switch=False))


def forgets_linked_numbers(text: str, rules: Rules) -> Judgement:
    return judge_destination(text, replace(rules, sip_route=False))


def allows_all_while_nothing_is_enabled(text: str, rules: Rules) -> Judgement:
    return judge_destination(text, replace(rules, sip_switch=rules.over_sip or not rules.groups))


def takes_a_group_without_prefixes_for_an_empty_one(text: str, rules: Rules) -> Judgement:
    full = {iso: tuple(g for g in groups if g.prefixes) for iso, groups in rules.groups.items()}
    return judge_destination(text, replace(rules, groups=full))


def asks_the_first_group_alone(text: str, rules: Rules) -> Judgement:
    first = {iso: groups[:1] for iso, groups in rules.groups.items()}
    return judge_destination(text, replace(rules, groups=first))


def asks_no_prefixes(text: str, rules: Rules) -> Judgement:
    whole = {
        iso: tuple(replace(g, prefixes=frozenset()) for g in groups) for iso, groups in rules.groups.items()
    }
    return judge_destination(text, replace(rules, groups=whole))


MAIN = {"1": "US", "7": "RU", "44": "GB", "39": "IT", "61": "AU", "212": "MA"}


def takes_the_main_country_of_a_calling_code(text: str, rules: Rules) -> Judgement:
    return judge_destination(text, rules, read=_by_calling_code)


def _by_calling_code(text: str) -> E164 | Unreadable:
    found = read_destination(text)
    if isinstance(found, Unreadable):
        return found
    return replace(found, country=MAIN.get(found.calling_code, found.country))


def compares_one_digit_less(text: str, rules: Rules) -> Judgement:
    short = {
        iso: tuple(replace(g, prefixes=frozenset(p[:-1] or p for p in g.prefixes)) for g in groups)
        for iso, groups in rules.groups.items()
    }
    return judge_destination(text, replace(rules, groups=short))


MUTANTS = [
    ignores_kyc,
    lets_sip_skip_kyc,
    forgets_the_verification_number,
    forgets_the_switch,
    forgets_linked_numbers,
    allows_all_while_nothing_is_enabled,
    takes_a_group_without_prefixes_for_an_empty_one,
    asks_the_first_group_alone,
    asks_no_prefixes,
    takes_the_main_country_of_a_calling_code,
    compares_one_digit_less,
]


def differs(judge: Judge) -> bool:
    random = Random(4)
    for _ in range(600):
        world, texts = make_case(random)
        rules = rules_of(world)
        if any(said(judge(text, rules)) != naive.judge(text, world) for text in texts):
            return True
    return False


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_and_not_when_a_rule_is_broken(mutant: Judge) -> None:
    assert differs(mutant)


def test_and_not_when_the_longest_prefix_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        destinations, "_longest", lambda digits, group: digits if digits in group.prefixes else ""
    )
    assert differs(judge_destination)


def test_meets_every_verdict() -> None:
    """The cases made here are not all of one kind."""
    random = Random(5)
    met: dict[str, int] = defaultdict(int)
    for _ in range(400):
        world, texts = make_case(random)
        for text in texts:
            met[" ".join(naive.judge(text, world))] += 1
    assert {verdict for verdict, times in met.items() if times >= 5} >= {
        "pass pass pass pass",
        "pass pass pass prefix_not_enabled",
        "pass pass country_not_enabled skip",
        "pass pass skip skip",
        "pass kyc_not_verified pass pass",
        "pass kyc_not_verified skip skip",
        "destination_unparseable skip skip skip",
        "destination_not_possible skip skip skip",
    }
